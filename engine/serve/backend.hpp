#pragma once

#include "engine/base/deadline.hpp"
#include "engine/base/json.hpp"
#include "engine/gate/policy_diff.hpp"
#include "engine/model/action.hpp"
#include "engine/model/alert.hpp"
#include "engine/model/decision.hpp"
#include "engine/model/ledger_entry.hpp"
#include "engine/model/request.hpp"
#include "engine/model/verdict.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sallyport::serve {

/// Alerts as they came in one request, in order.
struct Submission {
  std::string tenant;
  std::optional<std::string> source;  ///< The mapping to read them with; else recognised.
  std::vector<std::string> alerts;    ///< The bytes of each.
};

enum class ReceiptStatus : std::uint8_t {
  accepted,
  duplicate,    ///< We have it.
  updated,      ///< We have it, and it came with other content.
  refused,      ///< It is no alert: `reason`.
  unavailable,  ///< Not recorded; may be sent again.
};

struct AlertReceipt {
  ReceiptStatus status = ReceiptStatus::unavailable;
  std::string uid;     ///< metadata.uid, where it is an alert.
  std::string reason;  ///< Where it was not taken.
};

/// Part of a list, and where the next part begins.
template <class T>
struct Page {
  std::vector<T> items;
  std::string next;  ///< A cursor for the following request; empty: this was the end.
};

/// What every list takes. `tenant` empty: all (for a token that sees all).
struct ListQuery {
  std::string tenant;
  std::string cursor;  ///< Page::next of the request before; empty: from the beginning.
  std::size_t limit = 0;
};

struct ApprovalQuery {
  ListQuery list;
  std::optional<model::ApprovalState> state;
};

struct ActionQuery {
  ListQuery list;
  std::optional<model::ActionState> state;
  std::string investigation;  ///< Empty: any.
};

struct LedgerSearch {
  ListQuery list;  ///< `tenant` is never empty: each has a chain of its own.
  std::vector<model::EntryKind> kinds;
  std::string subject;
  /// Of decisions: where one is set, nothing else is found.
  std::string verb{};
  std::string target{};
  std::string decision{};
  std::string reason{};
  std::string actor{};
  std::optional<Time> from;
  std::optional<Time> to;
  bool newest_first = false;
};

/// What a person is asked, with all that there is to see before answering.
struct Question {
  model::Approval approval;
  model::Action action;
};

/// A person's answer to it.
struct Ruling {
  std::string request_hash;  ///< Of what was shown.
  model::Actor by;
  std::string comment;
  std::optional<json::object> with{};  ///< Of an approval: parameters that are to be others.
};

/// What is to be undone: one action, what an investigation did, or all since a time.
struct RollbackOrder {
  std::string tenant;  ///< Empty: all.
  std::string action;
  std::string investigation;
  std::optional<Time> since;
  bool preview = false;  ///< Only say what would be done.
  std::size_t limit = 0;
  model::Actor by;
};

/// One action of it.
struct RollbackItem {
  std::string action;
  std::string verb;
  model::Target target;
  model::ActionState state{};
  std::string connector;
  Time done_at;
  std::string undo;      ///< The verb that restores what was there before; empty: nothing does.
  std::string rollback;  ///< The action that undoes it, where one was proposed.
  std::optional<model::ActionState> rollback_state;
  std::string rationale;  ///< The gate's, of that.
  std::string why_not;    ///< Why it is not undone, where that is so.
};

struct RollbackReport {
  bool preview = false;
  std::vector<RollbackItem> steps;  ///< In the order in which they are undone: the last first.
  bool more = false;                ///< There are older ones beyond the limit: ask again.
};

/// A version of the policy.
struct PolicyDocument {
  std::uint64_t version = 0;
  std::string hash;
  json::value policy{};
  std::string text{};  ///< The file, byte for byte.
  Time adopted_at{};
  model::Actor by{};
  std::string reason{};
  std::vector<gate::PolicyChange> changes{};  ///< To the version before.
  std::string warnings{};  ///< Of a change that was just made: what is probably a mistake in it.
};

/// Which version: by its number, or the one in force at a time; neither: the one in force.
struct PolicyChoice {
  std::optional<std::uint64_t> version;
  std::optional<Time> at;
};

