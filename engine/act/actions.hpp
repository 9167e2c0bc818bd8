#pragma once

#include "engine/base/time.hpp"
#include "engine/model/action.hpp"
#include "engine/store/store.hpp"
#include "engine/store/timers.hpp"

#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

namespace sallyport::act {

/// One step of an action's life.
struct Change {
  model::ActionState to;
  model::Actor by;
  std::function<void(model::Action&)> edit;  ///< Applied to the record; may be empty.
  store::Batch with;                         ///< What becomes durable together with it.
  /// The ledger entry, where it is not the one that entry_of(to) names.
  std::optional<model::EntryKind> entry;
};

/// Which actions a list shows; newest first.
struct ActionFilter {
  std::optional<model::ActionState> state;
  std::string tenant;         ///< Empty: all.
  std::string investigation;  ///< Empty: all.
  std::string before;         ///< An action id: only what is older. Empty: from the newest.
  std::size_t limit = 100;
};

/// The records of all actions, in the store. change() is the only way to alter one:
/// compare-and-swap on what the caller saw, along the table of life.hpp, durable with its ledger
/// entry before it returns.
///
/// Thread-safe. `store` and `clock` must outlive it.
class Actions {
 public:
  /// Actions that are not over and younger than `join_window` are joined by later ones like them
  /// (see find_alike()).
  Actions(store::Store& store, const Clock& clock, std::chrono::seconds join_window);

  /// Writes a new action, its decision's ledger entry included, into `batch`, and reserves its
  /// target at once, so that of two alike that are added side by side only one is made. False:
  /// there is one already; nothing was written.
  [[nodiscard]] bool add(store::Batch& batch, const model::Action& action);

  /// Gives back what add() reserved: its batch was not committed.
  void forget(const model::Action& action);

  /// The open action with the same tenant, verb, target and parameters, if one is young enough to
  /// be joined.
  [[nodiscard]] std::optional<ActionId> find_alike(const model::ActionRequest& request) const;

  /// Errors: not_found, corrupt, unavailable.
  [[nodiscard]] Result<model::Action> get(std::string_view id) const;

  /// Errors: corrupt, unavailable.
  [[nodiscard]] Result<std::vector<model::Action>> list(const ActionFilter& filter) const;

  /// Visits every action that is not over, the oldest first, until `visit` returns false.
  /// Errors: corrupt, unavailable.
  [[nodiscard]] Result<> each_open(const std::function<bool(model::Action action)>& visit) const;

  /// Makes the indexes of a store that was written before there were all of them: one pass over
  /// every action. Once, before anything changes. Returns how many are on their way; empty: the
  /// indexes are whole. Errors: corrupt, unavailable.
  [[nodiscard]] Result<std::optional<std::size_t>> mend_indexes();

  /// Every action on its way, the oldest first: what a restart has to take up.
  [[nodiscard]] Result<std::vector<model::Action>> under_way() const;

  /// Puts into `batch` that the action `id` is to be looked at again at `at`, instead of when that
  /// was due before; empty: not again.
  void set_look(store::Batch& batch, std::string_view id, std::optional<Time> at) const;

  /// The same by itself. Errors: unavailable.
  Task<> look_later(std::string id, std::optional<Time> at);

  /// Puts into `batch` that the timed `action` is to be ended at `at`, instead of when that was due
  /// before; empty: not any more.
  void set_end(store::Batch& batch, const model::Action& action, std::optional<Time> at) const;

  /// The same by itself. Errors: unavailable.
  Task<> end_later(model::Action action, std::optional<Time> at);

  /// Takes the step if the record still is what the caller has `seen`, as it was returned from here
  /// or given to add(). Returns the new record.
  /// Errors: conflict (somebody was faster, or there is no such way), not_found, corrupt,
  /// unavailable.
  Task<model::Action> change(model::Action seen, Change change);

 private:
  [[nodiscard]] Result<model::Action> reserve(const model::Action& seen, const Change& change);
  void put(store::Batch& batch, const model::Action& action) const;
  [[nodiscard]] Result<> each(std::string_view index,
                              const std::function<bool(model::Action action)>& visit) const;
  [[nodiscard]] std::optional<ActionId> find_alike_locked(const std::string& deed) const;
  /// Moves the bell of `kind` for `id`, which rings at `due` where nothing else is on record.
  void set_bell(store::Batch& batch,
                store::TimerKind kind,
                std::string_view id,
                std::optional<Time> due,
                std::optional<Time> at) const;
  Task<> commit(store::Batch batch);
  void leave_durable_to_store();
  void note_revision(const model::Action& action);
  [[nodiscard]] std::optional<ActionId> alike_in_store(const std::string& deed) const;

  store::Store& store_;
  const Clock& clock_;
  std::chrono::seconds join_window_;
  mutable std::mutex mutex_;
  std::unordered_set<std::string> changing_;  ///< A change of these is on its way to the disk.
  /// Of those under way: how far their records are, so that they need not be read again.
  std::unordered_map<std::string, std::uint64_t> revisions_;
  /// Added, and perhaps not durable yet: by what they would do. The rest is in the store.
  std::unordered_map<std::string, ActionId> added_;
  std::deque<std::pair<std::string, ActionId>>
      in_turn_;  ///< The same: the next to be looked at is first.
};

/// What makes two requests the same deed: tenant, verb, target, and the parameters that say where.
[[nodiscard]] std::string deed_of(const model::ActionRequest& request);

}  // namespace sallyport::act
