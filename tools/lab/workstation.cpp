#include "tools/lab/workstation.hpp"

#include <fmt/format.h>

#include <charconv>
#include <chrono>
#include <fstream>
#include <thread>

namespace sallyport::lab {

namespace {

namespace fs = std::filesystem;

/// The login shell reads no start-up file of whoever owns this machine: HOME is the lab's.
constexpr auto sshd_config = R"(
ListenAddress 10.77.0.20:22
ListenAddress [fd77::20]:22
HostKey {0}/host_key
AuthorizedKeysFile {0}/client_key.pub
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
PidFile none
SetEnv HOME={0}
)";

/// A /run of its own, for sshd's directory there; then sshd as the first process.
constexpr auto first_process =
    "mount -t tmpfs tmpfs /run && mkdir -m 755 /run/sshd && exec /usr/sbin/sshd -D -e -f \"$1\"";

Result<pid_t> number_in(const std::string& text) {
  pid_t number = 0;
  const auto end = text.find_first_of(" \n");
  const auto* stop = text.data() + (end == std::string::npos ? text.size() : end);
  if (std::from_chars(text.data(), stop, number).ec != std::errc{} || number <= 0)
    return fail(Errc::unavailable, "no process id: " + text);
  return number;
}

Result<std::string> fingerprint_of(const fs::path& key) {
  auto printed = must_run({"ssh-keygen", "-l", "-E", "sha256", "-f", key});
  if (!printed) return printed;
  const auto begin = printed->find("SHA256:");
  if (begin == std::string::npos) return fail(Errc::unavailable, "no fingerprint: " + *printed);
  return printed->substr(begin, printed->find(' ', begin) - begin);
}

}  // namespace

Result<Workstation> Workstation::start(const Networks& networks, const fs::path& folder) {
  std::error_code ec;
  fs::create_directories(folder / "quarantine", ec);
  Workstation station;
  station.networks_ = networks;
  station.folder_ = folder;
  for (const auto* key : {"host_key", "client_key"}) {
    const auto made =
        must_run({"ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", key, "-f", folder / key});
    if (!made) return std::unexpected{made.error()};
  }
  auto fingerprint = fingerprint_of(folder / "host_key.pub");
  if (!fingerprint) return std::unexpected{fingerprint.error()};
  station.fingerprint_ = *std::move(fingerprint);
  std::ofstream{folder / "sshd_config"} << fmt::format(sshd_config, folder.string());

  auto process = Process::start({"nsenter",
                                 "--net=/run/netns/" + networks.host,
                                 "unshare",
                                 "--mount",
                                 "--pid",
                                 "--fork",
                                 "--kill-child",
                                 "--mount-proc",
                                 "sh",
                                 "-c",
                                 first_process,
                                 "sh",
                                 folder / "sshd_config"},
                                folder / "sshd.log");
  if (!process) return std::unexpected{process.error()};
  station.process_ = *std::move(process);
  for (int wait = 0; wait < 200 && station.process_.running(); ++wait) {
    if (reaches(networks.gateway, "", host_address, 22, std::chrono::milliseconds{100})) {
      const auto pid = station.process_.pid();
      std::ifstream children{fmt::format("/proc/{0}/task/{0}/children", pid)};
      std::string text;
      std::getline(children, text);
      auto first = number_in(text);
      if (!first) return std::unexpected{first.error()};
      station.first_ = *first;
      return station;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds{25});
  }
  return fail(Errc::unavailable, "sshd does not start; see " + (folder / "sshd.log").string());
}

std::vector<std::string> Workstation::enter() const {
  return {"nsenter", "--target", std::to_string(first_), "--net", "--pid", "--mount", "--"};
}

connectors::ssh::Config Workstation::config() const {
  connectors::ssh::Config config;
  config.network_namespace = networks_.gateway;
  config.key_file = folder_ / "client_key";
  config.quarantine_dir = folder_ / "quarantine";
  config.hosts["WKS-0042"] = {.address = std::string{host_address}, .fingerprints = {fingerprint_}};
  return config;
}

Result<Finished> Workstation::run_there(std::vector<std::string> arguments) const {
  auto line = enter();
  line.insert(line.end(), arguments.begin(), arguments.end());
  return run(line);
}

Result<pid_t> Workstation::start_idle(const std::string& name) {
  const auto program = folder_ / name;
  std::error_code ec;
  fs::copy_file("/bin/sleep", program, fs::copy_options::overwrite_existing, ec);
  if (ec) return fail(Errc::unavailable, "cannot make " + program.string());
  auto started =
      run_there({"sh", "-c", "\"$1\" 3600 </dev/null >/dev/null 2>&1 & echo $!", "sh", program});
  if (!started) return std::unexpected{started.error()};
  return number_in(started->printed);
}

}  // namespace sallyport::lab
