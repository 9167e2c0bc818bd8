#include "connectors/native/ldap/ldap.hpp"
#include "connectors/native/nftables/nftables.hpp"
#include "connectors/native/ssh/ssh.hpp"

#include <boost/asio/system_executor.hpp>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

namespace sallyport::connectors {

namespace {

using namespace std::string_literals;

/// What no native connector takes for a target or a parameter, whatever it is called.
const std::vector<std::string> hostile{
    "",
    "a\r\nX-Evil: 1",
    "a\nb",
    "a\tb",
    "a\0b"s,
    "\x1B[2J",
    "wks\xE2\x80\xAE"
    "0042",  // right-to-left override
    "\xFF\xFE",
    std::string(5000, 'a'),
};

/// What is nobody's address, host, process or file; a directory may know a user of such a name, and
/// is asked for it with every character escaped (LdapFilter).
const std::vector<std::string> syntax{"../../admin",
                                      "..",
                                      "${{ secret.password }}",
                                      "{{7*7}}",
                                      "$(id)",
                                      "`id`",
                                      "|id",
                                      "10.0.0.1 or 1=1",
                                      "<entry name='x'/>",
                                      "WKS\xD0\x90",
                                      "p\xC3\xA0ypal.example",
                                      "*"};

/// Every native adapter that acts, for products that are never reached.
std::vector<std::unique_ptr<act::Actuator>> adapters(const Clock& clock) {
  const asio::any_io_executor pool = asio::system_executor{};
  std::vector<std::unique_ptr<act::Actuator>> all;
  all.push_back(nftables::Nftables::make({}, clock, pool).value());
  const auto password = ::testing::TempDir() + "sallyport-hostile-" + std::to_string(getpid());
  std::ofstream{password} << "secret\n";
  all.push_back(ldap::Ldap::make({.urls = {"ldap://127.0.0.1:1"},
                                  .bind_dn = "cn=sallyport,dc=acme,dc=example",
                                  .bind_password = "file:" + password,
                                  .base_dn = "dc=acme,dc=example"},
                                 pool)
                    .value());
  (void)std::remove(password.c_str());
  ssh::Config hosts;
  hosts.key_file = "/nowhere/key";
  hosts.hosts["WKS-0042"] = {.address = "10.77.0.20", .fingerprints = {"SHA256:abc"}};
  all.push_back(ssh::Ssh::make(hosts, pool).value());
  return all;
}

void expect_refused(const act::Actuator& adapter, const act::Operation& operation) {
  const auto checked = adapter.check(operation);
  EXPECT_FALSE(checked) << adapter.name() << ' ' << operation.verb << " took '"
                        << operation.target.value << "' " << to_json(operation.parameters);
  if (!checked) EXPECT_FALSE(checked.error().detail.empty());
  EXPECT_FALSE(adapter.preview(operation)) << "what must not be sent is not shown either";
}

}  // namespace

TEST(NativeHostileTargets, AreRefusedByEveryVerbOfEveryAdapterBeforeAnythingIsSent) {
  const SystemClock clock;
  std::size_t n = 0;
  for (const auto& adapter : adapters(clock)) {
    const bool directory = adapter->verbs().front().ends_with("_user");
    for (const auto& verb : adapter->verbs()) {
      for (const auto* kind : {"ip", "user", "host", "process", "file"}) {
        auto values = hostile;
        // A process may be called anything; its name is compared, quoted and whole (SshJob).
        if (!directory && std::string_view{kind} != "process")
          values.insert(values.end(), syntax.begin(), syntax.end());
        for (const auto& value : values) {
          ++n;
          expect_refused(*adapter,
                         {.verb = verb,
                          .target = {.kind = kind, .value = value},
                          .parameters = {{"host", "WKS-0042"}}});
        }
      }
    }
  }
  EXPECT_GT(n, 500U);
}

TEST(NativeHostileParameters, AreRefusedByEveryVerbOfEveryAdapter) {
  const SystemClock clock;
  for (const auto& adapter : adapters(clock)) {
    for (const auto& verb : adapter->verbs()) {
      const std::vector<model::Target> sound{{.kind = "ip", .value = "203.0.113.7"},
                                             {.kind = "user", .value = "alice"},
                                             {.kind = "host", .value = "WKS-0042"},
                                             {.kind = "process", .value = "4711"},
                                             {.kind = "file", .value = "/tmp/evil"}};
      for (const auto& target : sound) {
        for (const auto& value : hostile) {
          if (value.empty()) continue;  // a reason may be left empty
          for (const auto* name : {"reason", "comment", "host", "no_such_parameter"})
            expect_refused(*adapter,
                           {.verb = verb, .target = target, .parameters = {{name, value}}});
        }
      }
    }
  }
}

}  // namespace sallyport::connectors
