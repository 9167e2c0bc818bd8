#include "engine/app/policy_file.hpp"

#include "engine/base/digest.hpp"
#include "engine/config/document.hpp"
#include "engine/gate/lint.hpp"

#include <fmt/format.h>

#include <fstream>
#include <iterator>
#include <utility>

namespace sallyport::app {

Result<CheckedPolicy> load_policy(const std::filesystem::path& file,
                                  const model::Catalogue& catalogue,
                                  Time now,
                                  std::uint64_t version) {
  std::error_code error;
  std::ifstream stream{file, std::ios::binary};
  if (!stream || std::filesystem::is_directory(file, error))
    return fail(Errc::not_found, fmt::format("{}: cannot be opened", file.string()));
  const std::string bytes{std::istreambuf_iterator<char>{stream}, {}};

  CheckedPolicy result;
  const auto document = config::Document::parse(bytes, file.string());
  if (!document) {
    result.errors = document.error().detail;
    return result;
  }
  Faults faults;
  result.policy = gate::Policy::compile(
      document->root(), catalogue, {.version = version, .hash = content_hash(bytes)}, faults);
  gate::lint(document->root(), catalogue, now, faults);
  Faults errors;
  Faults warnings;
  for (auto& fault : faults) (fault.warning ? warnings : errors).push_back(std::move(fault));
  result.errors = document->render(errors);
  result.warnings = document->render(warnings);
  return result;
}

}  // namespace sallyport::app
