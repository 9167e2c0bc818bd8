#include "connectors/native/ssh/ssh.hpp"

#include "tests/integration/connectors/real_product.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <iterator>

namespace sallyport::testing {

using connectors::ssh::Ssh;
using model::OutcomeStatus;
namespace fs = std::filesystem;

namespace {

constexpr auto patience_with_ssh = 300ms;
constexpr auto host = "WKS-0042";

act::Operation kill(std::string process, json::object parameters) {
  parameters["host"] = host;
  return {.verb = "kill_process",
          .target = {.kind = "process", .value = std::move(process), .tags = {}},
          .parameters = std::move(parameters),
          .idempotency_key = "a-1",
          .restore = {}};
}

act::Operation quarantine(const fs::path& path, json::object parameters = {}) {
  parameters["host"] = host;
  return {.verb = "quarantine_file",
          .target = {.kind = "file", .value = path.string(), .tags = {}},
          .parameters = std::move(parameters),
          .idempotency_key = "a-1",
          .restore = {}};
}

act::Operation on_host(std::string verb) {
  return {.verb = std::move(verb),
          .target = {.kind = "host", .value = host, .tags = {}},
          .parameters = {},
          .idempotency_key = "a-1",
          .restore = {}};
}

std::string contents(const fs::path& file) {
  std::ifstream in{file, std::ios::binary};
  return {std::istreambuf_iterator<char>{in}, {}};
}

}  // namespace

/// The lab's workstation, not isolated.
class SshHost : public RealProduct<SshHost> {
 public:
  static lab::Options parts() { return {.directory = false}; }

 protected:
  SshHost() {
    edr_ = make(config());
    (void)execute(*edr_, on_host("release_host"));
  }

  [[nodiscard]] std::unique_ptr<Ssh> make(connectors::ssh::Config config) {
    auto made = Ssh::make(std::move(config), pool().get_executor());
    if (!made) throw std::runtime_error{made.error().detail};
    return *std::move(made);
  }

  static connectors::ssh::Config config() { return the_lab().workstation().config(); }

  /// Starts an idle process on the host. Its id there.
  static pid_t start(const std::string& name) {
    const auto pid = the_lab().workstation().start_idle(name);
    EXPECT_TRUE(pid) << trouble(pid);
    return pid.value_or(-1);
  }

  static bool runs(pid_t pid) {
    const auto seen = the_lab().workstation().run_there(
        {"sh", "-c", "grep -q '^State:.[^ZX]' /proc/$1/status", "sh", std::to_string(pid)});
    return seen && seen->status == 0;
  }

  /// A file on the host that is not root's, with a mode and a time of its own.
  static fs::path make_file(const std::string& name, const std::string& text) {
    const auto path = the_lab().folder() / name;
    std::ofstream{path, std::ios::binary} << text;
    EXPECT_EQ(chown(path.c_str(), 1234, 2345), 0);
    EXPECT_EQ(chmod(path.c_str(), 04751), 0);
    const std::array<timespec, 2> times{{{.tv_sec = 1'700'000'000}, {.tv_sec = 1'700'000'000}}};
    EXPECT_EQ(utimensat(AT_FDCWD, path.c_str(), times.data(), 0), 0);
    return path;
  }

  static bool outside_reaches_host() {
    return lab::reaches(
        the_lab().networks().outside, "203.0.113.7", lab::host_address, 22, patience_with_ssh);
  }

