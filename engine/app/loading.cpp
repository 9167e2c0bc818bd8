#include "engine/app/loading.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace sallyport::app {

namespace fs = std::filesystem;

Result<fs::path> schemas_folder(const std::string& schemas) {
  if (!schemas.empty()) return fs::path{schemas};
  const auto home = config::home();
  if (!home) return std::unexpected{home.error()};
  return *home / "schemas";
}

Result<model::Catalogue> load_catalogue(const std::string& schemas) {
  const auto folder = schemas_folder(schemas);
  if (!folder) return std::unexpected{folder.error()};
  const auto document = config::Document::load(*folder / "actions.yaml");
  if (!document) return std::unexpected{document.error()};
  Faults faults;
  auto catalogue = model::Catalogue::read(document->root(), faults);
  if (has_errors(faults)) return fail(Errc::invalid_input, document->render(faults));
  return catalogue;
}

Result<ingest::Normalizer> load_normalizer(const std::string& schemas) {
  const auto folder = schemas_folder(schemas);
  if (!folder) return std::unexpected{folder.error()};
  const auto alerts = *folder / "alerts";
  std::error_code error;
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator{alerts, error}) {
    if (entry.path().extension() == ".yaml" || entry.path().extension() == ".yml")
      files.push_back(entry.path());
  }
  if (error || files.empty())
    return fail(Errc::not_found, fmt::format("{}: no alert mappings (*.yaml)", alerts.string()));
  std::ranges::sort(files);

  std::vector<config::Document> documents;
  std::vector<ingest::NamedDocument> named;
  for (const auto& file : files) {
    auto document = config::Document::load(file);
    if (!document) return std::unexpected{document.error()};
    named.push_back({.name = document->name(), .root = document->root()});
    documents.push_back(*std::move(document));
  }
  std::vector<Faults> faults;
  auto normalizer = ingest::Normalizer::compile(named, faults);
  if (normalizer) return *std::move(normalizer);
  std::string text;
  for (std::size_t i = 0; i < faults.size() && i < documents.size(); ++i) {
    if (faults[i].empty()) continue;
    if (!text.empty()) text += '\n';
    text += documents[i].render(faults[i]);
  }
  return fail(Errc::invalid_input, std::move(text));
}

Result<std::shared_ptr<const investigate::Rules>> load_rules(const fs::path& file,
                                                             const model::Catalogue& catalogue) {
  const auto document = config::Document::load(file);
  if (!document) return std::unexpected{document.error()};
  Faults faults;
  auto rules = investigate::Rules::read(document->root(), catalogue, faults);
  if (!rules) return fail(Errc::invalid_input, document->render(faults));
  return rules;
}

}  // namespace sallyport::app
