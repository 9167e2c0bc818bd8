#include "tests/integration/engine/engine.hpp"

#include "tools/lab/networks.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <charconv>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace sallyport::testing {

namespace {

namespace fs = std::filesystem;

std::string program() {
  const char* path = std::getenv("SALLYPORT_BINARY");
  if (!path) throw std::runtime_error{"SALLYPORT_BINARY names no program; tools/test sets it"};
  return path;
}

void write(const fs::path& file, std::string_view text) {
  std::ofstream{file, std::ios::binary} << text;
}

/// JSON is YAML.
json::object settings_of(const EngineSetup& setup, const fs::path& folder, std::uint16_t port) {
  json::object settings{{"data_dir", (folder / "data").string()},
                        {"policy", (folder / "policy.yaml").string()},
                        {"reasoner", SALLYPORT_SOURCE_DIR "/config/reasoner.yaml"},
                        {"grouping", SALLYPORT_SOURCE_DIR "/config/grouping.yaml"},
                        {"schemas", SALLYPORT_SOURCE_DIR "/schemas"},
                        {"log", {{"level", "info"}}},
                        {"http",
                         {{"listen", fmt::format("127.0.0.1:{}", port)},
                          {"tokens",
                           {{{"name", "tester"},
                             {"secret", "file:" + (folder / "token").string()},
                             {"tenant", setup.token_for},
                             {"roles", {"viewer", "analyst", "approver", "admin", "ingest"}}}}}}},
                        {"connectors", setup.connectors},
                        {"ingest", setup.ingest},
                        {"actions", setup.actions},
                        {"store", setup.store},
                        {"models", setup.models}};
  if (!setup.intel.empty())
    settings["intel"] = json::array{json::value((folder / "intel.csv").string())};
  if (setup.broker.empty()) return settings;
  settings["kafka"] = {
      {"brokers", setup.broker},
      {"group", setup.group},
      {"topics", {{{"name", setup.topic}, {"tenant", "default"}, {"source", setup.source}}}},
      {"output",
       {{"verdicts", setup.verdicts},
        {"actions", setup.steps},
        {"ledger", setup.ledger},
        {"dead_letter", setup.dead_letter}}},
      // A member that was killed is replaced by its successor at once, not after its session timed
      // out.
      {"properties", {{"group.instance.id", setup.group}, {"session.timeout.ms", "10000"}}}};
  return settings;
}

}  // namespace

Engine::Engine(const EngineSetup& setup) : data_{folder_.path() / "data"} {
  const auto port = lab::free_port();
  if (!port) throw std::runtime_error{port.error().detail};
  port_ = *port;
  const auto& folder = folder_.path();
  write(folder / "token", Engine::token);
  chmod((folder / "token").c_str(), 0600);
  write(folder / "intel.csv", setup.intel);
  auto tenants = setup.tenants;
  tenants["default"] = {{"tier", setup.tier}, {"overrides", setup.overrides}};
  write(folder / "policy.yaml", json::serialize(json::object{{"tenants", std::move(tenants)}}));
  write(folder / "sallyport.yaml", json::serialize(settings_of(setup, folder, port_)));
}

Engine::~Engine() {
  kill();
}

void Engine::start() {
  auto started = lab::Process::start(
      {program(), "run", "--config", (folder_.path() / "sallyport.yaml")}, folder_.path() / "log");
  if (!started) throw std::runtime_error{started.error().detail};
  process_ = *std::move(started);
}

void Engine::start_and_wait(std::chrono::seconds patience) {
  start();
  if (!comes_true(patience, [this] { return ready() || !running(); }) || !ready())
    throw std::runtime_error{"the engine is not ready:\n" + log_end()};
}

bool Engine::ready() const {
  const auto answer = http_call(port_, "GET", "/readyz", "", "", std::chrono::milliseconds{1'000});
  return answer && answer->status == 200;
}

bool Engine::running() {
  return process_.running();
}

void Engine::kill() {
  process_.stop();
}

int Engine::stop(std::chrono::seconds patience) {
  ::kill(process_.pid(), SIGTERM);
  siginfo_t info{};
  const auto ended = [&] {
    return waitid(P_PID, static_cast<id_t>(process_.pid()), &info, WEXITED | WNOHANG | WNOWAIT) ==
               0 &&
           info.si_pid != 0;
  };
  if (!comes_true(patience, ended)) throw std::runtime_error{"the engine does not stop"};
  process_.stop();
  return info.si_code == CLD_EXITED ? info.si_status : 128 + info.si_status;
}

std::optional<HttpAnswer> Engine::get(const std::string& target) const {
  return http_call(port_, "GET", target, token, "", std::chrono::seconds{10});
}

std::optional<HttpAnswer> Engine::post(const std::string& target, const std::string& body) const {
  return http_call(port_, "POST", target, token, body, std::chrono::seconds{10});
}

std::optional<double> Engine::metric(const std::string& name) const {
  const auto answer = get("/metrics");
  if (!answer) return std::nullopt;
  const auto line = answer->body.find("\n" + name + " ");
  if (line == std::string::npos) return std::nullopt;
  double value = 0;
  const char* text = answer->body.data() + line + name.size() + 2;
  const char* end = answer->body.data() + answer->body.size();
  if (std::from_chars(text, end, value).ec != std::errc{}) return std::nullopt;
  return value;
}

std::size_t Engine::peak_memory_mb() const {
  std::ifstream status{fmt::format("/proc/{}/status", process_.pid())};
  std::string line;
  while (std::getline(status, line)) {
    if (line.starts_with("VmHWM:")) return std::stoull(line.substr(6)) / 1024;
  }
  return 0;
}

std::string Engine::log() const {
  std::ifstream log{folder_.path() / "log"};
  std::stringstream all;
  all << log.rdbuf();
  return all.str();
}

std::string Engine::log_end() const {
  const auto text = log();
  return text.size() > 4000 ? text.substr(text.size() - 4000) : text;
}

lab::Finished run_sallyport(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), program());
  auto finished = lab::run(arguments);
  if (!finished) throw std::runtime_error{finished.error().detail};
  return *std::move(finished);
}

}  // namespace sallyport::testing
