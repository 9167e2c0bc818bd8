#include "tests/connectors_models/investigation_parts.hpp"
#include "tests/store/temporary_directory.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

// The deadline ladder and everything that can hang, through the driver of investigations, in
// virtual time.
namespace sallyport::connectors::models {
namespace {

using namespace testing;
using namespace std::chrono_literals;
using reason::CallOutcome;
using reason::ModelAnswer;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

asio::awaitable<bool> pause(std::chrono::milliseconds time) {
  asio::steady_timer timer{co_await asio::this_coro::executor, time};
  const auto [error] = co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
  co_return !error;
}

/// A judge that takes `thinks` for each answer; offered tools it wants to look something up.
class Judge final : public reason::LanguageModel {
 public:
  explicit Judge(std::chrono::milliseconds thinks) : thinks_{thinks} {}

  [[nodiscard]] std::string_view name() const override { return "judge"; }

  asio::awaitable<ModelAnswer> ask(std::shared_ptr<const reason::ModelRequest> request,
                                   Deadline deadline,
                                   FirstToken /*first_token*/) override {
    const bool offered = !request->form->tools.empty();
    asked.emplace_back(VirtualTime::elapsed(), offered);
    ModelAnswer answer;
    answer.model = "judge";
    answer.first_token = 1ms;
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline.at() - Deadline::Clock::now());
    if (thinks_ > left) {
      answer.outcome = co_await pause(left) ? CallOutcome::timeout : CallOutcome::cancelled;
      co_return answer;
    }
    answer.outcome = CallOutcome::cancelled;
    if (!co_await pause(thinks_)) co_return answer;
    answer.outcome = offered ? CallOutcome::tool_calls : CallOutcome::stop;
    if (offered) {
      answer.calls.push_back(
          {.id = "1", .name = "look_up", .arguments = R"({"query":"library","entity":0})"});
    } else {
      answer.text = judgement();
    }
    co_return answer;
  }

  std::vector<std::pair<std::chrono::nanoseconds, bool>> asked;  ///< When, and whether with tools.

 private:
  std::chrono::milliseconds thinks_;
};

/// Takes its time to find nothing.
class Library final : public investigate::Query {
 public:
  explicit Library(std::chrono::milliseconds takes) : takes_{takes} {}

  [[nodiscard]] std::string_view name() const override { return "library"; }

  [[nodiscard]] std::string_view description() const override { return "what is written"; }

  Task<std::vector<model::Evidence>> run(std::shared_ptr<const model::Alert> /*alert*/,
                                         model::Entity /*entity*/,
                                         Deadline /*deadline*/) override {
    if (!co_await pause(takes_)) co_return fail(Errc::cancelled, "cancelled");
    co_return std::vector<model::Evidence>{};
  }

 private:
  std::chrono::milliseconds takes_;
};

/// Never answers; `deaf`: not even to a cancellation.
class Hanging final : public investigate::Enricher {
 public:
  explicit Hanging(bool deaf) : deaf_{deaf} {}

  [[nodiscard]] std::string_view name() const override { return deaf_ ? "deaf" : "hanging"; }

  Task<std::vector<model::Evidence>> enrich(std::shared_ptr<const model::Alert> /*alert*/,
                                            Deadline /*deadline*/) override {
    if (deaf_) co_await asio::this_coro::throw_if_cancelled(false);
    do {
      (void)co_await pause(1h);
    } while (deaf_ && VirtualTime::elapsed() < 2h);
    co_return fail(Errc::cancelled, "cancelled");
  }

 private:
  bool deaf_;
};

class DeadlineLadder : public ::testing::Test {
 protected:
  void ask(std::chrono::milliseconds judge_takes, std::chrono::milliseconds library_takes = 1s) {
    judge_ = std::make_shared<Judge>(judge_takes);
    auto counsel = std::make_shared<investigate::Counsel>();
    counsel->judge = judge_;
    counsel->queries = {std::make_shared<Library>(library_takes)};
    counsel_ = std::move(counsel);
  }

  model::Verdict run(investigate::Budgets budgets = {},
                     model::Severity severity = model::Severity::medium) {
    investigate::Investigator investigator{
        shipped_rules(), enrichers_, graph_, clock_, ids_, budgets};
    if (pool_) investigator.read_graph_on(pool_->get_executor());
    std::optional<model::Verdict> verdict;
    asio::co_spawn(
        loop_,
        investigator.investigate(
            alert("acme", severity), Deadline::in(budgets.of(severity).total()), {}, counsel_),
        [&](const std::exception_ptr& thrown, Result<model::Verdict> result) {
          EXPECT_FALSE(thrown);
          ended_ = VirtualTime::elapsed();
          if (result) verdict = *std::move(result);
        });
    VirtualTime::run(loop_, 10ms, 60s, [&] { return verdict.has_value(); });
    EXPECT_TRUE(verdict);
    return verdict.value_or(model::Verdict{});
  }

