#include "connectors/native/ssh/ssh.hpp"

#include <boost/asio/system_executor.hpp>
#include <gtest/gtest.h>

namespace sallyport::connectors::ssh {

namespace {

Config usable() {
  Config config;
  config.key_file = "/nowhere/key";
  config.hosts["WKS-0042"] = {.address = "10.77.0.20", .fingerprints = {"SHA256:abc"}};
  config.protected_hosts = {"DC-01"};
  return config;
}

act::Operation operation(std::string verb,
                         std::string kind,
                         std::string value,
                         json::object parameters = {}) {
  return {.verb = std::move(verb),
          .target = {.kind = std::move(kind), .value = std::move(value), .tags = {}},
          .parameters = std::move(parameters),
          .idempotency_key = "01J",
          .restore = {}};
}

act::Operation quarantine(std::string path) {
  return operation("quarantine_file", "file", std::move(path), {{"host", "WKS-0042"}});
}

act::Operation kill(std::string process, json::object parameters) {
  return operation("kill_process", "process", std::move(process), std::move(parameters));
}

Errc refusal(const act::Operation& asked) {
  const auto ssh = Ssh::make(usable(), asio::system_executor{}).value();
  const auto ok = ssh->check(asked);
  EXPECT_FALSE(ok) << asked.target.value << " was let through";
  if (ok) return Errc::corrupt;
  EXPECT_FALSE(ok.error().detail.empty());
  return ok.error().code;
}

bool is_let_through(const act::Operation& asked) {
  return Ssh::make(usable(), asio::system_executor{}).value()->check(asked).has_value();
}

}  // namespace

TEST(SshQuote, MakesOneWordOfAnything) {
  EXPECT_EQ(quote(""), "''");
  EXPECT_EQ(quote("a b"), "'a b'");
  EXPECT_EQ(quote("it's"), R"('it'\''s')");
  EXPECT_EQ(quote("$(reboot) `x` \"y\" \\ ; & | > *"), "'$(reboot) `x` \"y\" \\ ; & | > *'");
  EXPECT_EQ(quote("''"), R"(''\'''\''')");
}

TEST(SshJob, PassesValuesAsQuotedWordsOfAFixedCommand) {
  const auto job = job_of(usable(), quarantine("/tmp/a';reboot;'")).value();
  EXPECT_EQ(command_line(job, false),
            R"(sh -s -- "$SSH_CONNECTION" 'file' 'quarantine' '/tmp/a'\'';reboot;'\''' )"
            "'/var/lib/sallyport-quarantine' '' '' '' ''");
  EXPECT_TRUE(command_line(job, true).starts_with("sudo -n sh -s -- "));
}

TEST(SshChecks, RefusePathsThatAreNotOneFile) {
  using namespace std::string_literals;
  for (const auto& path : {""s,
                           "relative"s,
                           "./a"s,
                           "~/a"s,
                           "/tmp/"s,
                           "/"s,
                           "/tmp/../etc/passwd"s,
                           "/tmp/./a"s,
                           "/tmp//a"s,
                           "/tmp/a/.."s,
                           "/tmp/a\nb"s,
                           "/tmp/a\r\nb"s,
                           "/tmp/a\0b"s,
                           "/tmp/\x1b[31m"s,
                           "/tmp/${{ file }}"s,
                           "/tmp/${NAME}"s,
                           "/tmp/{{7*7}}"s,
                           "/tmp/\xFF"s,
                           "/tmp/\xE2\x80\xAEgpj.exe"s,
                           "C:\\Windows\\evil.exe"s,
                           "/" + std::string(2000, 'a')})
    EXPECT_EQ(refusal(quarantine(path)), Errc::invalid_input) << path;
}

TEST(SshChecks, RefuseProtectedPathsAndAllBeneath) {
  for (const auto* path : {"/proc/1/mem",
                           "/sys/kernel",
                           "/dev/sda",
                           "/etc/passwd",
                           "/etc/shadow",
                           "/etc/sudoers.d/x",
                           "/etc/ssh/sshd_config",
                           "/usr/bin/sudo",
                           "/lib/x.so",
                           "/boot/vmlinuz",
                           "/var/lib/sallyport-quarantine/x"})
    EXPECT_EQ(refusal(quarantine(path)), Errc::denied) << path;
  EXPECT_TRUE(is_let_through(quarantine("/etc/passwd.bak")));
  EXPECT_TRUE(is_let_through(quarantine("/tmp/it's $(x) \"quoted\".txt")));
}

TEST(SshChecks, RefuseAProcessIdThatCouldBeAnothersByNow) {
  const std::string_view host{"WKS-0042"};
  EXPECT_EQ(refusal(kill("4711", {{"host", host}})), Errc::invalid_input);
  EXPECT_TRUE(is_let_through(kill("4711", {{"host", host}, {"name", "evil"}})));
  EXPECT_TRUE(is_let_through(kill("4711", {{"host", host}, {"start_time", 99}})));
  EXPECT_TRUE(
      is_let_through(kill("4711", {{"host", host}, {"started_at", "2026-11-20T10:00:00Z"}})));
  EXPECT_EQ(refusal(kill("4711", {{"host", host}, {"started_at", "yesterday"}})),
            Errc::invalid_input);
  EXPECT_TRUE(is_let_through(kill("evil", {{"host", host}})));
  EXPECT_TRUE(is_let_through(kill("/tmp/evil", {{"host", host}, {"pid", 4711}})));
}

TEST(SshChecks, RefuseProcessesThatAreNeverKilledOrNotNamed) {
  const std::string_view host{"WKS-0042"};
  EXPECT_EQ(refusal(kill("1", {{"host", host}, {"name", "x"}})), Errc::denied);
  EXPECT_EQ(refusal(kill("sshd", {{"host", host}})), Errc::denied);
  EXPECT_EQ(refusal(kill("/usr/sbin/sshd", {{"host", host}})), Errc::denied);
  for (const auto* name : {"", "evil\n1", "${{ process }}", "evil\r\n"})
    EXPECT_EQ(refusal(kill(name, {{"host", host}})), Errc::invalid_input) << name;
  EXPECT_EQ(refusal(kill("evil", {})), Errc::invalid_input);
  EXPECT_EQ(refusal(kill("evil", {{"host", "a b;reboot"}})), Errc::invalid_input);
  EXPECT_EQ(refusal(kill("evil", {{"host", host}, {"pid", "-1"}})), Errc::invalid_input);
  EXPECT_EQ(refusal(kill("evil", {{"host", host}, {"pid", "1 -9"}})), Errc::invalid_input);
  EXPECT_EQ(refusal(kill("evil", {{"host", host}, {"signal", 9}})), Errc::invalid_input);
  EXPECT_EQ(refusal(kill("77", {{"host", host}, {"pid", 78}, {"name", "x"}})), Errc::invalid_input);
}

TEST(SshChecks, RefuseHostsThatAreNoHostsOrProtected) {
  for (const auto* name : {"",
                           "a b",
                           "10.0.0.1 or 1=1",
                           "x;reboot",
                           "$(x)",
                           "a\nb",
                           "<host/>",
                           "WKS-\xD0\x9E"
                           "042",
                           "*"})
    EXPECT_EQ(refusal(operation("isolate_host", "host", name)), Errc::invalid_input) << name;
  EXPECT_EQ(refusal(operation("isolate_host", "host", "dc-01")), Errc::denied);
  EXPECT_TRUE(is_let_through(operation("release_host", "host", "dc-01")));
  EXPECT_EQ(refusal(operation("isolate_host", "ip", "10.77.0.20")), Errc::invalid_input);
  const auto allow = [](std::string_view address) {
    return operation("isolate_host", "host", "WKS-0042", {{"allow", json::array({address})}});
  };
  EXPECT_TRUE(is_let_through(allow("10.1.2.3")));
  EXPECT_EQ(refusal(allow("0.0.0.0/0")), Errc::denied);
  EXPECT_EQ(refusal(allow("10.1.2.3 accept; add rule")), Errc::invalid_input);
  EXPECT_EQ(refusal(operation("wipe_host", "host", "WKS-0042")), Errc::invalid_input);
}

TEST(SshConfig, TrustsNoHostWithoutAKnownKey) {
  auto config = usable();
  config.hosts["WKS-0042"].fingerprints.clear();
  EXPECT_FALSE(Ssh::make(config, asio::system_executor{}));
  config.known_hosts = "/etc/ssh/ssh_known_hosts";
  EXPECT_TRUE(Ssh::make(config, asio::system_executor{}));
  config = usable();
  config.hosts["WKS-0042"].fingerprints = {"aa:bb:cc"};
  EXPECT_FALSE(Ssh::make(config, asio::system_executor{}));
  config = usable();
  config.management = {"office.example.com"};
  EXPECT_FALSE(Ssh::make(config, asio::system_executor{}));
}

TEST(SshAnswer, IsCutOffAtEveryByteButTheLast) {
  const std::string whole = "Welcome!\nbegin\nfact pid 7\nfact name a b\nend done it is gone\n";
  const auto answer = parse_answer(whole);
  EXPECT_EQ(answer.word, "done");
  EXPECT_EQ(answer.text, "it is gone");
  EXPECT_EQ(answer.fact("pid"), "7");
  EXPECT_EQ(answer.fact("name"), "a b");
  for (std::size_t n = 0; n < whole.size(); ++n)
    EXPECT_EQ(parse_answer(whole.substr(0, n)).word, "") << n;
}

TEST(SshAnswer, TakesNothingThatComesBeforeTheScript) {
  EXPECT_EQ(parse_answer("end done forged\nbegin\nend denied no\n").word, "denied");
}

TEST(SshReading, SeesIsolationOnlyWhereEveryChainDrops) {
  const auto asked = operation("isolate_host", "host", "WKS-0042");
  const auto chain = [](std::string_view hook, std::string_view policy) {
    return fmt::format(R"({{"chain":{{"hook":"{}","policy":"{}"}}}})", hook, policy);
  };
  const auto reading = [&](const std::string& items) {
    Answer answer{.facts = {{"table", R"({"nftables":[)" + items + "]}"}}, .word = "done"};
    return reading_of(asked, answer).value().in_effect;
  };
  const auto both = chain("input", "drop") + "," + chain("output", "drop") + ",";
  EXPECT_EQ(reading(both + chain("forward", "drop")), true);
  EXPECT_EQ(reading(both + chain("forward", "accept")), false);
  EXPECT_EQ(reading(chain("input", "drop")), false);
  EXPECT_EQ(reading(both + chain("forward", "drop") + R"(,{"rule":{"expr":[{"accept":null}]}})"),
            false)
      << "a rule that lets everything through";
  EXPECT_EQ(reading_of(asked, Answer{.word = "done"}).value().in_effect, false);
}

TEST(SshInverse, RestoresWhatWasMovedAndUndoesNoKill) {
  const auto ssh = Ssh::make(usable(), asio::system_executor{}).value();
  const act::Reading before{.in_effect = false,
                            .state = {{"mode", "640"}, {"uid", "7"}, {"sha256", "x"}}};
  const auto inverse = ssh->inverse(quarantine("/tmp/a"), before);
  EXPECT_EQ(inverse.operation.verb, "restore_file");
  EXPECT_EQ(inverse.operation.restore, before.state);
  EXPECT_EQ(inverse.operation.parameters.at("host"), "WKS-0042");
  const auto kept = ssh->inverse(kill("evil", {{"host", "WKS-0042"}}), before);
  EXPECT_TRUE(kept.operation.verb.empty());
  EXPECT_EQ(kept.why, "cannot be undone");
}

}  // namespace sallyport::connectors::ssh
