#include "engine/store/ledger.hpp"
#include "tests/store/held_commits.hpp"
#include "tests/store/opened.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <csignal>

namespace sallyport::store {
namespace {

using testing::opened;
using testing::TemporaryDirectory;

/// While it lives, no file of this process can grow beyond `bytes`: writes to the store fail as on
/// a full disk.
class FullDisk {
 public:
  explicit FullDisk(rlim_t bytes) : ignored_{std::signal(SIGXFSZ, SIG_IGN)} {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit tight{.rlim_cur = bytes, .rlim_max = before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &tight);
  }

  ~FullDisk() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, ignored_);
  }

  FullDisk(const FullDisk&) = delete;
  FullDisk& operator=(const FullDisk&) = delete;

 private:
  rlimit before_{};
  void (*ignored_)(int);
};

Batch entry(const std::string& name, std::size_t size = 100) {
  Batch batch;
  batch.put(Table::alerts, name, std::string(size, 'x'));
  const model::Actor actor{.kind = "engine", .id = "test"};
  batch.append("acme", model::EntryKind::received, name, actor, {}, "{}");
  return batch;
}

TEST(FailingDisk, FailsTheGroupKeepsTheHeadsAndGoesOnWhenThereIsRoom) {
  const TemporaryDirectory directory;
  auto store = opened(directory);
  ASSERT_TRUE(store->commit_and_wait(entry("before")));
  const auto head = ledger_head(*store, "acme");
  ASSERT_TRUE(head);
  {
    const FullDisk full{8192};
    const auto failed = store->commit_and_wait(entry("lost", 100'000));
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().code, Errc::unavailable);
    // It is refused until the disk takes writes again, however small.
    EXPECT_EQ(store->commit_and_wait(entry("also lost")).error().code, Errc::unavailable);
    // Reading goes on.
    EXPECT_TRUE(*store->get(Table::alerts, "before"));
    EXPECT_EQ(*store->get(Table::alerts, "lost"), std::nullopt);
    EXPECT_EQ(ledger_head(*store, "acme")->hash, head->hash);
  }
  ASSERT_TRUE(store->commit_and_wait(entry("after")));
  const auto whole = [&] {
    EXPECT_TRUE(*store->get(Table::alerts, "before"));
    EXPECT_TRUE(*store->get(Table::alerts, "after"));
    EXPECT_EQ(*store->get(Table::alerts, "lost"), std::nullopt);
    const auto report = verify_ledger(*store, "acme");
    ASSERT_TRUE(report);
    EXPECT_TRUE(report->holds) << report->why;
    EXPECT_EQ(report->entries, 2U);
  };
  whole();
  store.reset();
  store = opened(directory);
  whole();
}

TEST(FailingDisk, AFailedGroupDoesNotComeBackWhenTheProcessEndsThere) {
  const TemporaryDirectory directory;
  {
    const auto store = opened(directory);
    ASSERT_TRUE(store->commit_and_wait(entry("before")));
    const FullDisk full{8192};
    // What fits is on the disk when the rest of the group fails.
    ASSERT_FALSE(store->commit_and_wait(entry("lost", 100'000)));
  }
  const auto store = opened(directory);
  EXPECT_EQ(*store->get(Table::alerts, "lost"), std::nullopt);
  EXPECT_EQ(ledger_head(*store, "acme")->seq, 1U);
  ASSERT_TRUE(store->commit_and_wait(entry("after")));
  EXPECT_TRUE(verify_ledger(*store, "acme")->holds);
}

TEST(FailingDisk, FailsEveryBatchThatWaitsAndLosesNoAnswer) {
  const TemporaryDirectory directory;
  auto store = opened(directory);
  ASSERT_TRUE(store->commit_and_wait(entry("before")));
  int failed = 0;  // written on the commit thread alone
  constexpr int batches = 50;
  {
    const FullDisk full{4096};
    for (int i = 0; i < batches; ++i) {
      store->commit(entry(std::to_string(i), 10'000), [&](Result<> outcome) {
        if (!outcome && outcome.error().code == Errc::unavailable) ++failed;
      });
    }
    EXPECT_FALSE(store->commit_and_wait(entry("last", 10'000)));
  }
  EXPECT_EQ(failed, batches);
  EXPECT_EQ(store->waiting_bytes(), 0U);
  EXPECT_TRUE(store->commit_and_wait(entry("after")));
}

TEST(FailingDisk, WhatWasGatheredUponAFailedGroupFailsWithIt) {
  const TemporaryDirectory directory;
  auto store = opened(directory);
  testing::HeldCommits held{*store, entry("before")};
  int failed = 0;  // written on the commit thread alone
  {
    const FullDisk full{1U << 20U};
    // Several groups wait, each upon the one before.
    constexpr int batches = 4;
    for (int i = 0; i < batches; ++i) {
      store->commit(entry(std::to_string(i), 5U << 20U), [&](Result<> outcome) {
        if (!outcome && outcome.error().code == Errc::unavailable) ++failed;
      });
    }
    held.let_go();
    EXPECT_FALSE(store->commit_and_wait(entry("last")));
    EXPECT_EQ(failed, batches);
    EXPECT_EQ(store->counters().batches, 1U);
  }
  ASSERT_TRUE(store->commit_and_wait(entry("after")));
  EXPECT_TRUE(verify_ledger(*store, "acme")->holds);
  EXPECT_EQ(verify_ledger(*store, "acme")->entries, 2U);
}

}  // namespace
}  // namespace sallyport::store
