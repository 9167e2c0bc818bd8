#include "engine/investigate/replay.hpp"

#include "engine/config/document.hpp"
#include "engine/investigate/kept.hpp"
#include "engine/investigate/story.hpp"
#include "engine/investigate/verdicts.hpp"
#include "engine/reason/instructions.hpp"
#include "tests/store/temporary_directory.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>

namespace sallyport::investigate {
namespace {

using namespace std::chrono_literals;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::string_view marked = "s3cret-marked-4711";

/// What an enricher does when it is asked.
enum class Manner { answers, hangs, fails };

class Outside final : public Enricher {
 public:
  Outside(std::string name, Manner manner) : name_{std::move(name)}, manner_{manner} {}

  [[nodiscard]] std::string_view name() const override { return name_; }

  Task<std::vector<model::Evidence>> enrich(std::shared_ptr<const model::Alert> alert,
                                            Deadline /*deadline*/) override {
    asio::steady_timer timer{co_await asio::this_coro::executor, 0s};
    co_await timer.async_wait(asio::use_awaitable);
    if (manner_ == Manner::hangs) {
      timer.expires_at(asio::steady_timer::time_point::max());
      co_await timer.async_wait(asio::use_awaitable);
    }
    if (manner_ == Manner::fails)
      co_return fail(Errc::unavailable, "401 for the token " + std::string{marked});
    model::Evidence item{.source = name_,
                         .status = model::EvidenceStatus::found,
                         .trust = model::Trust::trusted,
                         .summary = "on a list; asked with " + std::string{marked}};
    item.signals.push_back({"intel.known_bad", 0.98});
    const auto& entity = alert->entities.front().entity;
    item.data = {{"entity", {{"kind", entity.kind}, {"value", entity.value}}},
                 {"indicator", entity.value},
                 {"asked", "token " + std::string{marked}},
                 {"confidence", 0.98}};
    co_return std::vector{item};
  }

 private:
  std::string name_;
  Manner manner_;
};

/// Says what it was given, one answer after the other; then it hangs.
class Scripted final : public reason::LanguageModel {
 public:
  explicit Scripted(std::deque<reason::ModelAnswer> answers) : answers_{std::move(answers)} {}

  [[nodiscard]] std::string_view name() const override { return "scripted"; }

  asio::awaitable<reason::ModelAnswer> ask(std::shared_ptr<const reason::ModelRequest> request,
                                           Deadline deadline,
                                           FirstToken /*first_token*/) override {
    reason::ModelAnswer answer;
    if (request->form->instructions != reason::judge_instructions) {
      answer.text = R"({"activity":["ordinary"],"result":"unknown","obfuscated":false,
                        "speaks_to_reader":false,"techniques":[],"indicators":[]})";
      answer.outcome = reason::CallOutcome::stop;
    } else if (answers_.empty()) {
      asio::steady_timer timer{co_await asio::this_coro::executor, deadline.at()};
      co_await timer.async_wait(asio::use_awaitable);
      answer.outcome = reason::CallOutcome::timeout;
      answer.detail = "silent, with the key " + std::string{marked};
    } else {
      answer = std::move(answers_.front());
      answers_.pop_front();
    }
    answer.model = "scripted";
    answer.attempts = 1;
    answer.usage = {.tokens_in = 900, .tokens_out = 70, .tokens_cached = 10, .measured = true};
    answer.usd = 0.0012;
    answer.took = 3ms;
    co_return answer;
  }

 private:
  std::deque<reason::ModelAnswer> answers_;
};

class Neighbours final : public Query {
 public:
  [[nodiscard]] std::string_view name() const override { return "neighbours"; }

  [[nodiscard]] std::string_view description() const override { return "who is near"; }

  Task<std::vector<model::Evidence>> run(std::shared_ptr<const model::Alert> /*alert*/,
                                         model::Entity entity,
                                         Deadline /*deadline*/) override {
    model::Evidence item{.source = "neighbours",
                         .status = model::EvidenceStatus::found,
                         .trust = model::Trust::trusted,
                         .summary = "three of them"};
    item.data = {{"around", entity.value}};
    co_return std::vector{item};
  }
};

reason::ModelAnswer says(std::string text) {
  reason::ModelAnswer answer;
  answer.outcome = reason::CallOutcome::stop;
  answer.text = std::move(text);
  return answer;
}

