#include "connectors/native/ldap/ldap.hpp"
#include "connectors/native/nftables/nftables.hpp"
#include "connectors/native/smtp/smtp.hpp"
#include "connectors/native/ssh/ssh.hpp"
#include "connectors/native/syslog/syslog.hpp"

#include <boost/asio/io_context.hpp>
#include <gmock/gmock.h>

#include <cstdlib>

/// What a dry run of each native connector says. Their executor is a loop that nobody runs.
namespace sallyport::connectors {

namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Pair;

class Preview : public ::testing::Test {
 protected:
  Preview() { ::setenv("SALLYPORT_PREVIEW_SECRET", "hunter2-hunter2", 1); }

  static std::vector<act::Planned> plan(const act::Actuator& product,
                                        const act::Operation& operation) {
    auto planned = product.preview(operation);
    EXPECT_TRUE(planned) << planned.error().detail;
    if (!planned) return {};
    for (const auto& each : *planned) {
      EXPECT_EQ(each.conditional, !each.when.empty()) << each.step;
      EXPECT_THAT(each.request.body, Not(HasSubstr("hunter2"))) << each.step;
      for (const auto& [name, value] : each.request.headers)
        EXPECT_THAT(value, Not(HasSubstr("hunter2"))) << name;
    }
    return *std::move(planned);
  }

  /// `state list`, `act add?`, ...: a question mark where it depends.
  static std::vector<std::string> steps(const std::vector<act::Planned>& plan) {
    std::vector<std::string> steps;
    for (const auto& each : plan)
      steps.push_back(each.phase + ' ' + each.step + (each.conditional ? "?" : ""));
    return steps;
  }

  static std::unique_ptr<ldap::Ldap> directory(ldap::Dialect dialect) {
    ldap::Config config;
    config.urls = {"ldap://127.0.0.1:1"};
    config.bind_dn = "cn=sallyport,dc=acme,dc=example";
    config.bind_password = "env:SALLYPORT_PREVIEW_SECRET";
    config.base_dn = "dc=acme,dc=example";
    config.dialect = dialect;
    return ldap::Ldap::make(config, never_run().get_executor()).value();
  }

  static asio::io_context& never_run() {
    static asio::io_context loop{1};
    return loop;
  }

  SystemClock clock_;
};

act::Operation operation(std::string verb,
                         std::string kind,
                         std::string value,
                         json::object parameters = {}) {
  return {.verb = std::move(verb),
          .target = {.kind = std::move(kind), .value = std::move(value)},
          .parameters = std::move(parameters)};
}

}  // namespace

TEST_F(Preview, OfAFirewallIsItsCommands) {
  const auto firewall =
      nftables::Nftables::make({.network_namespace = "gateway"}, clock_, never_run().get_executor())
          .value();
  const auto block =
      plan(*firewall,
           operation("block_ip", "ip", "203.0.113.7", {{"duration_s", 600}, {"reason", "C2"}}));
  EXPECT_THAT(
      steps(block),
      ElementsAre(
          "state list", "act list", "act prepare?", "act list?", "act add?", "act replace?"));
  for (const auto& each : block) {
    EXPECT_EQ(each.request.method, "nft");
    EXPECT_THAT(each.request.headers, ElementsAre(Pair("network_namespace", "gateway")));
  }
  EXPECT_EQ(block[4].request.body,
            R"({"nftables":[{"add":{"element":{"name":"blocked_hosts_v4","elem":[{"elem":)"
            R"({"val":"203.0.113.7","timeout":600,"comment":"sallyport ${{ run.id }} C2"}}],)"
            R"("family":"inet","table":"sallyport"}}}]})");
  EXPECT_THAT(
      block[5].request.body,
      HasSubstr(R"({"delete":{"element":{"name":"blocked_hosts_v4","elem":["203.0.113.7"])"));
  EXPECT_THAT(block[2].request.body, HasSubstr(R"("hook":"forward")"));

  const auto unblock = plan(*firewall, operation("unblock_ip", "ip", "203.0.113.0/25"));
  EXPECT_THAT(steps(unblock), ElementsAre("state list", "act list", "act delete?"));
  EXPECT_THAT(unblock.back().request.body,
              AllOf(HasSubstr(R"({"prefix":{"addr":"203.0.113.0","len":25}})"),
                    Not(HasSubstr(R"("add")"))));
}

