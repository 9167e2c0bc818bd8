#pragma once

#include "engine/base/deadline.hpp"
#include "engine/base/json.hpp"
#include "engine/base/time.hpp"
#include "engine/model/ledger_entry.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// The room `store`: RocksDB, and the only place that knows it.
///
/// store.hpp          Store, Batch, Table: atomic batches, group commit
/// ledger.hpp         the hash-chained ledger: reading, queries, verification
/// timers.hpp         Table::timers
/// inside: commit_queue (the one writer), group (batches to one write), database (RocksDB and its
/// options), lifetime (what may go), ledger_line (an entry's bytes), ledger_index (keys),
/// engine_log
///
/// Promise: what was acknowledged survives; what failed is not there; the chain has no gap.
///
/// Never: a meaning of its own for what the other rooms keep, a clock, an entry changed or removed.
namespace sallyport::store {

/// What is kept, each in a column family of its own. Values are JSON unless the room that owns the
/// table says otherwise. Keys are text; parts are joined with '\0' (see key()).
enum class Table : std::uint8_t {
  meta,    ///< schema version, ledger heads, cursors of the publishers
  alerts,  ///< tenant, source, uid -> the alert
  open,    ///< alerts that have no verdict yet -> their investigation: what a restart takes up
  investigations,  ///< investigation id -> Verdict
  actions,         ///< action id -> Action
  approvals,       ///< approval id -> Approval
  timers,          ///< RFC 3339 time, kind, id: approvals that expire, timed actions that end
  entities,        ///< graph
  relations,       ///< graph
  ledger,          ///< tenant, seq (big endian) -> LedgerEntry
  ledger_index,    ///< secondary keys of the ledger: see ledger_index.hpp
  policy,          ///< versions of the policy
  idempotency,     ///< HTTP Idempotency-Key -> the answer given
  outbox,          ///< channel, notification id -> Notification that is yet to be delivered
  recordings,      ///< content hash -> what investigations were told (investigate/kept.hpp)
  groups,          ///< investigation, number -> the alert that joined it: see ingest/groups.hpp
};

BOOST_DESCRIBE_ENUM(Table,
                    meta,
                    alerts,
                    open,
                    investigations,
                    actions,
                    approvals,
                    timers,
                    entities,
                    relations,
                    ledger,
                    ledger_index,
                    policy,
                    idempotency,
                    outbox,
                    recordings,
                    groups)

/// Joins the parts of a key with '\0'.
[[nodiscard]] std::string key(std::initializer_list<std::string_view> parts);

/// What becomes durable together, or not at all. A value; build it on any thread.
class Batch {
 public:
  void put(Table table, std::string key, std::string value);
  void erase(Table table, std::string key);

  /// Appends to the ledger of `tenant`, after the writes. `seq`, `prev` and `hash` are given at
  /// commit; `body` is the JSON text of an object, without line breaks between its tokens (as
  /// to_json() writes it). A commit refuses anything else, and a tenant that is empty or holds a
  /// NUL (invalid_input).
  void append(std::string_view tenant,
              model::EntryKind kind,
              std::string_view subject,
              const model::Actor& actor,
              Time at,
              std::string body);

  /// Adds what `other` holds, after what is here.
  void merge(Batch other);

  /// Its commit may wait for others, to share their fsync (Options::group_window): for where many
  /// come at once and nobody minds a few milliseconds. One that does not wait takes along all that
  /// do.
  void wait_for_company() noexcept { waits_ = true; }

  [[nodiscard]] bool empty() const noexcept;
  [[nodiscard]] std::size_t bytes() const noexcept;

 private:
  friend class CommitQueue;
  friend class GroupBuilder;

  struct Write {
    Table table;
    std::string key;
    std::optional<std::string> value;  ///< Empty: erase.
  };

  struct Draft {
    std::string tenant;
    model::EntryKind kind{};
    std::string subject;
    model::Actor actor;
    Time at;
    std::string body;
  };

