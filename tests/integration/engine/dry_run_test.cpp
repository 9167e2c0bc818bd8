#include "engine/base/secret.hpp"
#include "tests/integration/engine/engine.hpp"
#include "tools/lab/lab.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

/// `sallyport connector call --dry-run` on the connectors that are no manifests, seen from outside.
namespace sallyport::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

/// A port of this machine at which nobody answers, and whether somebody came.
class Port {
 public:
  explicit Port(int type) : socket_{::socket(AF_INET, type, 0)} {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    if (::bind(socket_, generic, size) != 0 || (type == SOCK_STREAM && ::listen(socket_, 8) != 0) ||
        ::getsockname(socket_, generic, &size) != 0)
      throw std::runtime_error{"no port"};
    number_ = ntohs(address.sin_port);
  }

  ~Port() { ::close(socket_); }

  Port(const Port&) = delete;
  Port& operator=(const Port&) = delete;

  [[nodiscard]] std::uint16_t number() const { return number_; }

  [[nodiscard]] bool somebody_came() const {
    pollfd waiting{.fd = socket_, .events = POLLIN, .revents = 0};
    return ::poll(&waiting, 1, 100) > 0;
  }

 private:
  int socket_;
  std::uint16_t number_ = 0;
};

/// A settings file with these connectors.
class Settings {
 public:
  explicit Settings(json::object connectors) : file_{folder_.path() / "sallyport.yaml"} {
    std::ofstream{file_} << to_json(
        json::value(json::object{{"connectors", std::move(connectors)}}));
  }

  [[nodiscard]] lab::Finished call(const std::string& name,
                                   const std::string& verb,
                                   const json::object& with,
                                   const std::string& how) const {
    return run_sallyport({"connector",
                          "call",
                          name,
                          verb,
                          how,
                          "--json",
                          "--config",
                          file_.string(),
                          "--with",
                          to_json(json::value(with))});
  }

  /// What a dry run printed, each line as it has to be.
  [[nodiscard]] std::vector<json::object> plan(const std::string& name,
                                               const std::string& verb,
                                               const json::object& with) const {
    const auto ran = call(name, verb, with, "--dry-run");
    EXPECT_EQ(ran.status, 0) << ran.printed;
    std::vector<json::object> lines;
    std::istringstream text{ran.printed};
    for (std::string line; std::getline(text, line);) {
      const auto parsed = parse_json(line);
      if (!parsed || !parsed->is_object()) {
        ADD_FAILURE() << line;
        continue;
      }
      lines.push_back(parsed->get_object());
      for (const auto* member : {"phase", "step", "conditional", "request"})
        EXPECT_TRUE(lines.back().contains(member)) << line;
      for (const auto* member : {"method", "url", "headers"})
        EXPECT_TRUE(lines.back().at("request").as_object().contains(member)) << line;
    }
    EXPECT_FALSE(lines.empty());
    return lines;
  }

 private:
  TemporaryDirectory folder_;
  std::filesystem::path file_;
};

json::object on(std::string kind, std::string value, json::object parameters = {}) {
  return {{"target", {{"kind", std::move(kind)}, {"value", std::move(value)}}},
          {"parameters", std::move(parameters)}};
}

template <class Config>
json::object entry(std::string_view type, const Config& config) {
  auto options = to_json_value(config).as_object();
  options.erase("name");
  options["type"] = type;
  return options;
}

/// The body of the first request of that step.
std::string body_of(const std::vector<json::object>& plan, std::string_view step) {
  for (const auto& line : plan)
    if (line.at("step").as_string() == step && line.at("phase").as_string() == "act")
      return std::string{line.at("request").at("body").as_string()};
  ADD_FAILURE() << "no " << step;
  return {};
}

}  // namespace

