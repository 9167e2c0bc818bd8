#pragma once

#include "engine/base/time.hpp"
#include "engine/gate/usage.hpp"
#include "engine/model/decision.hpp"
#include "engine/model/request.hpp"

#include <optional>
#include <string>
#include <utility>
#include <variant>

namespace sallyport::gate {

/// The right to carry out exactly one request, once, before it expires.
///
/// Only a Gate makes one, and the act room takes nothing else: code that would act without passing
/// the gate does not compile. Move-only, so that a right cannot be spent twice. It is not the last
/// word: at the moment of execution Gate::recheck asks the policy that holds then.
class Permit {
 public:
  Permit(Permit&&) noexcept = default;
  Permit& operator=(Permit&&) noexcept = default;
  Permit(const Permit&) = delete;
  Permit& operator=(const Permit&) = delete;
  ~Permit() = default;

  [[nodiscard]] const model::ActionRequest& request() const noexcept { return request_; }

  /// model::request_hash of request().
  [[nodiscard]] const std::string& request_hash() const noexcept { return request_hash_; }

  /// What the policy said: `auto`, or `queued` where a person's approval stands behind the permit.
  [[nodiscard]] const model::Decision& decision() const noexcept { return decision_; }

  /// The person who approved; empty where the policy let it through by itself.
  [[nodiscard]] const std::optional<model::Actor>& approved_by() const noexcept {
    return approved_by_;
  }

  /// Of an approved one: the tier that held when the person approved, freezes considered.
  [[nodiscard]] model::Tier approved_at() const noexcept { return approved_at_; }

  [[nodiscard]] Time issued_at() const noexcept { return issued_at_; }

  /// At this very moment it is over.
  [[nodiscard]] Time expires_at() const noexcept { return expires_at_; }

 private:
  friend class Gate;

  Permit(model::ActionRequest request,
         std::string request_hash,
         model::Decision decision,
         Time issued_at,
         Time expires_at)
      : request_{std::move(request)},
        request_hash_{std::move(request_hash)},
        decision_{std::move(decision)},
        issued_at_{issued_at},
        expires_at_{expires_at} {}

  model::ActionRequest request_;
  std::string request_hash_;
  model::Decision decision_;
  std::optional<model::Actor> approved_by_;
  model::Tier approved_at_ = model::Tier::L0;
  Time issued_at_;
  Time expires_at_;
  Place place_;  ///< What was used up before this permit was given.
};

/// A person has to agree first.
struct Queued {
  model::ActionRequest request;
  std::string request_hash;  ///< What an approval must bind.
  model::Decision decision;
};

/// Policy forbids it, and no approval helps.
struct Blocked {
  model::ActionRequest request;
  std::string request_hash;
  model::Decision decision;
};

using Answer = std::variant<Permit, Queued, Blocked>;

/// The decision inside any answer.
[[nodiscard]] const model::Decision& decision_of(const Answer& answer);

}  // namespace sallyport::gate
