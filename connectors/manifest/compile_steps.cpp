#include "connectors/manifest/compile_steps.hpp"

#include <fmt/format.h>

namespace sallyport::connectors::manifest {

namespace {

constexpr std::size_t most_steps = 16;

constexpr std::uint32_t longest_poll_s = 60;

/// What `save` says of a value.
PickSpec saved(const json::value& value) {
  PickSpec pick;
  Faults ignored;  // reported where the step is compiled
  if (value.is_object()) read_json(value, pick, ignored);
  return pick;
}

}  // namespace

void add_saved(Scope& scope, const std::vector<StepSpec>& steps, std::string_view under) {
  for (const auto& step : steps) {
    for (const auto& [key, value] : step.save) {
      const auto pick = saved(value);
      if (under == "restore" && !pick.record) continue;
      scope.values[fmt::format("{}.{}", under, std::string_view{key})] = {
          .closed = pick.count || pick.unused || (pick.is && is_closed(pick.is->type)),
          .always = pick.count || !pick.needed.empty()};
    }
  }
}

WaitPlan compile_wait(const Compilation& compilation,
                      const Scope& scope,
                      const WaitSpec& wait,
                      std::string_view where) {
  PieceCompiler pieces{compilation.faults, scope};
  const StepSpec look{.id = "wait",
                      .request = wait.request,
                      .when = {},
                      .success = {},
                      .errors = {},
                      .save = {},
                      .wait = {}};
  WaitPlan plan{.look = pieces.step(look, compilation.spec.endpoints, where),
                .every = std::chrono::seconds{wait.every_s},
                .done = pieces.question(wait.done, child(where, "done"), true),
                .failed = pieces.question(wait.failed, child(where, "failed"), true)};
  if (wait.done.is_null()) pieces.wrong(child(where, "done"), "says when the job has ended well");
  if (wait.every_s < 1 || wait.every_s > longest_poll_s)
    pieces.wrong(child(where, "every_s"), fmt::format("goes from 1 to {}", longest_poll_s));
  return plan;
}

std::vector<StepPlan> compile_steps(const Compilation& compilation,
                                    Scope& scope,
                                    const std::vector<StepSpec>& steps,
                                    std::string_view under,
                                    std::string_view where,
                                    Waiting waiting) {
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
    if (!steps[i].wait) continue;
    const auto at = child(child(where, i), "wait");
    if (waiting == Waiting::refused) pieces.wrong(at, "only a step of `act` waits");
    plans.back().wait =
        std::make_shared<const WaitPlan>(compile_wait(compilation, scope, *steps[i].wait, at));
  }
  return plans;
}

}  // namespace sallyport::connectors::manifest