  std::vector<Write> writes_;
  std::vector<Draft> drafts_;
  std::size_t bytes_ = 0;
  bool waits_ = false;
};

/// Hears of ledger entries once they are durable, those of a chain in its order: each as its JSON
/// line, which is gone when the call returns. Called on the commit thread; must not block or throw.
struct LedgerListener {
  std::vector<model::EntryKind> kinds;  ///< That it wants to hear of.
  std::function<void(model::EntryKind kind, std::string_view line)> hear;
};

struct Options {
  std::filesystem::path directory;
  std::size_t block_cache_bytes = 64ULL << 20U;
  std::size_t write_buffer_bytes = 96ULL << 20U;  ///< What is not yet in a table file, all tables.
  /// At most so long a batch that may wait for company does. All others wait for nothing but the
  /// sync before theirs.
  std::chrono::microseconds group_window{0};
  /// Whether an entry has had its time. Asked of the tables of may_forget() alone,
  /// on RocksDB's threads, when it rewrites a file that holds the entry: what may go is gone some
  /// time later, at most a day after its file was last written. Empty: everything stays.
  std::function<bool(Table table, std::string_view key, std::string_view value)> outlived;
  /// For looking at a store, also while an engine has it open: shows what was synced when it was
  /// opened or last refreshed. Nothing can be committed.
  bool read_only = false;
  LedgerListener listener{};
};

struct Counters {
  std::uint64_t batches = 0;
  std::uint64_t syncs = 0;
  std::uint64_t bytes_written = 0;
  std::uint64_t ledger_entries = 0;
};

/// The engine's memory: typed tables and the hash-chained ledger in one RocksDB, with atomic
/// batches and group commit (one fsync for all that wait).
///
/// Promise: when commit() reports success, the batch survives the loss of power. Batches become
/// visible in the order of their commits. Thread-safe. One process at a time opens a directory for
/// writing.
class Store {
 public:
  /// Errors: unavailable (another process has it), corrupt (with what to do), invalid_input.
  [[nodiscard]] static Result<std::unique_ptr<Store>> open(Options options);
  ~Store();  ///< Commits what waits, then closes.
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  /// Calls `done` on the commit thread once `batch` is durable or has failed. `done` must not block
  /// or throw. Never blocks: hold back by waiting_bytes().
  ///
  /// Errors: unavailable (disk full, I/O error: nothing of the batch is there; each later commit
  /// tries first to get the disk back); invalid_input (what append() refuses: only this batch
  /// fails); denied (opened read_only).
  void commit(Batch batch, std::move_only_function<void(Result<>)> done);

  /// The same for a coroutine; resumes on its own executor. Not cancelled: a commit that began
  /// ends.
  Task<> commit(Batch batch);

  /// The same for a thread that may wait: tests and the command line.
  [[nodiscard]] Result<> commit_and_wait(Batch batch);

  /// Errors: unavailable, corrupt.
  [[nodiscard]] Result<std::optional<std::string>> get(Table table, std::string_view key) const;

  /// The values of many keys at once, in the order of the keys: cheaper than one by one where they
  /// lie near each other. `keys` ascending. Errors: unavailable, corrupt.
  [[nodiscard]] Result<std::vector<std::optional<std::string>>> get_all(
      Table table, const std::vector<std::string>& keys) const;

  /// Decodes JSON. Errors: not_found, corrupt, unavailable.
  template <class T>
  [[nodiscard]] Result<T> load(Table table, std::string_view key) const {
    auto text = get(table, key);
    if (!text) return std::unexpected{text.error()};
    if (!*text) return fail(Errc::not_found, "no such entry");
    return from_json<T>(**text);
  }

  /// Visits keys that begin with `prefix`, from `from` on (inclusive; empty: from the first),
  /// ascending, or descending with `reverse` (then `from` is the last key to be visited first;
  /// empty: from the last). `visit` returns false to stop.
  [[nodiscard]] Result<> scan(
      Table table,
      std::string_view prefix,
      std::string_view from,
      bool reverse,
      const std::function<bool(std::string_view key, std::string_view value)>& visit) const;

  /// Read_only: shows what the engine has synced since. Errors: unavailable, corrupt.
  [[nodiscard]] Result<> refresh();

  /// The bytes of batches that were handed to commit() and are not settled yet. Callers that can
  /// wait should, before this passes what the machine can hold.
  [[nodiscard]] std::size_t waiting_bytes() const;

  [[nodiscard]] Counters counters() const;

 private:
  struct Impl;
  explicit Store(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace sallyport::store