reason::ModelAnswer looks_up() {
  reason::ModelAnswer answer;
  answer.outcome = reason::CallOutcome::tool_calls;
  answer.calls.push_back({"c1", "look_up", R"({"query":"neighbours","entity":0})"});
  return answer;
}

std::string judgement(std::string_view verdict, std::string_view citations) {
  return fmt::format(
      R"({{"hypotheses":[{{"statement":"it is {} {}","verdict":"{}","supporting":[],"refuting":[]}}],
          "citations":[{}],"verdict":"{}","techniques":[],"actions":[],"summary":"as seen"}})",
      verdict,
      marked,
      verdict,
      citations,
      verdict);
}

class ReplayTest : public ::testing::Test {
 protected:
  ReplayTest() {
    const std::string root = SALLYPORT_SOURCE_DIR;
    Faults faults;
    const auto verbs = config::Document::load(root + "/schemas/actions.yaml").value();
    catalogue_ = model::Catalogue::read(verbs.root(), faults);
    document_ = config::Document::load(root + "/config/reasoner.yaml").value().root();
    rules_ = Rules::read(document_, catalogue_, faults);
    EXPECT_TRUE(rules_) << summary(faults);
    auto alert = std::make_shared<model::Alert>();
    alert->tenant = "acme";
    alert->uid = "u1";
    alert->source = "wazuh";
    alert->detection = "5712";
    alert->title = "Something";
    alert->severity = model::Severity::high;
    alert->received_at = *parse_rfc3339("2026-11-20T12:00:00Z");
    alert->entities = {{{"ip", "198.51.100.7"}, "src", true}, {{"host", "WKS-1"}, "device", true}};
    alert->finding = {{"message", "nothing"}};
    alert_ = alert;
  }

  /// The investigation, recorded.
  Account investigate(std::vector<std::shared_ptr<Enricher>> enrichers,
                      std::shared_ptr<const Counsel> counsel = nullptr) {
    Investigator investigator{rules_, std::move(enrichers), nullptr, clock_, ids_, slices_};
    investigator.record(true);
    investigator.hide(Scrubber{{Secret{std::string{marked}}}});
    Account account{.alert = alert_, .verdict = {}, .recording = {}};
    asio::io_context loop{1};
    asio::co_spawn(
        loop,
        investigator.investigate(alert_, Deadline::in(slices_.total()), {}, std::move(counsel)),
        [&](const std::exception_ptr& thrown, Result<model::Verdict> verdict) {
          EXPECT_FALSE(thrown);
          ASSERT_TRUE(verdict);
          account.verdict = *std::move(verdict);
          loop.stop();
        });
    loop.run();
    EXPECT_TRUE(account.verdict.recording);
    for (const auto& kept : account.verdict.kept) {
      EXPECT_THAT(kept->text, Not(HasSubstr(std::string{marked})));
      if (kept->hash == account.verdict.recording)
        account.recording = from_json<Recording>(kept->text).value();
    }
    EXPECT_THAT(to_json(account.verdict), Not(HasSubstr(std::string{marked})));
    return account;
  }

  Replayed again(const Account& account, std::shared_ptr<const Rules> rules = nullptr) {
    asio::io_context loop{1};
    auto replayed = replay(account, rules ? rules : rules_, loop);
    EXPECT_TRUE(replayed) << replayed.error().detail;
    return replayed ? *std::move(replayed) : Replayed{};
  }

  /// Made again, it is the same to the byte: also after it went through its document.
  void expect_same(const Account& account) {
    EXPECT_EQ(to_json(again(account).verdict), to_json(account.verdict));
    Account read{.alert = alert_,
                 .verdict = read_verdict(to_json(account.verdict)).value(),
                 .recording = account.recording};
    EXPECT_EQ(to_json(again(read).verdict), to_json(account.verdict));
  }

  std::shared_ptr<Counsel> counsel(std::deque<reason::ModelAnswer> answers) {
    auto made = std::make_shared<Counsel>();
    made->judge = std::make_shared<Scripted>(std::move(answers));
    made->reader = made->judge;
    made->queries.push_back(std::make_shared<Neighbours>());
    return made;
  }

  json::value document_;
  model::Catalogue catalogue_;
  std::shared_ptr<const Rules> rules_;
  std::shared_ptr<const model::Alert> alert_;
  SystemClock clock_;
  UlidSource ids_{7};
  Slices slices_{.context = 60ms, .enrich = 60ms, .reason = 120ms, .buffer = 60ms};
};

