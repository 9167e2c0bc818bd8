#include "engine/app/change_check.hpp"

#include "engine/approve/changes.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace sallyport::app {

Result<> check_change(const model::Catalogue& catalogue,
                      const act::Executor& executor,
                      const model::Action& changed) {
  const auto* verb = catalogue.find(changed.request.action);
  if (!verb) {
    return fail(Errc::invalid_input,
                fmt::format("'{:.80}' is not in the catalogue of verbs", changed.request.action));
  }
  const auto faults = approve::check_parameters(*verb, changed.request.parameters);
  if (!faults.empty()) return fail(Errc::invalid_input, summary(faults));
  return executor.check(changed);
}

Result<> check_request(const model::Verb& verb, const model::ActionRequest& request) {
  if (std::ranges::find(verb.targets, request.target.kind) == verb.targets.end()) {
    return fail(Errc::invalid_input,
                fmt::format("/target/kind: {} takes no target of kind '{:.80}'; it takes {}",
                            request.action,
                            request.target.kind,
                            fmt::join(verb.targets, ", ")));
  }
  const auto faults = approve::check_parameters(verb, request.parameters);
  return faults.empty() ? Result<>{} : fail(Errc::invalid_input, summary(faults));
}

}  // namespace sallyport::app
