#include "tools/lab/vendors/falcon.hpp"

#include "tests/connectors/manifest/world.hpp"

#include <gmock/gmock.h>

namespace sallyport::connectors::manifest::testing {

using lab::FalconLab;
using model::ActionState;
using ::testing::HasSubstr;

namespace {

struct Falcon : Setting<FalconLab> {
  Falcon()
      : Setting{"edr/crowdstrike.yaml",
                {{"client_id", "lab-client"}, {"client_secret", "lab-client-secret"}}} {}

  static model::Target host(const std::string& name) { return {.kind = "host", .value = name}; }

  std::string status(const std::string& name) {
    return with([&](FalconLab& falcon) { return falcon.host(name).status; });
  }
};

}  // namespace

TEST(FalconManifest, AHostIsContainedVerifiedAndReleasedByRollback) {
  Falcon falcon;
  const auto ran = falcon.world->run("isolate_host", Falcon::host("WKS-0042"));
  EXPECT_EQ(ran.state, ActionState::verified) << ran.detail;
  EXPECT_EQ(falcon.status("WKS-0042"), "contained");
  EXPECT_EQ(falcon.world->roll_back(ran).state, ActionState::verified);
  EXPECT_EQ(falcon.status("WKS-0042"), "normal");
  EXPECT_EQ(falcon.with([](FalconLab& lab) { return lab.tokens_given; }), 1);
}

TEST(FalconManifest, PendingIsNotCalledVerified) {
  Falcon falcon;
  falcon.vendor->befall(
      {.answer = {.status = 202,
                  .headers = {{"Content-Type", "application/json"}},
                  .body =
                      R"({"resources":[{"id":"0a1b2c3d4e5f60718293a4b5c6d7e8f9"}],"errors":[]})"},
       .path = "action_name=contain"});
  const auto ran = falcon.world->run("isolate_host", Falcon::host("WKS-0042"));
  EXPECT_EQ(ran.state, ActionState::succeeded);
  EXPECT_THAT(falcon.world->stored(ran).detail, HasSubstr("unverified"));
}

TEST(FalconManifest, AHostThatDoesNotCallHomeStaysPendingAndIsNotCalledFailed) {
  Falcon falcon;
  falcon.vendor->befall({.kind = lab::Mishap::Kind::lost_answer, .path = "action_name=contain"});
  falcon.with([](FalconLab& lab) { lab.hosts_call_home = false; });
  const auto ran = falcon.world->run("isolate_host", Falcon::host("WKS-0042"));
  EXPECT_EQ(ran.state, ActionState::succeeded) << ran.detail;
  EXPECT_THAT(falcon.world->stored(ran).detail, HasSubstr("unverified: device_id"));
  EXPECT_EQ(falcon.status("WKS-0042"), "containment_pending");
}

TEST(FalconManifest, WhatSomebodyElseHasUnderWayIsNotSentAgainAndNotUndone) {
  Falcon falcon;
  falcon.with([](FalconLab& lab) { lab.host("WKS-0042").status = "containment_pending"; });
  const auto ran = falcon.world->run("isolate_host", Falcon::host("WKS-0042"));
  EXPECT_EQ(ran.state, ActionState::verified) << ran.detail;
  EXPECT_EQ(falcon.vendor->count("POST /devices/entities/devices-actions"), 0U);
  const auto undo = act::rollback_request(ran, {});
  ASSERT_FALSE(undo);
  EXPECT_THAT(undo.error().detail, HasSubstr("under way before"));
}

TEST(FalconManifest, ANameThatFitsTwoHostsIsRefused) {
  Falcon falcon;
  const auto ran = falcon.world->run("isolate_host", Falcon::host("TWIN"));
  EXPECT_EQ(ran.state, ActionState::failed);
  EXPECT_THAT(ran.detail, HasSubstr("2 where one is needed"));
  EXPECT_EQ(falcon.vendor->count("POST /devices/entities/devices-actions"), 0U);
}

TEST(FalconManifest, AnUnknownHostIsNotFound) {
  Falcon falcon;
  const auto ran = falcon.world->run("isolate_host", Falcon::host("NOWHERE"));
  EXPECT_EQ(ran.state, ActionState::failed);
  EXPECT_THAT(ran.detail, HasSubstr("no host of that name"));
}

TEST(FalconManifest, AnExpiredTokenIsRenewedOnceAndTheRequestSentAgain) {
  Falcon falcon;
  (void)falcon.world->run("isolate_host", Falcon::host("WKS-0042"));
  falcon.with([](FalconLab& lab) { lab.expire_tokens(); });
  const auto ran = falcon.world->run("isolate_host", Falcon::host("WKS-0043"));
  EXPECT_EQ(ran.state, ActionState::verified) << ran.detail;
  EXPECT_EQ(falcon.with([](FalconLab& lab) { return lab.tokens_given; }), 2);
}

TEST(FalconManifest, AMissingScopeIsSaid) {
  Falcon falcon;
  falcon.with([](FalconLab& lab) { lab.may_write = false; });
  const auto ran = falcon.world->run("isolate_host", Falcon::host("WKS-0042"));
  EXPECT_EQ(ran.state, ActionState::failed);
  EXPECT_THAT(ran.detail, HasSubstr("lacks a scope"));
}

TEST(FalconManifest, ErrorsInsideASuccessAreNoSuccess) {
  Falcon falcon;
  falcon.vendor->befall(
      {.answer = {.status = 202,
                  .headers = {{"Content-Type", "application/json"}},
                  .body =
                      R"({"resources":[],"errors":[{"code":404,"message":"device not found"}]})"},
       .path = "action_name=contain"});
  const auto ran = falcon.world->run("isolate_host", Falcon::host("WKS-0042"));
  EXPECT_EQ(ran.state, ActionState::failed);
  EXPECT_THAT(ran.detail, HasSubstr("device not found"));
}

TEST(FalconManifest, AServersFaultIsTriedAgainWhereThatIsSafe) {
  Falcon falcon;
  falcon.vendor->befall({.answer = {.status = 503}, .path = "action_name=contain"});
  const auto ran = falcon.world->run("isolate_host", Falcon::host("WKS-0042"));
  EXPECT_EQ(ran.state, ActionState::verified) << ran.detail;
  EXPECT_EQ(falcon.vendor->count("POST /devices/entities/devices-actions"), 2U);
}

TEST(FalconManifest, ARefusedLoginIsNotTriedAgainAtOnce) {
  Falcon falcon;
  auto config =
      lab_config(*falcon.vendor, {{"client_id", "lab-client"}, {"client_secret", "wrong"}});
  const auto connector = Connector::make(plan_of("edr/crowdstrike.yaml"),
                                         config,
                                         std::make_shared<KnownPlaces>(),
                                         falcon.clock,
                                         falcon.loop.executor())
                             .value();
  World world{connector};
  const auto ran = world.run("isolate_host", Falcon::host("WKS-0042"));
  EXPECT_EQ(ran.state, ActionState::failed);
  EXPECT_THAT(ran.detail, HasSubstr("invalid client"));
  (void)world.run("isolate_host", Falcon::host("WKS-0042"));
  EXPECT_EQ(falcon.vendor->count("POST /oauth2/token"), 1U);
}

}  // namespace sallyport::connectors::manifest::testing
