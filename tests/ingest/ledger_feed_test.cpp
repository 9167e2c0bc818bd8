#include "engine/ingest/ledger_feed.hpp"

#include "engine/ingest/publisher.hpp"
#include "engine/store/ledger.hpp"
#include "tests/store/opened.hpp"

#include <gmock/gmock.h>

#include <atomic>
#include <mutex>
#include <random>
#include <set>
#include <thread>

namespace sallyport::ingest {
namespace {

using model::EntryKind;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::TemporaryDirectory;
using Round = LedgerFeed::Round;

const LedgerTopics all{.verdicts = "verdicts", .actions = "actions", .ledger = "ledger"};
const Result<> yes;
const Result<> not_now{fail(Errc::unavailable, "broker gone")};
const Result<> never{fail(Errc::invalid_input, "too large")};

/// A broker that answers when it is told to.
class Broker {
 public:
  struct Sent {
    KafkaRecord record;
    KafkaSink::Delivered delivered;
  };

  LedgerFeed::Send send() {
    return [this](KafkaRecord record, KafkaSink::Delivered delivered) {
      waiting.push_back({std::move(record), std::move(delivered)});
    };
  }

  void answer(std::size_t i, const Result<>& result) {
    if (result) had.push_back(waiting[i].record);
    waiting[i].delivered(result);
    waiting.erase(waiting.begin() + static_cast<std::ptrdiff_t>(i));
  }

  void answer_all(const Result<>& result) {
    while (!waiting.empty()) answer(0, result);
  }

  /// topic:key of what it has.
  std::vector<std::string> names() const {
    std::vector<std::string> names;
    for (const auto& record : had) names.push_back(record.topic + ':' + record.key);
    return names;
  }

  std::vector<Sent> waiting;
  std::vector<KafkaRecord> had;
};

class LedgerFeedTest : public ::testing::Test {
 protected:
  LedgerFeed feed(const LedgerTopics& topics = all, std::size_t max_in_flight = 100) {
    return {*store_,
            catalogue_,
            {.topics = topics, .max_in_flight = max_in_flight},
            broker_.send(),
            [this](int, std::string_view text) { log_.emplace_back(text); }};
  }

  void append(model::EntryKind kind,
              std::string_view subject,
              std::string body = "{}",
              std::string_view tenant = "acme") {
    store::Batch batch;
    batch.append(tenant, kind, subject, {.kind = "engine", .id = "t"}, Time{}, std::move(body));
    ASSERT_TRUE(store_->commit_and_wait(std::move(batch)));
  }

  void append_verdict(std::string_view id) {
    append(EntryKind::verdict,
           id,
           R"({"alerts":["a"],"title":"t","severity":"low","verdict":"benign","confidence":0.5,)"
           R"("reasoner":"embedded","techniques":[]})");
  }

  std::string cursor(std::string_view tenant = "acme") {
    const auto text = store_->get(store::Table::meta, feed_cursor_key(tenant));
    return text && *text ? **text : "none";
  }

  void save(LedgerFeed& feed) { ASSERT_TRUE(store_->commit_and_wait(feed.moved())); }

