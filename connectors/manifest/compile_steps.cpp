#include "connectors/manifest/compile_steps.hpp"

#include <fmt/format.h>

namespace sallyport::connectors::manifest {

namespace {

constexpr std::size_t most_steps = 16;

/// What `save` says of a value.
Scope::Value saved(const json::value& value) {
  PickSpec pick;
  Faults ignored;  // reported where the step is compiled
  if (value.is_object()) read_json(value, pick, ignored);
  return {.closed = pick.count || (pick.is && is_closed(pick.is->type)),
          .always = pick.count || !pick.needed.empty()};
}

}  // namespace

void add_saved(Scope& scope, const std::vector<StepSpec>& steps, std::string_view under) {
  for (const auto& step : steps) {
    for (const auto& [key, value] : step.save)
      scope.values[fmt::format("{}.{}", under, std::string_view{key})] = saved(value);
  }
}

std::vector<StepPlan> compile_steps(const Compilation& compilation,
                                    Scope& scope,
                                    const std::vector<StepSpec>& steps,
                                    std::string_view under,
                                    std::string_view where) {
  auto& faults = compilation.faults;
  std::vector<StepPlan> plans;
  if (steps.size() > most_steps)
    faults.push_back(
        {.pointer = std::string{where}, .message = fmt::format("more than {} steps", most_steps)});
  for (std::size_t i = 0; i < steps.size(); ++i) {
    PieceCompiler pieces{faults, scope};
    plans.push_back(pieces.step(steps[i], compilation.spec.endpoints, child(where, i)));
    compilation.used.insert(pieces.used().begin(), pieces.used().end());
    add_saved(scope, {steps[i]}, under);
  }
  return plans;
}

}  // namespace sallyport::connectors::manifest