  std::unique_ptr<Ssh> edr_;
};

TEST_F(SshHost, KillsTheProcessThatWasMeant) {
  const auto pid = start("cryptolocker");
  const auto other = start("innocent");
  const auto operation = kill("cryptolocker", {{"pid", pid}});
  const auto before = read(*edr_, operation);
  ASSERT_TRUE(before) << trouble(before);
  EXPECT_EQ(before->in_effect, false);
  const auto done = execute(*edr_, operation);
  ASSERT_TRUE(done) << trouble(done);
  EXPECT_EQ(done->status, OutcomeStatus::succeeded) << done->detail;
  EXPECT_FALSE(runs(pid));
  EXPECT_TRUE(runs(other));
  EXPECT_EQ(read(*edr_, operation)->in_effect, true);
  EXPECT_EQ(execute(*edr_, operation)->status, OutcomeStatus::already_done);
  EXPECT_TRUE(edr_->inverse(operation, *before).operation.verb.empty());
  ASSERT_TRUE(execute(*edr_, kill("innocent", {})));
  EXPECT_FALSE(runs(other));
}

TEST_F(SshHost, NeverKillsAnotherProcessThatHasTheIdByNow) {
  const auto pid = start("bystander");
  const auto by_name = execute(*edr_, kill(std::to_string(pid), {{"name", "cryptolocker"}}));
  ASSERT_TRUE(by_name) << trouble(by_name);
  EXPECT_EQ(by_name->status, OutcomeStatus::already_done);
  const auto start_time = read(*edr_, kill("bystander", {{"pid", pid}}))->state.at("start_time");
  const auto since = std::stoll(std::string{start_time.as_string()}) - 1;
  const auto by_time = execute(*edr_, kill("bystander", {{"pid", pid}, {"start_time", since}}));
  ASSERT_TRUE(by_time);
  EXPECT_EQ(by_time->status, OutcomeStatus::already_done);
  EXPECT_TRUE(runs(pid));
  const auto now = SystemClock{}.now();
  const auto earlier = kill(std::to_string(pid), {{"started_at", to_rfc3339(now - 60s)}});
  const auto by_date = execute(*edr_, earlier);
  ASSERT_TRUE(by_date) << trouble(by_date);
  EXPECT_EQ(by_date->status, OutcomeStatus::already_done);
  EXPECT_TRUE(runs(pid));
  ASSERT_TRUE(execute(*edr_, kill("bystander", {{"pid", pid}, {"start_time", since + 1}})));
  EXPECT_FALSE(runs(pid));
}

TEST_F(SshHost, AsksWhichProcessWhereAFewHaveTheName) {
  const auto first = start("worm");
  const auto second = start("worm2");
  const auto third =
      the_lab().workstation().run_there({"sh",
                                         "-c",
                                         "\"$1\" 3600 </dev/null >/dev/null 2>&1 & echo $!",
                                         "sh",
                                         the_lab().folder() / "workstation/worm"});
  ASSERT_TRUE(third);
  EXPECT_EQ(execute(*edr_, kill("worm", {})).error().code, Errc::conflict);
  EXPECT_TRUE(runs(first));
  ASSERT_TRUE(execute(*edr_, kill("worm", {{"pid", first}})));
  ASSERT_TRUE(execute(*edr_, kill("worm", {})));
  ASSERT_TRUE(execute(*edr_, kill("worm2", {})));
  EXPECT_FALSE(runs(second));
}

TEST_F(SshHost, MovesAFileIntoQuarantineAndBackAsItWas) {
  const std::string text{"MZ\0\xFF payload\n\n", 14};
  const auto path = make_file("it's $(touch pwned) \"x\" \xC3\xA9.exe", text);
  const auto operation = quarantine(path);
  const auto before = read(*edr_, operation);
  ASSERT_TRUE(before) << trouble(before);
  EXPECT_EQ(before->in_effect, false);

  const auto done = execute(*edr_, operation);
  ASSERT_TRUE(done) << trouble(done);
  EXPECT_EQ(done->status, OutcomeStatus::succeeded) << done->detail;
  EXPECT_FALSE(fs::exists(path));
  EXPECT_FALSE(fs::exists(the_lab().folder() / "pwned"));
  EXPECT_EQ(read(*edr_, operation)->in_effect, true);
  EXPECT_EQ(execute(*edr_, operation)->status, OutcomeStatus::already_done);
  for (const auto& kept : fs::directory_iterator{config().quarantine_dir}) {
    if (kept.path().extension().empty()) EXPECT_EQ(kept.status().permissions(), fs::perms::none);
  }

  const auto inverse = edr_->inverse(operation, *before);
  const auto undone = execute(*edr_, inverse.operation);
  ASSERT_TRUE(undone) << trouble(undone);
  EXPECT_EQ(undone->status, OutcomeStatus::succeeded) << undone->detail;
  EXPECT_EQ(contents(path), text);
  struct stat is{};
  ASSERT_EQ(stat(path.c_str(), &is), 0);
  EXPECT_EQ(is.st_uid, 1234U);
  EXPECT_EQ(is.st_gid, 2345U);
  EXPECT_EQ(is.st_mode & 07777U, 04751U);
  EXPECT_EQ(is.st_mtime, 1'700'000'000);
  EXPECT_EQ(read(*edr_, inverse.operation)->in_effect, true);
  EXPECT_EQ(execute(*edr_, inverse.operation)->status, OutcomeStatus::already_done);
}

TEST_F(SshHost, RestoresAFileByPathAlone) {
  const auto path = make_file("dropper", "x");
  ASSERT_TRUE(execute(*edr_, quarantine(path)));
  auto restore = quarantine(path);
  restore.verb = "restore_file";
  const auto done = execute(*edr_, restore);
  ASSERT_TRUE(done) << trouble(done);
  EXPECT_EQ(contents(path), "x");
  struct stat is{};
  ASSERT_EQ(stat(path.c_str(), &is), 0);
  EXPECT_EQ(is.st_mode & 07777U, 04751U);
}

TEST_F(SshHost, PutsNothingOverAnotherFile) {
  const auto path = make_file("again", "first");
  const auto operation = quarantine(path);
  const auto before = read(*edr_, operation);
  ASSERT_TRUE(execute(*edr_, operation));
  make_file("again", "second");
  EXPECT_EQ(read(*edr_, operation)->in_effect, false) << "there is a file again";
  const auto undone = execute(*edr_, edr_->inverse(operation, *before).operation);
  ASSERT_FALSE(undone);
  EXPECT_EQ(undone.error().code, Errc::conflict);
  EXPECT_EQ(contents(path), "second");
}

TEST_F(SshHost, NeverFollowsALinkAndTakesOnlyTheFileThatWasMeant) {
  const auto path = make_file("target", "x");
  const auto link = the_lab().folder() / "link";
  fs::create_symlink(path, link);
  EXPECT_EQ(execute(*edr_, quarantine(link)).error().code, Errc::denied);
  const auto folder_link = the_lab().folder() / "folder-link";
  fs::create_symlink(the_lab().folder(), folder_link);
  EXPECT_EQ(execute(*edr_, quarantine(folder_link / "target")).error().code, Errc::denied);
  EXPECT_EQ(execute(*edr_, quarantine(the_lab().folder())).error().code, Errc::denied);
  const auto other = execute(*edr_, quarantine(path, {{"sha256", std::string(64, 'a')}}));
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code, Errc::conflict);
  fs::create_hard_link(path, the_lab().folder() / "second-name");
  EXPECT_EQ(execute(*edr_, quarantine(path)).error().code, Errc::conflict);
  EXPECT_EQ(contents(path), "x");
  EXPECT_EQ(read(*edr_, quarantine("/tmp/no such file")).error().code, Errc::not_found);
}

TEST_F(SshHost, IsolatesAHostFromAllButUsUntilItIsReleased) {
  const auto operation = on_host("isolate_host");
  const auto before = read(*edr_, operation);
  ASSERT_TRUE(before) << trouble(before);
  EXPECT_EQ(before->in_effect, false);
  ASSERT_TRUE(outside_reaches_host());

  const auto done = execute(*edr_, operation);
  ASSERT_TRUE(done) << trouble(done);
  EXPECT_EQ(done->status, OutcomeStatus::succeeded) << done->detail;
  EXPECT_FALSE(outside_reaches_host());
  EXPECT_FALSE(
      lab::reaches(the_lab().networks().host, "", lab::gateway_inside, 22, patience_with_ssh));
  const auto after = read(*edr_, operation);
  ASSERT_TRUE(after) << "we still reach it: " << trouble(after);
  EXPECT_EQ(after->in_effect, true);
  EXPECT_EQ(execute(*edr_, operation)->status, OutcomeStatus::already_done);

  const auto inverse = edr_->inverse(operation, *before);
  ASSERT_EQ(inverse.operation.verb, "release_host");
  const auto undone = execute(*edr_, inverse.operation);
  ASSERT_TRUE(undone) << trouble(undone);
  EXPECT_TRUE(outside_reaches_host());
  EXPECT_EQ(read(*edr_, inverse.operation)->in_effect, true);
}

TEST_F(SshHost, IsolatesAHostThatIsReachedOverIPv6) {
  auto over_v6 = config();
  over_v6.hosts[host].address = lab::host_address_v6;
  const auto edr = make(over_v6);
  const auto done = execute(*edr, on_host("isolate_host"));
  ASSERT_TRUE(done) << trouble(done);
  EXPECT_FALSE(outside_reaches_host());
  const auto undone = execute(*edr, on_host("release_host"));
  ASSERT_TRUE(undone) << trouble(undone);
  EXPECT_TRUE(outside_reaches_host());
}

TEST_F(SshHost, NeverIsolatesTheMachineItRunsOn) {
  auto here = config();
  here.hosts[host].address = lab::gateway_inside;
  EXPECT_EQ(execute(*make(here), on_host("isolate_host")).error().code, Errc::denied);
  here.hosts[host].address = "127.0.0.1";
  EXPECT_EQ(execute(*make(here), on_host("isolate_host")).error().code, Errc::denied);
}

TEST_F(SshHost, IsRefusedWhereTheHostShowsAnotherKey) {
  const auto pid = start("survivor");
  auto wrong = config();
  wrong.hosts[host].fingerprints = {"SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU"};
  const auto done = execute(*make(wrong), kill("survivor", {}));
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, Errc::denied);
  EXPECT_TRUE(runs(pid));
  wrong.hosts[host].fingerprints.clear();
  wrong.known_hosts = the_lab().folder() / "known_hosts";
  std::ofstream{wrong.known_hosts} << "";
  EXPECT_EQ(execute(*make(wrong), kill("survivor", {})).error().code, Errc::denied);
  EXPECT_EQ(contents(wrong.known_hosts), "") << "nothing is trusted on first use";
  std::ofstream{wrong.known_hosts} << lab::host_address << ' '
                                   << contents(the_lab().folder() / "workstation/host_key.pub");
  const auto known = execute(*make(wrong), kill("survivor", {}));
  EXPECT_TRUE(known) << trouble(known);
  EXPECT_FALSE(runs(pid));
}

