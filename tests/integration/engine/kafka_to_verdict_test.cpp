#include "tests/integration/engine/alerts.hpp"
#include "tests/integration/engine/broker.hpp"
#include "tests/integration/engine/engine.hpp"
#include "tests/integration/engine/ledger_tally.hpp"

#include <gmock/gmock.h>

namespace sallyport::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class KafkaToVerdict : public ::testing::Test {
 protected:
  KafkaToVerdict() { broker_.create_topic(setup_.topic, 3); }

  void send(const Alerts& alerts) {
    broker_.send(setup_.topic, alerts.bytes);
    sent_ += static_cast<std::int64_t>(alerts.bytes.size());
  }

  /// The group's offsets have passed everything that was sent.
  [[nodiscard]] bool all_committed(Engine& engine) {
    const auto committed = [&] { return broker_.committed(setup_.group, setup_.topic) == sent_; };
    return comes_true(60s, [&] { return committed() || !engine.running(); }) && committed();
  }

  void expect_ledger_holds(const Engine& engine) {
    const auto verified = run_sallyport({"ledger", "verify", "--data", engine.data()});
    EXPECT_EQ(verified.status, 0) << verified.printed;
  }

  Broker broker_;
  EngineSetup setup_{.broker = broker_.address(),
                     .topic = broker_.unique("alerts"),
                     .group = broker_.unique("group"),
                     .dead_letter = broker_.unique("dead"),
                     .verdicts = broker_.unique("verdicts"),
                     .steps = broker_.unique("actions"),
                     .ledger = broker_.unique("ledger")};
  std::int64_t sent_ = 0;
};

TEST_F(KafkaToVerdict, AMessageWithManyAlertsIsAsManyInvestigationsAndOneOffset) {
  broker_.create_topic(setup_.verdicts, 2);
  Engine engine{setup_};
  engine.start();
  const auto alerts = make_alerts("batch", 25);
  std::string batch;
  for (const auto& alert : alerts.bytes) batch += (batch.empty() ? "[" : ",") + alert;
  send({.bytes = {batch + "]"}, .uids = alerts.uids});

  const auto verdicts = broker_.await(setup_.verdicts, 60s, [&](const auto& records) {
    return records.size() >= 25 || !engine.running();
  });
  EXPECT_THAT(verdicts, SizeIs(25)) << engine.log_end();
  EXPECT_TRUE(all_committed(engine)) << engine.log_end();
}

TEST_F(KafkaToVerdict, AnAlertBecomesAVerdictInTheTopicAndItsOffsetIsCommitted) {
  broker_.create_topic(setup_.verdicts, 2);
  broker_.create_topic(setup_.ledger, 1);
  Engine engine{setup_};
  engine.start();
  const auto alerts = make_alerts("a", 25);
  send(alerts);

  const auto verdicts = broker_.await(setup_.verdicts, 60s, [&](const auto& records) {
    return records.size() >= 25 || !engine.running();
  });
  ASSERT_THAT(verdicts, SizeIs(25)) << engine.log_end();
  std::set<std::string> uids;
  for (const auto& record : verdicts) {
    const auto event = parse_json(record.value);
    ASSERT_TRUE(event) << event.error().detail;
    EXPECT_EQ(event->at("class_uid"), 2005);
    EXPECT_EQ(event->at("type_uid"), 200501);
    EXPECT_EQ(event->at("metadata").at("uid"), json::value(record.key));
    const auto& document = event->at("unmapped").at("sallyport");
    EXPECT_EQ(document.at("investigation"), json::value(record.key));
    EXPECT_EQ(document.at("tenant"), "default");
    EXPECT_EQ(document.at("alerts").as_array().size(), 1U);
    EXPECT_EQ(event->at("finding_info_list").at(0).at("uid"), document.at("alerts").at(0));
    uids.insert(std::string{std::string_view{document.at("alerts").at(0).as_string()}});
  }
  EXPECT_EQ(uids, alerts.uids);
  EXPECT_TRUE(all_committed(engine)) << engine.log_end();

  EXPECT_EQ(engine.stop(), 0) << engine.log_end();
  expect_ledger_holds(engine);
  const auto tally = tally_ledger(engine.data());
  EXPECT_THAT(tally.not_investigated_once(alerts.uids), IsEmpty());
  // What the topic has is the ledger, to the last entry, in its order.
  const auto lines = broker_.read(setup_.ledger);
  ASSERT_THAT(lines, SizeIs(tally.entries));
  for (std::size_t i = 0; i < lines.size(); ++i)
    EXPECT_EQ(parse_json(lines[i].value)->at("seq"), i + 1);
}

TEST_F(KafkaToVerdict, TheSameAlertsTwiceAndAcrossARestartAreInvestigatedOnce) {
  Engine engine{setup_};
  const auto first = make_alerts("first", 300);
  const auto second = make_alerts("second", 300);
  engine.start();
  send(first);
  send(first);
  ASSERT_TRUE(all_committed(engine)) << engine.log_end();
  EXPECT_EQ(engine.stop(), 0) << engine.log_end();

  send(first);
  send(second);
  engine.start();
  send(second);
  ASSERT_TRUE(all_committed(engine)) << engine.log_end();
  EXPECT_EQ(engine.stop(), 0) << engine.log_end();

  auto uids = first.uids;
  uids.insert(second.uids.begin(), second.uids.end());
  const auto tally = tally_ledger(engine.data());
  EXPECT_THAT(tally.not_investigated_once(uids), IsEmpty());
  EXPECT_THAT(tally.received, SizeIs(600));
  for (const auto& [uid, times] : tally.received) EXPECT_EQ(times, 1) << uid;
  expect_ledger_holds(engine);
}

TEST_F(KafkaToVerdict, AnAlertThatComesAgainWithOtherContentIsKeptAndNotInvestigatedAgain) {
  Engine engine{setup_};
  engine.start();
  Alerts alerts;
  alerts.add("x", R"({"id":"x","title":"one","severity":"high"})");
  alerts.add("x", R"({"id":"x","title":"one","severity":"low"})");
  send(alerts);
  ASSERT_TRUE(all_committed(engine)) << engine.log_end();
  EXPECT_EQ(engine.stop(), 0) << engine.log_end();
  const auto tally = tally_ledger(engine.data());
  EXPECT_THAT(tally.not_investigated_once(alerts.uids), IsEmpty());
  EXPECT_THAT(tally.received, SizeIs(1));
}

}  // namespace
}  // namespace sallyport::testing
