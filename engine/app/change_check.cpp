#include "engine/app/change_check.hpp"

#include "engine/approve/changes.hpp"

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

}  // namespace sallyport::app
