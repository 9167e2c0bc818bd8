#include "connectors/models/chain.hpp"
#include "connectors/models/provider.hpp"
#include "tests/connectors_models/investigation_parts.hpp"
#include "tests/connectors_models/model_server.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

// Connections that are ready before anybody asks, in virtual time.
namespace sallyport::connectors::models {
namespace {

using namespace testing;
using sallyport::testing::VirtualTime;
using ::testing::AllOf;
using ::testing::Ge;
using ::testing::Le;

/// A connection to a server that can close those which nobody uses.
class Door final : public http::Transport {
 public:
  Door(ScriptedServer::Script script, int& open, const int& closings)
      : server_{std::move(script), open}, closings_{closings}, opened_at_{closings} {}

  Task<std::size_t> read_some(std::span<char> into) override { return server_.read_some(into); }

  Task<> write(std::string bytes) override { return server_.write(std::move(bytes)); }

  Task<> finish() override { return server_.finish(); }

  Task<> close() override { return server_.close(); }

  void abort() noexcept override { server_.abort(); }

  bool quiet() noexcept override { return opened_at_ == closings_ && server_.quiet(); }

 private:
  ScriptedServer server_;
  const int& closings_;
  int opened_at_;
};

class Warm : public ::testing::Test {
 protected:
  void SetUp() override {
    auto connect = [this](http::Origin) -> Task<std::unique_ptr<http::Transport>> {
      ++knocks;
      if (shut) co_return fail(Errc::unavailable, "connect: Connection refused");
      ++connected;
      co_return std::make_unique<Door>(
          [this](std::string_view request) {
            connected_when_asked.push_back(connected);
            return says(Dialect::openai,
                        asked_in(request) == Asked::reader ? reading : judgement());
          },
          open,
          closings);
    };
    provider = Provider::make("double",
                              {.url = "http://model.example/v1", .model = "m"},
                              std::make_shared<http::Client>(connect, http::PoolLimits{}),
                              clock,
                              [] { return 0.5; })
                   .value();
    asio::co_spawn(loop,
                   provider->keep_warm(),
                   asio::bind_cancellation_slot(
                       cancel.slot(), [this](const std::exception_ptr&) { ended = true; }));
  }

  void TearDown() override {
    cancel.emit(asio::cancellation_type::terminal);
    pass(10ms);
    EXPECT_TRUE(ended);
  }

  void pass(std::chrono::milliseconds time) {
    VirtualTime::run(loop, 10ms, time, [] { return false; });
  }

  VirtualTime virtual_time;
  VirtualClock clock;
  asio::io_context loop{1};
  asio::cancellation_signal cancel;
  std::shared_ptr<Provider> provider;
  std::vector<int> connected_when_asked;
  int knocks = 0;
  int connected = 0;
  int open = 0;
  int closings = 0;  ///< How often the server has closed all that were idle.
  bool shut = false;
  bool ended = false;
};

TEST_F(Warm, TheFirstCallOfAnInvestigationFindsAConnection) {
  pass(100ms);
  ASSERT_EQ(open, 1);
  auto counsel = std::make_shared<investigate::Counsel>();
  counsel->judge =
      std::make_shared<Chain>(std::vector<std::shared_ptr<reason::LanguageModel>>{provider},
                              std::make_shared<Allowance>(DailyLimits{}, clock),
                              Hedging{});
  counsel->reader = counsel->judge;
  UlidSource ids{7};
  const investigate::Investigator investigator{
      shipped_rules(), {}, nullptr, clock, ids, investigate::Slices{}};
  bool done = false;
  asio::co_spawn(loop,
                 investigator.investigate(alert(), Deadline::in(30s), {}, counsel),
                 [&](const std::exception_ptr&, const Result<model::Verdict>& verdict) {
                   EXPECT_TRUE(verdict && verdict->reasoner == "model:double");
                   done = true;
                 });
  VirtualTime::run(loop, 10ms, 40s, [&] { return done; });
  ASSERT_EQ(connected_when_asked.size(), 2U);
  EXPECT_EQ(connected_when_asked[0], 1) << "nobody connected since the start";
  EXPECT_GE(open, 1);
}

TEST_F(Warm, WhatThePeerClosesIsMadeAgainAndWhatIsTooOldToo) {
  pass(100ms);
  ++closings;
  pass(2s);
  EXPECT_EQ(connected, 2);
  EXPECT_EQ(open, 1);
  pass(60s);
  EXPECT_THAT(connected, AllOf(Ge(3), Le(6))) << "one that is 20 s old is not used any more";
  EXPECT_EQ(open, 1);
}

TEST_F(Warm, AServerThatIsAwayIsKnockedAtMoreAndMoreSeldomAndFoundAgain) {
  shut = true;
  pass(100ms);
  ++closings;
  pass(5min);
  EXPECT_EQ(open, 0);
  EXPECT_THAT(knocks, AllOf(Ge(6), Le(14)));
  shut = false;
  pass(61s);
  EXPECT_EQ(open, 1);
}

}  // namespace
}  // namespace sallyport::connectors::models
