#include "connectors/models/chain.hpp"

#include "tests/connectors_models/virtual_time.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sallyport::connectors::models {
namespace {

using namespace std::chrono_literals;
using reason::CallOutcome;
using reason::ModelAnswer;
using sallyport::testing::VirtualTime;
using ::testing::HasSubstr;

/// Speaks after `first`, ends a second later with `outcome`; costs ten tokens.
class Double final : public reason::LanguageModel {
 public:
  Double(std::string name, std::chrono::milliseconds first, CallOutcome outcome = CallOutcome::stop)
      : name_{std::move(name)}, first_{first}, outcome_{outcome} {}

  [[nodiscard]] std::string_view name() const override { return name_; }

  asio::awaitable<ModelAnswer> ask(std::shared_ptr<const reason::ModelRequest> /*request*/,
                                   Deadline deadline,
                                   FirstToken first_token) override {
    ++asked;
    ModelAnswer answer;
    answer.model = name_;
    answer.attempts = 1;
    answer.usage = {.tokens_in = 8, .tokens_out = 2, .tokens_cached = 0, .measured = true};
    asio::steady_timer timer{co_await asio::this_coro::executor};
    const bool speaks = outcome_ == CallOutcome::stop;
    for (const auto wait : {first_, std::chrono::milliseconds{1s}}) {
      timer.expires_at(std::min(Deadline::in(wait).at(), deadline.at()));
      const auto [error] = co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
      if (error || asio::steady_timer::clock_type::now() >= deadline.at()) {
        answer.outcome = error ? CallOutcome::cancelled : CallOutcome::timeout;
        cancelled += error ? 1 : 0;
        co_return answer;
      }
      if (!speaks) break;
      if (!answer.first_token) {
        answer.first_token = first_;
        if (first_token) first_token();
      }
    }
    answer.outcome = outcome_;
    co_return answer;
  }

  int asked = 0;
  int cancelled = 0;

 private:
  std::string name_;
  std::chrono::milliseconds first_;
  CallOutcome outcome_;
};

class Noon final : public Clock {
 public:
  [[nodiscard]] Time now() const override { return time; }

  Time time = *parse_rfc3339("2026-11-20T12:00:00Z");
};

class ChainTest : public ::testing::Test {
 protected:
  ModelAnswer ask(std::vector<std::shared_ptr<Double>> doubles,
                  Hedging hedging = {},
                  std::chrono::seconds budget = 20s) {
    Chain chain{{doubles.begin(), doubles.end()}, allowance_, hedging};
    auto request = std::make_shared<reason::ModelRequest>();
    request->tenant = "acme";
    request->form =
        std::make_shared<const reason::Form>(reason::QuestionForm{.max_output_tokens = 10});
    ModelAnswer result;
    bool done = false;
    asio::io_context loop{1};
    asio::co_spawn(loop,
                   chain.ask(request, Deadline::in(budget), {}),
                   asio::bind_cancellation_slot(
                       cancel_.slot(), [&](const std::exception_ptr& thrown, ModelAnswer answer) {
                         EXPECT_FALSE(thrown);
                         result = std::move(answer);
                         done = true;
                       }));
    const auto began = VirtualTime::elapsed();
    VirtualTime::run(loop, 10ms, 40s, [&] {
      if (cancel_after_ && VirtualTime::elapsed() - began >= *cancel_after_)
        cancel_.emit(asio::cancellation_type::terminal);
      return done;
    });
    took_ = VirtualTime::elapsed() - began;
    EXPECT_TRUE(done);
    return result;
  }

