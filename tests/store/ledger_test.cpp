#include "engine/store/ledger.hpp"

#include "engine/base/digest.hpp"
#include "tests/store/opened.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <thread>

namespace sallyport::store {
namespace {

using model::EntryKind;
using testing::opened;
using testing::TemporaryDirectory;

const model::Actor engine{.kind = "engine", .id = "n\"1"};

Time at(int seconds) {
  return Time{std::chrono::seconds{1'800'000'000 + seconds}};
}

Batch entry(std::string_view tenant, EntryKind kind, std::string_view subject, int seconds) {
  Batch batch;
  batch.append(tenant, kind, subject, engine, at(seconds), fmt::format(R"({{"n":{}}})", seconds));
  return batch;
}

std::vector<std::string> lines_of(const Store& store, std::string_view tenant) {
  std::vector<std::string> lines;
  EXPECT_TRUE(read_ledger(store, tenant, 1, [&](std::uint64_t seq, std::string_view line) {
    EXPECT_EQ(seq, lines.size() + 1);
    lines.emplace_back(line);
    return true;
  }));
  return lines;
}

TEST(Ledger, WritesEntriesAsTheModelDescribesThem) {
  const TemporaryDirectory directory;
  const auto store = opened(directory);
  Batch batch;
  batch.append("ac\"me", EntryKind::decided, "a\n1", engine, at(0), R"({"hash":"x","z":[1,{}]})");
  ASSERT_TRUE(store->commit_and_wait(std::move(batch)));
  const auto lines = lines_of(*store, "ac\"me");
  ASSERT_EQ(lines.size(), 1U);
  const auto read = from_json<model::LedgerEntry>(lines[0]);
  ASSERT_TRUE(read);
  EXPECT_EQ(to_json(*read), lines[0]);  // the same members in the same order, and nothing else
  EXPECT_EQ(read->seq, 1U);
  EXPECT_EQ(read->tenant, "ac\"me");
  EXPECT_EQ(read->subject, "a\n1");
  EXPECT_EQ(read->actor, engine);
  EXPECT_EQ(read->prev, "sha256:" + std::string(64, '0'));
  const auto hashed = lines[0].substr(0, lines[0].rfind(",\"hash\":")) + "}";
  EXPECT_EQ(read->hash, content_hash(hashed));
}

TEST(Ledger, EachEntryNamesTheOneBeforeItAcrossBatchesAndOpenings) {
  const TemporaryDirectory directory;
  for (int opening = 0; opening < 3; ++opening) {
    const auto store = opened(directory);
    for (int i = 0; i < 3; ++i) {
      auto batch = entry("acme", EntryKind::received, "a", i);
      batch.merge(entry("acme", EntryKind::updated, "a", i));
      ASSERT_TRUE(store->commit_and_wait(std::move(batch)));
    }
  }
  const auto store = opened(directory);
  const auto lines = lines_of(*store, "acme");
  ASSERT_EQ(lines.size(), 18U);
  for (std::size_t i = 1; i < lines.size(); ++i) {
    EXPECT_EQ(from_json<model::LedgerEntry>(lines[i])->prev,
              from_json<model::LedgerEntry>(lines[i - 1])->hash);
  }
  const auto report = verify_ledger(*store, "acme");
  ASSERT_TRUE(report);
  EXPECT_TRUE(report->holds) << report->why;
  EXPECT_EQ(report->entries, 18U);
  EXPECT_EQ(report->head.hash, ledger_head(*store, "acme")->hash);
}

TEST(Ledger, TenantsHaveChainsOfTheirOwn) {
  const TemporaryDirectory directory;
  const auto store = opened(directory);
  auto batch = entry("acme", EntryKind::received, "a", 0);
  batch.merge(entry("acme2", EntryKind::received, "a", 0));
  batch.merge(entry("acme", EntryKind::received, "b", 1));
  ASSERT_TRUE(store->commit_and_wait(std::move(batch)));
  EXPECT_EQ(lines_of(*store, "acme").size(), 2U);
  EXPECT_EQ(lines_of(*store, "acme2").size(), 1U);
  EXPECT_EQ(*ledger_tenants(*store), (std::vector<std::string>{"acme", "acme2"}));
  EXPECT_EQ(ledger_head(*store, "nobody")->seq, 0U);
  EXPECT_TRUE(verify_ledger(*store, "nobody")->holds);
}

TEST(Ledger, RefusesWhatWouldBreakTheFrameAndNothingElseOfTheGroup) {
  const TemporaryDirectory directory;
  const auto store = opened(directory);
  const auto refused = [&](std::string_view tenant, std::string body) {
    Batch batch;
    batch.put(Table::alerts, "of the refused", "x");
    batch.append(tenant, EntryKind::received, "s", engine, at(0), std::move(body));
    const auto outcome = store->commit_and_wait(std::move(batch));
    return !outcome && outcome.error().code == Errc::invalid_input;
  };
  EXPECT_TRUE(refused("", "{}"));
  EXPECT_TRUE(refused(std::string_view{"a\0b", 3}, "{}"));
  EXPECT_TRUE(refused("acme", "[]"));
  EXPECT_TRUE(refused("acme", ""));
  EXPECT_TRUE(refused("acme", "{\n}"));
  EXPECT_EQ(*store->get(Table::alerts, "of the refused"), std::nullopt);
  ASSERT_TRUE(store->commit_and_wait(entry("acme", EntryKind::received, "a", 0)));
  EXPECT_EQ(ledger_head(*store, "acme")->seq, 1U);
}

/// Ten entries of acme, changed by `change` through the tables themselves, verified.
LedgerReport verified_after(
    const std::function<void(Batch&, const std::vector<std::string>&)>& change) {
  const TemporaryDirectory directory;
  const auto store = opened(directory);
  for (int i = 0; i < 10; ++i)
    EXPECT_TRUE(store->commit_and_wait(entry("acme", EntryKind::received, "a", i)));
  Batch batch;
  change(batch, lines_of(*store, "acme"));
  EXPECT_TRUE(store->commit_and_wait(std::move(batch)));
  const auto report = verify_ledger(*store, "acme");
  EXPECT_TRUE(report);
  return report ? *report : LedgerReport{};
}

std::string stored_key(int seq) {
  return key({"acme", std::string(7, '\0') + static_cast<char>(seq)});
}

TEST(Ledger, VerificationFindsWhatWasDoneToTheStore) {
  EXPECT_TRUE(verified_after([](Batch&, const auto&) {}).holds);

  const auto changed = verified_after([](Batch& batch, const auto& lines) {
    auto line = lines[3];
    line[line.find("\"n\":3") + 4] = '4';
    batch.put(Table::ledger, stored_key(4), line);
  });
  EXPECT_FALSE(changed.holds);
  EXPECT_EQ(changed.first_bad_seq, 4U);

  const auto removed =
      verified_after([](Batch& batch, const auto&) { batch.erase(Table::ledger, stored_key(5)); });
  EXPECT_FALSE(removed.holds);
  EXPECT_EQ(removed.first_bad_seq, 5U);

  const auto swapped = verified_after([](Batch& batch, const auto& lines) {
    batch.put(Table::ledger, stored_key(6), lines[6]);
    batch.put(Table::ledger, stored_key(7), lines[5]);
  });
  EXPECT_FALSE(swapped.holds);
  EXPECT_EQ(swapped.first_bad_seq, 6U);

  const auto truncated =
      verified_after([](Batch& batch, const auto&) { batch.erase(Table::ledger, stored_key(10)); });
  EXPECT_FALSE(truncated.holds);
  EXPECT_EQ(truncated.first_bad_seq, 10U);

  const auto emptied = verified_after([](Batch& batch, const auto&) {
    for (int i = 1; i <= 10; ++i) batch.erase(Table::ledger, stored_key(i));
  });
  EXPECT_FALSE(emptied.holds);
  EXPECT_EQ(emptied.first_bad_seq, 1U);

  const auto moved = verified_after([](Batch& batch, const auto& lines) {
    batch.erase(Table::ledger, stored_key(10));
    batch.put(Table::ledger, stored_key(11), lines[9]);
  });
  EXPECT_FALSE(moved.holds);
  EXPECT_EQ(moved.first_bad_seq, 10U);
}

TEST(Ledger, VerificationFindsAnEntryBeyondTheRecordedEnd) {
  const auto appended = verified_after([](Batch& batch, const auto& lines) {
    const auto nine = from_json<model::LedgerEntry>(lines[8]);
    batch.put(Table::meta, key({"ledger_head", "acme"}), to_json(LedgerHead{9, nine->hash}));
  });
  EXPECT_FALSE(appended.holds);
  EXPECT_EQ(appended.first_bad_seq, 10U);
}

TEST(Ledger, VerifiesWhileEntriesAreAppended) {
  const TemporaryDirectory directory;
  const auto store = opened(directory);
  std::atomic<bool> stop = false;
  std::jthread writer{[&] {
    for (int i = 0; !stop; ++i)
      EXPECT_TRUE(store->commit_and_wait(entry("acme", EntryKind::received, "a", i)));
  }};
  for (int i = 0; i < 200; ++i) {
    const auto report = verify_ledger(*store, "acme");
    EXPECT_TRUE(report && report->holds);
  }
  stop = true;
}

// What a query finds, as the `n` of each body.
std::vector<int> found(const Store& store, const LedgerQuery& query) {
  std::vector<int> numbers;
  EXPECT_TRUE(query_ledger(store, "acme", query, [&](std::uint64_t, std::string_view line) {
    const auto read = from_json<model::LedgerEntry>(line);
    EXPECT_TRUE(read);
    numbers.push_back(static_cast<int>(read->body.at("n").as_int64()));
    return true;
  }));
  return numbers;
}

class LedgerQueries : public ::testing::Test {
 protected:
  LedgerQueries() : store_{opened(directory_)} {
    // n 0..11: kinds take turns, subjects s0 and s1.
    constexpr std::array kinds{EntryKind::received, EntryKind::decided, EntryKind::executed};
    for (std::size_t i = 0; i < 12; ++i) {
      const auto n = static_cast<int>(i);
      EXPECT_TRUE(store_->commit_and_wait(entry("acme", kinds[i % 3], i % 2 ? "s1" : "s0", n)));
      EXPECT_TRUE(store_->commit_and_wait(entry("other", kinds[i % 3], "s0", n + 100)));
    }
  }

  TemporaryDirectory directory_;
  std::unique_ptr<Store> store_;
};

TEST_F(LedgerQueries, FindKindsInAWindowOfTime) {
  EXPECT_EQ(found(*store_, {.kinds = {EntryKind::decided}}), (std::vector{1, 4, 7, 10}));
  EXPECT_EQ(found(*store_, {.kinds = {EntryKind::decided}, .from = at(4), .to = at(10)}),
            (std::vector{4, 7}));
  EXPECT_EQ(found(*store_, {.kinds = {EntryKind::executed, EntryKind::received}, .from = at(5)}),
            (std::vector{5, 6, 8, 9, 11}));
  EXPECT_EQ(found(*store_, {.from = at(3), .to = at(6)}), (std::vector{3, 4, 5}));
  EXPECT_EQ(found(*store_, {.kinds = {EntryKind::checkpoint}}), std::vector<int>{});
}

TEST_F(LedgerQueries, FindTheNewestFirstAndNoMoreThanAsked) {
  EXPECT_EQ(found(*store_, {.limit = 3, .newest_first = true}), (std::vector{11, 10, 9}));
  EXPECT_EQ(found(*store_, {.kinds = {EntryKind::decided}, .to = at(10), .newest_first = true}),
            (std::vector{7, 4, 1}));
  EXPECT_EQ(found(*store_, {.kinds = {EntryKind::decided}, .limit = 2}), (std::vector{1, 4}));
}

TEST_F(LedgerQueries, GoOnAfterAPosition) {
  // Entry n of acme has seq n + 1.
  const LedgerQuery::Position after{.at = at(4), .seq = 5};
  EXPECT_EQ(found(*store_, {.kinds = {EntryKind::decided}, .after = after}), (std::vector{7, 10}));
  EXPECT_EQ(found(*store_, {.newest_first = true, .after = after}), (std::vector{3, 2, 1, 0}));
  EXPECT_EQ(found(*store_, {.subject = "s0", .after = after}), (std::vector{6, 8, 10}));
}

TEST_F(LedgerQueries, FindASubject) {
  EXPECT_EQ(found(*store_, {.subject = "s1"}), (std::vector{1, 3, 5, 7, 9, 11}));
  EXPECT_EQ(found(*store_, {.kinds = {EntryKind::decided}, .subject = "s1", .from = at(2)}),
            (std::vector{7}));
  EXPECT_EQ(found(*store_, {.subject = "s1", .limit = 2, .newest_first = true}),
            (std::vector{11, 9}));
  EXPECT_EQ(found(*store_, {.subject = "s"}), std::vector<int>{});
}

TEST(LedgerQuery, OrdersByTimeThoughCommitsInterleaveInIt) {
  const TemporaryDirectory directory;
  const auto store = opened(directory);
  // Five commits whose entries take turns within the same three seconds; n is the time in units of
  // 100 ms.
  for (int commit = 0; commit < 5; ++commit) {
    Batch batch;
    for (int i = 0; i < 6; ++i) {
      const auto n = 5 * i + (4 - commit);
      batch.append("acme",
                   EntryKind::decided,
                   "s",
                   engine,
                   at(0) + std::chrono::milliseconds{100 * n},
                   fmt::format(R"({{"n":{}}})", n));
    }
    ASSERT_TRUE(store->commit_and_wait(std::move(batch)));
  }
  auto forwards = found(*store, {.kinds = {EntryKind::decided}});
  ASSERT_EQ(forwards.size(), 30U);
  EXPECT_TRUE(std::ranges::is_sorted(forwards));
  auto backwards = found(*store, {.kinds = {EntryKind::decided}, .newest_first = true});
  std::ranges::reverse(backwards);
  EXPECT_EQ(backwards, forwards);

  // The same, page by page.
  std::vector<int> paged;
  LedgerQuery query{.kinds = {EntryKind::decided}, .limit = 4};
  for (std::size_t pages = 0; pages < 8; ++pages) {
    auto last = query.after;
    ASSERT_TRUE(query_ledger(*store, "acme", query, [&](std::uint64_t seq, std::string_view line) {
      const auto read = from_json<model::LedgerEntry>(line);
      EXPECT_TRUE(read);
      last = {.at = read->at, .seq = seq};
      paged.push_back(static_cast<int>(read->body.at("n").as_int64()));
      return true;
    }));
    query.after = last;
  }
  EXPECT_EQ(paged, forwards);
}

TEST(LedgerQuery, CrossesTheSeamsOfItsReadingWithoutLossOrRepetition) {
  const TemporaryDirectory directory;
  const auto store = opened(directory);
  constexpr int entries = 3000;  // more than is read from the index at once
  Batch batch;
  for (int i = 0; i < entries; ++i) batch.merge(entry("acme", EntryKind::decided, "s", i / 7));
  ASSERT_TRUE(store->commit_and_wait(std::move(batch)));
  for (const bool newest_first : {false, true}) {
    std::vector<std::uint64_t> seqs;
    ASSERT_TRUE(query_ledger(*store,
                             "acme",
                             {.kinds = {EntryKind::decided}, .newest_first = newest_first},
                             [&](std::uint64_t seq, std::string_view) {
                               seqs.push_back(seq);
                               return true;
                             }));
    ASSERT_EQ(seqs.size(), static_cast<std::size_t>(entries));
    if (newest_first) std::ranges::reverse(seqs);
    for (std::size_t i = 0; i < seqs.size(); ++i) ASSERT_EQ(seqs[i], i + 1);
  }
}

}  // namespace
}  // namespace sallyport::store
