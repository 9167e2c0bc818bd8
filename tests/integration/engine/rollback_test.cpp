#include "engine/base/time.hpp"
#include "tests/integration/engine/engine.hpp"
#include "tools/lab/lab.hpp"

#include <gmock/gmock.h>

namespace sallyport::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

/// The engine with a real firewall.
class Rollback : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(lab_) << lab_.error().detail;
    engine_.emplace(EngineSetup{
        .tier = "L3",
        .intel = "indicator,kind,confidence\n203.0.113.66,ip,100\n",
        .connectors = {{"firewall",
                        {{"type", "nftables"}, {"network_namespace", lab_->networks().gateway}}}},
        .actions = {{"watch", {{"every_s", 1}}}}});
    engine_->start_and_wait();
  }

  /// Returns its id, once it came to rest.
  std::string block(const std::string& address) {
    const auto answer = engine_->post(
        "/v1/actions",
        fmt::format(R"({{"action":"block_ip","target":{{"kind":"ip","value":"{}"}}}})", address));
    EXPECT_TRUE(answer && answer->status == 201) << engine_->log_end();
    const std::string id{parse_json(answer->body)->at("id").as_string()};
    EXPECT_TRUE(comes_true(10s, [&] { return state_of(id) == "verified"; })) << state_of(id);
    return id;
  }

  std::string state_of(const std::string& id) {
    return text_in(parse_json(engine_->get("/v1/actions/" + id)->body).value(), "state");
  }

  static std::string text_in(const json::value& object, std::string_view key) {
    return std::string{object.at(key).as_string()};
  }

  [[nodiscard]] bool blocks(const std::string& address) const {
    const auto rules = nft({"list", "ruleset"});
    return rules.contains(address + ' ') || rules.contains(address + ',');
  }

  /// Somebody else at the firewall.
  std::string nft(std::vector<std::string> words) const {
    std::vector<std::string> command{"ip", "netns", "exec", lab_->networks().gateway, "nft"};
    command.insert(command.end(), words.begin(), words.end());
    const auto done = lab::must_run(command);
    EXPECT_TRUE(done) << done.error().detail;
    return done.value_or("");
  }

  lab::Finished actions(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "actions");
    const auto url = fmt::format("http://127.0.0.1:{}", engine_->port());
    arguments.insert(arguments.end(), {"--url", url, "--token", Engine::token});
    return run_sallyport(std::move(arguments));
  }

  Result<lab::Lab> lab_ = lab::Lab::start({.directory = false, .workstation = false});
  std::optional<Engine> engine_;
};

TEST_F(Rollback, SinceATimeUndoesTheLastFirstAndLeavesWhatWasThereBefore) {
  const auto early = block("203.0.113.10");
  nft({"add",
       "element",
       "inet",
       "sallyport",
       "blocked_hosts_v4",
       "{ 203.0.113.9 }"});  // by somebody else
  std::this_thread::sleep_for(5ms);
  const auto since = to_rfc3339(SystemClock{}.now());
  const auto first = block("203.0.113.7");
  const auto kept = block("203.0.113.9");
  const auto second = block("203.0.113.8");

  const auto preview = actions({"rollback", "--since", since, "--preview"});
  EXPECT_EQ(preview.status, 1) << preview.printed;  // not all can be undone
  EXPECT_LT(preview.printed.find(second), preview.printed.find(kept)) << preview.printed;
  EXPECT_LT(preview.printed.find(kept), preview.printed.find(first)) << preview.printed;
  EXPECT_THAT(preview.printed,
              AllOf(Not(HasSubstr(early)),
                    HasSubstr("would be undone by unblock_ip"),
                    HasSubstr("NOT UNDONE: action " + kept + " cannot be undone")));
  EXPECT_TRUE(blocks("203.0.113.7") && blocks("203.0.113.8"));

  const auto undone = actions({"rollback", "--since", since});
  EXPECT_EQ(undone.status, 1) << undone.printed;
  EXPECT_TRUE(comes_true(10s, [&] { return state_of(first) == "rolled_back"; }));
  EXPECT_TRUE(comes_true(10s, [&] { return state_of(second) == "rolled_back"; }));
  EXPECT_FALSE(blocks("203.0.113.7") || blocks("203.0.113.8"));
  EXPECT_TRUE(blocks("203.0.113.9")) << "it was blocked before";
  EXPECT_TRUE(blocks("203.0.113.10")) << "it was blocked by an action before that time";
  EXPECT_EQ(state_of(early), "verified");
}

