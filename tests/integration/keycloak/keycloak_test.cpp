#include "engine/config/document.hpp"
#include "engine/http/url.hpp"
#include "tests/integration/engine/http_call.hpp"
#include "tools/conformance/stand.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

namespace sallyport::connectors::manifest::testing {

using model::ActionState;
using model::OutcomeStatus;
using ::testing::HasSubstr;

namespace {

const std::filesystem::path root{SALLYPORT_SOURCE_DIR};

const model::Catalogue& catalogue() {
  static const auto read = [] {
    Faults faults;
    const auto document = config::Document::load(root / "schemas/actions.yaml").value();
    return model::Catalogue::read(document.root(), faults);
  }();
  return read;
}

/// What a user of the realm meets: the portal's login, by plain requests of the test's own.
class Portal {
 public:
  explicit Portal(const std::string& url)
      : port_{static_cast<std::uint16_t>(std::stoi(http::parse_url(url)->origin.port))} {}

  struct Answer {
    int status = 0;
    json::value body;
  };

  [[nodiscard]] Answer log_in(const std::string& user) const {
    return token(
        {{"grant_type", "password"}, {"username", user}, {"password", user + "-password"}});
  }

  [[nodiscard]] Answer refresh(const std::string& token_text) const {
    return token({{"grant_type", "refresh_token"}, {"refresh_token", token_text}});
  }

 private:
  [[nodiscard]] Answer token(const http::Query& fields) const {
    std::string form = "client_id=portal";
    for (const auto& [name, value] : fields)
      form += '&' + name + '=' + http::percent_encoded(value);
    const auto answer = sallyport::testing::http_call(port_,
                                                      "POST",
                                                      "/realms/acme/protocol/openid-connect/token",
                                                      "",
                                                      form,
                                                      std::chrono::seconds{20},
                                                      "application/x-www-form-urlencoded");
    if (!answer) return {};
    return {.status = answer->status, .body = parse_json(answer->body).value_or(nullptr)};
  }

  std::uint16_t port_;
};

std::string text_of(const Portal::Answer& answer, std::string_view member) {
  const auto* object = answer.body.if_object();
  const auto* value = object ? object->if_contains(member) : nullptr;
  return value && value->is_string() ? std::string{value->get_string()} : std::string{};
}

/// The shipped manifest on a workbench before the Keycloak that tools/keycloak started.
class RealKeycloak : public ::testing::Test {
 protected:
  void SetUp() override {
    const char* url = std::getenv("SALLYPORT_KEYCLOAK");
    ASSERT_TRUE(url) << "SALLYPORT_KEYCLOAK names no server; tools/test starts one and sets it";
    portal.emplace(url);
    std::ofstream{secrets.path() / "id"} << "sallyport\n";
    std::ofstream{secrets.path() / "secret"} << "lab-client-secret\n";
    auto made = conformance::Stand::at(
        load(root / "connectors/idp/keycloak.yaml", catalogue()).value(),
        {.name = "keycloak",
         .base_url = url,
         .options = {{"realm", "acme"}, {"login_realm", "acme"}},
         .secrets = {{"client_id", "file:" + (secrets.path() / "id").string()},
                     {"client_secret", "file:" + (secrets.path() / "secret").string()}},
         .allow = {"127.0.0.1"}},
        conformance::anything_goes(catalogue()));
    ASSERT_TRUE(made) << made.error().detail;
    stand = *std::move(made);
  }

  model::Action run(const std::string& verb, const std::string& user) {
    const auto ran = stand->bench().run(verb, {.kind = "user", .value = user});
    EXPECT_TRUE(ran) << ran.error().detail;
    return ran.value_or(model::Action{});
  }

  conformance::TemporaryFolder secrets;
  std::optional<Portal> portal;
  std::unique_ptr<conformance::Stand> stand;
};

}  // namespace

TEST_F(RealKeycloak, WhoWasDisabledCannotLogInAndAfterTheRollbackCanAsBefore) {
  ASSERT_EQ(portal->log_in("alice").status, 200);

  const auto ran = run("disable_user", "alice");
  EXPECT_EQ(ran.state, ActionState::verified) << ran.detail;
  const auto refused = portal->log_in("alice");
  EXPECT_EQ(refused.status, 400);
  EXPECT_THAT(text_of(refused, "error_description"), HasSubstr("disabled"));

  const auto again = run("disable_user", "alice");
  EXPECT_EQ(again.state, ActionState::verified);
  EXPECT_EQ(again.outcome->status, OutcomeStatus::already_done);
  EXPECT_FALSE(stand->bench().roll_back(again)) << "what was so before is not undone";
  EXPECT_EQ(portal->log_in("alice").status, 400);

  const auto undone = stand->bench().roll_back(ran);
  ASSERT_TRUE(undone) << undone.error().detail;
  EXPECT_EQ(undone->state, ActionState::verified) << undone->detail;
  EXPECT_EQ(stand->bench().stored(ran)->state, ActionState::rolled_back);
  EXPECT_EQ(portal->log_in("alice").status, 200);
}

TEST_F(RealKeycloak, WhoWasDisabledBeforeStaysDisabled) {
  ASSERT_EQ(portal->log_in("bob").status, 400);
  const auto ran = run("disable_user", "bob");
  EXPECT_EQ(ran.state, ActionState::verified) << ran.detail;
  EXPECT_EQ(ran.outcome->status, OutcomeStatus::already_done);
  const auto undone = stand->bench().roll_back(ran);
  ASSERT_FALSE(undone);
  EXPECT_THAT(undone.error().detail, HasSubstr("before"));
  EXPECT_EQ(portal->log_in("bob").status, 400);
}

TEST_F(RealKeycloak, SessionsAreGoneAfterTheyWereRevoked) {
  const auto session = portal->log_in("carol");
  ASSERT_EQ(session.status, 200);
  const auto another = portal->log_in("carol");
  const auto token = text_of(portal->refresh(text_of(session, "refresh_token")), "refresh_token");
  ASSERT_FALSE(token.empty()) << "the session is there";

  const auto ran = run("revoke_sessions", "carol");
  EXPECT_EQ(ran.state, ActionState::verified) << ran.detail;
  EXPECT_EQ(ran.outcome->status, OutcomeStatus::succeeded);
  EXPECT_EQ(portal->refresh(token).status, 400);
  EXPECT_EQ(portal->refresh(text_of(another, "refresh_token")).status, 400);
  EXPECT_EQ(portal->log_in("carol").status, 200) << "only the sessions ended";
}

TEST_F(RealKeycloak, AUserOfWhomASecondFactorIsDemandedGetsNoFurtherWithoutIt) {
  ASSERT_EQ(portal->log_in("dave").status, 200);
  const auto ran = run("force_mfa", "dave");
  EXPECT_EQ(ran.state, ActionState::verified) << ran.detail;
  const auto refused = portal->log_in("dave");
  EXPECT_EQ(refused.status, 400);
  EXPECT_THAT(text_of(refused, "error_description"), HasSubstr("not fully set up"));
}

TEST_F(RealKeycloak, AUserWhoDoesNotExistIsSaidNotToAndNothingIsDone) {
  const auto ran = run("disable_user", "nobody");
  EXPECT_EQ(ran.state, ActionState::failed);
  EXPECT_THAT(ran.detail, HasSubstr("no user of that name"));
}

}  // namespace sallyport::connectors::manifest::testing
