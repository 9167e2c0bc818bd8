#include "engine/approve/approvals.hpp"

#include "engine/approve/changes.hpp"
#include "engine/store/timers.hpp"

#include <fmt/format.h>

#include <utility>

namespace sallyport::approve {

namespace {

using model::ActionState;
using model::ApprovalState;
using store::Batch;
using store::Table;

std::string approval_key(std::string_view id) {
  return store::key({"id", id});
}

std::string pending_key(const model::Approval& approval) {
  return store::key({"pending", approval.id.text()});
}

/// What of a request may be changed, and what binds it.
struct Form {
  std::string request_hash;
  json::object parameters;
};

struct Changed {
  Form from;
  Form to;
};

/// The ledger entry of an answer.
struct AnswerBody {
  std::string approval;
  std::string action;
  std::string verb;
  model::Target target;
  std::string request_hash;
  ApprovalState state{};
  std::string comment;
  std::optional<Changed> changed;
};

BOOST_DESCRIBE_STRUCT(Form, (), (request_hash, parameters))
BOOST_DESCRIBE_STRUCT(Changed, (), (from, to))
BOOST_DESCRIBE_STRUCT(AnswerBody,
                      (),
                      (approval, action, verb, target, request_hash, state, comment, changed))

std::string answer_body(const model::Approval& approval,
                        const model::ActionRequest& request,
                        const std::optional<model::ActionRequest>& shown) {
  std::optional<Changed> changed;
  if (shown) {
    changed = {
        .from = {.request_hash = model::request_hash(*shown), .parameters = shown->parameters},
        .to = {.request_hash = approval.request_hash, .parameters = request.parameters}};
  }
  return to_json(AnswerBody{.approval = approval.id.text(),
                            .action = approval.action.text(),
                            .verb = request.action,
                            .target = request.target,
                            .request_hash = approval.request_hash,
                            .state = approval.state,
                            .comment = approval.comment,
                            .changed = std::move(changed)});
}

/// The decided approval, and the end of its waiting.
void put_answered(Batch& batch, const model::Approval& approval) {
  batch.put(Table::approvals, approval_key(approval.id.text()), to_json(approval));
  batch.erase(Table::approvals, pending_key(approval));
  store::clear_timer(batch, store::TimerKind::approval, approval.expires_at, approval.id.text());
}

}  // namespace

Approvals::Approvals(store::Store& store,
                     act::Actions& actions,
                     gate::Gate& gate,
                     const Clock& clock,
                     std::chrono::seconds expire_after,
                     ChangeCheck takes)
    : store_{store},
      actions_{actions},
      gate_{gate},
      clock_{clock},
      expire_after_{expire_after},
      takes_{std::move(takes)} {}

void Approvals::ask(Batch& batch, const model::Action& action) const {
  const auto now = clock_.now();
  model::Approval approval{.id = ApprovalId::parse(action.id.text()).value(),
                           .action = action.id,
                           .tenant = action.tenant,
                           .request_hash = action.request_hash,
                           .created_at = now,
                           .expires_at = now + expire_after_};
  batch.put(Table::approvals, approval_key(approval.id.text()), to_json(approval));
  batch.put(Table::approvals, pending_key(approval), "");
  store::set_timer(batch, store::TimerKind::approval, approval.expires_at, approval.id.text());
}

Result<model::Approval> Approvals::get(std::string_view id) const {
  auto approval = store_.load<model::Approval>(Table::approvals, approval_key(id));
  if (!approval && approval.error().code == Errc::not_found)
    return fail(Errc::not_found, fmt::format("no approval {:.64}", id));
  return approval;
}

Result<std::vector<model::Approval>> Approvals::list(const ApprovalFilter& filter) const {
  std::vector<model::Approval> found;
  std::optional<Error> broken;
  // Pending ones have keys of their own, so that a short queue is not searched for in a long
  // history.
  const bool pending = filter.state == ApprovalState::pending;
  const auto prefix = store::key({pending ? "pending" : "id", ""});
  const auto from = filter.after.empty() ? std::string{} : prefix + filter.after;
  const auto scanned = store_.scan(
      Table::approvals, prefix, from, false, [&](std::string_view key, std::string_view value) {
        if (!from.empty() && key <= from) return true;
        auto approval =
            pending ? get(key.substr(prefix.size())) : from_json<model::Approval>(value);
        if (!approval) {
          broken = approval.error();
          return false;
        }
        const bool wanted = (!filter.state || approval->state == *filter.state) &&
                            (filter.tenant.empty() || approval->tenant == filter.tenant);
        if (wanted) found.push_back(*std::move(approval));
        return found.size() < filter.limit;
      });
  if (!scanned) return std::unexpected{scanned.error()};
  if (broken) return std::unexpected{*broken};
  return found;
}

Result<Approvals::Question> Approvals::open_question(std::string_view id,
                                                     const Answer& answer) const {
  auto approval = get(id);
  if (!approval) return std::unexpected{approval.error()};
  if (approval->state != ApprovalState::pending) {
    return fail(Errc::conflict,
                fmt::format("approval {} was {} before", id, name_of(approval->state)));
  }
  if (clock_.now() >= approval->expires_at) {
    return fail(Errc::expired,
                fmt::format("approval {} expired at {}", id, to_rfc3339(approval->expires_at)));
  }
  if (answer.request_hash != approval->request_hash) {
    return fail(Errc::conflict,
                fmt::format("approval {} is about another request than the one shown; look at it "
                            "again (its request_hash is {})",
                            id,
                            approval->request_hash));
  }
  auto action = actions_.get(approval->action.text());
  if (!action) return std::unexpected{action.error()};
  if (action->request_hash != approval->request_hash)
    return fail(Errc::corrupt, fmt::format("approval {} and its action disagree", id));
  return Question{.approval = *std::move(approval), .action = *std::move(action)};
}

Result<> Approvals::change(Question& question, const json::object& with) const {
  auto& action = question.action;
  auto changed = action.request;
  changed.parameters = with_changes(std::move(changed.parameters), with);
  auto hash = model::request_hash(changed);
  if (hash == action.request_hash) return {};
  if (!action.reverses.empty()) {
    return fail(Errc::invalid_input,
                "a rollback undoes what is on record, and is not changed; deny it instead");
  }
  if (act::deed_of(changed) != act::deed_of(action.request)) {
    return fail(
        Errc::invalid_input,
        "/parameters/host: another place is another action; deny this one and propose that");
  }
  question.shown = std::exchange(action.request, std::move(changed));
  action.request_hash = std::move(hash);
  question.approval.request_hash = action.request_hash;
  return takes_(action);
}

Task<model::Action> Approvals::settle(Question question, act::Change change) {
  auto& approval = question.approval;
  put_answered(change.with, approval);
  if (approval.state != ApprovalState::expired) {
    // The action's own entry tells of `denied`; an approval is told before what the gate made of
    // it.
    if (approval.state == ApprovalState::approved) {
      change.with.append(approval.tenant,
                         model::EntryKind::approved,
                         approval.action.text(),
                         change.by,
                         clock_.now(),
                         answer_body(approval, question.action.request, question.shown));
    }
  }
  co_return co_await actions_.change(std::move(question.action), std::move(change));
}

Task<Approved> Approvals::approve(std::string id, Answer answer) {
  auto question = open_question(id, answer);
  if (!question) co_return std::unexpected{question.error()};
  const auto& proposer = question->action.request.requested_by;
  if (proposer == answer.by) {
    co_return fail(Errc::denied,
                   fmt::format("{} asked for this; somebody else has to approve it", answer.by.id));
  }

  if (answer.with) {
    const auto changed = change(*question, *answer.with);
    if (!changed) co_return std::unexpected{changed.error()};
  }

  const auto now = clock_.now();
  auto& approval = question->approval;
  approval.state = ApprovalState::approved;
  approval.decided_by = answer.by;
  approval.decided_at = now;
  approval.comment = answer.comment;
  auto judged =
      gate_.judge_approved(question->action.request, approval, now, question->action.connector);
  if (!judged) co_return std::unexpected{judged.error()};
  const auto decision = gate::decision_of(*judged);
  if (std::holds_alternative<gate::Queued>(*judged)) {
    co_return fail(Errc::denied,
                   fmt::format("no approval lets this through: {}", decision.rationale));
  }

  const bool blocked = std::holds_alternative<gate::Blocked>(*judged);
  // Of what was shown nothing has been decided by that.
  if (blocked && question->shown) {
    co_return fail(Errc::denied,
                   fmt::format("the policy blocks it as you changed it: {}", decision.rationale));
  }
  if (!blocked) approval.tier = std::get<gate::Permit>(*judged).approved_at();
  const auto edit = [decision, request = question->action.request, hash = approval.request_hash](
                        model::Action& action) {
    action.decision = decision;
    action.request = request;
    action.request_hash = hash;
  };
  act::Change change{.to = blocked ? ActionState::blocked : ActionState::permitted,
                     .by = answer.by,
                     .edit = edit,
                     .with = {},
                     .entry = {}};
  auto action = co_await settle(*std::move(question), std::move(change));
  if (!action) co_return std::unexpected{action.error()};
  if (blocked)
    co_return fail(Errc::denied,
                   fmt::format("the policy blocks this by now: {}", decision.rationale));
  co_return Approved{*std::move(action), std::get<gate::Permit>(*std::move(judged))};
}

Task<model::Action> Approvals::deny(std::string id, Answer answer) {
  auto question = open_question(id, answer);
  if (!question) co_return std::unexpected{question.error()};
  auto& approval = question->approval;
  approval.state = ApprovalState::denied;
  approval.decided_by = answer.by;
  approval.decided_at = clock_.now();
  approval.comment = answer.comment;
  act::Change change{.to = ActionState::denied,
                     .by = answer.by,
                     .edit = [&](model::Action& action) { action.detail = answer.comment; },
                     .with = {},
                     .entry = {}};
  co_return co_await settle(*std::move(question), std::move(change));
}

Task<std::vector<model::Action>> Approvals::expire_due() {
  const auto now = clock_.now();
  constexpr std::size_t at_once = 1000;
  const auto due = store::due_timers(store_, store::TimerKind::approval, now, at_once);
  if (!due) co_return std::unexpected{due.error()};

  std::vector<model::Action> expired;
  for (const auto& id : *due) {
    auto approval = get(id);
    if (!approval) co_return std::unexpected{approval.error()};
    if (approval->state != ApprovalState::pending || approval->expires_at > now) continue;
    auto action = actions_.get(approval->action.text());
    if (!action) co_return std::unexpected{action.error()};
    approval->state = ApprovalState::expired;
    approval->decided_at = now;
    act::Change change{
        .to = ActionState::expired,
        .by = {.kind = "engine", .id = "approve"},
        .edit = [](model::Action& record) { record.detail = "nobody answered in time"; },
        .with = {},
        .entry = {}};
    Question question{.approval = *std::move(approval), .action = *std::move(action)};
    auto settled = co_await settle(std::move(question), std::move(change));
    // Somebody answers at this very moment: theirs counts, and the next look finds it decided.
    if (!settled && settled.error().code == Errc::conflict) continue;
    if (!settled) co_return std::unexpected{settled.error()};
    expired.push_back(*std::move(settled));
  }
  co_return expired;
}

Result<gate::Answer> Approvals::permit_again(const model::Action& action) const {
  const auto approval = get(action.id.text());
  if (approval && approval->state == ApprovalState::approved) {
    auto answer = gate_.judge_approved(action.request, *approval, clock_.now(), action.connector);
    // One that lay too long counts no more: the policy decides, and asks a person again.
    if (answer || answer.error().code != Errc::expired) return answer;
  } else if (!approval && approval.error().code != Errc::not_found) {
    return std::unexpected{approval.error()};
  }
  return gate_.judge(action.request, clock_.now(), action.connector);
}

}  // namespace sallyport::approve
