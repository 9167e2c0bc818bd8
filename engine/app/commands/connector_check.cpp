#include "connectors/manifest/plan.hpp"
#include "engine/app/commands/connector_commands.hpp"
#include "engine/app/loading.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

namespace sallyport::app {

namespace {

namespace manifest = connectors::manifest;

/// Says all that is wrong with each of `files`. 1: one of them is faulty; 2: one cannot be read.
int check_manifests(const std::vector<std::string>& files, const std::string& schemas) {
  const auto catalogue = load_catalogue(schemas);
  if (!catalogue) {
    fmt::print(stderr, "{}\n", catalogue.error().detail);
    return 2;
  }
  int status = 0;
  for (const auto& file : files) {
    const auto document = config::Document::load(file, manifest::file_limits);
    if (!document) {
      fmt::print(stderr, "{}\n", document.error().detail);
      status = document.error().code == Errc::not_found ? 2 : std::max(status, 1);
      continue;
    }
    Faults faults;
    const auto plan = manifest::compile(*document, *catalogue, faults);
    if (!faults.empty()) {
      const auto said = document->render(faults);
      fmt::print(stderr, "{}{}", said, said.ends_with('\n') ? "" : "\n");
    }
    if (!plan) {
      status = std::max(status, 1);
      continue;
    }
    std::vector<std::string_view> verbs;
    for (const auto& [verb, operation] : plan->operations) verbs.emplace_back(verb);
    for (const auto& [query, about] : plan->queries) verbs.emplace_back(query);
    fmt::print("{}: {} ({}): {}\n",
               file,
               plan->connector.id,
               plan->connector.title,
               fmt::join(verbs, ", "));
  }
  return status;
}

}  // namespace

void add_connector_check(Command command, Run& run) {
  auto check = command.add_subcommand(
      "check",
      "Say what is wrong with manifests (exit 1), by file, line and column, or what they can do");
  auto files = std::make_shared<std::vector<std::string>>();
  auto schemas = std::make_shared<std::string>();
  check.add_option("FILE", *files, "Manifests").required();
  check.add_option("--schemas", *schemas, "Folder with actions.yaml (default: the installation's)");
  check.footer("Example:\n  sallyport connector check connectors/*/*.yaml");
  check.callback([&run, files, schemas] {
    run = [files, schemas] { return check_manifests(*files, *schemas); };
  });
}

}  // namespace sallyport::app
