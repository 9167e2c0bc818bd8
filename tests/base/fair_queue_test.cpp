#include "engine/base/fair_queue.hpp"

#include <gtest/gtest.h>

#include <random>

namespace sallyport {
namespace {

using namespace std::chrono_literals;

using Queue = FairQueue<std::string>;

Claim claim(std::string party, Claim::Moment::duration due, int urgency = 0) {
  return {.party = std::move(party),
          .urgency = urgency,
          .due = Claim::Moment{due},
          .until = Claim::Moment{due - 5s},
          .cost = 1};
}

std::vector<std::string> drain(Queue& queue) {
  std::vector<std::string> order;
  while (auto item = queue.pop()) order.push_back(*std::move(item));
  return order;
}

using Order = std::vector<std::string>;

TEST(FairQueue, ServesTheNearestDeadlineFirst) {
  Queue queue;
  queue.push(claim("acme", 30s), "later");
  queue.push(claim("acme", 20s), "sooner");
  queue.push(claim("acme", 30s), "later too");
  EXPECT_EQ(drain(queue), (Order{"sooner", "later", "later too"}));
}

TEST(FairQueue, CountsUrgencyAsANearerDeadlineSoThatNobodyIsOvertakenForEver) {
  Queue queue;
  queue.push(claim("acme", 30s, 0), "low");
  queue.push(claim("acme", 35s, 1), "high");
  queue.push(claim("acme", 45s, 1), "high, but much later");
  EXPECT_EQ(drain(queue), (Order{"high", "low", "high, but much later"}));
}

TEST(FairQueue, LetsAnotherPartyPastAStorm) {
  Queue queue;
  for (int i = 0; i < 1000; ++i) queue.push(claim("storm", 1s, 5), "storm");
  queue.push(claim("calm", 100s, 0), "calm");
  queue.push(claim("calm", 100s, 0), "calm");
  EXPECT_EQ(queue.pop(), "storm") << "it was there first, and nobody has had anything yet";
  EXPECT_EQ(queue.pop(), "calm");
  EXPECT_EQ(queue.pop(), "storm");
  EXPECT_EQ(queue.pop(), "calm");
  EXPECT_EQ(queue.pop(), "storm");
}

TEST(FairQueue, GivesWhoComesBackAtOnceNoMoreThanItsShare) {
  Queue queue;
  for (int i = 0; i < 100; ++i) queue.push(claim("storm", 100s), "storm");
  int trickle = 0;
  for (int i = 0; i < 50; ++i) {
    if (trickle * 2 <= i + 2) queue.push(claim("trickle", 1s, 5), "trickle");
    if (queue.pop() == "trickle") ++trickle;
  }
  EXPECT_GE(trickle, 20);
  EXPECT_LE(trickle, 30);
}

TEST(FairQueue, SavesNobodyAShareForTheTimeInWhichItDidNotWait) {
  Queue queue;
  for (int i = 0; i < 100; ++i) queue.push(claim("steady", 100s), "steady");
  for (int i = 0; i < 50; ++i) (void)queue.pop();
  for (int i = 0; i < 100; ++i) queue.push(claim("new", 100s), "new");
  int of_new = 0;
  for (int i = 0; i < 20; ++i) of_new += queue.pop() == "new" ? 1 : 0;
  EXPECT_NEAR(of_new, 10, 1);
}

TEST(FairQueue, ChargesAPartyWhatItsItemsCost) {
  Queue queue;
  for (int i = 0; i < 100; ++i) {
    auto dear = claim("dear", 100s);
    dear.cost = 9;
    queue.push(dear, "dear");
    queue.push(claim("cheap", 100s), "cheap");
  }
  int dear = 0;
  for (int i = 0; i < 50; ++i) dear += queue.pop() == "dear" ? 1 : 0;
  EXPECT_NEAR(dear, 5, 1);
}

TEST(FairQueue, GivesUpThoseForWhomItIsTooLate) {
  Queue queue;
  queue.push(claim("acme", 30s), "late");
  queue.push(claim("acme", 40s), "in time");
  EXPECT_EQ(queue.next_overdue(), Claim::Moment{25s});
  EXPECT_TRUE(queue.take_overdue(Claim::Moment{24s}).empty());
  EXPECT_EQ(queue.take_overdue(Claim::Moment{25s}), (Order{"late"}));
  EXPECT_EQ(drain(queue), (Order{"in time"}));
  EXPECT_FALSE(queue.next_overdue());
}

TEST(FairQueue, SparesTheLastOfWhoeverWaitsMost) {
  Queue queue;
  queue.push(claim("calm", 90s), "calm");
  for (int i = 0; i < 3; ++i) queue.push(claim("storm", (10 + i) * 1s), std::to_string(i));
  EXPECT_TRUE(queue.would_displace(claim("third", 99s)));
  EXPECT_TRUE(queue.would_displace(claim("storm", 11s)));
  EXPECT_FALSE(queue.would_displace(claim("storm", 99s)));
  EXPECT_TRUE(queue.would_displace(claim("storm", 30s, 3))) << "what is urgent goes first";
  EXPECT_EQ(queue.pop_worst(), "2");
  EXPECT_EQ(queue.pop_worst(), "1");
}

TEST(FairQueue, TakesOutWhoNoLongerWantsToWait) {
  Queue queue;
  const auto first = queue.push(claim("acme", 10s), "first");
  queue.push(claim("acme", 20s), "second");
  EXPECT_EQ(queue.withdraw(first), "first");
  EXPECT_EQ(queue.withdraw(first), std::nullopt);
  EXPECT_EQ(drain(queue), (Order{"second"}));
  EXPECT_TRUE(queue.empty());
}

TEST(FairQueue, LosesAndInventsNobodyWhateverTheOrderOfEvents) {
  std::minstd_rand random{7};
  const auto pick = [&](std::uint32_t n) { return static_cast<std::uint32_t>(random() % n); };
  Queue queue;
  std::set<std::string> waiting;
  std::vector<std::pair<Queue::Ticket, std::string>> tickets;
  const auto gone = [&](const std::string& name) { EXPECT_EQ(waiting.erase(name), 1U) << name; };
  for (int i = 0; i < 20'000; ++i) {
    switch (pick(6)) {
      case 0:
      case 1: {
        const auto name = std::to_string(i);
        const auto party = "t" + std::to_string(pick(5));
        tickets.emplace_back(
            queue.push(claim(party, std::chrono::seconds{i / 10 + pick(50)}, int(pick(5))), name),
            name);
        waiting.insert(name);
        break;
      }
      case 2:
        if (const auto item = queue.pop()) gone(*item);
        break;
      case 3:
        if (const auto item = queue.pop_worst()) gone(*item);
        break;
      case 4:
        for (const auto& item : queue.take_overdue(Claim::Moment{std::chrono::seconds{i / 10}}))
          gone(item);
        break;
      default:
        if (tickets.empty()) break;
        const auto& [ticket, name] = tickets[pick(static_cast<std::uint32_t>(tickets.size()))];
        if (const auto item = queue.withdraw(ticket)) {
          EXPECT_EQ(*item, name);
          gone(name);
        }
    }
    ASSERT_EQ(queue.size(), waiting.size());
  }
  for (const auto& item : drain(queue)) gone(item);
  EXPECT_TRUE(waiting.empty());
}

}  // namespace
}  // namespace sallyport