/// Who changes the policy and why.
struct PolicyAuthor {
  model::Actor by;
  std::string reason;
  std::string expected;  ///< The version or hash that was looked at; empty: any.
};

enum class KillScope : std::uint8_t { global, tenant, connector, verb };

struct KillSwitchOrder {
  KillScope scope = KillScope::global;
  std::string tenant;  ///< Empty: of all tenants.
  std::string name;    ///< Of the connector or the verb.
  bool on = true;
};

/// An answer that was given under an Idempotency-Key.
struct StoredAnswer {
  std::string fingerprint;  ///< Of the request that it answered.
  std::int32_t status = 0;
  std::string body;
  std::string content_type;
  Time at;
};

/// The engine as the API needs it: the port of this room.
///
/// Called on the server's executor; a task may hop away and returns there. Lists of tenants and
/// roles are the API's business, everything else is decided behind this port. Errors are those of
/// base: not_found, conflict, denied, expired (an approval's time was over), invalid_input,
/// unavailable, corrupt.
class Backend {
 public:
  virtual ~Backend() = default;

  /// Set while work piles up: how long a sender should wait.
  [[nodiscard]] virtual std::optional<std::chrono::seconds> congested() const = 0;

  /// Returns one receipt for each alert once all are durable or refused.
  virtual Task<std::vector<AlertReceipt>> submit(Submission submission) = 0;

  virtual Task<Page<model::Alert>> alerts(ListQuery query) = 0;

  /// Newest first.
  virtual Task<Page<model::Verdict>> investigations(ListQuery query) = 0;
  virtual Task<model::Verdict> investigation(std::string id) = 0;

  /// Oldest first: they expire first.
  virtual Task<Page<Question>> approvals(ApprovalQuery query) = 0;
  virtual Task<Question> approval(std::string id) = 0;
  virtual Task<model::Action> approve(std::string id, Ruling ruling) = 0;
  virtual Task<model::Action> deny(std::string id, Ruling ruling) = 0;

  /// Newest first.
  virtual Task<Page<model::Action>> actions(ActionQuery query) = 0;
  virtual Task<model::Action> action(std::string id) = 0;

  /// Asks the gate about a person's own action; returns it as decided.
  virtual Task<model::Action> propose(model::ActionRequest request) = 0;

  /// The action that undoes `id`, as decided: a rollback passes the gate too.
  virtual Task<model::Action> roll_back(std::string id, model::Actor by) = 0;

  /// Undoes several, each by an action of its own that passes the gate.
  virtual Task<RollbackReport> roll_back_all(RollbackOrder order) = 0;

  virtual Task<PolicyDocument> policy(PolicyChoice choice) = 0;

  /// Newest first, without text and tree.
  virtual Task<Page<PolicyDocument>> policy_history(ListQuery query) = 0;

  /// Each returns the version that holds for every decision from then on; conflict when another
  /// than the expected one is in force or the policy file cannot be written.
  virtual Task<PolicyDocument> set_tier(std::string tenant,
                                        model::Tier tier,
                                        PolicyAuthor author) = 0;
  virtual Task<PolicyDocument> replace_policy(std::string text, PolicyAuthor author) = 0;
  virtual Task<PolicyDocument> kill_switch(KillSwitchOrder order, PolicyAuthor author) = 0;

  /// Entries as they are stored: one JSON text each.
  virtual Task<Page<std::string>> ledger(LedgerSearch search) = 0;

  virtual Task<std::optional<StoredAnswer>> recall(std::string key) = 0;
  virtual Task<> remember(std::string key, StoredAnswer answer) = 0;
};

BOOST_DESCRIBE_ENUM(KillScope, global, tenant, connector, verb)
BOOST_DESCRIBE_STRUCT(RollbackItem,
                      (),
                      (action,
                       verb,
                       target,
                       state,
                       connector,
                       done_at,
                       undo,
                       rollback,
                       rollback_state,
                       rationale,
                       why_not))
BOOST_DESCRIBE_STRUCT(RollbackReport, (), (preview, steps, more))
BOOST_DESCRIBE_ENUM(ReceiptStatus, accepted, duplicate, updated, refused, unavailable)
BOOST_DESCRIBE_STRUCT(StoredAnswer, (), (fingerprint, status, body, content_type, at))

}  // namespace sallyport::serve
