#include "engine/store/merge_pace.hpp"

#include "tests/store/opened.hpp"
#include "tests/store/raw_database.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <chrono>
#include <ctime>

namespace sallyport::store {
namespace {

using rocksdb::Env;
using ::testing::ElementsAre;
using testing::opened;
using testing::RawDatabase;
using testing::TemporaryDirectory;
using namespace std::chrono_literals;

std::chrono::nanoseconds worked() {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return std::chrono::seconds{time.tv_sec} + std::chrono::nanoseconds{time.tv_nsec};
}

/// Works for 20 ms of a core and asks in between, as RocksDB does for each block; how long of that
/// time it did not work at least.
std::chrono::nanoseconds rested(MergePace& pace, Env::IOPriority priority) {
  const auto begun = std::chrono::steady_clock::now();
  const auto before = worked();
  while (worked() - before < 20ms) pace.Request(16'384, priority, nullptr);
  return std::chrono::steady_clock::now() - begun - (worked() - before);
}

TEST(MergePace, MergingRestsAsLongAsItWorked) {
  MergePace pace;
  EXPECT_GE(rested(pace, Env::IO_LOW), 18ms);
  EXPECT_GT(pace.GetTotalRequests(Env::IO_LOW), 5) << "in small pieces";
}

TEST(MergePace, AFlushAndMergingThatIsWaitedForDoNotRest) {
  MergePace pace;
  rested(pace, Env::IO_HIGH);
  rested(pace, Env::IO_USER);
  EXPECT_EQ(pace.GetTotalRequests(Env::IO_LOW), 0);
}

TEST(MergePace, RocksDbAsksItWhileItMergesAndCompressesWhatIsMerged) {
  const TemporaryDirectory directory;
  for (int round = 0; round < 2; ++round) {  // a file each time that the store is opened
    const auto store = opened(directory);
    Batch batch;
    for (int i = 0; i < 20'000; ++i)
      batch.put(Table::recordings, fmt::format("{}-{}", i, round), std::string(200, 'x'));
    ASSERT_TRUE(store->commit_and_wait(std::move(batch)));
  }
  RawDatabase database{directory, {}};
  EXPECT_THAT(database.compressions(Table::recordings), ElementsAre("NoCompression"));
  const auto& pace = *database.options().rate_limiter;
  ASSERT_EQ(pace.GetTotalRequests(Env::IO_LOW), 0);
  database.rewrite();
  EXPECT_THAT(database.compressions(Table::recordings), ElementsAre("LZ4"));
  EXPECT_GT(pace.GetTotalRequests(Env::IO_LOW), 0);
}

}  // namespace
}  // namespace sallyport::store
