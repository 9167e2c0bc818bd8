#include "engine/app/demo/stage.hpp"

#include "engine/base/digest.hpp"
#include "engine/config/settings.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <random>

namespace sallyport::app::demo {

namespace {

namespace fs = std::filesystem;

constexpr auto topic = "alerts";

std::string random_secret() {
  std::random_device device;
  std::string bytes;
  for (int i = 0; i < 8; ++i) bytes += fmt::format("{:08x}", device());
  return to_hex(sha256(bytes)).substr(0, 32);
}

/// The token goes the way that every secret goes: by a reference.
config::TokenSettings token_of(Person& person,
                               const std::string& variable,
                               const std::string& tenant,
                               std::vector<std::string> roles) {
  person.token = random_secret();
  setenv(variable.c_str(), person.token.c_str(), 1);
  return {.name = person.name,
          .secret = "env:" + variable,
          .tenant = tenant,
          .roles = std::move(roles)};
}

template <class Config>
Result<json::object> connector(std::string_view type, const Config& config) {
  auto value = parse_json(to_json(config));
  if (!value) return std::unexpected{value.error()};
  auto options = value->as_object();
  options["type"] = type;
  return options;
}

Result<> connect(config::Settings& settings, lab::Lab& lab) {
  for (auto& [name, options] : {std::pair{"firewall", connector("nftables", lab.firewall())},
                                std::pair{"idp", connector("ldap", lab.directory().config())},
                                std::pair{"edr", connector("ssh", lab.workstation().config())}}) {
    if (!options) return std::unexpected{options.error()};
    settings.connectors[name] = *options;
  }
  return {};
}

config::Settings settings_of(const fs::path& home) {
  const auto files = home / "config" / "demo";
  config::Settings settings;
  settings.policy = files / "policy.yaml";
  settings.reasoner = home / "config" / "reasoner.yaml";
  settings.grouping = home / "config" / "grouping.yaml";
  settings.schemas = home / "schemas";
  settings.intel = {files / "intel"};
  settings.assets = {files / "inventory" / "assets.csv"};
  settings.identities = {files / "inventory" / "identities.csv"};
  settings.http.listen = "127.0.0.1:0";
  return settings;
}

Result<fs::path> temporary_folder() {
  auto pattern = (fs::temp_directory_path() / "sallyport-demo-XXXXXX").string();
  if (!mkdtemp(pattern.data())) return fail(Errc::unavailable, "no temporary folder: " + pattern);
  return fs::path{pattern};
}

}  // namespace

Folder::~Folder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

Result<> Stage::prepare(const StageOptions& options) {
  if (options.with_lab) {
    auto started = lab::Lab::start();
    if (started) {
      lab.emplace(*std::move(started));
    } else {
      no_lab = started.error().detail;
    }
  } else {
    no_lab = "--no-lab was given";
  }
  data = options.data;
  if (!data.empty()) return {};
  if (lab) {  // its janitor removes the folder also when this process is killed
    data = lab->folder() / "record";
    return {};
  }
  auto folder = temporary_folder();
  if (!folder) return std::unexpected{folder.error()};
  own_folder = std::make_unique<Folder>(*folder);
  data = *folder / "data";
  return {};
}

Result<> Stage::open(const Story& story, Watcher& watcher) {
  const auto home = config::home();
  if (!home) return std::unexpected{home.error()};
  auto settings = settings_of(*home);
  settings.data_dir = data;
  settings.http.tokens = {
      token_of(analyst, "SALLYPORT_DEMO_ANALYST", story.tenant, {"viewer", "analyst"}),
      token_of(approver, "SALLYPORT_DEMO_APPROVER", story.tenant, {"viewer", "approver"}),
      token_of(visitor, "SALLYPORT_DEMO_VISITOR", "*", {"admin"})};
  if (lab) {
    if (const auto connected = connect(settings, *lab); !connected) return connected;
  }

  auto cluster = ingest::KafkaInProcess::start({topic,
                                                settings.kafka.output.verdicts,
                                                settings.kafka.output.actions,
                                                settings.kafka.output.dead_letter});
  if (!cluster) return std::unexpected{cluster.error()};
  broker = *std::move(cluster);
  settings.kafka.brokers = broker->brokers();
  // The in-process broker answers no fetch before its wait is over.
  settings.kafka.properties = {{"fetch.wait.max.ms", "10"}, {"fetch.error.backoff.ms", "10"}};
  settings.kafka.topics = {{.name = topic, .tenant = story.tenant, .source = {}}};
  auto producer =
      ingest::KafkaSink::make({.brokers = broker->brokers(), .properties = {}}, [](int, auto) {});
  if (!producer) return std::unexpected{producer.error()};
  sink = *std::move(producer);

  auto made = Engine::make(std::move(settings), observe::Log::silent(), watcher.listener());
  if (!made) return std::unexpected{made.error()};
  engine = *std::move(made);
  if (const auto started = engine->start(); !started) return started;
  url = fmt::format("http://127.0.0.1:{}", engine->http_port());
  return {};
}

Result<std::unique_ptr<ApiClient>> Stage::client_of(const Person& person) const {
  return ApiClient::make({.url = url, .token = person.token, .ca_file = {}, .json = false});
}

}  // namespace sallyport::app::demo
