#include "connectors/models/chain.hpp"
#include "connectors/models/provider.hpp"
#include "tests/connectors_models/investigation_parts.hpp"
#include "tests/connectors_models/model_server.hpp"

#include <boost/asio/co_spawn.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

// More investigations than models have places for: who gets one, and what becomes of the others.
namespace sallyport::connectors::models {
namespace {

using namespace testing;
using ::testing::AnyOf;
using ::testing::Contains;
using ::testing::HasSubstr;

/// Investigations that begin at one moment, over models that take eight seconds to answer.
class Rush {
 public:
  explicit Rush(std::vector<ProviderSettings> providers, DailyLimits limits = {})
      : allowance_{std::make_shared<Allowance>(limits, clock_)} {
    std::vector<std::shared_ptr<reason::LanguageModel>> chain;
    for (auto& settings : providers) {
      settings.url = "http://model.example/v1";
      settings.model = "m";
      auto connect = [this](http::Origin) -> Task<std::unique_ptr<http::Transport>> {
        co_return std::make_unique<ScriptedServer>(
            [this](std::string_view) {
              ++asked_;
              return says(Dialect::openai, judgement(), 8s);
            },
            open_);
      };
      auto client = std::make_shared<http::Client>(
          connect, http::PoolLimits{.connections_per_origin = settings.connections});
      const auto name = "model-" + std::to_string(chain.size());
      chain.push_back(
          Provider::make(name, std::move(settings), client, clock_, [] { return 0.5; }).value());
    }
    auto counsel = std::make_shared<investigate::Counsel>();
    counsel->judge = std::make_shared<Chain>(std::move(chain), allowance_, Hedging{});
    counsel_ = std::move(counsel);
  }

  void spent_today(const std::string& tenant, std::int64_t tokens) {
    allowance_->remember(tenant, clock_.now(), tokens, 0);
  }

  void want(std::size_t n,
            const std::string& tenant,
            model::Severity severity = model::Severity::medium) {
    const auto one = alert(tenant, severity);
    for (std::size_t i = 0; i < n; ++i) {
      asio::co_spawn(
          loop_,
          investigator_.investigate(one, Deadline::in(30s), {}, counsel_),
          [this, severity](const std::exception_ptr& thrown, Result<model::Verdict> verdict) {
            EXPECT_FALSE(thrown);
            ASSERT_TRUE(verdict);
            EXPECT_LE(VirtualTime::elapsed(), 30s);
            const bool by_model = verdict->reasoner != "embedded";
            ++(by_model ? by_model_ : by_rules_)[verdict->tenant];
            if (by_model) ++by_severity_[severity];
            by_ += verdict->reasoner + ' ';
            if (!by_model)
              EXPECT_THAT(
                  verdict->missing,
                  Contains(AnyOf(HasSubstr("its turn did not come in time"),
                                 HasSubstr("the daily allowance of 50000 tokens is used up"),
                                 HasSubstr("it did not begin to answer"))));
          });
    }
    all_ += n;
  }

  void run() {
    VirtualTime::run(
        loop_, 10ms, 40s, [this] { return count(by_model_) + count(by_rules_) == all_; });
    EXPECT_EQ(count(by_model_) + count(by_rules_), all_) << "none is dropped";
  }

  [[nodiscard]] std::size_t by_model(const std::string& tenant) { return by_model_[tenant]; }

  [[nodiscard]] std::size_t by_model(model::Severity severity) { return by_severity_[severity]; }

  [[nodiscard]] const std::string& by() const { return by_; }

  [[nodiscard]] std::size_t asked() const { return asked_; }

 private:
  using Count = std::map<std::string, std::size_t>;

  static std::size_t count(const Count& counts) {
    std::size_t all = 0;
    for (const auto& [tenant, n] : counts) all += n;
    return all;
  }

  int open_ = 0;
  std::size_t asked_ = 0;
  std::size_t all_ = 0;
  VirtualTime time_;
  VirtualClock clock_;
  UlidSource ids_{7};
  asio::io_context loop_{1};
  std::shared_ptr<Allowance> allowance_;
  std::shared_ptr<const investigate::Counsel> counsel_;
  investigate::Investigator investigator_{shipped_rules(), {}, nullptr, clock_, ids_};
  Count by_model_;
  Count by_rules_;
  std::map<model::Severity, std::size_t> by_severity_;
  std::string by_;
};

TEST(Scheduling, TheStormOfOneTenantHoldsUpNoOther) {
  Rush rush{{{.connections = 20}}};
  rush.want(500, "storm", model::Severity::critical);
  rush.want(10, "calm", model::Severity::low);
  rush.run();
  EXPECT_EQ(rush.by_model("calm"), 10U);
  EXPECT_GE(rush.by_model("storm"), 40U) << "places that calm does not want are not left empty";
}

TEST(Scheduling, WhatIsUrgentGoesFirst) {
  Rush rush{{{.connections = 20}}};
  rush.want(200, "acme", model::Severity::low);
  rush.want(30, "acme", model::Severity::critical);
  rush.run();
  EXPECT_EQ(rush.by_model(model::Severity::critical), 30U);
  EXPECT_LT(rush.by_model(model::Severity::low), 40U);
}

TEST(Scheduling, AnotherModelTakesWhatTheFirstHasNoRoomFor) {
  Rush rush{{{.connections = 5}, {.connections = 100}}};
  rush.want(50, "acme");
  rush.run();
  EXPECT_EQ(rush.by_model("acme"), 50U);
  EXPECT_THAT(rush.by(), HasSubstr("model:model-0"));
  EXPECT_THAT(rush.by(), HasSubstr("model:model-1"));
}

TEST(Scheduling, NoMoreIsAskedThanTheTokensOfAMinuteAllow) {
  // An answer costs 1,100 tokens; each claims some more, and gives back what it did not use.
  Rush rush{{{.connections = 100, .tokens_per_minute = 20'000}}};
  rush.want(60, "acme");
  rush.run();
  EXPECT_GE(rush.asked(), 8U);
  EXPECT_LE(rush.asked(), 28U) << "a minute's amount, and what flows in within half of one";
}

TEST(Scheduling, ATenantThatHasUsedUpItsDayGetsTheRulesSaysSoAndHoldsUpNoOther) {
  Rush rush{{{.connections = 100}}, {.tokens = 50'000}};
  rush.spent_today("spent", 49'999);
  rush.want(3, "spent");
  rush.want(3, "fresh");
  rush.run();  // that `missing` says why is expected of each
  EXPECT_EQ(rush.by_model("spent"), 0U);
  EXPECT_EQ(rush.by_model("fresh"), 3U);
  EXPECT_EQ(rush.asked(), 3U) << "who may not spend is not asked for either";
}

}  // namespace
}  // namespace sallyport::connectors::models