TEST_F(SshHost, SaysWhyItCannotGetIn) {
  auto wrong = config();
  wrong.key_file = the_lab().folder() / "workstation/host_key";
  EXPECT_EQ(read(*edr_, on_host("isolate_host"))->in_effect, false);
  EXPECT_EQ(read(*make(wrong), on_host("isolate_host")).error().code, Errc::denied);
  wrong.key_file = "/nowhere";
  EXPECT_EQ(read(*make(wrong), on_host("isolate_host")).error().code, Errc::invalid_input);
  auto operation = on_host("isolate_host");
  operation.target.value = "WKS-9999";
  EXPECT_EQ(read(*edr_, operation).error().code, Errc::not_found);
}

TEST_F(SshHost, EndsByTheDeadlineWhereNobodyAnswers) {
  auto gone = config();
  gone.hosts[host].address = "10.77.0.99";
  const auto begun = std::chrono::steady_clock::now();
  const auto silent = await(make(gone)->read(on_host("isolate_host"), Deadline::in(600ms)));
  ASSERT_FALSE(silent);
  EXPECT_EQ(silent.error().code, Errc::unavailable);
  EXPECT_LT(std::chrono::steady_clock::now() - begun, 3s);
  gone.hosts[host].address = lab::host_address;
  gone.hosts[host].port = 1;
  EXPECT_EQ(read(*make(gone), on_host("isolate_host")).error().code, Errc::unavailable);
}

