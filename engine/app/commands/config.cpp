#include "engine/app/commands/commands.hpp"
#include "engine/app/connector_shelf.hpp"
#include "engine/app/loading.hpp"
#include "engine/app/materials.hpp"
#include "engine/app/policy_file.hpp"
#include "engine/config/settings.hpp"

#include <boost/asio/thread_pool.hpp>
#include <fmt/format.h>

#include <cstdio>

namespace sallyport::app {

namespace {

/// Makes everything that `run` makes of the settings, and says what is wrong with any of it. Opens
/// no store and no port, and reaches no product and no broker.
int check_config(const std::string& file) {
  const auto settings = config::load_settings(file);
  if (!settings) {
    fmt::print(stderr, "{}\n", settings.error().detail);
    return settings.error().code == Errc::not_found ? 2 : 1;
  }
  int status = 0;
  const auto say = [&](const std::string& text) {
    if (!text.empty()) fmt::print(stderr, "{}\n", text);
  };
  const SystemClock clock;
  boost::asio::thread_pool nobody{1};
  const auto executor = nobody.get_executor();
  if (const auto materials = gather(*settings, clock, executor, executor); !materials) {
    say(materials.error().detail);
    status = 1;
  } else {
    for (const auto& fault :
         ConnectorShelf{*settings, materials->reach, materials->products}.look().faults) {
      say(fault);
      status = 1;
    }
  }
  if (const auto catalogue = load_catalogue(settings->schemas)) {
    const auto policy = load_policy(settings->policy, *catalogue, clock.now());
    say(policy ? policy->errors : policy.error().detail);
    if (policy) say(policy->warnings);
    if (!policy || !policy->policy) status = 1;
  }
  if (status == 0) fmt::print("configuration is sound\n");
  return status;
}

}  // namespace

void add_config(Command app, Run& run) {
  auto command = app.add_subcommand("config", "The engine's settings");
  command.needs_subcommand();
  command.footer("Example:\n  sallyport config check config/sallyport.yaml");
  auto check = command.add_subcommand(
      "check",
      "Say what is wrong with the settings and the files they name (exit 1), or that nothing is");
  auto file = std::make_shared<std::string>();
  check.add_option(
      "--config,FILE", *file, "Settings file (default: config/sallyport.yaml of the installation)");
  check.footer(
      "Makes everything that `run` makes of the settings (verbs, mappings, policy, reasoner, "
      "local\n"
      "knowledge, connectors, models, channels of notifications, tokens and other secrets, "
      "Kafka's\n"
      "properties, TLS files), without opening the store or a port, and without reaching a\n"
      "product or a broker. Secrets must be there: run it in the environment of the engine.\n\n"
      "Example:\n  sallyport config check --config /etc/sallyport/sallyport.yaml");
  check.callback([&run, file] { run = [file] { return check_config(*file); }; });
}

}  // namespace sallyport::app
