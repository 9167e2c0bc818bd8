#include "connectors/manifest/sigv4.hpp"
#include "tests/connectors/manifest/stand.hpp"
#include "tools/lab/vendors/aws.hpp"
#include "tools/lab/vendors/google.hpp"

#include <gmock/gmock.h>

namespace sallyport::connectors::manifest::testing {

using model::ActionState;
using ::testing::EndsWith;
using ::testing::HasSubstr;

namespace {

/// The signature of a request of AWS's own test suite for Signature Version 4.
std::string signed_as(http::Request request) {
  const auto made = sign_v4(request,
                            "example.amazonaws.com",
                            {.region = "us-east-1",
                             .service = "service",
                             .access_key = "AKIDEXAMPLE",
                             .secret_key = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"},
                            parse_rfc3339("2015-08-30T12:36:00Z").value());
  EXPECT_TRUE(made) << made.error().detail;
  const auto* header = http::find(request.headers, "Authorization");
  return header ? *header : "";
}

}  // namespace

TEST(SignatureVersion4, IsWhatAwsPublishesForItsTestSuite) {
  EXPECT_EQ(signed_as({.method = "GET", .target = "/"}),
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
            "SignedHeaders=host;x-amz-date, "
            "Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31");
  EXPECT_THAT(
      signed_as({.method = "POST",
                 .target = "/",
                 .headers = {{"Content-Type", "application/x-www-form-urlencoded"}},
                 .body = "Param1=value1"}),
      EndsWith("Signature=ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"));
  EXPECT_THAT(
      signed_as({.method = "GET", .target = "/?Param2=value2&Param1=value1"}),
      EndsWith("Signature=b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"));
}

TEST(SignatureVersion4, AnotherKeyIsRefusedByTheProductAndSaidToBe) {
  auto product = *conformance::product_of("firewall/aws_waf.yaml");
  product.secrets["secret_key"] = "another-secret";
  Stand stand{product};
  const auto ran = stand.world->run("block_ip", {.kind = "ip", .value = "203.0.113.7"});
  EXPECT_EQ(ran.state, ActionState::failed);
  EXPECT_THAT(ran.detail, HasSubstr("does not take the access key"));
}

TEST(AwsWafManifest, ASetThatSomebodyElseChangedMeanwhileIsReadAgainAndKept) {
  Stand stand{"firewall/aws_waf.yaml"};
  stand.vendor->with<lab::AwsWafLab>([](auto& lab) { lab.others_first = 1; });
  const auto ran = stand.world->run("block_ip", {.kind = "ip", .value = "203.0.113.7"});
  EXPECT_EQ(ran.state, ActionState::verified) << ran.detail;
  stand.vendor->with<lab::AwsWafLab>([](auto& lab) {
    EXPECT_EQ(lab.addresses,
              (std::set<std::string>{"192.0.2.77/32", "198.51.100.0/24", "203.0.113.7/32"}));
    EXPECT_EQ(lab.description, "kept by hand");
  });
}

TEST(AwsWafManifest, AnUpdateWhoseAnswerWasLostIsFoundByReadingAndNotSentAgain) {
  Stand stand{"firewall/aws_waf.yaml"};
  stand.vendor->befall({.kind = lab::Mishap::Kind::lost_answer, .body = "LockToken"});
  const auto ran = stand.world->run("block_ip", {.kind = "ip", .value = "203.0.113.7"});
  EXPECT_EQ(ran.state, ActionState::verified) << ran.detail;
  EXPECT_EQ(stand.vendor->with<lab::AwsWafLab>([](auto& lab) { return lab.updates(); }), 1);
}

TEST(AwsIamManifest, OtherPoliciesOfTheUserStayAndSoDoesALostAnswersEffect) {
  Stand stand{"idp/aws_iam.yaml"};
  stand.vendor->befall({.kind = lab::Mishap::Kind::lost_answer, .body = "Action=AttachUserPolicy"});
  const auto ran = stand.world->run("disable_user", {.kind = "user", .value = "alice"});
  EXPECT_EQ(ran.state, ActionState::verified) << ran.detail;
  (void)stand.world->roll_back(ran);
  EXPECT_EQ(stand.vendor->with<lab::AwsIamLab>([](auto& lab) { return lab.users.at("alice"); }),
            std::set<std::string>{"arn:aws:iam::aws:policy/ReadOnlyAccess"});
}

TEST(AwsWafManifest, TheWholeSetIsInNoRecord) {
  Stand stand{"firewall/aws_waf.yaml"};
  const auto ran = stand.world->run("block_ip", {.kind = "ip", .value = "203.0.113.7"});
  EXPECT_THAT(to_json(ran), ::testing::Not(HasSubstr("198.51.100.0")));
  EXPECT_THAT(to_json(ran), HasSubstr("203.0.113.7/32"));
}

TEST(GoogleManifest, AnAssertionOfAnotherKeyGetsNoTokenAndNoneIsTriedForAMinute) {
  auto product = *conformance::product_of("idp/google_workspace.yaml");
  product.secrets["private_key"] = "no key at all";
  Stand stand{product};
  const auto ran =
      stand.world->run("disable_user", {.kind = "user", .value = "alice@acme.example"});
  EXPECT_EQ(ran.state, ActionState::failed);
  EXPECT_THAT(ran.detail, HasSubstr("secrets.private_key: it is no RSA private key"));
  EXPECT_EQ(stand.vendor->count("POST /token"), 0U);
}

TEST(GoogleManifest, ANewPasswordIsRandomMustBeChangedAndIsInNoRecord) {
  Stand stand{"idp/google_workspace.yaml"};
  const model::Target alice{.kind = "user", .value = "alice@acme.example"};
  const auto password = [&] {
    return stand.vendor->with<lab::GoogleLab>([](auto& lab) {
      EXPECT_TRUE(lab.user("alice@acme.example").must_change);
      return lab.user("alice@acme.example").password;
    });
  };
  const auto ran = stand.world->run("reset_password", alice);
  const auto first = password();
  EXPECT_GE(first.size(), 28U);
  EXPECT_THAT(to_json(ran), ::testing::Not(HasSubstr(first)));
  (void)stand.world->run("reset_password", alice);
  EXPECT_NE(password(), first);
}

TEST(GoogleManifest, APasswordThatTheProductEchoesIsNotInTheReason) {
  Stand stand{"idp/google_workspace.yaml"};
  stand.vendor->with<lab::GoogleLab>([](auto& lab) { lab.echoes_password = true; });
  const auto ran =
      stand.world->run("reset_password", {.kind = "user", .value = "alice@acme.example"});
  EXPECT_EQ(ran.state, ActionState::failed);
  EXPECT_THAT(ran.detail, HasSubstr("Invalid Input: ***"));
}

TEST(GoogleManifest, AUserWhomGoogleSuspendedIsNotLetIn) {
  Stand stand{"idp/google_workspace.yaml"};
  const auto ran = stand.world->run("enable_user", {.kind = "user", .value = "abuse@acme.example"});
  EXPECT_EQ(ran.state, ActionState::failed);
  EXPECT_THAT(ran.detail, HasSubstr("suspended that user itself"));
  EXPECT_EQ(stand.vendor->count("PATCH"), 0U);
}

}  // namespace sallyport::connectors::manifest::testing