TEST_F(Preview, OfADirectoryTellsWhatItBindsAsSearchesAndChanges) {
  const auto openldap = directory(ldap::Dialect::ppolicy);
  const auto lock = plan(*openldap, operation("disable_user", "user", "alice"));
  EXPECT_THAT(
      steps(lock),
      ElementsAre(
          "state bind", "state search", "act bind", "act search", "act modify?", "act modify?"));
  EXPECT_THAT(
      lock[0].request.headers,
      ElementsAre(Pair("name", "cn=sallyport,dc=acme,dc=example"), Pair("password", "***")));
  EXPECT_THAT(lock[1].request.headers,
              ElementsAre(Pair("base", "dc=acme,dc=example"),
                          Pair("scope", "sub"),
                          Pair("filter", "(uid=alice)"),
                          Pair("attributes", "pwdAccountLockedTime entryUUID")));
  EXPECT_EQ(lock[4].request.body,
            "dn: ${{ state.dn }}\nchangetype: modify\nadd: pwdAccountLockedTime\n"
            "pwdAccountLockedTime: 000001010000Z\n-\n");
  EXPECT_THAT(lock[5].request.body,
              HasSubstr("delete: pwdAccountLockedTime\n"
                        "pwdAccountLockedTime: ${{ state.pwdAccountLockedTime }}\n-\nadd: "));

  const auto unlock = plan(*openldap, operation("enable_user", "user", "alice"));
  EXPECT_EQ(unlock.back().request.body,
            "dn: ${{ state.dn }}\nchangetype: modify\ndelete: pwdAccountLockedTime\n"
            "pwdAccountLockedTime: ${{ state.pwdAccountLockedTime }}\n-\n");

  const auto off =
      plan(*directory(ldap::Dialect::active_directory), operation("disable_user", "user", "alice"));
  EXPECT_THAT(off.back().request.body,
              HasSubstr("add: userAccountControl\n"
                        "userAccountControl: ${{ state.userAccountControl | 0x2 }}\n"));
}

TEST_F(Preview, OfAHostIsTheCommandAndTheScriptThatItReads) {
  ssh::Config config;
  config.key_file = "/nowhere/key";
  config.sudo = true;
  config.hosts["WKS-0042"] = {.address = "2001:db8::42", .fingerprints = {"SHA256:abc"}};
  const auto hosts = ssh::Ssh::make(config, never_run().get_executor()).value();
  const auto isolate =
      plan(*hosts,
           operation("isolate_host", "host", "wks-0042", {{"allow", json::array{"203.0.113.9"}}}));
  EXPECT_THAT(steps(isolate), ElementsAre("state look", "act look", "act isolate?"));
  EXPECT_EQ(isolate.back().request.url, "ssh://root@[2001:db8::42]:22");
  EXPECT_THAT(
      isolate.back().request.headers,
      ElementsAre(Pair("command",
                       R"(sudo -n sh -s -- "$SSH_CONNECTION" 'network' 'isolate' '203.0.113.9')")));
  EXPECT_THAT(isolate.back().request.body, HasSubstr("table=sallyport_isolation"));

  const auto kill =
      plan(*hosts,
           operation("kill_process", "process", "4711", {{"host", "WKS-0042"}, {"name", "evil"}}));
  EXPECT_THAT(kill[1].request.headers.front().second, HasSubstr("'look' 'evil' '4711'"));
  EXPECT_THAT(kill[2].request.headers.front().second,
              HasSubstr("'kill' 'evil' '${{ state.pid }}' '${{ state.start_time }}'"));
}

TEST_F(Preview, OfACollectorAndAMailServerIsTheMessage) {
  const auto collector =
      syslog::Syslog::make({.host = "siem.acme.example", .transport = syslog::Transport::udp},
                           clock_,
                           never_run().get_executor())
          .value();
  const auto told =
      plan(*collector, operation("notify", "channel", "soc", {{"message", "isolated"}}));
  ASSERT_THAT(steps(told), ElementsAre("act send"));
  EXPECT_EQ(told.front().request.url, "syslog+udp://siem.acme.example:514");
  EXPECT_THAT(told.front().request.body, AllOf(HasSubstr("isolated"), HasSubstr("${{ run.id }}")));

  const auto mail = smtp::Smtp::make({.host = "mail.acme.example",
                                      .user = "soc",
                                      .password = "env:SALLYPORT_PREVIEW_SECRET",
                                      .from = "soc@acme.example",
                                      .domains = {"acme.example"}},
                                     clock_,
                                     never_run().get_executor())
                        .value();
  const auto sent =
      plan(*mail, operation("notify", "email", "alice@acme.example", {{"message", "isolated"}}));
  std::vector<std::string> lines;
  for (const auto& each : sent)
    if (each.step != "mail") lines.push_back(each.request.body);
  EXPECT_THAT(lines,
              ElementsAre("EHLO acme.example",
                          "STARTTLS",
                          "EHLO acme.example",
                          "AUTH PLAIN ***",
                          "MAIL FROM:<soc@acme.example>",
                          "RCPT TO:<alice@acme.example>",
                          "DATA",
                          "QUIT"));
}

}  // namespace sallyport::connectors
