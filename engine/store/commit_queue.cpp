#include "engine/store/commit_queue.hpp"

#include "engine/store/ledger_index.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <utility>

namespace sallyport::store {

namespace {

/// What one group takes in. Larger groups win nothing and make the first of them wait.
constexpr std::size_t group_bytes = 4ULL << 20U;

/// Opening again needs room to write down what is in memory; without it, reading goes on as is.
bool disk_takes_writes(const std::filesystem::path& directory) {
  constexpr off_t room_bytes = 4LL << 20U;
  const auto probe = (directory / "probe.tmp").string();
  const int fd = ::open(probe.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
  if (fd < 0) return false;
  const bool room = ::posix_fallocate(fd, 0, room_bytes) == 0 && ::fsync(fd) == 0;
  ::close(fd);
  ::unlink(probe.c_str());
  return room;
}

bool same(const LedgerHeads& a, const LedgerHeads& b) {
  if (a.size() != b.size()) return false;
  for (const auto& [tenant, head] : a) {
    const auto other = b.find(tenant);
    if (other == b.end() || other->second.seq != head.seq || other->second.hash != head.hash)
      return false;
  }
  return true;
}

}  // namespace

Result<LedgerHeads> load_heads(const Database& database) {
  LedgerHeads heads;
  Result<> read;
  const auto scanned = database.scan(
      Table::meta, head_prefix, {}, false, [&](std::string_view key, std::string_view value) {
        auto head = from_json<LedgerHead>(value);
        if (!head) {
          read = std::unexpected{head.error()};
          return false;
        }
        heads.emplace(key.substr(head_prefix.size()), *std::move(head));
        return true;
      });
  if (!scanned) return std::unexpected{scanned.error()};
  if (!read) return std::unexpected{read.error()};
  return heads;
}

CommitQueue::CommitQueue(Options options, std::shared_ptr<Database> database, LedgerHeads heads)
    : options_{std::move(options)},
      database_{std::move(database)},
      heads_{std::move(heads)},
      acknowledged_{database_->wal_mark()},
      thread_{[this] { run(); }} {}

CommitQueue::~CommitQueue() {
  {
    const std::scoped_lock lock{mutex_};
    stopping_ = true;
  }
  arrived_.notify_one();
  thread_.join();
}

void CommitQueue::push(Batch batch, Done done) {
  waiting_bytes_ += batch.bytes();
  bool first = false;
  {
    const std::scoped_lock lock{mutex_};
    first = waiting_.empty();
    waiting_.push_back({std::move(batch), std::move(done)});
  }
  if (first) arrived_.notify_one();
}

Result<std::shared_ptr<Database>> CommitQueue::database() const {
  const std::scoped_lock lock{database_mutex_};
  if (!database_) return fail(Errc::unavailable, "the store is being opened again");
  return database_;
}

Counters CommitQueue::counters() const {
  return {.batches = batches_,
          .syncs = syncs_,
          .bytes_written = bytes_written_,
          .ledger_entries = ledger_entries_};
}

void CommitQueue::run() {
  for (;;) {
    auto group = next_group();
    if (group.empty()) return;
    settle(std::move(group));
  }
}

std::vector<CommitQueue::Waiting> CommitQueue::next_group() {
  std::vector<Waiting> group;
  std::unique_lock lock{mutex_};
  arrived_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
  if (options_.group_window.count() > 0 && !stopping_ && waiting_bytes_ < group_bytes)
    arrived_.wait_for(lock, options_.group_window, [this] { return stopping_; });
  for (std::size_t bytes = 0; !waiting_.empty() && bytes < group_bytes; waiting_.pop_front()) {
    bytes += waiting_.front().batch.bytes();
    group.push_back(std::move(waiting_.front()));
  }
  return group;
}

void CommitQueue::settle(std::vector<Waiting> group) {
  std::vector<Result<>> outcomes(group.size());
  std::uint64_t committed = 0;
  const auto database = usable_database();
  if (!database) {
    for (auto& outcome : outcomes) outcome = std::unexpected{database.error()};
  } else {
    std::size_t bytes = 0;
    for (const auto& waiting : group) bytes += waiting.batch.bytes();
    GroupBuilder builder{**database, heads_, options_.listener, bytes};
    for (std::size_t i = 0; i < group.size(); ++i) {
      outcomes[i] = builder.add(group[i].batch);
      if (outcomes[i]) ++committed;
    }
    const auto written = committed > 0 ? write(builder, **database) : Result<>{};
    if (!written) {
      committed = 0;
      for (auto& outcome : outcomes)
        if (outcome) outcome = written;
    }
  }
  batches_ += committed;
  for (std::size_t i = 0; i < group.size(); ++i) {
    const auto bytes = group[i].batch.bytes();
    group[i].batch = {};
    waiting_bytes_ -= bytes;
    group[i].done(std::move(outcomes[i]));
  }
}

Result<> CommitQueue::write(GroupBuilder& group, Database& database) {
  auto& batch = group.finish();
  auto written = database.write(batch);
  if (!written) {
    failed_ = true;
    cut_wal(options_.directory, acknowledged_);
    return written;
  }
  acknowledged_ = database.wal_mark();
  for (const auto& [tenant, head] : group.moved()) heads_.insert_or_assign(tenant, head);
  ++syncs_;
  bytes_written_ += batch.GetDataSize();
  ledger_entries_ += group.entries();
  group.tell();
  return {};
}

Result<std::shared_ptr<Database>> CommitQueue::usable_database() {
  if (!failed_) return database();
  if (!disk_takes_writes(options_.directory))
    return fail(Errc::unavailable, "an earlier write failed and the disk still takes none");
  auto reopened = reopen();
  if (reopened) failed_ = false;
  return reopened;
}

Result<std::shared_ptr<Database>> CommitQueue::reopen() {
  std::shared_ptr<Database> old;
  {
    const std::scoped_lock lock{database_mutex_};
    old.swap(database_);
  }
  if (old) {
    const auto closed = old->closed();
    old.reset();
    closed->wait(false);  // a reader may still be at it; it is the one who closes then
    cut_wal(options_.directory, acknowledged_);
  }
  auto opened = Database::open(options_);
  if (!opened) return std::unexpected{opened.error()};
  const auto heads = load_heads(**opened);
  if (!heads) return std::unexpected{heads.error()};
  if (!same(*heads, heads_))
    return fail(Errc::corrupt, "opened again, the store lacks entries that were acknowledged");
  acknowledged_ = (*opened)->wal_mark();
  const std::scoped_lock lock{database_mutex_};
  database_ = *opened;
  return opened;
}

}  // namespace sallyport::store