TEST_F(ReplayTest, ComesToTheSameWithoutAskingAnybody) {
  const auto account = investigate({std::make_shared<Outside>("intel", Manner::answers)});
  EXPECT_EQ(account.verdict.verdict, model::Judgement::malicious);
  EXPECT_FALSE(account.verdict.proposals.empty());
  expect_same(account);
}

TEST_F(ReplayTest, ComesToTheSameWhereEnrichersFailedOrHung) {
  const auto account = investigate({std::make_shared<Outside>("edr", Manner::fails),
                                    std::make_shared<Outside>("intel", Manner::answers),
                                    std::make_shared<Outside>("siem", Manner::hangs)});
  EXPECT_TRUE(account.verdict.partial);
  EXPECT_THAT(account.verdict.missing, Contains("edr: 401 for the token [secret]"));
  EXPECT_THAT(account.verdict.missing, Contains("siem: timed out"));
  expect_same(account);
}

TEST_F(ReplayTest, SaysWhatAModelSaid) {
  const auto account =
      investigate({std::make_shared<Outside>("intel", Manner::answers)},
                  counsel({looks_up(),
                           says("no judgement at all, but " + std::string{marked}),
                           says(judgement("suspicious", R"({"evidence":"E1","quote":"found"})"))}));
  ASSERT_TRUE(account.verdict.opinion) << to_json(account.verdict);
  EXPECT_EQ(account.verdict.model_calls->size(), 4U);
  ASSERT_TRUE(account.recording.dialogue);
  EXPECT_EQ(account.recording.dialogue->speeches.size(), 4U);
  const auto replayed = again(account);
  EXPECT_TRUE(replayed.other_questions.empty());
  expect_same(account);
}

TEST_F(ReplayTest, RemembersASilentModel) {
  const auto account =
      investigate({std::make_shared<Outside>("intel", Manner::answers)}, counsel({}));
  EXPECT_EQ(account.verdict.reasoner, "embedded");
  expect_same(account);
}

TEST_F(ReplayTest, KeepsWhatThePipelineAddedToWhatIsMissing) {
  auto account = investigate({std::make_shared<Outside>("edr", Manner::fails)});
  account.verdict.missing.emplace_back("model: not asked, 1000 investigations wait for one");
  expect_same(account);
}

TEST_F(ReplayTest, ShowsWhatOtherRulesMakeOfTheSameEvidence) {
  const auto account = investigate({std::make_shared<Outside>("intel", Manner::answers)},
                                   counsel({says(judgement("suspicious", ""))}));
  auto other = document_;
  other.at("weights").at("intel.known_bad").at("weight") = 0.1;
  Faults faults;
  const auto rules = Rules::read(other, catalogue_, faults);
  ASSERT_TRUE(rules) << summary(faults);
  const auto replayed = again(account, rules);
  EXPECT_LT(replayed.verdict.confidence, account.verdict.confidence);
  EXPECT_EQ(to_json(replayed.verdict.evidence), to_json(account.verdict.evidence));
}

TEST_F(ReplayTest, SaysWhenAModelWouldBeAskedSomethingElse) {
  auto account = investigate({std::make_shared<Outside>("intel", Manner::answers)},
                             counsel({says(judgement("suspicious", ""))}));
  account.verdict.evidence.back().summary += " and more";  // of the reader's evidence: read again
  EXPECT_TRUE(again(account).other_questions.empty());
  for (auto& item : account.verdict.evidence)
    if (item.source == "intel") item.summary += " and more";
  EXPECT_FALSE(again(account).other_questions.empty());
}

/// A later alert of the same story, which says more.
model::Alert later_than(const model::Alert& first) {
  auto later = first;
  later.uid = "u2";
  later.techniques = {"T1486"};
  later.finding = {{"message", "vssadmin delete shadows"}};
  return later;
}

Recording recording_of(const model::Verdict& verdict) {
  for (const auto& kept : verdict.kept)
    if (kept->hash == verdict.recording) return from_json<Recording>(kept->text).value();
  ADD_FAILURE() << "nothing is kept";
  return {};
}

TEST_F(ReplayTest, ALaterVersionComesToTheSameFromTheOneBefore) {
  Investigator investigator{rules_, {}, nullptr, clock_, ids_, slices_};
  investigator.record(true);
  const auto first = *investigator.investigate_now(*alert_);
  const auto whole = joined(*alert_, later_than(*alert_));
  const auto second = *investigator.investigate_now(whole, first.investigation, &first);
  EXPECT_EQ(second.version, 2U);
  EXPECT_EQ(second.evidence.front().id, first.evidence.front().id);
  ASSERT_TRUE(second.recording);
  expect_same({.alert = alert_, .verdict = second, .recording = recording_of(second)});
}

