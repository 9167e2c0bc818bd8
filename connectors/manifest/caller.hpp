#pragma once

#include "connectors/manifest/answer.hpp"
#include "connectors/manifest/credentials.hpp"
#include "connectors/manifest/plan.hpp"
#include "connectors/manifest/wire.hpp"
#include "engine/base/deadline.hpp"
#include "engine/base/time.hpp"

#include <memory>
#include <optional>
#include <string>

namespace sallyport::connectors::manifest {

/// What a step of a manifest led to.
struct Called {
  Judgement judgement;
  json::value record;  ///< The facts with the answer, where there is one.
  /// It was sent before without a clear answer: what is found done may be what that one did.
  bool perhaps_done = false;
};

/// Sends a step's request until its answer is clear: a new token once, what the product asks to
/// wait for, and again only what may be repeated; all of it before the deadline.
///
/// Not thread-safe: used on one executor that runs one handler at a time.
class Caller {
 public:
  Caller(std::shared_ptr<const Plan> plan, Wire& wire, Credentials& credentials, const Clock& clock)
      : plan_{std::move(plan)}, wire_{wire}, credentials_{credentials}, clock_{clock} {}

  /// `step` outlives the call. An answer of any kind is a value; so is a request that was sent and
  /// not answered (unclear). Errors, where nothing was sent: invalid_input, denied, unavailable,
  /// expired, cancelled. Reads follow all their pages.
  Task<Called> call(const StepPlan& step, json::value facts, bool may_repeat, Deadline deadline);

  /// What was taken out of an answer, without our secrets. Nothing is left of what is no JSON then.
  [[nodiscard]] json::object redacted(json::object values) const;

 private:
  Task<Called> call_once(const StepPlan& step,
                         json::value facts,
                         std::optional<std::string> target,
                         bool may_repeat,
                         Deadline deadline);
  [[nodiscard]] Judgement judged(const StepPlan& step, const json::value& record) const;
  [[nodiscard]] std::optional<std::string> next_page(const StepPlan& step,
                                                     const json::value& record,
                                                     const std::string& target,
                                                     std::size_t seen) const;

  std::shared_ptr<const Plan> plan_;
  Wire& wire_;
  Credentials& credentials_;
  const Clock& clock_;
};

}  // namespace sallyport::connectors::manifest
