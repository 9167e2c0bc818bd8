#include "engine/act/actions.hpp"

#include "engine/act/life.hpp"

#include <fmt/format.h>

#include <utility>

namespace sallyport::act {

namespace {

using store::Batch;
using store::Table;

std::string record_key(std::string_view id) {
  return store::key({"id", id});
}

void put_record(Batch& batch, const model::Action& action) {
  batch.put(Table::actions, record_key(action.id.text()), to_json(action));
}

/// What the ledger keeps of a step: what is new with it, and always which action and where it
/// stands.
struct StepBody {
  std::string action;
  model::ActionState state{};
  std::string verb;
  model::Target target;
  std::string investigation;
  std::optional<std::string> detail;
  std::optional<model::ActionRequest> request;
  std::optional<std::string> request_hash;
  std::optional<model::Decision> decision;
  std::optional<std::vector<std::string>> evidence;
  std::optional<std::string> connector;
  std::optional<model::RollbackRecord> rollback;
  std::optional<model::Outcome> outcome;
  std::optional<model::Verification> verification;
  std::optional<std::string> reverses;
};

BOOST_DESCRIBE_STRUCT(StepBody,
                      (),
                      (action,
                       state,
                       verb,
                       target,
                       investigation,
                       detail,
                       request,
                       request_hash,
                       decision,
                       evidence,
                       connector,
                       rollback,
                       outcome,
                       verification,
                       reverses))

std::string step_body(const model::Action& action) {
  using enum model::ActionState;
  StepBody body{.action = action.id.text(),
                .state = action.state,
                .verb = action.request.action,
                .target = action.request.target,
                .investigation = action.investigation};
  if (!action.detail.empty()) body.detail = action.detail;
  if (!action.reverses.empty()) body.reverses = action.reverses;
  switch (action.state) {
    case queued:
    case blocked:
    case permitted:
      body.request = action.request;
      body.request_hash = action.request_hash;
      body.decision = action.decision;
      body.evidence = action.evidence;
      body.connector = action.connector;
      break;
    case intended:
      body.connector = action.connector;
      body.request_hash = action.request_hash;
      body.rollback = action.rollback;
      break;
    case succeeded:
    case failed:
    case unknown:
      body.connector = action.connector;
      body.outcome = action.outcome;
      body.verification = action.verification;
      break;
    case verified:
    case released:
    case rolled_back:
    case rollback_failed:
      body.verification = action.verification;
      break;
    case executing:
    case denied:
    case expired:
      break;
  }
  return to_json(body);
}

void append_step(Batch& batch,
                 model::EntryKind kind,
                 const model::Action& action,
                 const model::Actor& by,
                 Time now) {
  batch.append(action.tenant, kind, action.id.text(), by, now, step_body(action));
}

}  // namespace

std::string deed_of(const model::ActionRequest& request) {
  // Not all parameters: two blocks of one address that differ in their comment or their end are one
  // deed.
  std::string where;
  if (const auto* host = request.parameters.if_contains("host"); host && host->is_string())
    where = std::string_view{host->get_string()};
  return store::key(
      {request.tenant, request.action, request.target.kind, request.target.value, where});
}

Actions::Actions(store::Store& store, const Clock& clock, std::chrono::seconds join_window)
    : store_{store}, clock_{clock}, join_window_{join_window} {}

Result<> Actions::load_open() {
  const auto actions = open();
  if (!actions) return std::unexpected{actions.error()};
  const std::scoped_lock lock{mutex_};
  for (const auto& action : *actions) remember(action);
  return {};
}

void Actions::remember(const model::Action& action) {
  const auto deed = deed_of(action.request);
  if (!is_over(action)) {
    open_alike_.insert_or_assign(deed, Alike{.id = action.id, .since = action.updated_at});
  } else if (const auto found = open_alike_.find(deed);
             found != open_alike_.end() && found->second.id == action.id) {
    open_alike_.erase(found);
  }
}

bool Actions::add(Batch& batch, const model::Action& action) {
  {
    const std::scoped_lock lock{mutex_};
    const auto found = open_alike_.find(deed_of(action.request));
    if (found != open_alike_.end() && clock_.now() - found->second.since < join_window_)
      return false;
    remember(action);
  }
  put_record(batch, action);
  batch.put(
      Table::actions, store::key({"investigation", action.investigation, action.id.text()}), "");
  if (!is_over(action)) batch.put(Table::actions, store::key({"open", action.id.text()}), "");
  append_step(
      batch, entry_of(action.state), action, action.request.requested_by, action.created_at);
  return true;
}

void Actions::forget(const model::Action& action) {
  const std::scoped_lock lock{mutex_};
  const auto found = open_alike_.find(deed_of(action.request));
  if (found != open_alike_.end() && found->second.id == action.id) open_alike_.erase(found);
}

std::optional<ActionId> Actions::find_alike(const model::ActionRequest& request) const {
  const std::scoped_lock lock{mutex_};
  const auto found = open_alike_.find(deed_of(request));
  if (found == open_alike_.end() || clock_.now() - found->second.since >= join_window_)
    return std::nullopt;
  return found->second.id;
}

Result<model::Action> Actions::get(std::string_view id) const {
  auto action = store_.load<model::Action>(Table::actions, record_key(id));
  if (!action && action.error().code == Errc::not_found)
    return fail(Errc::not_found, fmt::format("no action {:.64}", id));
  return action;
}

Result<std::vector<model::Action>> Actions::list(const ActionFilter& filter) const {
  std::vector<model::Action> found;
  std::optional<Error> broken;
  const auto take = [&](const Result<model::Action>& action) {
    if (!action) {
      broken = action.error();
      return false;
    }
    const bool wanted = (!filter.state || action->state == *filter.state) &&
                        (filter.tenant.empty() || action->tenant == filter.tenant);
    if (wanted) found.push_back(*action);
    return found.size() < filter.limit;
  };

  const auto prefix = filter.investigation.empty()
                          ? store::key({"id", ""})
                          : store::key({"investigation", filter.investigation, ""});
  const auto from = filter.before.empty() ? std::string{} : prefix + filter.before;
  const auto scanned = store_.scan(
      Table::actions, prefix, from, true, [&](std::string_view key, std::string_view value) {
        if (!from.empty() && key >= from) return true;
        return filter.investigation.empty() ? take(from_json<model::Action>(value))
                                            : take(get(key.substr(prefix.size())));
      });
  if (!scanned) return std::unexpected{scanned.error()};
  if (broken) return std::unexpected{*broken};
  return found;
}

Result<std::vector<model::Action>> Actions::open() const {
  std::vector<model::Action> found;
  std::optional<Error> broken;
  const auto prefix = store::key({"open", ""});
  const auto scanned =
      store_.scan(Table::actions, prefix, "", false, [&](std::string_view key, std::string_view) {
        auto action = get(key.substr(prefix.size()));
        if (!action) {
          broken = action.error();
          return false;
        }
        found.push_back(*std::move(action));
        return true;
      });
  if (!scanned) return std::unexpected{scanned.error()};
  if (broken) return std::unexpected{*broken};
  return found;
}

Result<model::Action> Actions::reserve(const model::Action& seen, const Change& change) {
  const std::scoped_lock lock{mutex_};
  const auto& id = seen.id.text();
  if (changing_.contains(id))
    return fail(Errc::conflict, fmt::format("action {} is being changed by somebody else", id));
  auto current = get(id);
  if (!current) return current;
  if (current->revision != seen.revision) {
    return fail(Errc::conflict, fmt::format("action {} is {} by now", id, name_of(current->state)));
  }
  if (!may_follow(current->state, change.to)) {
    return fail(Errc::conflict,
                fmt::format("action {} is {} and cannot become {}",
                            id,
                            name_of(current->state),
                            name_of(change.to)));
  }
  changing_.insert(id);
  return current;
}

Task<model::Action> Actions::change(model::Action seen, Change change) {
  auto reserved = reserve(seen, change);
  if (!reserved) co_return std::unexpected{reserved.error()};
  auto action = *std::move(reserved);

  action.state = change.to;
  action.updated_at = clock_.now();
  action.detail.clear();
  ++action.revision;
  if (change.edit) change.edit(action);

  auto batch = std::move(change.with);
  put_record(batch, action);
  if (is_over(action)) batch.erase(Table::actions, store::key({"open", action.id.text()}));
  append_step(
      batch, change.entry.value_or(entry_of(action.state)), action, change.by, action.updated_at);
  const auto committed = co_await store_.commit(std::move(batch));

  {
    const std::scoped_lock lock{mutex_};
    if (committed) remember(action);
    changing_.erase(action.id.text());
  }
  if (!committed) co_return std::unexpected{committed.error()};
  co_return action;
}

}  // namespace sallyport::act