  VirtualTime time_;
  Noon clock_;
  std::shared_ptr<Allowance> allowance_ = std::make_shared<Allowance>(DailyLimits{}, clock_);
  asio::cancellation_signal cancel_;
  std::optional<std::chrono::milliseconds> cancel_after_;
  std::chrono::nanoseconds took_{};
};

TEST_F(ChainTest, AsksTheNextWhereOneCannot) {
  for (const auto outcome : {CallOutcome::rate_limited,
                             CallOutcome::overloaded,
                             CallOutcome::unreachable,
                             CallOutcome::refusal,
                             CallOutcome::content_filter,
                             CallOutcome::context_exceeded,
                             CallOutcome::rejected}) {
    const auto answer =
        ask({std::make_shared<Double>("a", 100ms, outcome), std::make_shared<Double>("b", 100ms)});
    EXPECT_EQ(answer.outcome, CallOutcome::stop) << name_of(outcome);
    EXPECT_EQ(answer.model, "b");
    EXPECT_EQ(answer.attempts, 2U);
    EXPECT_EQ(answer.usage.tokens_in, 16) << "both have cost";
  }
}

TEST_F(ChainTest, DoesNotAskTwiceWhatWasAnswered) {
  const auto second = std::make_shared<Double>("b", 100ms);
  EXPECT_EQ(ask({std::make_shared<Double>("a", 100ms), second}).model, "a");
  EXPECT_EQ(ask({std::make_shared<Double>("a", 100ms, CallOutcome::length), second}).outcome,
            CallOutcome::length);
  EXPECT_EQ(second->asked, 0);
}

TEST_F(ChainTest, AsksASecondBesideOneThatKeepsSilent) {
  const auto slow = std::make_shared<Double>("slow", 15s);
  const auto fast = std::make_shared<Double>("fast", 500ms);
  const auto answer = ask({slow, fast}, {.after = 2s, .share = 1});
  EXPECT_EQ(answer.model, "fast");
  EXPECT_EQ(slow->cancelled, 1) << "and cuts it off";
  EXPECT_LT(took_, 4s);
  EXPECT_EQ(answer.usage.tokens_in, 16);
}

TEST_F(ChainTest, LeavesOneThatSpeaksInPeace) {
  const auto second = std::make_shared<Double>("b", 500ms);
  EXPECT_EQ(ask({std::make_shared<Double>("a", 1s), second}, {.after = 2s, .share = 1}).model, "a");
  EXPECT_EQ(second->asked, 0);
}

TEST_F(ChainTest, CutsOffBothWhenItIsCancelled) {
  const auto a = std::make_shared<Double>("a", 15s);
  const auto b = std::make_shared<Double>("b", 15s);
  cancel_after_ = 5s;
  EXPECT_EQ(ask({a, b}, {.after = 2s, .share = 1}).outcome, CallOutcome::cancelled);
  EXPECT_EQ(a->cancelled + b->cancelled, 2);
  EXPECT_LT(took_, 6s);
}

TEST_F(ChainTest, EndsByItsDeadlineAlsoWithTwo) {
  const auto answer = ask({std::make_shared<Double>("a", 60s), std::make_shared<Double>("b", 60s)},
                          {.after = 2s, .share = 1},
                          10s);
  EXPECT_EQ(answer.outcome, CallOutcome::timeout);
  EXPECT_LE(took_, 10100ms);
}

TEST_F(ChainTest, ATenantThatHasUsedUpItsDayIsToldSo) {
  allowance_ = std::make_shared<Allowance>(DailyLimits{.tokens = 25}, clock_);
  const auto model = std::make_shared<Double>("a", 100ms);
  EXPECT_EQ(ask({model}).outcome, CallOutcome::stop);
  EXPECT_EQ(ask({model}).outcome, CallOutcome::stop);
  const auto capped = ask({model});
  EXPECT_EQ(capped.outcome, CallOutcome::capped);
  EXPECT_THAT(capped.detail, HasSubstr("25 tokens"));
  EXPECT_EQ(model->asked, 2);
  clock_.time += 24h;
  EXPECT_EQ(ask({model}).outcome, CallOutcome::stop) << "a new day";
  allowance_->remember("acme", clock_.time - 24h, 1000, 0);
  EXPECT_EQ(ask({model}).outcome, CallOutcome::stop) << "yesterday does not count";
  allowance_->remember("acme", clock_.time, 1000, 0);
  EXPECT_EQ(ask({model}).outcome, CallOutcome::capped) << "what the ledger remembers does";
}

}  // namespace
}  // namespace sallyport::connectors::models