  TemporaryDirectory directory_;
  std::unique_ptr<store::Store> store_ = testing::opened(directory_);
  model::Catalogue catalogue_;
  Broker broker_;
  std::vector<std::string> log_;
};

TEST_F(LedgerFeedTest, SendsEachEntryToTheTopicsThatWantIt) {
  append(EntryKind::received, "a1");
  append_verdict("i1");
  append(EntryKind::decided, "x1", R"({"action":"x1","state":"queued","verb":"block_ip"})");
  append(EntryKind::decided, "i1", R"({"investigation":"i1"})");
  auto feed = this->feed();
  EXPECT_EQ(feed.round(), Round::more);
  EXPECT_EQ(feed.round(), Round::idle);
  broker_.answer_all(yes);
  EXPECT_THAT(
      broker_.names(),
      ElementsAre(
          "ledger:acme", "ledger:acme", "verdicts:i1", "ledger:acme", "actions:x1", "ledger:acme"));
}

TEST_F(LedgerFeedTest, TheLedgerTopicHasTheLinesAsTheyAre) {
  append(EntryKind::received, "a1", R"({"x":1})");
  append(EntryKind::updated, "i1");
  auto feed = this->feed({.verdicts = "", .actions = "", .ledger = "ledger"});
  (void)feed.round();
  broker_.answer_all(yes);
  std::vector<std::string> lines;
  ASSERT_TRUE(store::read_ledger(*store_, "acme", 1, [&](std::uint64_t, std::string_view line) {
    lines.emplace_back(line);
    return true;
  }));
  ASSERT_EQ(broker_.had.size(), 2U);
  EXPECT_EQ(broker_.had[0].value, lines[0]);
  EXPECT_EQ(broker_.had[1].value, lines[1]);
}

TEST_F(LedgerFeedTest, TheCursorPassesOnlyWhatTheBrokerHas) {
  for (const auto* id : {"i1", "i2", "i3"}) append_verdict(id);
  auto feed = this->feed();
  (void)feed.round();
  ASSERT_EQ(broker_.waiting.size(), 6U);
  broker_.answer(5, yes);
  broker_.answer(3, yes);
  broker_.answer(2, yes);
  save(feed);
  EXPECT_EQ(cursor(), "none");  // the first is not acknowledged
  broker_.answer(0, yes);
  save(feed);
  EXPECT_EQ(cursor(), "none");  // of the first only one of two records is
  broker_.answer(0, yes);
  save(feed);
  EXPECT_EQ(cursor(), "3");
  broker_.answer_all(yes);
  save(feed);
  EXPECT_EQ(cursor(), "4");
  EXPECT_TRUE(feed.moved().empty());
}

TEST_F(LedgerFeedTest, EntriesThatNoTopicWantsAreNoHindrance) {
  append(EntryKind::received, "a1");
  append(EntryKind::updated, "i1");
  auto feed = this->feed({.verdicts = "verdicts", .actions = "actions", .ledger = ""});
  EXPECT_EQ(feed.round(), Round::more);
  EXPECT_TRUE(broker_.waiting.empty());
  save(feed);
  EXPECT_EQ(cursor(), "3");
}

TEST_F(LedgerFeedTest, WhereNothingIsPublishedNothingIsReadAndATopicNamedLaterBeginsThere) {
  append(EntryKind::received, "a1");
  append_verdict("i1");
  {
    auto feed = this->feed({});
    EXPECT_EQ(feed.round(), Round::idle);  // at once: there is nothing to go through
    save(feed);
  }
  EXPECT_EQ(cursor(), "3");
  append_verdict("i2");
  auto feed = this->feed();
  (void)feed.round();
  broker_.answer_all(yes);
  EXPECT_THAT(broker_.names(), ElementsAre("ledger:acme", "verdicts:i2"));
}

TEST_F(LedgerFeedTest, GoesOnAtTheCursorAfterACrash) {
  for (const auto* id : {"i1", "i2", "i3"}) append_verdict(id);
  const LedgerTopics verdicts{.verdicts = "verdicts", .actions = "", .ledger = ""};
  {
    auto feed = this->feed(verdicts);
    (void)feed.round();
    broker_.answer(0, yes);
    save(feed);
    broker_.answer(0, yes);  // not saved: the crash comes first
  }
  auto feed = this->feed(verdicts);
  (void)feed.round();
  broker_.waiting.erase(broker_.waiting.begin());  // the one that the crash took along
  broker_.answer_all(yes);
  EXPECT_THAT(broker_.names(),
              ElementsAre("verdicts:i1", "verdicts:i2", "verdicts:i2", "verdicts:i3"));
}

TEST_F(LedgerFeedTest, WhatTheBrokerRefusedIsSentAgainOnceTheRestIsAnswered) {
  for (const auto* id : {"i1", "i2", "i3"}) append_verdict(id);
  auto feed = this->feed({.verdicts = "verdicts", .actions = "", .ledger = ""});
  (void)feed.round();
  broker_.answer(1, not_now);
  EXPECT_EQ(feed.round(), Round::refused);
  broker_.answer(0, yes);
  EXPECT_EQ(feed.round(), Round::refused);  // i3 is still on its way
  broker_.answer(0, yes);
  EXPECT_EQ(feed.round(), Round::more);
  broker_.answer_all(yes);
  EXPECT_THAT(broker_.names(),
              ElementsAre("verdicts:i1", "verdicts:i3", "verdicts:i2", "verdicts:i3"));
  save(feed);
  EXPECT_EQ(cursor(), "4");
  EXPECT_EQ(log_.size(), 1U);
}

TEST_F(LedgerFeedTest, ASinkThatRefusesAtOnceLosesNothing) {
  for (int i = 0; i < 10; ++i) append_verdict("i" + std::to_string(i));
  std::size_t calls = 0;
  std::vector<std::string> had;
  LedgerFeed feed{*store_,
                  catalogue_,
                  {.topics = {.verdicts = "v", .actions = "", .ledger = ""}},
                  [&](KafkaRecord record, KafkaSink::Delivered delivered) {
                    if (++calls % 3 == 0) return delivered(not_now);
                    had.push_back(record.key);
                    delivered(yes);
                  },
                  [](int, std::string_view) {}};
  for (int rounds = 0; feed.round() != Round::idle; ++rounds) ASSERT_LT(rounds, 100);
  save(feed);
  EXPECT_EQ(cursor(), "11");
  EXPECT_EQ(had.size(), 10U);  // nothing after a refusal was sent before it was tried again
  EXPECT_TRUE(std::ranges::is_sorted(had));
}

TEST_F(LedgerFeedTest, WhatCanNeverBeSentHoldsNothingUp) {
  append_verdict("i1");
  append_verdict("i2");
  auto feed = this->feed({.verdicts = "verdicts", .actions = "", .ledger = ""});
  (void)feed.round();
  broker_.answer(0, never);
  broker_.answer(0, yes);
  EXPECT_EQ(feed.round(), Round::idle);
  save(feed);
  EXPECT_EQ(cursor(), "3");
  EXPECT_EQ(feed.status().skipped, 1U);
  EXPECT_EQ(log_.size(), 1U);
}

TEST_F(LedgerFeedTest, NoMoreIsInFlightThanIsAllowed) {
  for (int i = 0; i < 20; ++i) append_verdict("i");
  auto feed = this->feed({.verdicts = "verdicts", .actions = "", .ledger = ""}, 5);
  EXPECT_EQ(feed.round(), Round::full);
  EXPECT_EQ(broker_.waiting.size(), 5U);
  EXPECT_EQ(feed.round(), Round::full);
  EXPECT_EQ(broker_.waiting.size(), 5U);
  broker_.answer(4, yes);
  EXPECT_EQ(feed.round(), Round::full);
  EXPECT_EQ(broker_.waiting.size(), 5U);
  std::size_t most = 0;
  while (!broker_.waiting.empty()) {
    most = std::max(most, broker_.waiting.size());
    broker_.answer(0, yes);
    (void)feed.round();
  }
  EXPECT_EQ(broker_.had.size(), 20U);
  EXPECT_EQ(most, 5U);
}

TEST_F(LedgerFeedTest, EachTenantHasItsOwnCursor) {
  append(EntryKind::received, "a", "{}", "acme");
  append(EntryKind::received, "b", "{}", "beta");
  append(EntryKind::received, "b", "{}", "beta");
  auto feed = this->feed({.verdicts = "", .actions = "", .ledger = "ledger"});
  (void)feed.round();
  broker_.answer(1, yes);
  save(feed);
  EXPECT_EQ(cursor("acme"), "none");
  EXPECT_EQ(cursor("beta"), "2");
}

TEST_F(LedgerFeedTest, AnAcknowledgementMayOutliveTheFeed) {
  append_verdict("i1");
  {
    (void)feed().round();
  }
  broker_.answer_all(yes);
}

TEST_F(LedgerFeedTest, NothingIsLostWhateverTheOrderOfAnswersAndCrashes) {
  std::mt19937 random{7};
  const auto chance = [&](unsigned percent) { return random() % 100 < percent; };
  constexpr int entries = 60;
  for (int i = 0; i < entries; ++i) append_verdict("i" + std::to_string(i));
  std::set<std::string> had;
  for (int crash = 0; had.size() < 2U * entries; ++crash) {
    ASSERT_LT(crash, 1000);
    auto feed = this->feed(all, 8);
    for (int step = 0; step < 40; ++step) {
      (void)feed.round();
      while (!broker_.waiting.empty() && chance(70))
        broker_.answer(random() % broker_.waiting.size(), chance(80) ? yes : not_now);
      if (chance(30)) save(feed);
    }
    broker_.waiting.clear();
    for (const auto& record : broker_.had) had.insert(record.topic + record.value);
  }
  SUCCEED();
}

/// Waits for what another thread does; never for a time.
template <class Condition>
void until(const Condition& condition) {
  while (!condition()) std::this_thread::yield();
}

TEST_F(LedgerFeedTest, ThePublisherSendsWhatComesAndSavesItsCursorAtTheEnd) {
  std::mutex mutex;
  std::vector<std::string> had;
  Publisher publisher{*store_,
                      catalogue_,
                      {.feed = {.topics = {.verdicts = "v", .actions = "", .ledger = ""}},
                       .poll = std::chrono::milliseconds{1}},
                      [&](KafkaRecord record, KafkaSink::Delivered delivered) {
                        {
                          const std::scoped_lock lock{mutex};
                          had.push_back(record.key);
                        }
                        delivered(yes);
                      },
                      [](int, std::string_view) {}};
  publisher.start();
  append_verdict("i1");
  until([&] { return publisher.status().delivered == 1; });
  append_verdict("i2");
  publisher.stop(std::chrono::seconds{10});
  EXPECT_THAT(had, ElementsAre("i1", "i2"));
  EXPECT_EQ(cursor(), "3");
}

TEST_F(LedgerFeedTest, APublisherWhoseBrokerIsGoneStopsAndKeepsTheCursorBack) {
  append_verdict("i1");
  Publisher publisher{*store_,
                      catalogue_,
                      {.feed = {.topics = {.verdicts = "v", .actions = "", .ledger = ""}}},
                      broker_.send(),
                      [](int, std::string_view) {}};
  publisher.start();
  until([&] { return publisher.status().in_flight == 1; });
  publisher.stop(std::chrono::milliseconds{1});
  EXPECT_EQ(cursor(), "none");
}

}  // namespace
}  // namespace sallyport::ingest
