#include "engine/app/policy_file.hpp"

#include "engine/base/digest.hpp"
#include "engine/base/file.hpp"
#include "engine/config/document.hpp"
#include "engine/gate/lint.hpp"

#include <utility>

namespace sallyport::app {

Result<CheckedPolicy> load_policy(const std::filesystem::path& file,
                                  const model::Catalogue& catalogue,
                                  Time now,
                                  std::uint64_t version) {
  auto bytes = read_file(file);
  if (!bytes) return std::unexpected{bytes.error()};

  CheckedPolicy result{.text = *std::move(bytes)};
  const auto document = config::Document::parse(result.text, file.string());
  if (!document) {
    result.errors = document.error().detail;
    return result;
  }
  Faults faults;
  result.policy = gate::Policy::compile(
      document->root(), catalogue, {.version = version, .hash = content_hash(result.text)}, faults);
  gate::lint(document->root(), catalogue, now, faults);
  Faults errors;
  Faults warnings;
  for (auto& fault : faults) (fault.warning ? warnings : errors).push_back(std::move(fault));
  result.errors = document->render(errors);
  result.warnings = document->render(warnings);
  return result;
}

}  // namespace sallyport::app