TEST(DryRun, OpensNoConnectionToAProductAndNeedsNoSecretOfIt) {
  const Port directory{SOCK_STREAM};
  const Port host{SOCK_STREAM};
  const Port mail{SOCK_STREAM};
  const Port collector{SOCK_STREAM};
  const Port datagrams{SOCK_DGRAM};
  ::unsetenv("SALLYPORT_DRY_RUN_SECRET");
  const Settings settings{
      json::object{{"idp",
                    {{"type", "ldap"},
                     {"urls", {fmt::format("ldap://127.0.0.1:{}", directory.number())}},
                     {"bind_dn", "cn=sallyport,dc=acme,dc=example"},
                     {"bind_password", "env:SALLYPORT_DRY_RUN_SECRET"},
                     {"base_dn", "dc=acme,dc=example"}}},
                   {"edr",
                    {{"type", "ssh"},
                     {"key_file", "/nowhere/key"},
                     {"key_passphrase", "env:SALLYPORT_DRY_RUN_SECRET"},
                     {"hosts",
                      {{"WKS-0042",
                        {{"address", "127.0.0.1"},
                         {"port", host.number()},
                         {"fingerprints", {"SHA256:abc"}}}}}}}},
                   {"mail",
                    {{"type", "smtp"},
                     {"host", "127.0.0.1"},
                     {"port", mail.number()},
                     {"user", "soc"},
                     {"password", "env:SALLYPORT_DRY_RUN_SECRET"},
                     {"from", "soc@acme.example"},
                     {"domains", {"acme.example"}}}},
                   {"siem",
                    {{"type", "syslog"},
                     {"host", "127.0.0.1"},
                     {"port", collector.number()},
                     {"transport", "tcp"}}},
                   {"siem-udp",
                    {{"type", "syslog"},
                     {"host", "127.0.0.1"},
                     {"port", datagrams.number()},
                     {"transport", "udp"}}}}};
  (void)settings.plan("idp", "disable_user", on("user", "alice"));
  (void)settings.plan("idp", "enable_user", on("user", "alice"));
  (void)settings.plan("edr", "quarantine_file", on("file", "/tmp/evil", {{"host", "WKS-0042"}}));
  (void)settings.plan("edr", "release_host", on("host", "WKS-0042"));
  (void)settings.plan("mail", "notify", on("email", "alice@acme.example", {{"message", "look"}}));
  (void)settings.plan("siem", "notify", on("channel", "soc", {{"message", "look"}}));
  (void)settings.plan("siem-udp", "notify", on("channel", "soc", {{"message", "look"}}));
  for (const auto* port : {&directory, &host, &mail, &collector, &datagrams})
    EXPECT_FALSE(port->somebody_came()) << port->number();

  // That they would have been seen: a read does come.
  ::setenv("SALLYPORT_DRY_RUN_SECRET", "secret", 1);
  EXPECT_EQ(settings.call("idp", "disable_user", on("user", "alice"), "--read").status, 2);
  EXPECT_TRUE(directory.somebody_came());
}

TEST(DryRun, RefusesWhatTheEngineWouldRefuse) {
  const Settings settings{json::object{
      {"firewall", {{"type", "nftables"}}},
      {"siem", {{"type", "syslog"}, {"host", "198.51.100.20"}, {"transport", "udp"}}}}};
  for (const auto* address : {"0.0.0.0/0", "127.0.0.1", "::ffff:127.0.0.1", "198.51.100.20"}) {
    const auto ran = settings.call("firewall", "block_ip", on("ip", address), "--dry-run");
    EXPECT_EQ(ran.status, 1) << address << ran.printed;
    EXPECT_THAT(ran.printed, AllOf(HasSubstr("refused: "), Not(HasSubstr("nftables")))) << address;
  }
  const auto unknown = settings.call("firewall", "block_ip", on("user", "alice"), "--dry-run");
  EXPECT_EQ(unknown.status, 1) << unknown.printed;
}

TEST(DryRun, OfAFirewallChangesNothingAndItsCommandsAreThoseThatBlock) {
  const auto lab = lab::Lab::start({.directory = false, .workstation = false});
  ASSERT_TRUE(lab) << lab.error().detail;
  const auto nft = [&](std::vector<std::string> arguments, const std::string& input = {}) {
    arguments.insert(arguments.begin(), {"ip", "netns", "exec", lab->networks().gateway, "nft"});
    return lab::must_run(arguments, input);
  };
  const Settings settings{json::object{{"firewall", entry("nftables", lab->firewall())}}};
  const auto before = nft({"list", "ruleset"});
  ASSERT_TRUE(before);
  const auto plan =
      settings.plan("firewall", "block_ip", on("ip", "203.0.113.7", {{"duration_s", 600}}));
  EXPECT_EQ(nft({"list", "ruleset"}).value(), *before);

  for (const auto* step : {"prepare", "add"}) {
    const auto done = nft({"-j", "-f", "-"}, body_of(plan, step));
    EXPECT_TRUE(done) << done.error().detail;
  }
  EXPECT_THAT(nft({"list", "ruleset"}).value(),
              AllOf(HasSubstr("203.0.113.7 timeout 10m"), HasSubstr("drop")));
  const auto undo = settings.plan("firewall", "unblock_ip", on("ip", "203.0.113.7"));
  EXPECT_THAT(nft({"list", "ruleset"}).value(), HasSubstr("203.0.113.7"));
  EXPECT_TRUE(nft({"-j", "-f", "-"}, body_of(undo, "delete")));
  EXPECT_THAT(nft({"list", "ruleset"}).value(), Not(HasSubstr("203.0.113.7")));
}

