#pragma once

#include "engine/act/actions.hpp"
#include "engine/base/deadline.hpp"
#include "engine/gate/gate.hpp"
#include "engine/model/action.hpp"
#include "engine/store/store.hpp"

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sallyport::approve {

/// A person's answer.
struct Answer {
  std::string request_hash;  ///< Of what this person was shown.
  model::Actor by;
  std::string comment;
  /// Of an approval: parameters that are to be others than shown; null takes one away.
  std::optional<json::object> with{};
};

/// Whether a changed request could be carried out: its verb and the product take its parameters.
/// Errors: invalid_input, with what they do not take.
using ChangeCheck = std::function<Result<>(const model::Action& changed)>;

/// Which approvals a list shows; oldest first: they expire first.
struct ApprovalFilter {
  std::optional<model::ApprovalState> state = model::ApprovalState::pending;
  std::string tenant;  ///< Empty: all.
  std::string after;   ///< An approval id: only what is younger. Empty: from the oldest.
  std::size_t limit = 100;
};

/// An action that a person let through, and the right to do it.
struct Approved {
  model::Action action;
  gate::Permit permit;
};

/// The queue. Every state is in the store; nothing is lost by a restart.
///
/// Thread-safe. What it is given must outlive it.
class Approvals {
 public:
  Approvals(store::Store& store,
            act::Actions& actions,
            gate::Gate& gate,
            const Clock& clock,
            std::chrono::seconds expire_after,
            ChangeCheck takes);

  /// Writes the question about a queued `action` into `batch`. Asking again about the same action
  /// replaces the question.
  void ask(store::Batch& batch, const model::Action& action) const;

  /// Errors: not_found, corrupt, unavailable.
  [[nodiscard]] Result<model::Approval> get(std::string_view id) const;

  /// Errors: corrupt, unavailable.
  [[nodiscard]] Result<std::vector<model::Approval>> list(const ApprovalFilter& filter) const;

  /// With other parameters (Answer::with) the action becomes the changed one: the approval binds
  /// its hash, the gate decides about it, and the `approved` entry says what was changed.
  ///
  /// Errors: not_found; conflict (decided before, another request than the one shown, somebody is
  /// faster); expired; denied (it is the proposer's own action, or the policy blocks it: as it was
  /// shown, it is then blocked for good); invalid_input (it cannot be changed so); unavailable.
  Task<Approved> approve(std::string id, Answer answer);

  /// Errors: as approve().
  Task<model::Action> deny(std::string id, Answer answer);

  /// Ends every question whose time is over. Returns the actions that nothing comes of now.
  /// Errors: unavailable, corrupt.
  Task<std::vector<model::Action>> expire_due();

  /// For a restart: a permit for an action that was permitted and not begun. Asks the gate again,
  /// with the approval where one was given and has not lain too long. Errors: not_found, corrupt,
  /// unavailable, conflict and denied as of Gate::judge_approved.
  [[nodiscard]] Result<gate::Answer> permit_again(const model::Action& action) const;

 private:
  struct Question {
    model::Approval approval;
    model::Action action;
    std::optional<model::ActionRequest> shown{};  ///< Of one that was changed: as it was before.
  };

  [[nodiscard]] Result<Question> open_question(std::string_view id, const Answer& answer) const;
  [[nodiscard]] Result<> change(Question& question, const json::object& with) const;
  Task<model::Action> settle(Question question, act::Change change);

  store::Store& store_;
  act::Actions& actions_;
  gate::Gate& gate_;
  const Clock& clock_;
  std::chrono::seconds expire_after_;
  ChangeCheck takes_;
};

}  // namespace sallyport::approve
