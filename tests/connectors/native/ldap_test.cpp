#include "connectors/native/ldap/ldap.hpp"

#include <boost/asio/system_executor.hpp>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>

namespace sallyport::connectors::ldap {

namespace {

using Values = std::vector<std::string>;

/// A password for make(), gone with the test.
class PasswordFile {
 public:
  PasswordFile() {
    path_ = ::testing::TempDir() + "sallyport-ldap-" + std::to_string(getpid());
    std::ofstream{path_} << "secret\n";
  }

  ~PasswordFile() { (void)std::remove(path_.c_str()); }

  PasswordFile(const PasswordFile&) = delete;
  PasswordFile& operator=(const PasswordFile&) = delete;

  [[nodiscard]] std::string reference() const { return "file:" + path_; }

 private:
  std::string path_;
};

Config usable(const PasswordFile& password) {
  Config config;
  config.urls = {"ldap://127.0.0.1:1"};
  config.bind_dn = "cn=sallyport,dc=acme,dc=example";
  config.base_dn = "dc=acme,dc=example";
  config.bind_password = password.reference();
  config.protected_users = {"CEO"};
  return config;
}

act::Operation disable(std::string user) {
  return {.verb = "disable_user",
          .target = {.kind = "user", .value = std::move(user), .tags = {}},
          .parameters = {},
          .idempotency_key = "01J",
          .restore = {}};
}

}  // namespace

TEST(LdapFilter, EscapesWhatIsSpecialInAFilter) {
  EXPECT_EQ(escape_filter("alice"), "alice");
  EXPECT_EQ(escape_filter("*"), "\\2a");
  EXPECT_EQ(escape_filter("a)(uid=*"), "a\\29\\28uid=\\2a");
  EXPECT_EQ(escape_filter("a\\2a"), "a\\5c2a");
  EXPECT_EQ(escape_filter(std::string_view{"a\0b", 3}), "a\\00b");
  EXPECT_EQ(escape_filter("\xC3\xA9"), "\\c3\\a9");
}

TEST(LdapFilter, FillsEveryPlaceOnceAndNeverWhatItFilledIn) {
  Config config;
  config.user_filter = "(|(uid={user})(mail={user}))";
  EXPECT_EQ(user_filter(config, "a"), "(|(uid=a)(mail=a))");
  EXPECT_EQ(user_filter(config, "{user}"), "(|(uid={user})(mail={user}))");
}

TEST(LdapFilter, NamesAnEntryByTheBytesOfItsId) {
  EXPECT_EQ(id_filter(Dialect::active_directory, "00ff").value(), R"((objectGUID=\00\ff))");
  EXPECT_FALSE(id_filter(Dialect::ppolicy, ""));
  EXPECT_FALSE(id_filter(Dialect::ppolicy, "zz"));
  EXPECT_FALSE(id_filter(Dialect::ppolicy, "*)(uid=*"));
}

TEST(LdapAccount, ChangesOneBitOfUserAccountControlAndKeepsTheOthers) {
  const auto off = disable("erin");
  EXPECT_EQ(wanted_values(Dialect::active_directory, off, {"66048"}).value(), Values{"66050"});
  EXPECT_EQ(wanted_values(Dialect::active_directory, off, {"66050"}).value(), Values{"66050"});
  auto back = off;
  back.verb = "enable_user";
  back.restore = {{"values", json::array{"512"}}};
  EXPECT_EQ(wanted_values(Dialect::active_directory, back, {"66050"}).value(), Values{"66048"})
      << "a bit that somebody else set since stays";
  back.restore = {{"values", json::array{"514"}}};
  EXPECT_EQ(wanted_values(Dialect::active_directory, back, {"514"}).value(), Values{"514"});
  EXPECT_EQ(wanted_values(Dialect::active_directory, off, {}).error().code, Errc::conflict);
  EXPECT_EQ(wanted_values(Dialect::active_directory, off, {"x"}).error().code, Errc::conflict);
}

TEST(LdapAccount, RestoresAPolicyLockOnlyOverItsOwn) {
  auto back = disable("alice");
  back.verb = "enable_user";
  back.restore = {{"values", json::array{"20260101000000Z"}}};
  EXPECT_TRUE(check_unchanged(Dialect::ppolicy, back, {"000001010000Z"}));
  EXPECT_FALSE(check_unchanged(Dialect::ppolicy, back, {}));
  EXPECT_FALSE(check_unchanged(Dialect::ppolicy, back, {"20260202000000Z"}));
}

TEST(LdapChecks, RefuseNamesThatAreNoNames) {
  using namespace std::string_literals;
  const PasswordFile password;
  const auto idp = Ldap::make(usable(password), asio::system_executor{}).value();
  for (const auto& user : {""s,
                           "*"s,
                           "a*"s,
                           "a)(uid=*"s,
                           "alice or 1=1"s,
                           "alice\r\nbob"s,
                           "a\0b"s,
                           "${{ user }}"s,
                           "{{7*7}}"s,
                           "<user>a</user>"s,
                           "../alice"s,
                           "uid=alice,dc=x"s,
                           "a\"b"s,
                           "a\\b"s,
                           " alice"s,
                           "\xD0\xB0lice"s,
                           "\xEF\xBD\x81lice"s,
                           "al\xE2\x80\x8Bice"s,
                           "al\xFFice"s,
                           std::string(300, 'a')}) {
    const auto ok = idp->check(disable(user));
    ASSERT_FALSE(ok) << user;
    EXPECT_EQ(ok.error().code, Errc::invalid_input) << user;
    EXPECT_FALSE(ok.error().detail.empty());
  }
  for (const auto& user : {"alice", "o'brien", "alice@acme.example", "svc-backup$", "Ann Lee"})
    EXPECT_TRUE(idp->check(disable(user))) << user;
}

TEST(LdapChecks, RefuseProtectedUsersAndUnknownParameters) {
  const PasswordFile password;
  const auto idp = Ldap::make(usable(password), asio::system_executor{}).value();
  EXPECT_EQ(idp->check(disable("ceo")).error().code, Errc::denied);
  auto operation = disable("alice");
  operation.parameters = {{"force", true}};
  EXPECT_EQ(idp->check(operation).error().code, Errc::invalid_input);
  operation = disable("alice");
  operation.target.kind = "host";
  EXPECT_EQ(idp->check(operation).error().code, Errc::invalid_input);
}

TEST(LdapConfig, SendsNoPasswordInTheClearUnlessToldTo) {
  const PasswordFile password;
  auto config = usable(password);
  for (const auto* url : {"ldap://dc1.acme.example",
                          "ldap://10.0.0.1:389",
                          "ldap://127.evil.example",
                          "ldap://localhost.evil.example"}) {
    config.urls = {url};
    EXPECT_FALSE(Ldap::make(config, asio::system_executor{})) << url;
  }
  config.urls = {"ldap://dc1.acme.example"};
  config.start_tls = true;
  EXPECT_TRUE(Ldap::make(config, asio::system_executor{}));
  config.urls = {"http://127.0.0.1"};
  EXPECT_FALSE(Ldap::make(config, asio::system_executor{}));
  config = usable(password);
  config.bind_password = "in the file itself";
  EXPECT_FALSE(Ldap::make(config, asio::system_executor{}));
  config = usable(password);
  config.user_filter = "(uid=alice)";
  EXPECT_FALSE(Ldap::make(config, asio::system_executor{}));
}

}  // namespace sallyport::connectors::ldap