TEST_F(Rollback, OfAnInvestigationUndoesWhatItDidAndNothingElse) {
  const auto other = block("203.0.113.10");
  const auto sent = engine_->post(
      "/v1/alerts",
      R"({"timestamp":"2026-11-20T10:00:00.000001+0000","flow_id":1,"event_type":"alert",)"
      R"("src_ip":"203.0.113.66","src_port":4444,"dest_ip":"10.77.0.20","dest_port":445,)"
      R"("proto":"TCP","alert":{"action":"allowed","signature_id":20271,)"
      R"("signature":"ET MALWARE ransom note",)"
      R"("category":"Malware Command and Control Activity Detected","severity":1,)"
      R"("metadata":{"mitre_technique_id":["T1486"]}}})");
  ASSERT_TRUE(sent && sent->status == 202) << engine_->log_end();
  ASSERT_TRUE(comes_true(10s, [&] { return blocks("203.0.113.66"); })) << engine_->log_end();
  const auto listed = parse_json(engine_->get("/v1/investigations")->body).value();
  const auto investigation = text_in(listed.at("items").at(0), "investigation");
  std::string id;
  ASSERT_TRUE(comes_true(10s, [&] {
    const auto all =
        parse_json(engine_->get("/v1/actions?investigation=" + investigation)->body).value();
    for (const auto& action : all.at("items").as_array()) {
      if (text_in(action, "state") == "verified") id = text_in(action, "id");
    }
    return !id.empty();
  }));

  const auto undone = actions({"rollback", "--investigation", investigation});
  EXPECT_THAT(undone.printed, HasSubstr(id));
  EXPECT_TRUE(comes_true(10s, [&] { return state_of(id) == "rolled_back"; })) << undone.printed;
  EXPECT_FALSE(blocks("203.0.113.66"));
  EXPECT_EQ(state_of(other), "verified");
}

TEST_F(Rollback, WhatSomebodyUndoesAtTheFirewallIsRecordedAndToldAndNotDoneAgain) {
  const auto id = block("203.0.113.7");
  const std::vector<std::string> element{
      "element", "inet", "sallyport", "blocked_hosts_v4", "{ 203.0.113.7 }"};
  const auto by_somebody = [&](const std::string& what) {
    auto words = element;
    words.insert(words.begin(), what);
    nft(words);
  };
  const auto ledger = [&] { return engine_->get("/v1/ledger?subject=" + id)->body; };
  by_somebody("delete");
  ASSERT_TRUE(comes_true(10s, [&] { return ledger().contains(R"("kind":"drifted")"); }));
  EXPECT_THAT(actions({"show", id}).printed, HasSubstr("undone outside"));
  EXPECT_TRUE(comes_true(10s, [&] { return engine_->log().contains("was undone outside"); }));
  EXPECT_FALSE(blocks("203.0.113.7"));
  EXPECT_EQ(engine_->metric("sallyport_action_looks_total{result=\"drifted\"}"), 1);

  by_somebody("add");
  EXPECT_TRUE(comes_true(10s, [&] { return ledger().contains(R"("kind":"restored")"); }));
  EXPECT_THAT(actions({"show", id}).printed, Not(HasSubstr("undone outside")));
}

TEST_F(Rollback, NeedsToBeToldWhat) {
  EXPECT_EQ(actions({"rollback"}).status, 2);
  EXPECT_EQ(actions({"rollback", "--since", "yesterday"}).status, 2);
  const auto nothing = actions({"rollback", "--since", "2099-01-01T00:00:00Z"});
  EXPECT_EQ(nothing.status, 1);
  EXPECT_THAT(nothing.printed, HasSubstr("nothing to undo"));
}

TEST_F(Rollback, TheConnectorsAreListedWithTheirBreakers) {
  const auto listed = parse_json(engine_->get("/v1/connectors")->body).value();
  const auto& firewall = listed.at("items").at(0);
  EXPECT_EQ(text_in(firewall, "name"), "firewall");
  EXPECT_EQ(text_in(firewall, "breaker"), "closed");
  EXPECT_EQ(engine_->metric("sallyport_connector_open{connector=\"firewall\"}"), 0);
}

}  // namespace
}  // namespace sallyport::testing
