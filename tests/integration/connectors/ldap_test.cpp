#include "connectors/native/ldap/ldap.hpp"

#include "tests/integration/connectors/real_product.hpp"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace sallyport::testing {

using connectors::ldap::Dialect;
using connectors::ldap::Ldap;
using model::OutcomeStatus;

namespace {

constexpr int let_in = 0;
constexpr int refused = 49;  ///< invalidCredentials

act::Operation disable(std::string user) {
  return {.verb = "disable_user",
          .target = {.kind = "user", .value = std::move(user), .tags = {}},
          .parameters = {},
          .idempotency_key = "a-1",
          .restore = {}};
}

act::Operation enable(std::string user) {
  auto operation = disable(std::move(user));
  operation.verb = "enable_user";
  return operation;
}

}  // namespace

/// The lab's directory, with nobody of these tests locked.
class LdapDirectory : public RealProduct<LdapDirectory> {
 public:
  static lab::Options parts() { return {.networks = false, .workstation = false}; }

 protected:
  LdapDirectory() {
    idp_ = make(the_lab().directory().config());
    for (const auto* user : {"alice", "bob", "carol"}) (void)execute(*idp_, enable(user));
  }

  [[nodiscard]] std::unique_ptr<Ldap> make(connectors::ldap::Config config) {
    auto made = Ldap::make(std::move(config), pool().get_executor());
    if (!made) throw std::runtime_error{made.error().detail};
    return *std::move(made);
  }

  [[nodiscard]] static int log_in(const std::string& user) {
    return the_lab().directory().log_in(user).value_or(-1);
  }

  static connectors::ldap::Config config() { return the_lab().directory().config(); }

  /// Writes the attribute behind the connector's back.
  static void change(const std::string& user, const std::string& change) {
    const auto password = (the_lab().folder() / "directory/password").string();
    const auto done = lab::must_run(
        {"ldapmodify",
         "-x",
         "-H",
         the_lab().directory().url(),
         "-D",
         config().bind_dn,
         "-y",
         password},
        "dn: " + the_lab().directory().dn_of(user) + "\nchangetype: modify\n" + change);
    ASSERT_TRUE(done) << trouble(done);
  }

  std::unique_ptr<Ldap> idp_;
};

TEST_F(LdapDirectory, RefusesTheLoginOfADisabledUserUntilTheActionIsRolledBack) {
  const auto operation = disable("alice");
  ASSERT_EQ(log_in("alice"), let_in);
  const auto before = read(*idp_, operation);
  ASSERT_TRUE(before) << trouble(before);
  EXPECT_EQ(before->in_effect, false);

  const auto done = execute(*idp_, operation);
  ASSERT_TRUE(done) << trouble(done);
  EXPECT_EQ(done->status, OutcomeStatus::succeeded);
  EXPECT_EQ(log_in("alice"), refused);
  EXPECT_EQ(log_in("bob"), let_in) << "only the disabled user";
  EXPECT_EQ(read(*idp_, operation)->in_effect, true);

  const auto inverse = idp_->inverse(operation, *before);
  ASSERT_EQ(inverse.operation.verb, "enable_user");
  const auto undone = execute(*idp_, inverse.operation);
  ASSERT_TRUE(undone) << trouble(undone);
  EXPECT_EQ(undone->status, OutcomeStatus::succeeded);
  EXPECT_EQ(log_in("alice"), let_in);
  EXPECT_EQ(read(*idp_, inverse.operation)->in_effect, true);
}

TEST_F(LdapDirectory, DoesTheSameOnceMoreWithoutHarm) {
  const auto operation = disable("alice");
  const auto before = read(*idp_, operation);
  ASSERT_TRUE(execute(*idp_, operation));
  EXPECT_EQ(execute(*idp_, operation)->status, OutcomeStatus::already_done);
  const auto inverse = idp_->inverse(operation, *before);
  ASSERT_TRUE(execute(*idp_, inverse.operation));
  EXPECT_EQ(execute(*idp_, inverse.operation)->status, OutcomeStatus::already_done);
}

TEST_F(LdapDirectory, LeavesAUserLockedWhoWasLockedBefore) {
  change("bob", "replace: pwdAccountLockedTime\npwdAccountLockedTime: 000001010000Z\n");
  const auto operation = disable("bob");
  const auto before = read(*idp_, operation);
  ASSERT_TRUE(before);
  EXPECT_EQ(before->in_effect, true);
  EXPECT_EQ(execute(*idp_, operation)->status, OutcomeStatus::already_done);
  EXPECT_TRUE(idp_->inverse(operation, *before).operation.verb.empty());
}

TEST_F(LdapDirectory, RestoresALockThatTheDirectoryMadeItself) {
  for (int i = 0; i < 5; ++i)
    (void)lab::run({"ldapwhoami",
                    "-x",
                    "-H",
                    the_lab().directory().url(),
                    "-D",
                    the_lab().directory().dn_of("carol"),
                    "-w",
                    "wrong"});
  ASSERT_EQ(log_in("carol"), refused);
  const auto operation = disable("carol");
  const auto before = read(*idp_, operation);
  ASSERT_TRUE(before);
  EXPECT_EQ(before->in_effect, false) << "it would end by itself";
  const auto was = before->state.at("values");
  ASSERT_EQ(execute(*idp_, operation)->status, OutcomeStatus::succeeded);
  ASSERT_TRUE(execute(*idp_, idp_->inverse(operation, *before).operation));
  EXPECT_EQ(read(*idp_, operation)->state.at("values"), was);
}

