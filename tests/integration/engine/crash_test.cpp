#include "engine/base/digest.hpp"
#include "tests/integration/engine/alerts.hpp"
#include "tests/integration/engine/broker.hpp"
#include "tests/integration/engine/engine.hpp"
#include "tests/integration/engine/ledger_tally.hpp"
#include "tests/integration/engine/set_witness.hpp"
#include "tools/lab/lab.hpp"

#include <gmock/gmock.h>

#include <future>
#include <random>

namespace sallyport::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::Gt;
using ::testing::IsEmpty;
using ::testing::Le;

constexpr unsigned seed = 20261121;
constexpr int kills = 20;
constexpr int alerts_before_the_crash = 5'000;
constexpr int bad_addresses = 250;

std::string bad_address(int i) {
  return fmt::format("45.83.{}.{}", 64 + i / 100, 10 + i % 100);
}

/// 5,000 alerts; one in ten is of a sensor that saw a listed address do damage: it leads to a
/// block.
Alerts storm() {
  auto plain = make_alerts("storm", alerts_before_the_crash * 9 / 10);
  Alerts alerts;
  alerts.uids = plain.uids;
  int severe = 0;
  for (std::size_t i = 0; i < plain.bytes.size(); ++i) {
    alerts.bytes.push_back(std::move(plain.bytes[i]));
    if (i % 9 != 8) continue;
    auto text = fmt::format(
        R"({{"timestamp":"2026-11-20T10:00:00.{:06}+0000","flow_id":{},"event_type":"alert",)"
        R"("src_ip":"{}","src_port":4444,"dest_ip":"10.77.0.{}","dest_port":445,"proto":"TCP",)"
        R"("alert":{{"action":"allowed","signature_id":2027{},"signature":"ET MALWARE ransom note",)"
        R"("category":"Malware Command and Control Activity Detected","severity":1,)"
        R"("metadata":{{"mitre_technique_id":["T1486"]}}}}}})",
        severe,
        1'000'000 + severe,
        bad_address(severe % bad_addresses),
        1 + severe % 200,
        severe % 7);
    ++severe;
    auto uid = content_hash(text);  // Suricata gives its alerts no id
    alerts.add(std::move(uid), std::move(text));
  }
  return alerts;
}

std::string indicators() {
  std::string list = "indicator,kind,confidence\n";
  for (int i = 0; i < bad_addresses; ++i) list += bad_address(i) + ",ip,100\n";
  return list;
}

TEST(Crash, KilledTwentyTimesEveryAlertIsInvestigatedOnceAndNoActionRunsTwice) {
  auto lab = lab::Lab::start({.networks = true, .directory = false, .workstation = false});
  ASSERT_TRUE(lab) << lab.error().detail;
  const auto& gateway = lab->networks().gateway;
  SetWitness witness{gateway};
  Broker broker;
  const EngineSetup setup{
      .broker = broker.address(),
      .topic = broker.unique("alerts"),
      .group = broker.unique("group"),
      .dead_letter = broker.unique("dead"),
      .verdicts = broker.unique("verdicts"),
      .steps = broker.unique("actions"),
      .tier = "L3",
      .intel = indicators(),
      .connectors = {{"firewall", {{"type", "nftables"}, {"network_namespace", gateway}}}},
      // An action that was cut off and did not happen is looked for that long.
      .actions = {{"verify_for_s", 1}}};
  broker.create_topic(setup.topic, 3);
  broker.create_topic(setup.verdicts, 2);
  broker.create_topic(setup.steps, 2);

  const auto alerts = storm();
  Engine engine{setup};
  std::mt19937 random{seed};
  const auto up_to = [&](int most) { return std::chrono::milliseconds{random() % unsigned(most)}; };
  constexpr std::size_t burst = alerts_before_the_crash / kills;
  for (int i = 0; i < kills; ++i) {
    const auto first = alerts.bytes.begin() + static_cast<std::ptrdiff_t>(i * burst);
    const std::vector<std::string> some{first, first + burst};
    engine.start();
    // One in four dies while it starts, the others in the middle of the work.
    const bool early = random() % 4 == 0;
    if (!early) ASSERT_TRUE(comes_true(30s, [&] { return engine.ready(); })) << engine.log_end();
    auto sending = std::async(std::launch::async, [&] { broker.send(setup.topic, some); });
    std::this_thread::sleep_for(up_to(early ? 600 : 400));
    engine.kill();
    sending.get();
  }

  engine.start_and_wait();
  EXPECT_TRUE(comes_true(60s, [&] {
    return broker.committed(setup.group, setup.topic) == alerts_before_the_crash ||
           !engine.running();
  })) << engine.log_end();
  EXPECT_TRUE(comes_true(60s, [&] {
    const auto now = tally_ledger(engine.data());
    return now.verdicts.size() == alerts.uids.size() && now.under_way() == 0;
  })) << engine.log_end();
  EXPECT_EQ(engine.stop(), 0) << engine.log_end();

  const auto verified = run_sallyport({"ledger", "verify", "--data", engine.data()});
  EXPECT_EQ(verified.status, 0) << verified.printed;
  const auto tally = tally_ledger(engine.data());
  EXPECT_THAT(tally.not_investigated_once(alerts.uids), IsEmpty());

  // What the records say is in effect is in the kernel's sets, nothing else is, and the kernel saw
  // it put there once. What is not in effect was cut off while it was being sent, and says so.
  const auto sets = lab::run({"ip", "netns", "exec", gateway, "nft", "list", "ruleset"});
  ASSERT_TRUE(sets) << sets.error().detail;
  const auto in_effect = tally.in_effect();
  const auto told = witness.seen();
  int blocked = 0;
  for (int i = 0; i < bad_addresses; ++i) {
    const auto deed = "block_ip " + bad_address(i);
    const auto found = in_effect.find(deed);
    const int times = found == in_effect.end() ? 0 : found->second;
    EXPECT_LE(times, 1) << tally.story_of(deed);
    EXPECT_EQ(sets->printed.contains(bad_address(i) + " "), times == 1) << tally.story_of(deed);
    const auto seen = told.find(bad_address(i));
    EXPECT_EQ(seen == told.end() ? 0 : seen->second, times) << tally.story_of(deed);
    if (times == 0) EXPECT_TRUE(tally.was_cut_off(deed)) << tally.story_of(deed);
    blocked += times;
  }
  EXPECT_GT(blocked, bad_addresses / 5);  // how many were cut off depends on the machine
  RecordProperty("blocked", blocked);
  for (const auto& [action, kinds] : tally.steps) {
    const auto sent = kinds.find(model::EntryKind::executing);
    if (sent != kinds.end()) EXPECT_EQ(sent->second, 1) << tally.story_of(tally.targets.at(action));
  }

  // At least once, over twenty crashes: every verdict and every step is in its topic.
  std::set<std::string> published;
  for (const auto& record : broker.read(setup.verdicts)) published.insert(record.key);
  EXPECT_EQ(published.size(), tally.versions.size());
  std::set<std::string> steps;
  for (const auto& record : broker.read(setup.steps)) steps.insert(record.key);
  EXPECT_EQ(steps.size(), tally.steps.size());
}

}  // namespace
}  // namespace sallyport::testing
