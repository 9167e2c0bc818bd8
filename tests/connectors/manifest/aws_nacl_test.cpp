#include "tests/connectors/manifest/stand.hpp"
#include "tools/lab/vendors/aws.hpp"

#include <gmock/gmock.h>

namespace sallyport::connectors::manifest::testing {

using model::ActionState;
using ::testing::HasSubstr;

namespace {

constexpr auto file = "firewall/aws_nacl.yaml";
const model::Target target{.kind = "ip", .value = "203.0.113.7"};

/// `in`, `out`, `in out`: what the network ACL denies of the target.
std::string denied(Stand& stand) {
  return stand.vendor->with<lab::AwsNaclLab>([](auto& lab) {
    std::string text{lab.denies("203.0.113.7", false) ? "in" : ""};
    if (lab.denies("203.0.113.7", true)) text += text.empty() ? "out" : " out";
    return text;
  });
}

json::object direction(std::string_view which) {
  return {{"direction", which}};
}

}  // namespace

TEST(AwsNaclManifest, EachDirectionIsARuleOfItsOwn) {
  Stand stand{file};
  const auto inbound = stand.world->run("block_ip", target, direction("inbound"));
  EXPECT_EQ(inbound.state, ActionState::verified) << inbound.detail;
  EXPECT_EQ(denied(stand), "in");
  EXPECT_EQ(stand.world->run("block_ip", target, direction("outbound")).state,
            ActionState::verified);
  EXPECT_EQ(denied(stand), "in out");
  EXPECT_EQ(stand.world->roll_back(inbound).state, ActionState::verified);
  EXPECT_EQ(denied(stand), "out");
}

TEST(AwsNaclManifest, ARollbackLeavesTheDirectionThatWasDeniedBefore) {
  Stand stand{file};
  (void)stand.world->run("block_ip", target, direction("outbound"));
  const auto both = stand.world->run("block_ip", target);
  EXPECT_EQ(denied(stand), "in out") << both.detail;
  const auto undone = stand.world->roll_back(both);
  EXPECT_EQ(undone.state, ActionState::verified) << undone.detail;
  EXPECT_EQ(denied(stand), "out");
}

TEST(AwsNaclManifest, UndoingAnUnblockBringsBackWhatWasThereAndNoMore) {
  Stand stand{file};
  (void)stand.world->run("block_ip", target, direction("inbound"));
  const auto unblocked = stand.world->run("unblock_ip", target);
  EXPECT_EQ(denied(stand), "") << unblocked.detail;
  const auto undone = stand.world->roll_back(unblocked);
  EXPECT_EQ(undone.state, ActionState::verified) << undone.detail;
  EXPECT_EQ(denied(stand), "in");
}

TEST(AwsNaclManifest, ANumberThatSomebodyTookMeanwhileIsLeftToThemAlsoInTheSecondDirection) {
  for (const bool egress : {false, true}) {
    Stand stand{file};
    stand.vendor->with<lab::AwsNaclLab>([&](auto& lab) { lab.others_first[egress] = 1; });
    const auto ran = stand.world->run("block_ip", target);
    EXPECT_EQ(ran.state, ActionState::verified) << ran.detail;
    EXPECT_EQ(denied(stand), "in out");
    const auto undone = stand.world->roll_back(ran);
    EXPECT_EQ(undone.state, ActionState::verified) << undone.detail;
    EXPECT_EQ(denied(stand), "");
    stand.vendor->with<lab::AwsNaclLab>(
        [&](auto& lab) { EXPECT_EQ(lab.rules[egress][egress ? 1 : 2].cidr, "192.0.2.77/32"); });
  }
}

TEST(AwsNaclManifest, NothingIsSentWhereNoNumberOfOursIsFree) {
  auto product = *conformance::product_of(file);
  product.options["last_rule"] = 1;  // which somebody has, inbound
  Stand stand{product};
  const auto ran = stand.world->run("block_ip", target);
  EXPECT_EQ(ran.state, ActionState::failed);
  EXPECT_THAT(ran.detail, HasSubstr("none of the inbound rule numbers"));
  EXPECT_EQ(denied(stand), "");
  EXPECT_EQ(stand.world->run("block_ip", target, direction("outbound")).state,
            ActionState::verified);
}

TEST(AwsNaclManifest, ARuleOutsideOfOurNumbersIsNeitherTakenForABlockNorDeleted) {
  Stand stand{file};
  stand.vendor->with<lab::AwsNaclLab>(
      [](auto& lab) { lab.rules[false][200] = {.action = "deny", .cidr = "203.0.113.7/32"}; });
  EXPECT_EQ(denied(stand), "");  // rule 100 allows it before
  const auto ran = stand.world->run("block_ip", target);
  EXPECT_EQ(denied(stand), "in out") << ran.detail;
  (void)stand.world->roll_back(ran);
  stand.vendor->with<lab::AwsNaclLab>(
      [](auto& lab) { EXPECT_TRUE(lab.rules[false].contains(200)); });
}

// The answer is lost, the request goes out again, and the product says that it is so already: that
// it is so is our doing.
TEST(LostAnswers, WhatASecondRequestFindsDoneByTheFirstIsOursToUndo) {
  Stand nacl{file};
  nacl.vendor->befall(
      {.kind = lab::Mishap::Kind::lost_answer, .body = "Action=CreateNetworkAclEntry", .times = 2});
  const auto ran = nacl.world->run("block_ip", target);
  EXPECT_EQ(ran.state, ActionState::verified) << ran.detail;
  EXPECT_EQ(nacl.world->roll_back(ran).state, ActionState::verified);
  EXPECT_EQ(denied(nacl), "");

  Stand panos{"firewall/panos.yaml"};
  panos.vendor->befall({.kind = lab::Mishap::Kind::lost_answer, .body = "type=user-id"});
  const auto tagged = panos.world->run("block_ip", target);
  EXPECT_EQ(tagged.state, ActionState::verified) << tagged.detail;
  EXPECT_TRUE(tagged.rollback && tagged.rollback->verb == "unblock_ip") << tagged.detail;
}

}  // namespace sallyport::connectors::manifest::testing
