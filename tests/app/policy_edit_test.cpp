#include "engine/app/policy_edit.hpp"

#include "engine/config/document.hpp"

#include <gmock/gmock.h>

namespace sallyport::app::testing {

using ::testing::HasSubstr;
using ::testing::Not;

namespace {

const std::string file = R"(# the rules
tenants:
  acme:          # ours
    tier: L3     # since the review
    overrides: { run_script: { block: true } }
  other: { tier: "L1" }
  bare:
    limits: { block_ip: { per_hour: 1 } }
  empty: {}
)";

json::value tree(const std::string& text) {
  const auto document = config::Document::parse(text, "policy");
  EXPECT_TRUE(document) << document.error().detail << "\n" << text;
  return document ? document->root() : json::value{};
}

std::string in(const std::string& text, const std::string& from, const std::string& to) {
  auto copy = text;
  return copy.replace(copy.find(from), from.size(), to);
}

}  // namespace

TEST(PolicyEdit, ATierChangesAloneAndEveryOtherByteStays) {
  EXPECT_EQ(with_tier(file, "acme", model::Tier::L0).value(), in(file, "L3", "L0"));
  EXPECT_EQ(with_tier(file, "other", model::Tier::L4).value(), in(file, "\"L1\"", "\"L4\""));
  EXPECT_EQ(with_tier(file, "acme", model::Tier::L3).value(), file);
}

TEST(PolicyEdit, ATierThatWasNotWrittenIsAddedInPlace) {
  EXPECT_EQ(with_tier(file, "bare", model::Tier::L2).value(),
            in(file, "  bare:\n", "  bare:\n    tier: L2\n"));
  EXPECT_EQ(with_tier(file, "empty", model::Tier::L2).value(), in(file, "{}", "{ tier: L2 }"));
  EXPECT_EQ(with_tier("tenants:\n  a:\n", "a", model::Tier::L1).value(),
            "tenants:\n  a: { tier: L1 }\n");
}

TEST(PolicyEdit, ATenantThatIsNotNamedIsNotMadeUp) {
  EXPECT_EQ(with_tier(file, "acmee", model::Tier::L0).error().code, Errc::not_found);
}

TEST(PolicyEdit, AKillSwitchGoesOnAndOffAndLeavesOthersOn) {
  const auto on =
      with_kill_switch(file, {.scope = serve::KillScope::global, .on = true}, "an incident")
          .value();
  EXPECT_THAT(on, HasSubstr(file));
  EXPECT_EQ(tree(on).at("kill_switch"),
            parse_json(R"({"all":true,"reason":"an incident"})").value());
  const auto verb =
      with_kill_switch(on, {.scope = serve::KillScope::verb, .name = "run_script"}, "b").value();
  const auto less =
      with_kill_switch(verb, {.scope = serve::KillScope::global, .on = false}, "over").value();
  EXPECT_EQ(tree(less).at("kill_switch"),
            parse_json(R"({"verbs":["run_script"],"reason":"b"})").value());
  const auto none =
      with_kill_switch(
          less, {.scope = serve::KillScope::verb, .name = "run_script", .on = false}, "over")
          .value();
  EXPECT_EQ(tree(none).at("kill_switch"), false);
  EXPECT_EQ(with_kill_switch(file, {.scope = serve::KillScope::global, .on = false}, "x").value(),
            file);
}