TEST_F(LdapDirectory, DoesNotUndoWhatSomebodyElseChangedMeanwhile) {
  const auto operation = disable("alice");
  const auto before = read(*idp_, operation);
  ASSERT_TRUE(execute(*idp_, operation));
  change("alice", "replace: pwdAccountLockedTime\npwdAccountLockedTime: 20300101000000Z\n");
  const auto undone = execute(*idp_, idp_->inverse(operation, *before).operation);
  ASSERT_FALSE(undone);
  EXPECT_EQ(undone.error().code, Errc::conflict);
}

TEST_F(LdapDirectory, SaysWhenNobodyOrMoreThanOneIsMeant) {
  EXPECT_EQ(read(*idp_, disable("nobody")).error().code, Errc::not_found);
  EXPECT_EQ(execute(*idp_, disable("nobody")).error().code, Errc::not_found);
  EXPECT_EQ(read(*idp_, disable("twin")).error().code, Errc::conflict);
  EXPECT_EQ(execute(*idp_, disable("twin")).error().code, Errc::conflict);
  EXPECT_EQ(log_in("twin"), let_in);
}

TEST_F(LdapDirectory, NeverDisablesAProtectedEntryOrItself) {
  EXPECT_EQ(execute(*idp_, disable("svc-backup")).error().code, Errc::denied);
  EXPECT_EQ(log_in("svc-backup"), let_in);
  auto own = config();
  own.user_filter = "(cn={user})";
  EXPECT_EQ(execute(*make(own), disable("sallyport")).error().code, Errc::denied);
  auto unit = config();
  unit.protected_dns = {"OU=People, DC=acme, DC=example"};
  EXPECT_EQ(execute(*make(unit), disable("alice")).error().code, Errc::denied) << "all beneath";
}

TEST_F(LdapDirectory, IsDeniedWithAWrongPasswordOrWithoutTheRight) {
  auto wrong = config();
  wrong.bind_password = "file:" + (the_lab().folder() / "directory/onlooker-password").string();
  EXPECT_EQ(read(*make(wrong), disable("alice")).error().code, Errc::denied);
  EXPECT_EQ(execute(*make(wrong), disable("alice")).error().code, Errc::denied);

  auto onlooker = wrong;
  onlooker.bind_dn = "cn=onlooker,dc=acme,dc=example";
  EXPECT_TRUE(read(*make(onlooker), disable("alice")));
  EXPECT_EQ(execute(*make(onlooker), disable("alice")).error().code, Errc::denied);
  EXPECT_EQ(log_in("alice"), let_in);
}

TEST_F(LdapDirectory, IsUnavailableWithinTheDeadlineWhereNoServerAnswers) {
  auto gone = config();
  gone.urls = {"ldap://127.0.0.1:1"};
  EXPECT_EQ(execute(*make(gone), disable("alice")).error().code, Errc::unavailable);

  // Somebody who accepts and never speaks.
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ASSERT_EQ(bind(listener, reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(listen(listener, 8), 0);
  ASSERT_EQ(getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size), 0);
  gone.urls = {fmt::format("ldap://127.0.0.1:{}", ntohs(address.sin_port))};
  const auto begun = std::chrono::steady_clock::now();
  const auto silent = await(make(gone)->execute(disable("alice"), Deadline::in(700ms)));
  ASSERT_FALSE(silent);
  EXPECT_EQ(silent.error().code, Errc::unavailable);
  EXPECT_LT(std::chrono::steady_clock::now() - begun, 3s);
  close(listener);
}

TEST_F(LdapDirectory, TrustsOnlyTheCertificateAuthorityItWasGiven) {
  auto tls = config();
  tls.start_tls = true;
  EXPECT_FALSE(read(*make(tls), disable("alice"))) << "the system's authorities do not know it";
  tls.ca_file = the_lab().folder() / "directory/tls.crt";
  const auto reading = read(*make(tls), disable("alice"));
  EXPECT_TRUE(reading) << trouble(reading);
}

TEST_F(LdapDirectory, SetsOneBitOfAnActiveDirectoryAccount) {
  auto domain = config();
  domain.dialect = Dialect::active_directory;
  domain.user_filter = "(sAMAccountName={user})";
  const auto directory = make(domain);
  const auto operation = disable("erin");
  const auto before = read(*directory, operation);
  ASSERT_TRUE(before) << trouble(before);
  ASSERT_EQ(before->state.at("values"), json::value(json::array{"66048"}));
  ASSERT_TRUE(execute(*directory, operation));
  EXPECT_EQ(read(*directory, operation)->state.at("values"), json::value(json::array{"66050"}));
  change("erin", "replace: userAccountControl\nuserAccountControl: 514\n");
  const auto undone = execute(*directory, directory->inverse(operation, *before).operation);
  ASSERT_TRUE(undone) << trouble(undone);
  EXPECT_EQ(read(*directory, operation)->state.at("values"), json::value(json::array{"512"}))
      << "what somebody else changed beside the bit stays";

  const auto frank = read(*directory, disable("frank"));
  ASSERT_TRUE(frank);
  EXPECT_EQ(frank->in_effect, true);
  EXPECT_TRUE(directory->inverse(disable("frank"), *frank).operation.verb.empty());
}

}  // namespace sallyport::testing