TEST_F(ReplayTest, SoDoesOneThatWasJudgedByItself) {
  Investigator investigator{rules_, {}, nullptr, clock_, ids_, slices_};
  investigator.record(true);
  const auto first = *investigator.investigate_now(*alert_);
  const auto later = later_than(*alert_);
  const auto second = as_version_of(first,
                                    *investigator.investigate_now(later, first.investigation),
                                    joined(*alert_, later),
                                    later);
  EXPECT_EQ(second.version, 2U);
  ASSERT_TRUE(second.recording);
  expect_same({.alert = alert_, .verdict = second, .recording = recording_of(second)});
}

TEST_F(ReplayTest, AnotherModelMayLookUpWhatWasLookedUpAndNothingElse) {
  const auto account = investigate({std::make_shared<Outside>("intel", Manner::answers)},
                                   counsel({looks_up(), says(judgement("suspicious", ""))}));
  const auto other_asks = [&](int entity) {
    auto wish = looks_up();
    wish.calls.front().arguments = fmt::format(R"({{"query":"neighbours","entity":{}}})", entity);
    auto other = counsel({wish, says(judgement("suspicious", ""))});
    other->queries.clear();  // of its own it has none
    asio::io_context loop{1};
    const auto replayed = replay(account, rules_, loop, other);
    EXPECT_TRUE(replayed);
    for (const auto& item : replayed->verdict.evidence)
      if (item.source == "neighbours") return item;
    ADD_FAILURE() << "nothing was looked up: " << to_json(replayed->verdict);
    return model::Evidence{};
  };
  const auto same = other_asks(0);
  EXPECT_EQ(same.status, model::EvidenceStatus::found);
  EXPECT_EQ(same.summary, "three of them");
  EXPECT_EQ(other_asks(1).status, model::EvidenceStatus::not_collected);
}

TEST_F(ReplayTest, RefusesARecordingThatIsNotOfThisVerdict) {
  auto account = investigate({std::make_shared<Outside>("intel", Manner::answers)});
  account.verdict.evidence.pop_back();
  asio::io_context loop{1};
  EXPECT_FALSE(replay(account, rules_, loop));
}

TEST_F(ReplayTest, WhatManyInvestigationsShareIsStoredOnce) {
  sallyport::testing::TemporaryDirectory directory;
  const auto store = *store::Store::open({.directory = directory.path()});
  Investigator investigator{rules_, {}, nullptr, clock_, ids_};
  investigator.record(true);
  const auto first = *investigator.investigate_now(*alert_);
  const auto second = *investigator.investigate_now(*alert_);
  EXPECT_EQ(first.recording, second.recording);
  store::Batch batch;
  put_verdict(batch, first);
  const auto bytes = batch.bytes();
  ASSERT_TRUE(store->commit_and_wait(std::move(batch)));
  store::Batch another;
  put_verdict(another, second);
  EXPECT_LT(another.bytes() + 1000, bytes);
  EXPECT_TRUE(find_kept(*store, *first.recording));
  EXPECT_EQ(find_kept(*store, rules_->kept->hash).value(), rules_->kept->text);
}

TEST(Kept, GoesWhenItsTimeIsOverAndNotBefore) {
  sallyport::testing::TemporaryDirectory directory;
  const auto store = *store::Store::open({.directory = directory.path()});
  const auto kept = keep_text("{}");
  const auto now = *parse_rfc3339("2026-11-20T12:30:00Z");
  store::Batch batch;
  put_kept(batch, *kept, now);
  ASSERT_TRUE(store->commit_and_wait(std::move(batch)));
  const auto value = store->get(store::Table::recordings, kept->hash).value().value();
  EXPECT_FALSE(kept_before(now, value));
  EXPECT_TRUE(kept_before(now + 1h, value));
  EXPECT_FALSE(kept_before(now + 1h, "none of ours"));
  store::Batch again;
  put_kept(again, *kept, now + 10min);
  EXPECT_TRUE(again.empty());
  put_kept(again, *kept, now + 1h);
  EXPECT_FALSE(again.empty());
}

}  // namespace
}  // namespace sallyport::investigate
