#pragma once

#include "connectors/manifest/plan.hpp"
#include "engine/base/time.hpp"
#include "engine/http/message.hpp"

#include <chrono>
#include <optional>
#include <string>

namespace sallyport::connectors::manifest {

/// `facts` with what was answered: `status`, `header` (names in lower case), `body`, `text`.
[[nodiscard]] json::value with_answer(const json::value& facts,
                                      http::Response response,
                                      Accept accept);

/// What an answer means.
struct Judgement {
  enum class Kind : std::uint8_t { good, classed, unclear };

  Kind kind = Kind::good;
  AnswerClass means = AnswerClass::permanent;  ///< Where it is classed.
  std::string why;  ///< For a person, once the secrets are taken out (Credentials::reason).
  std::optional<std::chrono::milliseconds> retry_after{};  ///< What the product asks for.
};

/// The first rule of the step, then of the manifest, that matches; then the step's `success`; then
/// what the status says by itself. Pure.
[[nodiscard]] Judgement judge(const Plan& plan,
                              const StepPlan& step,
                              const json::value& record,
                              Time now);

/// Takes the values of `save` out of an answer. Errors: not_found (a needed one is not there),
/// conflict (several where one is needed), unavailable (the product's value is not what `is` says).
[[nodiscard]] Result<json::object> picked(const std::vector<PickPlan>& save,
                                          const json::value& record);

[[nodiscard]] bool holds(const Question& question, const json::value& record);

}  // namespace sallyport::connectors::manifest
