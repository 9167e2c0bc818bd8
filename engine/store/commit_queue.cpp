#include "engine/store/commit_queue.hpp"

#include "engine/store/ledger_index.hpp"

#include <fcntl.h>
#include <rocksdb/perf_level.h>
#include <unistd.h>

#include <algorithm>
#include <iterator>
#include <utility>

namespace sallyport::store {

namespace {

/// What one group takes in at most. Larger ones win nothing and make the first of them wait.
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
      written_{std::move(heads)},
      acknowledged_{database_->wal_mark()},
      heads_{written_},
      thread_{[this] { run(); }} {}

CommitQueue::~CommitQueue() {
  {
    const std::scoped_lock lock{mutex_};
    stopping_ = true;
  }
  arrived_.notify_one();
  thread_.join();
}

bool CommitQueue::Group::may_wait() const {
  return !in_haste && bytes < group_bytes;
}

CommitQueue::Group& CommitQueue::open_group() {
  if (groups_.empty() || groups_.back()->bytes >= group_bytes) {
    if (!groups_.empty()) groups_.back()->builder.move(heads_);
    groups_.emplace_back(
        new Group{.builder{heads_, options_.listener, usual_bytes_ + usual_bytes_ / 4}});
  }
  return *groups_.back();
}

void CommitQueue::push(Batch batch, Done done) {
  const auto bytes = batch.bytes();
  waiting_bytes_ += bytes;
  bool tell = false;
  {
    const std::scoped_lock lock{mutex_};
    tell = groups_.empty();
    auto& group = open_group();
    const bool waited = group.may_wait();
    const auto database = this->database();
    auto outcome = database ? group.builder.add(**database, batch)
                            : Result<>{std::unexpected{database.error()}};
    group.bytes += bytes;
    group.in_haste = group.in_haste || !batch.waits_;
    tell = tell || (waited && !group.may_wait());
    group.members.push_back(
        {.bytes = bytes, .done = std::move(done), .outcome = std::move(outcome)});
  }
  if (tell) arrived_.notify_one();
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
  // Nobody reads what RocksDB would count for each key that is compared.
  rocksdb::SetPerfLevel(rocksdb::PerfLevel::kDisable);
  while (auto group = next_group()) settle(std::move(group));
}

CommitQueue::GroupPtr CommitQueue::next_group() {
  std::unique_lock lock{mutex_};
  arrived_.wait(lock, [this] { return stopping_ || !groups_.empty(); });
  if (groups_.empty()) return nullptr;
  arrived_.wait_for(
      lock, options_.group_window, [this] { return stopping_ || !groups_.front()->may_wait(); });
  auto group = std::move(groups_.front());
  groups_.pop_front();
  if (groups_.empty()) group->builder.move(heads_);
  usual_bytes_ = group->bytes;
  return group;
}

void CommitQueue::settle(GroupPtr group) {
  std::deque<GroupPtr> settled;
  settled.push_back(std::move(group));
  auto& members = settled.front()->members;
  if (failed_ || std::ranges::any_of(members, &Member::added)) {
    const auto written = write(settled.front()->builder);
    if (!written) {
      std::ranges::move(give_up(), std::back_inserter(settled));
      for (auto& each : settled)
        for (auto& member : each->members)
          if (member.added()) member.outcome = written;
    }
  }
  for (auto& each : settled) tell(*each);
}

void CommitQueue::tell(Group& group) {
  for (auto& member : group.members) {
    if (member.outcome) ++batches_;
    waiting_bytes_ -= member.bytes;
    member.done(std::move(member.outcome));
  }
}

std::deque<CommitQueue::GroupPtr> CommitQueue::give_up() {
  const std::scoped_lock lock{mutex_};
  heads_ = written_;
  return std::exchange(groups_, {});
}

Result<> CommitQueue::write(GroupBuilder& group) {
  const auto database = usable_database();
  if (!database) return std::unexpected{database.error()};
  auto& batch = group.finish(**database);
  auto written = (*database)->write(batch);
  if (!written) {
    failed_ = true;
    cut_wal(options_.directory, acknowledged_);
    return written;
  }
  acknowledged_ = (*database)->wal_mark();
  group.move(written_);
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
  if (!same(*heads, written_))
    return fail(Errc::corrupt, "opened again, the store lacks entries that were acknowledged");
  acknowledged_ = (*opened)->wal_mark();
  const std::scoped_lock lock{database_mutex_};
  database_ = *opened;
  return opened;
}

}  // namespace sallyport::store
