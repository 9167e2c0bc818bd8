#include "engine/approve/courier.hpp"

#include "engine/store/ledger.hpp"
#include "tests/act/world.hpp"
#include "tests/base/run.hpp"
#include "tests/store/opened.hpp"

#include <gmock/gmock.h>

namespace sallyport::approve {

using act::testing::ManualClock;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

namespace {

/// Takes what it is given, unless it is out of order.
class FakeChannel final : public Channel {
 public:
  Task<> deliver(model::Notification notification) override {
    ++attempts;
    if (failures > 0) {
      --failures;
      co_return fail(Errc::unavailable, "out of order");
    }
    got.push_back(notification.text);
    co_return Result<>{};
  }

  int failures = 0;
  int attempts = 0;
  std::vector<std::string> got;
};

struct Office {
  Office() { open(); }

  void open() {
    outbox.emplace(*store, clock, ids, std::vector<std::string>{"soc", "default"});
    couriers.clear();
  }

  Courier& courier(const std::string& name, std::shared_ptr<Channel> through) {
    couriers.push_back(std::make_unique<Courier>(
        *outbox,
        name,
        std::move(through),
        clock,
        CourierOptions{},
        CourierEvents{
            .told = [this](const auto& one) { told.push_back(one.text); },
            .failed =
                [this](const auto& one, const Failure& failure) {
                  failed.push_back(fmt::format(
                      "{} {}{}", one.text, failure.attempts, failure.last ? " last" : ""));
                }}));
    return *couriers.back();
  }

  void put(const std::string& text, const std::string& to) {
    store::Batch batch;
    outbox->put(batch, {.tenant = "acme", .to = to, .subject = "s", .text = text});
    ASSERT_TRUE(store->commit_and_wait(std::move(batch)));
  }

  std::chrono::milliseconds round(Courier& courier) {
    Result<std::chrono::milliseconds> wait = fail(Errc::cancelled, "did not end");
    auto keep = [](Courier& of, auto& into) -> asio::awaitable<void> {
      into = co_await of.round();
    };
    sallyport::testing::run(keep(courier, wait));
    EXPECT_TRUE(wait) << wait.error().detail;
    return wait.value_or(std::chrono::milliseconds{-1});
  }

  /// `text channel status attempts` of each `notified` entry.
  [[nodiscard]] std::vector<std::string> notified() const {
    std::vector<std::string> all;
    EXPECT_TRUE(store::read_ledger(*store, "acme", 1, [&](std::uint64_t, std::string_view line) {
      const auto entry = from_json<model::LedgerEntry>(line).value();
      EXPECT_EQ(entry.kind, model::EntryKind::notified);
      EXPECT_EQ(entry.subject, "s");
      const auto said = [&](const char* key) {
        return std::string{entry.body.at(key).as_string().c_str()};
      };
      all.push_back(fmt::format("{} {} {} {}",
                                said("text"),
                                said("channel"),
                                said("status"),
                                entry.body.at("attempts").as_int64()));
      return true;
    }));
    return all;
  }

