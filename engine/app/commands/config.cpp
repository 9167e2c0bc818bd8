#include "engine/app/commands/commands.hpp"
#include "engine/app/loading.hpp"
#include "engine/app/local_enrichers.hpp"
#include "engine/app/policy_file.hpp"
#include "engine/config/settings.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <cstdio>

namespace sallyport::app {

namespace {

/// Reads every file that `run` would read and says what is wrong with any of them. Opens no store
/// and no port.
int check_config(const std::string& file) {
  auto settings = file.empty() ? config::default_settings() : config::load_settings(file);
  if (!settings) {
    fmt::print(stderr, "{}\n", settings.error().detail);
    return settings.error().code == Errc::not_found ? 2 : 1;
  }
  int status = 0;
  const auto say = [&](const Error& error) {
    fmt::print(stderr, "{}\n", error.detail);
    status = 1;
  };
  const auto catalogue = load_catalogue(settings->schemas);
  if (!catalogue) say(catalogue.error());
  const auto normalizer = load_normalizer(settings->schemas);
  if (!normalizer) say(normalizer.error());
  if (catalogue) {
    const auto rules = load_rules(settings->reasoner, *catalogue);
    if (!rules) say(rules.error());
    const auto policy = load_policy(settings->policy, *catalogue, SystemClock{}.now());
    if (!policy) {
      say(policy.error());
    } else {
      for (const auto& text : {policy->errors, policy->warnings})
        if (!text.empty()) fmt::print(stderr, "{}\n", text);
      if (!policy->policy) status = 1;
    }
  }
  const auto knowledge = LocalEnrichers::load(*settings);
  if (!knowledge) say(knowledge.error());
  if (status == 0) fmt::print("configuration is sound\n");
  return status;
}

}  // namespace

void add_config(CLI::App& app, Run& run) {
  auto* command = app.add_subcommand("config", "The engine's settings");
  command->require_subcommand(1);
  command->footer("Example:\n  sallyport config check config/sallyport.yaml");
  auto* check = command->add_subcommand(
      "check",
      "Say what is wrong with the settings and the files they name (exit 1), or that nothing is");
  auto file = std::make_shared<std::string>();
  check->add_option(
      "--config,FILE", *file, "Settings file (default: config/sallyport.yaml of the installation)");
  check->footer("Example:\n  sallyport config check --config /etc/sallyport/sallyport.yaml");
  check->callback([&run, file] { run = [file] { return check_config(*file); }; });
}

}  // namespace sallyport::app
