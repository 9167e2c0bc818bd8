#include "engine/app/budgets.hpp"

namespace sallyport::app {

investigate::Budgets budgets_of(const config::InvestigationSettings& settings) {
  using std::chrono::milliseconds;
  investigate::Budgets budgets{{.context = milliseconds{settings.context_ms},
                                .enrich = milliseconds{settings.enrich_ms},
                                .reason = milliseconds{settings.reason_ms},
                                .buffer = milliseconds{settings.buffer_ms}}};
  for (const auto& [name, own] : settings.by_severity) {
    const auto severity = enum_of<model::Severity>(name);
    if (!severity) continue;  // load_settings() has refused it
    budgets.by_severity[*severity] = {
        .context = milliseconds{own.context_ms.value_or(settings.context_ms)},
        .enrich = milliseconds{own.enrich_ms.value_or(settings.enrich_ms)},
        .reason = milliseconds{own.reason_ms.value_or(settings.reason_ms)},
        .buffer = milliseconds{own.buffer_ms.value_or(settings.buffer_ms)}};
  }
  return budgets;
}

}  // namespace sallyport::app