TEST(PolicyEdit, ATenantsKillSwitchIsItsOwn) {
  const auto on =
      with_kill_switch(file,
                       {.scope = serve::KillScope::connector, .tenant = "acme", .name = "okta"},
                       "c: #4711")
          .value();
  EXPECT_EQ(tree(on).at("tenants").at("acme").at("kill_switch"),
            parse_json(R"({"connectors":["okta"],"reason":"c: #4711"})").value());
  EXPECT_THAT(on, HasSubstr("# since the review"));
  EXPECT_FALSE(tree(on).at("tenants").at("other").as_object().contains("kill_switch"));
}

TEST(PolicyEdit, AKillSwitchWrittenAsABlockIsReplacedAndItsNeighboursStay) {
  const std::string text =
      "kill_switch:\n  verbs:\n  - run_script\n  # why not\n\n# tenants\ntenants:\n  a: { tier: L1 "
      "}\n";
  const auto on = with_kill_switch(text, {.scope = serve::KillScope::global}, "now").value();
  EXPECT_THAT(on, HasSubstr("# tenants\ntenants:"));
  EXPECT_EQ(tree(on).at("kill_switch"),
            parse_json(R"({"all":true,"verbs":["run_script"],"reason":"now"})").value());
}

TEST(PolicyEdit, ADemotionIsALimitOfZeroBesideTheOthers) {
  const auto demoted = [](const std::string& text) {
    return with_demotion(text, "a", "block_ip", "ip", "demoted: 3 of 5 (60 %); no").value();
  };
  const std::string limited =
      "# x\ntenants:\n  a: # y\n    tier: L3\n    limits:\n"
      "      block_ip: { per_hour: 5, per_day: 40 }\n      notify: { per_hour: 1 }\n";
  EXPECT_EQ(
      demoted(limited),
      "# x\ntenants:\n  a: # y\n    tier: L3\n    limits:\n"
      "      block_ip: [{ per_hour: 5, per_day: 40 }, { per_day: 0, when: { target.kind: ip }, "
      "reason: \"demoted: 3 of 5 (60 %); no\" }]\n"
      "      notify: { per_hour: 1 }\n");
  EXPECT_EQ(
      tree(demoted("tenants:\n  a:\n    tier: L3\n")).at("tenants").at("a").at("limits"),
      parse_json(
          R"({"block_ip":{"per_day":0,"when":{"target.kind":"ip"},"reason":"demoted: 3 of 5 (60 %); no"}})")
          .value());
  EXPECT_EQ(demoted(demoted(limited)), demoted(limited));
  const auto other = with_demotion(demoted(limited), "a", "block_ip", "host", "r").value();
  EXPECT_EQ(tree(other).at("tenants").at("a").at("limits").at("block_ip").as_array().size(), 3U);
  EXPECT_EQ(with_demotion(limited, "b", "block_ip", "ip", "r").error().code, Errc::not_found);
}

TEST(PolicyEdit, AJsonFileStaysOne) {
  const std::string text = R"({"tenants":{"a":{"tier":"L2"}}})";
  const auto tier = with_tier(text, "a", model::Tier::L1).value();
  EXPECT_EQ(tier, R"({"tenants":{"a":{"tier":"L1"}}})");
  const auto kill = with_kill_switch(tier, {.scope = serve::KillScope::global}, "now").value();
  ASSERT_TRUE(parse_json(kill)) << kill;
  EXPECT_EQ(parse_json(kill)->at("kill_switch").at("all"), true);
}

TEST(PolicyEdit, WhatCannotBeChangedInPlaceIsWrittenAnewAndSaysSo) {
  const std::string text = "terms: &t { tier: L3 }\ntenants:\n  a: *t\n  b: *t\n";
  const auto edited = with_tier(text, "a", model::Tier::L1).value();
  EXPECT_THAT(edited, HasSubstr("Written anew"));
  EXPECT_EQ(tree(edited).at("tenants"),
            parse_json(R"({"a":{"tier":"L1"},"b":{"tier":"L3"}})").value());
}

TEST(PolicyEdit, TheShippedFileKeepsItsCommentsThroughAnyChange) {
  const auto shipped =
      config::Document::load(SALLYPORT_SOURCE_DIR "/config/policy.yaml").value().root();
  std::string text = "# a\n\"tenants\": # b\n  'default': # c\n    # d\n    tier: L0 # e\n";
  text = with_tier(text, "default", model::Tier::L2).value();
  text = with_kill_switch(text, {.scope = serve::KillScope::tenant, .tenant = "default"}, "yes: no")
             .value();
  for (const auto* comment : {"# a", "# b", "# c", "# d", "# e"})
    EXPECT_THAT(text, HasSubstr(comment));
  EXPECT_THAT(text, Not(HasSubstr("Written anew")));
  EXPECT_TRUE(shipped.is_object());
}

}  // namespace sallyport::app::testing
