#include "engine/store/ledger.hpp"
#include "tests/store/opened.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <random>
#include <vector>

namespace sallyport::store {
namespace {

using testing::opened;
using testing::TemporaryDirectory;

Batch numbered(std::uint32_t n) {
  Batch batch;
  // Large now and then, so that memory is written out and logs are changed while it dies.
  const std::size_t size = n % 50 == 0 ? 200'000 : 300;
  batch.put(Table::alerts, fmt::format("{:08}", n), std::string(size, 'x'));
  batch.put(Table::open, fmt::format("{:08}", n), "{}");
  const model::Actor actor{.kind = "engine", .id = "test"};
  const auto subject = fmt::format("alert-{}", n);
  for (const auto kind : {model::EntryKind::received, model::EntryKind::verdict})
    batch.append("acme", kind, subject, actor, Time{std::chrono::seconds{n}}, "{\"a\":1}");
  return batch;
}

/// Commits from `first` on and writes each acknowledged number to `acknowledged`, until killed.
[[noreturn]] void commit_until_killed(const TemporaryDirectory& directory,
                                      std::uint32_t first,
                                      int acknowledged) {
  const auto store = opened(directory);
  for (std::uint32_t n = first;; ++n) {
    while (store->waiting_bytes() > 1'000'000) ::usleep(100);
    store->commit(numbered(n), [n, acknowledged](Result<> outcome) {
      if (outcome && ::write(acknowledged, &n, sizeof n) != sizeof n) ::_exit(3);
    });
  }
}

/// Runs a child that is killed `after`; what it acknowledged before it died.
std::vector<std::uint32_t> killed_after(std::chrono::microseconds after,
                                        const TemporaryDirectory& directory,
                                        std::uint32_t first) {
  int ends[2];
  EXPECT_EQ(::pipe(ends), 0);
  const auto child = ::fork();
  if (child == 0) {
    ::close(ends[0]);
    commit_until_killed(directory, first, ends[1]);
  }
  ::close(ends[1]);
  std::vector<std::uint32_t> acknowledged;
  std::uint32_t n = 0;
  // The moment is counted from the first acknowledgement, so that each child gets to work.
  for (bool dying = false; ::read(ends[0], &n, sizeof n) == sizeof n;) {
    acknowledged.push_back(n);
    if (dying) continue;
    dying = true;
    ::usleep(static_cast<useconds_t>(after.count()));
    ::kill(child, SIGKILL);
  }
  ::close(ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
  return acknowledged;
}

TEST(Crash, LosesNothingThatWasAcknowledgedAndTearsNothing) {
#if __has_feature(thread_sanitizer)
  GTEST_SKIP() << "ThreadSanitizer does not follow a process that has threads into its child";
#endif
  const TemporaryDirectory directory;
  std::mt19937 random{7};  // NOLINT: the same moments each time, as far as a kill can be
  std::uniform_int_distribution<int> moment{0, 60'000};
  std::uint32_t next = 1;
  for (int round = 0; round < 12; ++round) {
    const auto acknowledged =
        killed_after(std::chrono::microseconds{moment(random)}, directory, next);
    ASSERT_FALSE(acknowledged.empty());
    ASSERT_TRUE(std::ranges::is_sorted(acknowledged));

    const auto store = opened(directory);
    std::uint32_t last = 0;
    ASSERT_TRUE(
        store->scan(Table::alerts, {}, {}, false, [&](std::string_view key, std::string_view) {
          EXPECT_EQ(key, fmt::format("{:08}", last + 1));  // no hole: groups are whole, in order
          ++last;
          return true;
        }));
    ASSERT_GE(last, acknowledged.back());
    EXPECT_TRUE(*store->get(Table::open, fmt::format("{:08}", last)));
    const auto report = verify_ledger(*store, "acme");
    ASSERT_TRUE(report);
    EXPECT_TRUE(report->holds) << report->why;
    EXPECT_EQ(report->entries, 2U * last);  // the batch's entries came with it, or neither
    std::size_t indexed = 0;
    ASSERT_TRUE(query_ledger(*store,
                             "acme",
                             {.kinds = {model::EntryKind::verdict}},
                             [&](std::uint64_t, std::string_view) {
                               ++indexed;
                               return true;
                             }));
    EXPECT_EQ(indexed, last);
    next = last + 1;
  }
}

}  // namespace
}  // namespace sallyport::store
