#pragma once

#include "connectors/manifest/scope.hpp"

#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace sallyport::connectors::manifest {

/// What is being compiled, and what is found out meanwhile.
struct Compilation {
  const ManifestSpec& spec;
  Faults& faults;
  std::set<std::string, std::less<>>& used;  ///< Every path that a template named.
};

/// Whether a step may hold back the next until a job of the product's has ended.
enum class Waiting : std::uint8_t { refused, allowed };

/// Adds what `steps` save to what a template may name, below `under`; below `restore` only what a
/// record keeps.
void add_saved(Scope& scope, const std::vector<StepSpec>& steps, std::string_view under);

/// Compiles steps in their order: what one saves is known to those after it, and in `scope` to what
/// is compiled next.
[[nodiscard]] std::vector<StepPlan> compile_steps(const Compilation& compilation,
                                                  Scope& scope,
                                                  const std::vector<StepSpec>& steps,
                                                  std::string_view under,
                                                  std::string_view where,
                                                  Waiting waiting = Waiting::refused);

[[nodiscard]] WaitPlan compile_wait(const Compilation& compilation,
                                    const Scope& scope,
                                    const WaitSpec& wait,
                                    std::string_view where);

}  // namespace sallyport::connectors::manifest
