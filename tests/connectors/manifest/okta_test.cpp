#include "tools/lab/vendors/okta.hpp"

#include "tests/connectors/manifest/world.hpp"

#include <gmock/gmock.h>

namespace sallyport::connectors::manifest::testing {

using lab::OktaLab;
using model::ActionState;
using ::testing::HasSubstr;

namespace {

struct Okta : Setting<OktaLab> {
  Okta() : Setting{"idp/okta.yaml", {{"api_token", "lab-okta-token"}}} {}

  static model::Target user(const std::string& login) { return {.kind = "user", .value = login}; }

  std::string status(const std::string& login) {
    return with([&](OktaLab& okta) { return okta.user(login).status; });
  }
};

}  // namespace

TEST(OktaManifest, AUserIsSuspendedVerifiedAndGivenBackByRollback) {
  Okta okta;
  const auto ran = okta.world->run("disable_user", Okta::user("alice@acme.example"));
  EXPECT_EQ(ran.state, ActionState::verified) << ran.detail;
  EXPECT_EQ(okta.status("alice@acme.example"), "SUSPENDED");
  EXPECT_EQ(ran.rollback->pre_state.at("status"), "ACTIVE");

  const auto undone = okta.world->roll_back(ran);
  EXPECT_EQ(undone.state, ActionState::verified) << undone.detail;
  EXPECT_EQ(okta.status("alice@acme.example"), "ACTIVE");
  EXPECT_EQ(okta.world->stored(ran).state, ActionState::rolled_back);
}

TEST(OktaManifest, WhoWasSuspendedBeforeStaysSoAndNothingIsSent) {
  Okta okta;
  const auto ran = okta.world->run("disable_user", Okta::user("carol@acme.example"));
  EXPECT_EQ(ran.outcome->status, model::OutcomeStatus::already_done);
  EXPECT_EQ(okta.vendor->count("POST "), 0U);
  const auto undo = act::rollback_request(ran, {});
  ASSERT_FALSE(undo);
  EXPECT_THAT(undo.error().detail, HasSubstr("was so before"));
}

TEST(OktaManifest, RepeatedItIsDoneOnce) {
  Okta okta;
  (void)okta.world->run("disable_user", Okta::user("alice@acme.example"));
  const auto again = okta.world->run("disable_user", Okta::user("alice@acme.example"));
  EXPECT_EQ(again.state, ActionState::verified);
  EXPECT_EQ(again.outcome->status, model::OutcomeStatus::already_done);
  EXPECT_EQ(okta.vendor->count("POST "), 1U);
}

TEST(OktaManifest, AUserWhoCannotBeSuspendedIsRefusedBeforeTheRequest) {
  Okta okta;
  const auto ran = okta.world->run("disable_user", Okta::user("dave@acme.example"));
  EXPECT_EQ(ran.state, ActionState::failed);
  EXPECT_THAT(ran.detail, HasSubstr("suspends users that are ACTIVE"));
  EXPECT_EQ(okta.vendor->count("POST "), 0U);
}

TEST(OktaManifest, AnUnknownUserIsNotFound) {
  Okta okta;
  const auto ran = okta.world->run("disable_user", Okta::user("nobody@acme.example"));
  EXPECT_EQ(ran.state, ActionState::failed);
  EXPECT_THAT(ran.detail, HasSubstr("does not know that user"));
}

TEST(OktaManifest, RollbackFindsAUserWhoWasRenamed) {
  Okta okta;
  const auto ran = okta.world->run("disable_user", Okta::user("alice@acme.example"));
  okta.with(
      [](OktaLab& lab) { lab.user("alice@acme.example").login = "alice.jones@acme.example"; });
  EXPECT_EQ(okta.world->roll_back(ran).state, ActionState::verified);
  EXPECT_EQ(okta.status("alice.jones@acme.example"), "ACTIVE");
}

TEST(OktaManifest, RevokedSessionsAreSaidToBeUnverifiedAndNotToBeUndone) {
  Okta okta;
  const auto ran = okta.world->run("revoke_sessions", Okta::user("bob@acme.example"));
  EXPECT_EQ(ran.state, ActionState::succeeded);
  EXPECT_THAT(okta.world->stored(ran).detail, HasSubstr("lists no sessions"));
  EXPECT_EQ(okta.with([](OktaLab& lab) { return lab.user("bob@acme.example").sessions; }), 0);
  const auto undo = act::rollback_request(ran, {});
  ASSERT_FALSE(undo);
  EXPECT_THAT(undo.error().detail, HasSubstr("the user signs in again"));
}

TEST(OktaManifest, AMissingRightIsSaidWithTheProductsOwnWords) {
  Okta okta;
  okta.with([](OktaLab& lab) { lab.may_manage = false; });
  const auto ran = okta.world->run("disable_user", Okta::user("alice@acme.example"));
  EXPECT_EQ(ran.state, ActionState::failed);
  EXPECT_THAT(ran.detail, HasSubstr("may not manage users"));
  EXPECT_THAT(ran.detail, HasSubstr("E0000006"));
}

TEST(OktaManifest, ALostAnswerIsSettledByReadingAndNeverSentAgain) {
  Okta okta;
  okta.vendor->befall({.kind = lab::Mishap::Kind::lost_answer, .path = "/lifecycle/suspend"});
  const auto ran = okta.world->run("disable_user", Okta::user("alice@acme.example"));
  EXPECT_EQ(ran.state, ActionState::verified) << ran.detail;
  EXPECT_THAT(ran.outcome->detail, HasSubstr("settled by reading"));
  EXPECT_EQ(okta.vendor->count("POST "), 1U);
}

TEST(OktaManifest, AServersFaultThatDidNothingIsSettledAsFailed) {
  Okta okta;
  okta.vendor->befall({.answer = {.status = 502}, .path = "/lifecycle/suspend"});
  const auto ran = okta.world->run("disable_user", Okta::user("alice@acme.example"));
  EXPECT_EQ(ran.state, ActionState::failed);
  EXPECT_EQ(okta.vendor->count("POST "), 1U);
}

TEST(OktaManifest, ARateLimitIsWaitedForAsLongAsTheProductAsks) {
  Okta okta;
  okta.vendor->befall({.answer = {.status = 429, .headers = {{"X-Rate-Limit-Reset", "0"}}},
                       .path = "/lifecycle/suspend",
                       .times = 2});
  const auto ran = okta.world->run("disable_user", Okta::user("alice@acme.example"));
  EXPECT_EQ(ran.state, ActionState::verified) << ran.detail;
  EXPECT_EQ(okta.vendor->count("POST "), 3U);
}

TEST(OktaManifest, ARateLimitThatOutlastsTheBudgetFailsWithTheReasonAndWithoutWaiting) {
  Okta okta;
  okta.vendor->befall({.answer = {.status = 429, .headers = {{"X-Rate-Limit-Reset", "900"}}},
                       .path = "/lifecycle/suspend"});
  const auto ran = okta.world->run("disable_user", Okta::user("alice@acme.example"));
  EXPECT_EQ(ran.state, ActionState::failed);
  EXPECT_THAT(ran.detail, HasSubstr("asked for a pause"));
  EXPECT_EQ(okta.vendor->count("POST "), 1U);
}

TEST(OktaManifest, TheTokenIsInNoRecordOfARefusal) {
  Okta okta;
  okta.vendor->befall(
      {.answer = {
           .status = 401,
           .headers = {{"Content-Type", "application/json"}},
           .body = R"({"errorCode":"E0000011","errorSummary":"bad token lab-okta-token"})"}});
  const auto ran = okta.world->run("disable_user", Okta::user("alice@acme.example"));
  EXPECT_EQ(ran.state, ActionState::failed);
  EXPECT_THAT(ran.detail, HasSubstr("bad token ***"));
  EXPECT_EQ(to_json(ran).find("lab-okta-token"), std::string::npos);
}

}  // namespace sallyport::connectors::manifest::testing