  VirtualTime time_;
  VirtualClock clock_;
  UlidSource ids_{7};
  asio::io_context loop_{1};
  std::shared_ptr<Judge> judge_;
  std::shared_ptr<const investigate::Counsel> counsel_;
  std::vector<std::shared_ptr<investigate::Enricher>> enrichers_;
  const graph::EntityGraph* graph_ = nullptr;
  std::unique_ptr<asio::thread_pool> pool_;
  std::chrono::nanoseconds ended_{};
};

TEST_F(DeadlineLadder, LooksThingsUpWhileThereIsTime) {
  ask(5s);
  const auto verdict = run();
  EXPECT_THAT(judge_->asked, ElementsAre(Pair(0s, true), Pair(6s, false)));
  EXPECT_EQ(verdict.reasoner, "model:judge");
  EXPECT_EQ(ended_, 11s);
}

TEST_F(DeadlineLadder, FromSixtyPercentOnLooksNothingUp) {
  ask(18'100ms);
  const auto verdict = run();
  EXPECT_THAT(judge_->asked, ElementsAre(Pair(0s, true), Pair(18'100ms, false)));
  EXPECT_EQ(ended_, 28'500ms);
  EXPECT_EQ(verdict.reasoner, "embedded");
}

TEST_F(DeadlineLadder, ALookUpThatHangsEndsAtSixtyPercent) {
  ask(5s, 1h);
  const auto verdict = run();
  EXPECT_THAT(judge_->asked, ElementsAre(Pair(0s, true), Pair(18s, false)));
  EXPECT_EQ(verdict.reasoner, "model:judge");
  EXPECT_EQ(ended_, 23s);
}

TEST_F(DeadlineLadder, AtEightyPercentAsksForAnAnswerWithoutToolsAndAtNinetyFiveConcludesItself) {
  ask(1h);
  const auto verdict = run();
  EXPECT_THAT(judge_->asked, ElementsAre(Pair(0s, true), Pair(24s, false)));
  EXPECT_EQ(ended_, 28'500ms);
  EXPECT_EQ(verdict.reasoner, "embedded");
  EXPECT_THAT(verdict.missing, Contains(HasSubstr("model judge: timeout")));
}

TEST_F(DeadlineLadder, StandsWhereTheBudgetOfTheSeverityPutsIt) {
  ask(1h);
  investigate::Budgets budgets;
  budgets.by_severity[model::Severity::critical] = {
      .context = 10s, .enrich = 10s, .reason = 20s, .buffer = 10s};
  (void)run(budgets, model::Severity::critical);
  EXPECT_THAT(judge_->asked, ElementsAre(Pair(0s, true), Pair(40s, false)));
  EXPECT_EQ(ended_, 47'500ms);
}

TEST_F(DeadlineLadder, EnrichersThatHangAreNamedAndTheRestIsUsed) {
  enrichers_ = {std::make_shared<Hanging>(false), std::make_shared<Hanging>(true)};
  const auto verdict = run();
  EXPECT_EQ(ended_, 10s) << "context and enrichment";
  EXPECT_TRUE(verdict.partial);
  EXPECT_THAT(verdict.missing, Contains("hanging: timed out"));
  EXPECT_THAT(verdict.missing, Contains("deaf: timed out"));
  EXPECT_FALSE(verdict.evidence.empty());
}

TEST_F(DeadlineLadder, WhenEverythingHangsThereIsAVerdictAllTheSame) {
  const sallyport::testing::TemporaryDirectory directory;
  const auto store = store::Store::open({.directory = directory.path()}).value();
  const graph::EntityGraph graph{*store};
  std::promise<void> disk;
  {
    pool_ = std::make_unique<asio::thread_pool>(1);
    asio::post(*pool_, [answers = disk.get_future()] { answers.wait(); });  // no read gets past it
    graph_ = &graph;
    enrichers_ = {std::make_shared<Hanging>(true)};
    ask(1h);
    const auto verdict = run();
    EXPECT_EQ(ended_, 28'500ms);
    EXPECT_TRUE(verdict.partial);
    EXPECT_THAT(verdict.missing, Contains("graph: timed out"));
    EXPECT_THAT(verdict.missing, Contains("deaf: timed out"));
    EXPECT_THAT(verdict.missing, Contains(HasSubstr("model judge: timeout")));
  }
  disk.set_value();
  pool_->join();
}

}  // namespace
}  // namespace sallyport::connectors::models
