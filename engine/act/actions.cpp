#include "engine/act/actions.hpp"

#include "engine/act/life.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace sallyport::act {

namespace {

using store::Batch;
using store::Table;

std::string record_key(std::string_view id) {
  return store::key({"id", id});
}

std::string open_key(std::string_view id) {
  return store::key({"open", id});
}

std::string under_way_key(std::string_view id) {
  return store::key({"under way", id});
}

/// Where it is written that every action is in every index.
std::string indexed_key() {
  return store::key({"indexed"});
}

const std::string indexed_version = "1";
constexpr std::size_t mended_at_once = 1000;

std::string alike_key(std::string_view deed) {
  return store::key({"alike", deed});
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
  std::optional<model::Drift> drift;
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
                       drift,
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
      body.drift = action.drift;
      break;
    case executing:
    case denied:
    case expired:
      break;
  }
  return to_json(body);
}

/// How an action is found that is not over. Of two that would do the same the later one counts.
void index(Batch& batch, const model::Action& action) {
  if (is_over(action)) return;
  const auto& id = action.id.text();
  batch.put(Table::actions, open_key(id), "");
  batch.put(Table::actions, alike_key(deed_of(action.request)), id);
  if (is_under_way(action)) batch.put(Table::actions, under_way_key(id), "");
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

std::optional<ActionId> Actions::alike_in_store(const std::string& deed) const {
  const auto id = store_.get(Table::actions, alike_key(deed));
  if (!id || !*id) return std::nullopt;
  auto parsed = ActionId::parse(**id);
  return parsed ? std::optional{*std::move(parsed)} : std::nullopt;
}

void Actions::put(Batch& batch, const model::Action& action) const {
  put_record(batch, action);
  const auto& id = action.id.text();
  const bool on_its_way = is_under_way(action);
  if (is_over(action)) {
    batch.erase(Table::actions, open_key(id));
    const auto deed = deed_of(action.request);
    const auto added = added_.find(deed);
    const bool succeeded_by_another = added != added_.end() && added->second != action.id;
    if (!succeeded_by_another && alike_in_store(deed) == action.id)
      batch.erase(Table::actions, alike_key(deed));
  }
  if (on_its_way) {
    batch.put(Table::actions, under_way_key(id), "");
  } else {
    batch.erase(Table::actions, under_way_key(id));
  }
}

bool Actions::add(Batch& batch, const model::Action& action) {
  const auto deed = deed_of(action.request);
  const bool joins = !is_over(action);
  {
    const std::scoped_lock lock{mutex_};
    if (find_alike_locked(deed)) return false;
    if (joins) {
      added_.insert_or_assign(deed, action.id);
      in_turn_.emplace_back(deed, action.id);
      leave_durable_to_store();
      note_revision(action);
    }
  }
  const auto& id = action.id.text();
  put_record(batch, action);
  batch.put(Table::actions, store::key({"investigation", action.investigation, id}), "");
  index(batch, action);
  append_step(
      batch, entry_of(action.state), action, action.request.requested_by, action.created_at);
  return true;
}

void Actions::note_revision(const model::Action& action) {
  if (is_under_way(action)) {
    revisions_.insert_or_assign(action.id.text(), action.revision);
  } else {
    revisions_.erase(action.id.text());
  }
}

void Actions::leave_durable_to_store() {
  // Two for each that comes: none waits for many to be looked at, and they cannot pile up.
  for (int looked_at = 0; looked_at < 2 && !in_turn_.empty(); ++looked_at) {
    auto next = std::move(in_turn_.front());
    in_turn_.pop_front();
    const auto found = added_.find(next.first);
    if (found == added_.end() || found->second != next.second) continue;
    const auto record = store_.get(Table::actions, record_key(next.second.text()));
    if (record && *record) {
      added_.erase(found);
    } else {
      in_turn_.push_back(std::move(next));  // one that never gets there holds up no other
    }
  }
}

void Actions::forget(const model::Action& action) {
  const std::scoped_lock lock{mutex_};
  const auto found = added_.find(deed_of(action.request));
  if (found != added_.end() && found->second == action.id) added_.erase(found);
  revisions_.erase(action.id.text());
}

std::optional<ActionId> Actions::find_alike_locked(const std::string& deed) const {
  if (join_window_.count() == 0) return std::nullopt;
  if (const auto found = added_.find(deed); found != added_.end()) {
    const auto action = get(found->second.text());
    // Not there: it is on its way to the disk.
    if (!action || clock_.now() - action->updated_at < join_window_) return found->second;
    return std::nullopt;
  }
  auto id = alike_in_store(deed);
  if (!id) return std::nullopt;
  const auto action = get(id->text());
  if (!action || is_over(*action) || clock_.now() - action->updated_at >= join_window_)
    return std::nullopt;
  return id;
}

std::optional<ActionId> Actions::find_alike(const model::ActionRequest& request) const {
  const std::scoped_lock lock{mutex_};
  return find_alike_locked(deed_of(request));
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

Result<> Actions::each(std::string_view index,
                       const std::function<bool(model::Action action)>& visit) const {
  std::optional<Error> broken;
  const auto prefix = store::key({index, ""});
  const auto scanned =
      store_.scan(Table::actions, prefix, "", false, [&](std::string_view key, std::string_view) {
        auto action = get(key.substr(prefix.size()));
        if (!action) {
          broken = action.error();
          return false;
        }
        return visit(*std::move(action));
      });
  if (!scanned) return std::unexpected{scanned.error()};
  if (broken) return std::unexpected{*broken};
  return {};
}

Result<> Actions::each_open(const std::function<bool(model::Action action)>& visit) const {
  return each("open", visit);
}

Result<std::optional<std::size_t>> Actions::mend_indexes() {
  const auto known = store_.get(Table::actions, indexed_key());
  if (!known) return std::unexpected{known.error()};
  if (*known == indexed_version) return std::nullopt;
  std::size_t on_their_way = 0;
  const auto prefix = store::key({"id", ""});
  std::string last;
  for (std::size_t seen = mended_at_once; seen == mended_at_once;) {
    seen = 0;
    Batch batch;
    std::optional<Error> broken;
    const auto scanned = store_.scan(
        Table::actions, prefix, last, false, [&](std::string_view key, std::string_view value) {
          if (key == last) return true;
          const auto action = from_json<model::Action>(value);
          if (!action) {
            broken = action.error();
            return false;
          }
          index(batch, *action);
          if (is_under_way(*action)) ++on_their_way;
          last = key;
          return ++seen < mended_at_once;
        });
    if (!scanned) return std::unexpected{scanned.error()};
    if (broken) return std::unexpected{*broken};
    if (seen < mended_at_once) batch.put(Table::actions, indexed_key(), indexed_version);
    const auto mended = store_.commit_and_wait(std::move(batch));
    if (!mended) return std::unexpected{mended.error()};
  }
  return std::optional{on_their_way};
}

Result<std::vector<model::Action>> Actions::under_way() const {
  std::vector<model::Action> found;
  const auto visited = each("under way", [&](model::Action action) {
    found.push_back(std::move(action));
    return true;
  });
  if (!visited) return std::unexpected{visited.error()};
  return found;
}

void Actions::set_bell(Batch& batch,
                       store::TimerKind kind,
                       std::string_view id,
                       std::optional<Time> due,
                       std::optional<Time> at) const {
  const auto key = store::key({name_of(kind), id});
  const auto before = store_.get(Table::actions, key);
  const bool known = before && *before;
  if (const auto time = known ? parse_rfc3339(**before) : fail(Errc::not_found, "")) due = *time;
  if (due) store::clear_timer(batch, kind, *due, id);
  if (at) {
    batch.put(Table::actions, key, to_rfc3339(*at));
    store::set_timer(batch, kind, *at, id);
  } else if (known) {
    batch.erase(Table::actions, key);
  }
}

void Actions::set_look(Batch& batch, std::string_view id, std::optional<Time> at) const {
  set_bell(batch, store::TimerKind::look, id, {}, at);
}

void Actions::set_end(Batch& batch, const model::Action& action, std::optional<Time> at) const {
  set_bell(batch, store::TimerKind::action, action.id.text(), action.ends_at, at);
}

Task<> Actions::commit(Batch batch) {
  if (batch.empty()) co_return Result<>{};
  co_return co_await store_.commit(std::move(batch));
}

Task<> Actions::look_later(std::string id, std::optional<Time> at) {
  Batch batch;
  set_look(batch, id, at);
  co_return co_await commit(std::move(batch));
}

Task<> Actions::end_later(model::Action action, std::optional<Time> at) {
  Batch batch;
  set_end(batch, action, at);
  co_return co_await commit(std::move(batch));
}

Result<model::Action> Actions::reserve(const model::Action& seen, const Change& change) {
  const std::scoped_lock lock{mutex_};
  const auto& id = seen.id.text();
  if (changing_.contains(id))
    return fail(Errc::conflict, fmt::format("action {} is being changed by somebody else", id));
  const auto known = revisions_.find(id);
  auto current = known != revisions_.end() && known->second == seen.revision
                     ? Result<model::Action>{seen}
                     : get(id);
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
  {
    const std::scoped_lock lock{mutex_};
    put(batch, action);
  }
  append_step(
      batch, change.entry.value_or(entry_of(action.state)), action, change.by, action.updated_at);
  const auto committed = co_await store_.commit(std::move(batch));

  {
    const std::scoped_lock lock{mutex_};
    changing_.erase(action.id.text());
    if (committed) note_revision(action);
    // By now what add() wrote is in the store.
    const auto added = added_.find(deed_of(action.request));
    if (committed && added != added_.end() && added->second == action.id) added_.erase(added);
  }
  if (!committed) co_return std::unexpected{committed.error()};
  co_return action;
}

}  // namespace sallyport::act
