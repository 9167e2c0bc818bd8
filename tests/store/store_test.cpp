#include "engine/store/store.hpp"

#include "engine/store/ledger.hpp"
#include "tests/base/run.hpp"
#include "tests/store/held_commits.hpp"
#include "tests/store/opened.hpp"

#include <boost/asio/this_coro.hpp>
#include <boost/asio/thread_pool.hpp>
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <latch>
#include <thread>

namespace sallyport::store {
namespace {

using testing::opened;
using testing::TemporaryDirectory;

Batch one(std::string key, std::string value) {
  Batch batch;
  batch.put(Table::alerts, std::move(key), std::move(value));
  return batch;
}

Batch patient(std::string key, std::string value) {
  auto batch = one(std::move(key), std::move(value));
  batch.wait_for_company();
  return batch;
}

std::optional<std::string> value_of(const Store& store, std::string_view key) {
  const auto value = store.get(Table::alerts, key);
  EXPECT_TRUE(value);
  return value ? *value : std::nullopt;
}

TEST(Store, KeepsWhatWasCommittedAcrossAReopening) {
  const TemporaryDirectory directory;
  {
    const auto store = opened(directory);
    ASSERT_TRUE(store->commit_and_wait(one("a", "1")));
    Batch gone;
    gone.put(Table::open, "a", "x");
    gone.erase(Table::open, "a");
    ASSERT_TRUE(store->commit_and_wait(std::move(gone)));
  }
  const auto store = opened(directory);
  EXPECT_EQ(value_of(*store, "a"), "1");
  EXPECT_EQ(value_of(*store, "b"), std::nullopt);
  EXPECT_EQ(store->get(Table::open, "a"), Result<std::optional<std::string>>{std::nullopt});
}

TEST(Store, TellsTablesApart) {
  const TemporaryDirectory directory;
  const auto store = opened(directory);
  ASSERT_TRUE(store->commit_and_wait(one("k", "alert")));
  EXPECT_EQ(*store->get(Table::policy, "k"), std::nullopt);
}

TEST(Store, LoadsJsonAndSaysWhatIsNotThereOrNotReadable) {
  const TemporaryDirectory directory;
  const auto store = opened(directory);
  auto batch = one("good", R"({"kind":"analyst","id":"alice"})");
  batch.merge(one("bad", "{"));
  ASSERT_TRUE(store->commit_and_wait(std::move(batch)));
  const auto good = store->load<model::Actor>(Table::alerts, "good");
  ASSERT_TRUE(good);
  EXPECT_EQ(good->id, "alice");
  EXPECT_EQ(store->load<model::Actor>(Table::alerts, "bad").error().code, Errc::corrupt);
  EXPECT_EQ(store->load<model::Actor>(Table::alerts, "none").error().code, Errc::not_found);
}

TEST(Store, ScansAPrefixBothWaysFromAnywhere) {
  const TemporaryDirectory directory;
  const auto store = opened(directory);
  Batch batch;
  for (const auto* name : {"a", "b", "c"}) batch.put(Table::alerts, key({"t", name}), name);
  batch.put(Table::alerts, key({"s", "z"}), "before");
  batch.put(Table::alerts, key({"t2", "a"}), "after");
  ASSERT_TRUE(store->commit_and_wait(std::move(batch)));
  const auto prefix = key({"t", ""});
  const auto seen = [&](std::string_view from, bool reverse, std::size_t most = 10) {
    std::string all;
    EXPECT_TRUE(store->scan(
        Table::alerts, prefix, from, reverse, [&](std::string_view, std::string_view value) {
          all += value;
          return all.size() < most;
        }));
    return all;
  };
  EXPECT_EQ(seen({}, false), "abc");
  EXPECT_EQ(seen({}, true), "cba");
  EXPECT_EQ(seen(key({"t", "b"}), false), "bc");
  EXPECT_EQ(seen(key({"t", "b"}), true), "ba");
  EXPECT_EQ(seen({}, false, 1), "a");
}

TEST(Store, BatchesOfOneThreadBecomeVisibleInTheirOrder) {
  const TemporaryDirectory directory;
  constexpr int commits = 500;
  std::latch settled{commits};
  std::vector<int> order;  // written on the commit thread alone
  const auto store = opened(directory);
  for (int i = 0; i < commits; ++i) {
    store->commit(one("k", std::to_string(i)), [&, i](Result<> outcome) {
      EXPECT_TRUE(outcome);
      order.push_back(i);
      settled.count_down();
    });
  }
  settled.wait();
  EXPECT_TRUE(std::ranges::is_sorted(order));
  EXPECT_EQ(value_of(*store, "k"), std::to_string(commits - 1));
}

TEST(Store, OneSyncServesAllThatWait) {
  const TemporaryDirectory directory;
  const auto store = opened(directory, {.group_window = std::chrono::milliseconds{2}});
  constexpr int threads = 16;
  constexpr int commits = 50;
  std::vector<std::jthread> committers;
  for (int t = 0; t < threads; ++t) {
    committers.emplace_back([&, t] {
      for (int i = 0; i < commits; ++i)
        EXPECT_TRUE(store->commit_and_wait(patient(fmt::format("{}/{}", t, i), "x")));
    });
  }
  committers.clear();
  const auto counters = store->counters();
  EXPECT_EQ(counters.batches, threads * commits);
  EXPECT_LT(counters.syncs, counters.batches / 4);
  EXPECT_GT(counters.bytes_written, 0U);
  EXPECT_EQ(store->waiting_bytes(), 0U);
}

TEST(Store, SaysHowMuchWaits) {
  const TemporaryDirectory directory;
  const auto store = opened(directory);
  testing::HeldCommits held{*store, one("first", "x")};
  const std::string value(1000, 'x');
  store->commit(one("second", value), [](Result<> outcome) { EXPECT_TRUE(outcome); });
  EXPECT_GE(store->waiting_bytes(), value.size());
  held.let_go();
}

TEST(Store, GoesOnWithTheChainThroughAsManyGroupsAsItTakes) {
  const TemporaryDirectory directory;
  const auto store = opened(directory);
  testing::HeldCommits held{*store, one("first", "x")};
  const auto before = store->counters().syncs;
  // More than one group takes in.
  constexpr int batches = 24;
  const std::string value(1U << 20U, 'x');
  std::vector<int> order;  // written on the commit thread alone
  std::latch settled{batches};
  for (int i = 0; i < batches; ++i) {
    auto batch = one(std::to_string(i), value);
    batch.append("acme", model::EntryKind::received, "s", {.kind = "engine", .id = "t"}, {}, "{}");
    store->commit(std::move(batch), [&, i](Result<> outcome) {
      EXPECT_TRUE(outcome);
      order.push_back(i);
      settled.count_down();
    });
  }
  held.let_go();
  settled.wait();
  EXPECT_TRUE(std::ranges::is_sorted(order));
  EXPECT_GT(store->counters().syncs, before + 3);
  EXPECT_EQ(store->waiting_bytes(), 0U);
  const auto report = verify_ledger(*store, "acme");
  ASSERT_TRUE(report);
  EXPECT_TRUE(report->holds) << report->why;
  EXPECT_EQ(report->entries, batches);
}

TEST(Store, DestructionCommitsWhatWaits) {
  const TemporaryDirectory directory;
  std::atomic<int> settled = 0;
  {
    const auto store = opened(directory);
    for (int i = 0; i < 200; ++i) {
      store->commit(one(std::to_string(i), "x"), [&](Result<> outcome) {
        EXPECT_TRUE(outcome);
        ++settled;
      });
    }
  }
  EXPECT_EQ(settled, 200);
  EXPECT_EQ(value_of(*opened(directory), "199"), "x");
}

TEST(Store, ACoroutineGoesOnOnItsOwnExecutorOnceDurable) {
  const TemporaryDirectory directory;
  asio::io_context loop;  // outlives the store, whose thread may still be handing over to it
  const auto store = opened(directory);
  const auto use = [](Store& kept) -> asio::awaitable<void> {
    const auto here = std::this_thread::get_id();
    for (int i = 0; i < 20; ++i) {
      const auto outcome = co_await kept.commit(one("coroutine", std::to_string(i)));
      EXPECT_TRUE(outcome);
      EXPECT_EQ(std::this_thread::get_id(), here);
      EXPECT_EQ(value_of(kept, "coroutine"), std::to_string(i));
    }
  };
  testing::run(loop, use(*store));
}

TEST(Store, OneInHasteTakesAlongThoseThatWaitForCompany) {
  const TemporaryDirectory directory;
  const auto store = opened(directory, {.group_window = std::chrono::hours{1}});
  std::promise<Result<>> waited;
  store->commit(patient("patient", "x"), [&](Result<> outcome) { waited.set_value(outcome); });
  auto outcome = waited.get_future();
  EXPECT_EQ(outcome.wait_for(std::chrono::milliseconds{50}), std::future_status::timeout);
  EXPECT_FALSE(value_of(*store, "patient"));

  EXPECT_TRUE(store->commit_and_wait(one("hasty", "x")));
  ASSERT_EQ(outcome.wait_for(std::chrono::seconds{10}), std::future_status::ready);
  EXPECT_TRUE(outcome.get());
  EXPECT_EQ(value_of(*store, "patient"), "x");
  EXPECT_EQ(store->counters().syncs, 1U);
}

TEST(Store, AFullGroupWaitsForNobody) {
  const TemporaryDirectory directory;
  const auto store = opened(directory, {.group_window = std::chrono::hours{1}});
  EXPECT_TRUE(store->commit_and_wait(patient("large", std::string(5U << 20U, 'x'))));
}

TEST(Store, ACommitThatBeganEndsThoughTheCoroutineIsCancelled) {
  const TemporaryDirectory directory;
  const auto store = opened(directory, {.group_window = std::chrono::milliseconds{20}});
  testing::run([](Store& kept) -> asio::awaitable<void> {
    auto commit = kept.commit(patient("late", "x"));
    const auto outcome = co_await with_deadline(Deadline::in({}), std::move(commit));
    EXPECT_TRUE(outcome || outcome.error().code == Errc::expired);
    if (outcome) EXPECT_EQ(value_of(kept, "late"), "x");
  }(*store));
}

TEST(Store, ASecondOpeningIsRefusedWhileTheFirstLives) {
  const TemporaryDirectory directory;
  {
    const auto first = opened(directory);
    const auto second = Store::open({.directory = directory.path()});
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, Errc::unavailable);
  }
  EXPECT_TRUE(Store::open({.directory = directory.path()}));
}

TEST(Store, AReaderSeesAnOpenStoreAndWhatComesAfterARefresh) {
  const TemporaryDirectory directory;
  const auto engine = opened(directory);
  ASSERT_TRUE(engine->commit_and_wait(one("a", "1")));
  const auto reader = opened(directory, {.read_only = true});
  EXPECT_EQ(value_of(*reader, "a"), "1");
  ASSERT_TRUE(engine->commit_and_wait(one("b", "2")));
  ASSERT_TRUE(reader->refresh());
  EXPECT_EQ(value_of(*reader, "b"), "2");
  EXPECT_EQ(reader->commit_and_wait(one("c", "3")).error().code, Errc::denied);
}

TEST(Store, AReaderOfNothingIsToldSo) {
  const TemporaryDirectory directory;
  const auto reader = Store::open({.directory = directory.path() / "none", .read_only = true});
  ASSERT_FALSE(reader);
  EXPECT_EQ(reader.error().code, Errc::invalid_input);
  EXPECT_FALSE(std::filesystem::exists(directory.path() / "none"));
}

TEST(Store, RefusesAStoreOfANewerEngine) {
  const TemporaryDirectory directory;
  {
    const auto store = opened(directory);
    Batch batch;
    batch.put(Table::meta, "schema_version", "999");
    ASSERT_TRUE(store->commit_and_wait(std::move(batch)));
  }
  const auto store = Store::open({.directory = directory.path()});
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().code, Errc::invalid_input);
}

TEST(Store, ReportsDamageOnOpening) {
  const TemporaryDirectory directory;
  {
    const auto store = opened(directory);
  }
  for (const auto& file : std::filesystem::directory_iterator{directory.path()}) {
    if (file.path().filename().string().starts_with("MANIFEST"))
      std::filesystem::resize_file(file.path(), 10);
  }
  const auto store = Store::open({.directory = directory.path()});
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().code, Errc::corrupt);
}

}  // namespace
}  // namespace sallyport::store
