#pragma once

#include "engine/store/database.hpp"
#include "engine/store/group.hpp"

#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

namespace sallyport::store {

/// The one writer: a thread that takes all batches that wait, writes them as one group with one
/// fsync, and tells each how it ended.
///
/// After a group has failed, the log is cut back to what was acknowledged; each later group begins
/// by closing and opening the database again, and fails too while that does. Readers keep the old
/// one until the disk takes writes again. Thread-safe.
class CommitQueue {
 public:
  using Done = std::move_only_function<void(Result<>)>;

  CommitQueue(Options options, std::shared_ptr<Database> database, LedgerHeads heads);
  ~CommitQueue();  ///< Commits what waits.
  CommitQueue(const CommitQueue&) = delete;
  CommitQueue& operator=(const CommitQueue&) = delete;

  void push(Batch batch, Done done);

  /// Errors: unavailable (it is being opened again).
  [[nodiscard]] Result<std::shared_ptr<Database>> database() const;

  [[nodiscard]] std::size_t waiting_bytes() const { return waiting_bytes_.load(); }

  [[nodiscard]] Counters counters() const;

 private:
  struct Waiting {
    Batch batch;
    Done done;
  };

  void run();
  [[nodiscard]] std::vector<Waiting> next_group();
  void settle(std::vector<Waiting> group);
  [[nodiscard]] Result<> write(GroupBuilder& group, Database& database);
  [[nodiscard]] Result<std::shared_ptr<Database>> usable_database();
  [[nodiscard]] Result<std::shared_ptr<Database>> reopen();

  const Options options_;
  mutable std::mutex database_mutex_;
  std::shared_ptr<Database> database_;

  // Of the commit thread alone.
  LedgerHeads heads_;
  Database::WalMark acknowledged_;
  bool failed_ = false;

  std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<Waiting> waiting_;
  bool stopping_ = false;

  std::atomic<std::size_t> waiting_bytes_ = 0;
  std::atomic<std::uint64_t> batches_ = 0;
  std::atomic<std::uint64_t> syncs_ = 0;
  std::atomic<std::uint64_t> bytes_written_ = 0;
  std::atomic<std::uint64_t> ledger_entries_ = 0;

  std::thread thread_;  ///< Last: begins when all else is there.
};

/// The recorded end of every tenant's chain. Errors: corrupt, unavailable.
[[nodiscard]] Result<LedgerHeads> load_heads(const Database& database);

}  // namespace sallyport::store
