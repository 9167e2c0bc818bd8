#include "engine/investigate/shared_answers.hpp"

#include "tests/base/run.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <gmock/gmock.h>

#include <atomic>
#include <map>
#include <thread>

namespace sallyport::investigate {

namespace {

using std::chrono::seconds;
using Answer = SharedAnswers::Answer;
using Heard = Result<std::vector<model::Evidence>>;

Answer saying(const std::string& text, seconds keep = seconds{60}) {
  std::vector<model::Evidence> evidence;
  evidence.push_back({.id = {},
                      .source = "intel.lab",
                      .status = model::EvidenceStatus::found,
                      .trust = model::Trust::sensor,
                      .summary = text,
                      .hash = {},
                      .observed_at = {},
                      .signals = {},
                      .data = {{"cost", json::object{{"requests", 1}}}}});
  return {.evidence = std::move(evidence), .keep_for = keep};
}

/// A source that answers when it is told to, and time that passes when it is told to.
struct Source {
  asio::io_context loop{1};
  SharedAnswers::Clock::time_point now = SharedAnswers::Clock::now();
  std::shared_ptr<SharedAnswers> answers;
  int begun = 0;
  int cancelled = 0;
  std::map<std::string, std::shared_ptr<asio::steady_timer>> waiting;
  std::map<std::string, Result<Answer>> replies;
  std::map<std::string, Heard> heard;
  std::map<std::string, asio::cancellation_signal> cancels;

  explicit Source(SharedAnswers::Limits limits = {})
      : answers{SharedAnswers::make(loop.get_executor(), limits, [this] { return now; })} {}

  SharedAnswers::Call call(const std::string& key) {
    return [this, key](Deadline) -> Task<Answer> {
      ++begun;
      auto timer =
          std::make_shared<asio::steady_timer>(loop, asio::steady_timer::time_point::max());
      waiting[key] = timer;
      (void)co_await timer->async_wait(asio::as_tuple(asio::use_awaitable));
      const auto reply = replies.find(key);
      if (reply == replies.end()) {
        ++cancelled;
        co_return fail(Errc::cancelled, "cancelled");
      }
      co_return reply->second;
    };
  }

  /// `who` asks; what was heard stands in `heard` once there is an answer.
  void ask(const std::string& who,
           const std::string& key,
           seconds patience = seconds{3600},
           const std::string& tenant = "acme") {
    auto question = [this, who, key, patience, tenant]() -> asio::awaitable<void> {
      auto said = co_await answers->ask(
          key, call(key), {.tenant = tenant, .urgency = 0}, Deadline::in(patience));
      heard.insert_or_assign(who, std::move(said));
    };
    asio::co_spawn(loop,
                   std::move(question),
                   asio::bind_cancellation_slot(cancels[who].slot(), [](std::exception_ptr) {}));
    settle();
  }

  void reply(const std::string& key, Result<Answer> answer) {
    replies.insert_or_assign(key, std::move(answer));
    waiting.at(key)->cancel();
    settle();
    replies.erase(key);
  }

  void cancel(const std::string& who) {
    cancels[who].emit(asio::cancellation_type::terminal);
    settle();
  }

  /// Runs what can run without waiting.
  void settle() {
    loop.restart();
    loop.poll();
  }

