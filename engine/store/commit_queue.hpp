#pragma once

#include "engine/store/database.hpp"
#include "engine/store/group.hpp"

#include <atomic>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace sallyport::store {

/// The one writer: a thread that writes what has come in as one group with one fsync, and tells
/// each batch how it ended. Whoever brings a batch puts it into the next group, while the one
/// before is being written.
///
/// After a group has failed, those gathered upon it fail as well, and the log is cut back to what
/// was acknowledged; each later group begins by closing and opening the database again, and fails
/// too while that does. Readers keep the old one until the disk takes writes again. Thread-safe.
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
  /// A batch that was added to a group, or could not be.
  struct Member {
    std::size_t bytes = 0;
    Done done;
    Result<> outcome;

    [[nodiscard]] bool added() const { return outcome.has_value(); }
  };

  struct Group {
    GroupBuilder builder;
    std::size_t bytes = 0;
    std::vector<Member> members{};
    bool in_haste = false;  ///< One of them waits for nobody.

    [[nodiscard]] bool may_wait() const;
  };

  using GroupPtr = std::unique_ptr<Group>;

  [[nodiscard]] Group& open_group();
  void run();
  [[nodiscard]] GroupPtr next_group();
  void settle(GroupPtr group);
  [[nodiscard]] Result<> write(GroupBuilder& group);
  /// All that was gathered since; whatever comes now builds on what is written.
  [[nodiscard]] std::deque<GroupPtr> give_up();
  void tell(Group& group);
  [[nodiscard]] Result<std::shared_ptr<Database>> usable_database();
  [[nodiscard]] Result<std::shared_ptr<Database>> reopen();

  const Options options_;
  mutable std::mutex database_mutex_;
  std::shared_ptr<Database> database_;

  // Of the commit thread alone.
  LedgerHeads written_;
  Database::WalMark acknowledged_;
  bool failed_ = false;

  std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<GroupPtr> groups_;  ///< Those before the last are full.
  LedgerHeads heads_;            ///< What the last one builds on.
  std::size_t usual_bytes_ = 0;
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