TEST(DryRun, OfADirectoryChangesNothingAndItsModificationIsTheOneThatLocks) {
  const auto lab = lab::Lab::start({.networks = false, .workstation = false});
  ASSERT_TRUE(lab) << lab.error().detail;
  const auto config = lab->directory().config();
  const Settings settings{json::object{{"idp", entry("ldap", config)}}};
  const auto plan = settings.plan("idp", "disable_user", on("user", "alice"));
  EXPECT_EQ(lab->directory().log_in("alice").value(), 0);

  auto change = body_of(plan, "modify");
  const std::string place = "${{ state.dn }}";
  ASSERT_THAT(change, HasSubstr(place));
  change.replace(change.find(place), place.size(), lab->directory().dn_of("alice"));
  const auto changed = lab::must_run({"ldapmodify",
                                      "-x",
                                      "-H",
                                      lab->directory().url(),
                                      "-D",
                                      config.bind_dn,
                                      "-w",
                                      resolve_secret(config.bind_password).value().reveal()},
                                     change);
  EXPECT_TRUE(changed) << changed.error().detail;
  EXPECT_NE(lab->directory().log_in("alice").value(), 0);
}

TEST(DryRun, OfAHostChangesNothingAndItsCommandIsTheOneThatIsolates) {
  auto lab = lab::Lab::start({.directory = false});
  ASSERT_TRUE(lab) << lab.error().detail;
  const Settings settings{json::object{{"edr", entry("ssh", lab->workstation().config())}}};
  const auto isolated = [&] {
    const auto rules = lab->workstation().run_there({"nft", "list", "ruleset"});
    return rules && rules->printed.contains("sallyport_isolation");
  };
  const auto plan = settings.plan("edr", "isolate_host", on("host", "WKS-0042"));
  EXPECT_FALSE(isolated());

  const auto& request = plan.back().at("request").as_object();
  const std::string command{request.at("headers").at("command").as_string()};
  const auto ran = lab->workstation().run_there({"env",
                                                 "SSH_CONNECTION=10.77.0.1 40000 10.77.0.20 22",
                                                 "sh",
                                                 "-c",
                                                 "printf '%s' \"$0\" | " + command,
                                                 std::string{request.at("body").as_string()}});
  ASSERT_TRUE(ran);
  EXPECT_THAT(ran->printed, HasSubstr("end done the host is isolated"));
  EXPECT_TRUE(isolated());
}

TEST(DryRun, KnowsTheConnectorsThatWereDroppedIntoTheFolder) {
  const TemporaryDirectory folder;
  const auto dropped = folder.path() / "dropped";
  std::filesystem::create_directory(dropped);
  std::ofstream{folder.path() / "sallyport.yaml"} << "connectors_folder: dropped\n";
  std::ofstream{dropped / "okta-acme.yaml"}
      << "manifest: idp/okta.yaml\nbase_url: https://acme.okta.com\n"
         "secrets: { api_token: env:SALLYPORT_DRY_RUN_SECRET }\n";
  std::ofstream{dropped / "okta-faulty.yaml"} << "manifest: idp/okta.yaml\nbas_url: x\n";
  ::unsetenv("SALLYPORT_DRY_RUN_SECRET");
  const auto call = [&](const std::string& name) {
    return run_sallyport({"connector",
                          "call",
                          name,
                          "disable_user",
                          "--dry-run",
                          "--config",
                          (folder.path() / "sallyport.yaml").string(),
                          "--with",
                          to_json(json::value(on("user", "alice@acme.example")))});
  };
  const auto known = call("okta-acme");
  EXPECT_EQ(known.status, 0) << known.printed;
  EXPECT_THAT(known.printed, HasSubstr("https://acme.okta.com/api/v1/users/"));
  const auto faulty = call("okta-faulty");
  EXPECT_EQ(faulty.status, 2);
  EXPECT_THAT(faulty.printed, HasSubstr("okta-faulty.yaml:2:"));
  EXPECT_THAT(faulty.printed, HasSubstr("bas_url"));
  const auto unknown = call("okta-of-nobody");
  EXPECT_EQ(unknown.status, 2);
  EXPECT_THAT(unknown.printed, HasSubstr("okta-of-nobody"));
}

}  // namespace sallyport::testing