  ~Source() {
    replies.clear();
    asio::co_spawn(loop, answers->close(), [](std::exception_ptr) {});
    settle();
  }
};

}  // namespace

TEST(SharedAnswers, TheStormOfOneTenantHoldsUpNoOthersQuestion) {
  Source source{{.at_once = 1}};
  for (const auto* key : {"s1", "s2", "s3"}) source.ask(key, key, seconds{10}, "storm");
  source.ask("calm", "c", seconds{3600}, "calm");
  EXPECT_EQ(source.waiting.count("c"), 0U);
  source.reply("s1", Answer{});
  EXPECT_EQ(source.waiting.count("c"), 1U);
  EXPECT_EQ(source.waiting.count("s2"), 0U);
}

TEST(SharedAnswers, EqualQuestionsUnderWayAreOneCallThatAllHearTheAnswerOf) {
  Source source;
  source.ask("a", "ip 203.0.113.7");
  source.ask("b", "ip 203.0.113.7");
  source.ask("c", "ip 203.0.113.8");
  EXPECT_EQ(source.begun, 2);
  source.reply("ip 203.0.113.7", saying("bad"));
  ASSERT_TRUE(source.heard.contains("a") && source.heard.contains("b"));
  EXPECT_FALSE(source.heard.contains("c"));
  EXPECT_EQ(to_json(source.heard.at("a")->front().data), R"({"cost":{"requests":1}})");
  EXPECT_EQ(to_json(source.heard.at("b")->front().data), R"({"cost":{"shared":true}})");
}

TEST(SharedAnswers, AnAnswerIsKeptForItsTimeAndNoLonger) {
  Source source;
  source.ask("a", "k");
  source.reply("k", saying("bad", seconds{60}));
  source.now += seconds{59};
  source.ask("b", "k");
  EXPECT_EQ(source.begun, 1);
  EXPECT_TRUE(source.heard.contains("b"));
  source.now += seconds{1};
  EXPECT_FALSE(source.answers->kept("k"));
  source.ask("c", "k");
  EXPECT_EQ(source.begun, 2);
}

TEST(SharedAnswers, AFailureIsToldToAllWhoWaitAndNotKept) {
  Source source;
  source.ask("a", "k");
  source.ask("b", "k");
  source.reply("k", fail(Errc::unavailable, "no route"));
  EXPECT_EQ(source.heard.at("a").error().detail, "no route");
  EXPECT_EQ(source.heard.at("b").error().detail, "no route");
  source.ask("c", "k");
  EXPECT_EQ(source.begun, 2);
}

TEST(SharedAnswers, OnlySoManyCallsRunAtOnceAndTheRestFollowInTheirOrder) {
  Source source{{.at_once = 2}};
  for (const auto* key : {"1", "2", "3", "4"}) source.ask(key, key);
  EXPECT_EQ(source.begun, 2);
  source.reply("1", saying("one"));
  EXPECT_EQ(source.begun, 3);
  EXPECT_TRUE(source.waiting.contains("3"));
  EXPECT_FALSE(source.waiting.contains("4"));
}

TEST(SharedAnswers, PastItsBoundAQuestionIsRefusedAndSaysWhy) {
  Source source{{.at_once = 1, .waiting = 1}};
  for (const auto* key : {"1", "2", "3"}) source.ask(key, key);
  ASSERT_TRUE(source.heard.contains("3"));
  EXPECT_EQ(source.heard.at("3").error().code, Errc::unavailable);
  EXPECT_FALSE(source.heard.contains("2"));
}

TEST(SharedAnswers, ACallEndsWithTheLastWhoWaitsForItAndNotBefore) {
  Source source;
  source.ask("a", "k");
  source.ask("b", "k");
  source.cancel("a");
  EXPECT_EQ(source.cancelled, 0);
  source.cancel("b");
  EXPECT_EQ(source.cancelled, 1);
  EXPECT_EQ(source.answers->counters().under_way, 0U);
}

TEST(SharedAnswers, AQuestionThatNobodyWaitsForAnyMoreIsNeverAsked) {
  Source source{{.at_once = 1}};
  source.ask("a", "1");
  source.ask("b", "2");
  source.cancel("b");
  source.reply("1", saying("one"));
  EXPECT_EQ(source.begun, 1);
}

TEST(SharedAnswers, WhoHasNoTimeLeftHearsThatItTimedOut) {
  Source source;
  source.ask("a", "k", seconds{-1});
  source.settle();
  ASSERT_TRUE(source.heard.contains("a"));
  EXPECT_EQ(source.heard.at("a").error().code, Errc::expired);
}

TEST(SharedAnswers, WhatIsKeptIsBoundedInNumberAndTheLongestUnaskedGoesFirst) {
  Source source{{.kept = 2}};
  for (const auto* key : {"1", "2"}) {
    source.ask(key, key);
    source.reply(key, saying(key));
  }
  EXPECT_TRUE(source.answers->kept("1"));  // asked for again
  source.ask("3", "3");
  source.reply("3", saying("3"));
  EXPECT_TRUE(source.answers->kept("1"));
  EXPECT_FALSE(source.answers->kept("2"));
  EXPECT_EQ(source.answers->counters().entries, 2U);
}

TEST(SharedAnswers, WhatIsKeptIsBoundedInBytes) {
  Source source{{.kept_bytes = 3000}};
  for (int i = 0; i < 10; ++i) {
    const auto key = std::to_string(i);
    source.ask(key, key);
    source.reply(key, saying(std::string(1000, 'x')));
    EXPECT_LE(source.answers->counters().bytes, 3000U);
  }
  EXPECT_GE(source.answers->counters().entries, 1U);
}

TEST(SharedAnswers, AfterCloseNothingRunsAndNothingIsAsked) {
  Source source{{.at_once = 1}};
  source.ask("a", "1");
  source.ask("b", "2");
  asio::co_spawn(source.loop, source.answers->close(), [](std::exception_ptr) {});
  source.settle();
  EXPECT_EQ(source.cancelled, 1);
  EXPECT_EQ(source.heard.at("a").error().code, Errc::cancelled);
  EXPECT_EQ(source.heard.at("b").error().code, Errc::cancelled);
  source.ask("c", "3");
  EXPECT_EQ(source.heard.at("c").error().code, Errc::cancelled);
}

TEST(SharedAnswers, ManyThreadsAskAndEachHearsTheAnswerToItsOwnQuestion) {
  asio::io_context loop{1};
  auto keep = asio::make_work_guard(loop);
  std::thread thread{[&loop] { loop.run(); }};
  const auto answers = SharedAnswers::make(loop.get_executor(), {.at_once = 3, .waiting = 10'000});
  std::atomic<int> calls = 0;
  std::atomic<int> right = 0;
  constexpr int askers = 2000;
  constexpr int keys = 50;
  {
    asio::thread_pool pool{4};
    for (int i = 0; i < askers; ++i) {
      const auto key = std::to_string(i % keys);
      auto work = [&, key]() -> asio::awaitable<void> {
        auto said = co_await answers->ask(
            key,
            [&, key](Deadline) -> Task<Answer> {
              ++calls;
              co_await asio::post(loop, asio::use_awaitable);
              co_return saying(key);
            },
            {},
            Deadline::in(seconds{20}));
        if (said && said->front().summary == key) ++right;
      };
      asio::co_spawn(asio::make_strand(pool), std::move(work), [](std::exception_ptr) {});
    }
    pool.join();
  }
  EXPECT_EQ(right, askers);
  EXPECT_EQ(calls, keys);
  keep.reset();
  loop.stop();
  thread.join();
}

}  // namespace sallyport::investigate
