#include "connectors/models/chain.hpp"
#include "connectors/models/provider.hpp"
#include "tests/connectors_models/investigation_parts.hpp"
#include "tests/connectors_models/model_server.hpp"

#include <boost/asio/co_spawn.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

// What providers keep of a question that begins like one before it: whole investigations, and the
// bytes that they send.
namespace sallyport::connectors::models {
namespace {

using namespace testing;
using sallyport::testing::VirtualTime;
using ::testing::HasSubstr;
using ::testing::SizeIs;

/// A query that finds nothing.
class Nothing final : public investigate::Query {
 public:
  [[nodiscard]] std::string_view name() const override { return "siem_events"; }

  [[nodiscard]] std::string_view description() const override { return "events about it"; }

  Task<std::vector<model::Evidence>> run(std::shared_ptr<const model::Alert> /*alert*/,
                                         model::Entity /*entity*/,
                                         Deadline /*deadline*/) override {
    co_return std::vector<model::Evidence>{};
  }
};

/// The bodies of what two investigations, of different alerts, tenants and moments, ask of one
/// provider.
class Questions {
 public:
  explicit Questions(Dialect dialect) {
    auto connect = [this, dialect](http::Origin) -> Task<std::unique_ptr<http::Transport>> {
      co_return std::make_unique<ScriptedServer>(
          [this, dialect](std::string_view request) {
            const bool reads = asked_in(request) == Asked::reader;
            auto& into = reads ? of_readers : of_judges;
            into.emplace_back(request.substr(request.find("\r\n\r\n") + 4));
            return says(dialect, reads ? reading : judgement());
          },
          open_);
    };
    auto client = std::make_shared<http::Client>(connect, http::PoolLimits{});
    auto provider =
        Provider::make("double",
                       {.kind = dialect, .url = "http://model.example/v1", .model = "m"},
                       client,
                       clock_,
                       [] { return 0.5; })
            .value();
    auto counsel = std::make_shared<investigate::Counsel>();
    counsel->judge =
        std::make_shared<Chain>(std::vector<std::shared_ptr<reason::LanguageModel>>{provider},
                                std::make_shared<Allowance>(DailyLimits{}, clock_),
                                Hedging{});
    counsel->reader = counsel->judge;
    counsel->queries.push_back(std::make_shared<Nothing>());
    const investigate::Investigator investigator{
        shipped_rules(), {}, nullptr, clock_, ids_, investigate::Slices{}};
    auto other = std::make_shared<model::Alert>(*alert("globex", model::Severity::critical));
    other->uid = "u2";
    other->title = "Ransomware note";
    other->entities = {{{"host", "DC-1"}, "device", true}, {{"user", "eve"}, "actor", true}};
    for (const auto& one : {alert(), std::shared_ptr<const model::Alert>{other}}) {
      asio::io_context loop{1};
      bool done = false;
      asio::co_spawn(loop,
                     investigator.investigate(one, Deadline::in(30s), {}, counsel),
                     [&](const std::exception_ptr&, const Result<model::Verdict>& verdict) {
                       EXPECT_TRUE(verdict && verdict->reasoner == "model:double");
                       done = true;
                     });
      VirtualTime::run(loop, 10ms, 40s, [&] { return done; });
    }
  }

  std::vector<std::string> of_judges;
  std::vector<std::string> of_readers;

 private:
  int open_ = 0;
  VirtualTime time_;
  VirtualClock clock_;
  UlidSource ids_{7};
};

/// How far two texts are the same.
std::string_view common_start(std::string_view one, std::string_view two) {
  const auto [end, unused] = std::ranges::mismatch(one, two);
  return {one.begin(), end};
}

class Prefix : public ::testing::TestWithParam<Dialect> {};

TEST_P(Prefix, OfEveryQuestionOfAKindIsTheSameUpToTheFirstWordOfItsOwn) {
  const Questions questions{GetParam()};
  for (const auto& [bodies, own] :
       {std::pair{questions.of_judges, "The marker of this investigation is "},
        std::pair{questions.of_readers, "The marker of this text is "}}) {
    ASSERT_THAT(bodies, SizeIs(2));
    EXPECT_NE(bodies[0], bodies[1]);
    const auto first = bodies[0].find(own);
    ASSERT_NE(first, std::string::npos);
    // The marker is the first that differs.
    EXPECT_GE(common_start(bodies[0], bodies[1]).size(), first + std::string_view{own}.size());
    // What comes after the messages is the same too: where a provider reads tools first, it does.
    const auto after = [](const std::string& body) { return body.substr(body.rfind("}],\"")); };
    EXPECT_EQ(after(bodies[0]), after(bodies[1]));
  }
  EXPECT_THAT(questions.of_judges[0], HasSubstr("siem_events"));
}

TEST(PrefixForAnthropic, IsMarkedAtItsEnd) {
  const Questions questions{Dialect::anthropic};
  for (const auto& bodies : {questions.of_judges, questions.of_readers}) {
    const auto body = parse_json(bodies.at(0)).value();
    // It reads tools, system, messages: marked at the end of the system, all of both is kept.
    const auto& system = body.at("system").as_array();
    EXPECT_EQ(system.back().at("cache_control").at("type"), "ephemeral");
    EXPECT_FALSE(body.at("tools").as_array().empty());
    EXPECT_LT(bodies[0].find("\"tools\":"), bodies[0].find("\"messages\":"));
    EXPECT_LT(bodies[0].find("\"system\":"), bodies[0].find("\"messages\":"));
  }
}

INSTANTIATE_TEST_SUITE_P(Wires,
                         Prefix,
                         ::testing::Values(Dialect::openai, Dialect::anthropic),
                         [](const auto& p) { return std::string{name_of(p.param)}; });

}  // namespace
}  // namespace sallyport::connectors::models