  sallyport::testing::TemporaryDirectory directory;
  ManualClock clock;
  UlidSource ids{7};
  std::unique_ptr<store::Store> store = sallyport::testing::opened(directory);
  std::optional<Outbox> outbox;
  std::vector<std::unique_ptr<Courier>> couriers;
  std::vector<std::string> told;
  std::vector<std::string> failed;
};

}  // namespace

TEST(Outbox, SendsToTheChannelThatIsNamedElseToTheDefaultElseToTheLog) {
  Office office;
  office.put("one", "soc");
  office.put("two", "nobody-knows");
  office.put("three", "");
  const auto texts = [&](const Outbox& outbox, std::string_view channel) {
    std::vector<std::string> all;
    const auto waiting = outbox.waiting(channel, 10);
    for (const auto& one : *waiting) all.push_back(one.text);
    return all;
  };
  EXPECT_THAT(texts(*office.outbox, "soc"), ElementsAre("one"));
  EXPECT_THAT(texts(*office.outbox, "default"), ElementsAre("two", "three"));
  const Outbox without{*office.store, office.clock, office.ids, {"soc"}};
  store::Batch batch;
  without.put(batch, {.tenant = "acme", .text = "four"});
  ASSERT_TRUE(office.store->commit_and_wait(std::move(batch)));
  EXPECT_THAT(texts(without, log_channel), ElementsAre("four"));
  // What waits for a channel that is not configured any more is not forgotten.
  EXPECT_THAT(*without.channels(), ElementsAre("soc", "log", "default"));
}

TEST(Courier, DeliversInOrderAndTheLedgerSaysSo) {
  Office office;
  const auto channel = std::make_shared<FakeChannel>();
  auto& courier = office.courier("soc", channel);
  for (const auto* text : {"one", "two", "three"}) office.put(text, "soc");
  EXPECT_EQ(office.round(courier), courier.options().look_every);
  EXPECT_THAT(channel->got, ElementsAre("one", "two", "three"));
  EXPECT_THAT(office.told, ElementsAre("one", "two", "three"));
  EXPECT_THAT(office.notified(),
              ElementsAre("one soc delivered 1", "two soc delivered 1", "three soc delivered 1"));
  EXPECT_THAT(*office.outbox->waiting("soc", 10), IsEmpty());
  office.round(courier);
  EXPECT_EQ(channel->attempts, 3);
}

TEST(Courier, TriesAgainAndAgainAndKeepsTheOrder) {
  Office office;
  const auto channel = std::make_shared<FakeChannel>();
  auto& courier = office.courier("soc", channel);
  channel->failures = 3;
  office.put("one", "soc");
  office.put("two", "soc");
  EXPECT_EQ(office.round(courier), std::chrono::seconds{1});
  EXPECT_EQ(office.round(courier), std::chrono::seconds{2});
  EXPECT_EQ(office.round(courier), std::chrono::seconds{4});
  EXPECT_THAT(channel->got, IsEmpty());
  EXPECT_THAT(office.told, ElementsAre("one", "two"));  // where people look by themselves, once
  office.round(courier);
  EXPECT_THAT(channel->got, ElementsAre("one", "two"));
  EXPECT_THAT(office.failed, ElementsAre("one 1", "one 2", "one 3"));
  EXPECT_THAT(office.notified(), ElementsAre("one soc delivered 4", "two soc delivered 1"));
}

TEST(Courier, AfterARestartDeliversWhatWasNot) {
  Office office;
  const auto channel = std::make_shared<FakeChannel>();
  channel->failures = 1;
  office.put("one", "soc");
  office.round(office.courier("soc", channel));
  EXPECT_THAT(office.notified(), IsEmpty());
  office.open();
  office.round(office.courier("soc", channel));
  EXPECT_THAT(channel->got, ElementsAre("one"));
  EXPECT_THAT(office.notified(), ElementsAre("one soc delivered 1"));
}

TEST(Courier, GivesUpWhatIsTooOldAndSaysSo) {
  Office office;
  const auto channel = std::make_shared<FakeChannel>();
  auto& courier = office.courier("soc", channel);
  office.put("old", "soc");
  office.clock.move(std::chrono::hours{24});
  office.put("new", "soc");
  channel->failures = 1;
  office.round(courier);
  EXPECT_THAT(office.failed, ElementsAre("old 1 last"));
  EXPECT_THAT(channel->got, ElementsAre("new"));
  EXPECT_THAT(office.notified(), ElementsAre("old soc given_up 1", "new soc delivered 1"));
}

TEST(Courier, WithoutAChannelTellsTheLogTheStreamAndTheLedger) {
  Office office;
  office.put("one", "soc");
  office.round(office.courier("soc", nullptr));
  EXPECT_THAT(office.told, ElementsAre("one"));
  EXPECT_THAT(office.notified(), ElementsAre("one soc logged 0"));
}

TEST(Courier, WaitsTwiceAsLongAfterEachFailureUpToABound) {
  const CourierOptions options;
  auto before = wait_after(1, options);
  EXPECT_EQ(before, options.first_wait);
  for (std::uint32_t failures = 2; failures < 100; ++failures) {
    const auto wait = wait_after(failures, options);
    EXPECT_EQ(wait, std::min(before * 2, options.longest_wait));
    before = wait;
  }
  EXPECT_EQ(wait_after(4'000'000'000U, options), options.longest_wait);
}

}  // namespace sallyport::approve
