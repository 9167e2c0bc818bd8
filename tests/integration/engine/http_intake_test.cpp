#include "tests/integration/engine/alerts.hpp"
#include "tests/integration/engine/engine.hpp"
#include "tests/integration/engine/ledger_tally.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <gmock/gmock.h>

namespace sallyport::testing {
namespace {

namespace asio = boost::asio;
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

TEST(HttpIntake, ThoseThatWaitForAModelAreNoCrowd) {
  constexpr auto window = 4s;
  asio::io_context loop;
  // A model that takes every question and answers none.
  asio::ip::tcp::acceptor model{loop, {asio::ip::make_address("127.0.0.1"), 0}};
  const auto url = fmt::format("http://127.0.0.1:{}/v1", model.local_endpoint().port());
  Engine engine{EngineSetup{
      .store = {{"group_window_us", std::chrono::microseconds{window}.count()}},
      .models = {{"use", {"silent"}},
                 {"read_text", false},
                 {"from_severity", "informational"},
                 {"providers",
                  {{"silent",
                    {{"kind", "openai"}, {"url", url}, {"model", "m"}, {"connections", 200}}}}}}}};
  engine.start_and_wait();
  const auto many = make_alerts("many", 100);
  const auto taken = engine.post("/v1/alerts", fmt::format("{}", fmt::join(many.bytes, "\n")));
  EXPECT_TRUE(taken && taken->status == 202) << engine.log_end();
  EXPECT_TRUE(comes_true(5s, [&] { return engine.metric("sallyport_thinking") == 100; }));
  const auto begun = std::chrono::steady_clock::now();
  const auto answer = engine.post("/v1/alerts", make_alerts("alone", 1).bytes.front());
  EXPECT_TRUE(answer && answer->status == 202) << engine.log_end();
  EXPECT_LT(std::chrono::steady_clock::now() - begun, window);
  engine.kill();
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