TEST_F(SshHost, EndsByTheDeadlineWhereSomebodyAcceptsAndNeverSpeaks) {
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* raw = reinterpret_cast<sockaddr*>(&address);
  ASSERT_EQ(bind(listener, raw, size), 0);
  ASSERT_EQ(listen(listener, 8), 0);
  ASSERT_EQ(getsockname(listener, raw, &size), 0);
  auto mute = config();
  mute.network_namespace.clear();
  mute.hosts[host].address = "127.0.0.1";
  mute.hosts[host].port = ntohs(address.sin_port);
  const auto begun = std::chrono::steady_clock::now();
  const auto silent = await(make(mute)->execute(kill("x", {}), Deadline::in(600ms)));
  ASSERT_FALSE(silent);
  EXPECT_EQ(silent.error().code, Errc::expired) << silent.error().detail;
  EXPECT_LT(std::chrono::steady_clock::now() - begun, 3s);
  close(listener);
}

TEST_F(SshHost, LeavesNoDescriptorOpen) {
  const auto open = [] {
    return std::distance(fs::directory_iterator{"/proc/self/fd"}, fs::directory_iterator{});
  };
  (void)read(*edr_, on_host("isolate_host"));
  const auto before = open();
  auto wrong = config();
  wrong.key_file = "/nowhere";
  const auto denied = make(wrong);
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(read(*edr_, on_host("isolate_host")));
    EXPECT_FALSE(read(*denied, on_host("isolate_host")));
  }
  EXPECT_EQ(open(), before);
}

}  // namespace sallyport::testing
