#include "engine/app/connector_shelf.hpp"

#include "engine/base/file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace sallyport::app {

namespace {

constexpr std::size_t most_files = 512;

/// One whose `manifest` is the version is a manifest: the connectors that name it read it.
bool is_manifest(const json::value& root) {
  const auto* object = root.if_object();
  const auto* version = object ? object->if_contains("manifest") : nullptr;
  return version && version->is_number();
}

}  // namespace

ConnectorShelf::ConnectorShelf(const config::Settings& settings,
                               Reach reach,
                               const Products& products,
                               Prepare prepare)
    : settings_{settings},
      reach_{std::move(reach)},
      prepare_{std::move(prepare)},
      manifests_{products.manifests} {
  if (!settings.connectors_folder.empty())
    folder_.emplace(std::vector<std::filesystem::path>{settings.connectors_folder},
                    std::vector<std::string>{".yaml", ".yml"});
}

Result<ConnectorShelf::Dropped> ConnectorShelf::make(const config::Document& document,
                                                     const std::string& name) const {
  const auto* entry = document.root().if_object();
  if (!entry)
    return fail(
        Errc::invalid_input,
        fmt::format("{}: is no connector: a map of its options is needed", document.name()));
  if (settings_.connectors.contains(name))
    return fail(Errc::invalid_input,
                fmt::format("{}: the settings have a connector {}", document.name(), name));
  config::Settings own;
  own.folder = settings_.connectors_folder;
  own.actions = settings_.actions;
  auto& options = own.connectors[name] = *entry;
  if (!options.contains("type")) options.emplace("type", "manifest");
  if (prepare_) prepare_(options);
  Faults faults;
  const auto products = make_products(own, reach_, faults);
  if (products.actuators.empty() || has_errors(faults)) {
    const auto above = child("/connectors", name);
    for (auto& fault : faults)
      if (fault.pointer.starts_with(above)) fault.pointer.erase(0, above.size());
    return fail(Errc::invalid_input, document.render(faults));
  }
  return Dropped{.text = {},
                 .sound = true,
                 .actuator = products.actuators.front(),
                 .limits = products.limits.empty() ? std::optional<act::ProductLimits>{}
                                                   : products.limits.begin()->second,
                 .manifest = products.manifests.empty() ? nullptr : products.manifests.front()};
}

void ConnectorShelf::look_at(const std::filesystem::path& file, News& news) {
  const auto text = read_file(file);
  if (!text) return news.faults.push_back(text.error().detail);
  const auto known = dropped_.find(file);
  if (known != dropped_.end() && known->second.sound && known->second.text == *text) return;
  const auto document =
      config::Document::parse(*text, file.string(), connectors::manifest::file_limits);
  if (document && is_manifest(document->root())) return;
  auto& now = dropped_[file];
  now.text = *text;
  now.sound = false;
  auto made = document ? make(*document, file.stem().string())
                       : Result<Dropped>{std::unexpected{document.error()}};
  if (!made) return news.faults.push_back(made.error().detail);
  news.put.push_back(made->actuator);
  if (made->limits) news.limits.emplace(made->actuator->name(), *made->limits);
  made->text = *text;
  now = *std::move(made);
}

void ConnectorShelf::look_at_folder(News& news) {
  if (!folder_->changed()) return;
  const auto files = folder_->files();
  if (!files) return news.faults.push_back(files.error().detail);
  for (auto each = dropped_.begin(); each != dropped_.end();) {
    if (std::ranges::find(*files, each->first) != files->end()) {
      ++each;
      continue;
    }
    if (each->second.actuator) news.taken_away.emplace_back(each->second.actuator->name());
    each = dropped_.erase(each);
  }
  if (files->size() > most_files)
    news.faults.push_back(fmt::format(
        "{}: more than {} files: the rest is left out", settings_.connectors_folder, most_files));
  for (std::size_t i = 0; i < std::min(files->size(), most_files); ++i) look_at((*files)[i], news);
}

ConnectorShelf::News ConnectorShelf::look() {
  News news;
  if (folder_) look_at_folder(news);
  const auto read_again = [&](const auto& connector) {
    const auto again = connector->reload_if_changed();
    if (!again) {
      news.faults.push_back(again.error().detail);
    } else if (*again) {
      news.read.emplace_back(connector->name());
    }
  };
  std::ranges::for_each(manifests_, read_again);
  for (const auto& [file, connector] : dropped_)
    if (connector.manifest) read_again(connector.manifest);
  return news;
}

}  // namespace sallyport::app
