#include "tests/integration/engine/alerts.hpp"
#include "tests/integration/engine/engine.hpp"
#include "tests/integration/engine/ledger_tally.hpp"

#include <gmock/gmock.h>

namespace sallyport::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(HttpIntake, WhatWasAnsweredWith202IsThereAfterTheEngineWasKilled) {
  Engine engine{EngineSetup{}};
  std::set<std::string> answered;
  for (int round = 0; round < 8; ++round) {
    engine.start_and_wait();
    const auto alerts = make_alerts(fmt::format("round{}", round), 50);
    // As JSON Lines and as an array, in turns.
    const bool lines = round % 2 == 0;
    const auto body = lines ? fmt::format("{}\n", fmt::join(alerts.bytes, "\n"))
                            : fmt::format("[{}]", fmt::join(alerts.bytes, ","));
    const auto answer = engine.post("/v1/alerts", body);
    engine.kill();
    ASSERT_TRUE(answer) << engine.log_end();
    ASSERT_EQ(answer->status, 202) << answer->body;
    answered.insert(alerts.uids.begin(), alerts.uids.end());
  }
  engine.start_and_wait();
  EXPECT_TRUE(comes_true(
      30s, [&] { return tally_ledger(engine.data()).verdicts.size() >= answered.size(); }));
  EXPECT_EQ(engine.stop(), 0) << engine.log_end();
  const auto tally = tally_ledger(engine.data());
  EXPECT_THAT(tally.not_investigated_once(answered), IsEmpty());
  for (const auto& uid : answered) EXPECT_EQ(tally.received.contains(uid), true) << uid;
  EXPECT_EQ(run_sallyport({"ledger", "verify", "--data", engine.data()}).status, 0);
}

TEST(HttpIntake, OnlyAlertsThatComeInACrowdWaitForOneAnother) {
  // Longer than anybody wants it, so that those who wait and those who do not are told apart.
  constexpr auto window = 4s;
  Engine engine{
      EngineSetup{.store = {{"group_window_us", std::chrono::microseconds{window}.count()}}}};
  engine.start_and_wait();
  const auto took = [&](const std::string& prefix, int count) {
    const auto alerts = make_alerts(prefix, count);
    const auto begun = std::chrono::steady_clock::now();
    const auto answer = engine.post("/v1/alerts", fmt::format("{}", fmt::join(alerts.bytes, "\n")));
    EXPECT_TRUE(answer && answer->status == 202) << engine.log_end();
    return std::chrono::steady_clock::now() - begun;
  };
  EXPECT_LT(took("alone", 1), window);
  EXPECT_GE(took("crowd", 200), window);
  EXPECT_EQ(engine.stop(), 0) << engine.log_end();
}

TEST(HttpIntake, ABrokenAlertIsToldApartFromItsNeighbours) {
  Engine engine{EngineSetup{}};
  engine.start_and_wait();
  const auto answer = engine.post(
      "/v1/alerts",
      "{\"id\":\"1\",\"title\":\"t\"}\n{\"id\":\"2\",\n{\"id\":\"3\",\"title\":\"u\"}\n");
  ASSERT_TRUE(answer) << engine.log_end();
  EXPECT_EQ(answer->status, 207) << answer->body;
  EXPECT_THAT(answer->body, HasSubstr("truncated"));
  EXPECT_EQ(engine.stop(), 0) << engine.log_end();
  EXPECT_THAT(tally_ledger(engine.data()).not_investigated_once({"1", "3"}), IsEmpty());
}

TEST(HttpIntake, WithoutATokenNothingComesIn) {
  Engine engine{EngineSetup{}};
  engine.start_and_wait();
  const auto answer =
      http_call(engine.port(), "POST", "/v1/alerts", "", R"({"id":"1","title":"t"})", 10s);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 401) << answer->body;
  EXPECT_EQ(engine.stop(), 0) << engine.log_end();
  EXPECT_THAT(tally_ledger(engine.data()).received, IsEmpty());
}

}  // namespace
}  // namespace sallyport::testing
