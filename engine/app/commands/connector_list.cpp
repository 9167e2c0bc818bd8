#include "connectors/manifest/plan.hpp"
#include "engine/app/api_client.hpp"
#include "engine/app/commands/configured_products.hpp"
#include "engine/app/commands/connector_commands.hpp"
#include "engine/app/commands/manifest_place.hpp"
#include "engine/app/loading.hpp"

#include <fmt/format.h>

#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>
#include <vector>

namespace sallyport::app {

namespace {

namespace manifest = connectors::manifest;

struct Options {
  std::string config;
  ApiOptions api;
};

/// One line of the list.
struct Row {
  std::string where;    ///< shipped, configured, running
  std::string name;     ///< As configured; of a shipped manifest: its file.
  std::string product;  ///< The product's title.
  std::string kind;     ///< edr, idp, firewall, ...; native
  std::vector<std::string> verbs;
  std::vector<std::string> queries;  ///< Of a shipped manifest: what it answers about entities.
  std::string state;                 ///< Of a running one: ready, degraded, absent.
  std::string detail;
  // Of a running one, as GET /v1/connectors tells them:
  std::optional<std::string> breaker;  ///< closed, open or half_open.
  std::optional<std::uint32_t> failures;
  std::optional<std::string> last_failure;
  std::optional<std::uint64_t> under_way;
  std::optional<std::uint64_t> waiting;
  std::optional<std::uint64_t> opened;
};

BOOST_DESCRIBE_STRUCT(Row,
                      (),
                      (where,
                       name,
                       product,
                       kind,
                       verbs,
                       queries,
                       state,
                       detail,
                       breaker,
                       failures,
                       last_failure,
                       under_way,
                       waiting,
                       opened))

/// What there is to say beside what it can do.
std::string remarks(const Row& row) {
  auto remarks = row.detail;
  if (row.breaker && *row.breaker != "closed")
    remarks += fmt::format("{}does not answer ({}, {} wait): {}",
                           remarks.empty() ? "" : "; ",
                           *row.breaker,
                           row.waiting.value_or(0),
                           row.last_failure.value_or(""));
  return remarks;
}

void print(const Row& row, bool as_json) {
  if (as_json) return fmt::print("{}\n", to_json(row));
  fmt::print("{:<10} {:<24} {:<9} {:<34} {}{}{}{}{}\n",
             row.state.empty() ? row.where : row.state,
             row.name,
             row.kind,
             row.product,
             fmt::join(row.verbs, ", "),
             row.queries.empty() ? ""
             : row.verbs.empty() ? "asked: "
                                 : "; asked: ",
             fmt::join(row.queries, ", "),
             remarks(row).empty() ? "" : "  ",
             remarks(row));
}

/// What the engine that was named runs. 2: it could not be asked.
int list_running(const Options& options) {
  auto client = ApiClient::make(options.api);
  if (!client) return report(client.error());
  const auto answer = (*client)->get({"v1", "connectors"});
  if (!answer) return report(answer.error());
  std::vector<Row> rows;
  Faults faults;
  const auto* object = answer->if_object();
  const auto* items = object ? object->if_contains("items") : nullptr;
  if (items) read_json(*items, rows, faults, "");
  if (!items || has_errors(faults))
    return report({Errc::unavailable, "the engine's answer is no list of connectors"});
  for (auto& row : rows) {
    row.where = "running";
    print(row, options.api.json);
  }
  return rows.empty() ? 1 : 0;
}

int list_shipped(const Options& options, const model::Catalogue& catalogue) {
  const auto shipped = shipped_manifests();
  if (!shipped) return unusable("connector list", shipped.error());
  int status = 0;
  for (const auto& place : *shipped) {
    const auto plan = manifest::load(place.file, catalogue);
    if (!plan) {
      fmt::print(stderr, "{}\n", plan.error().detail);
      status = 1;
      continue;
    }
    Row row{.where = "shipped",
            .name = place.shipped,
            .product = (*plan)->connector.title,
            .kind = std::string{name_of((*plan)->connector.product)}};
    for (const auto& [verb, operation] : (*plan)->operations) row.verbs.push_back(verb);
    for (const auto& [query, about] : (*plan)->queries) row.queries.push_back(query);
    print(row, options.api.json);
  }
  return status;
}

int list(const Options& options) {
  if (!options.api.url.empty()) return list_running(options);
  const auto configured =
      ConfiguredProducts::make(options.config, ConfiguredProducts::Secrets::left_out);
  if (!configured) return unusable("connector list", configured.error());
  const auto& made = **configured;
  const int status = list_shipped(options, *made.catalogue);
  if (status == 2) return status;
  for (const auto& actuator : made.products.actuators) {
    Row row{.where = "configured",
            .name = std::string{actuator->name()},
            .kind = "native",
            .verbs = actuator->verbs()};
    if (const auto* live = dynamic_cast<const manifest::LiveConnector*>(actuator.get())) {
      const auto product = live->product();
      row.kind = product ? std::string{name_of(product->product)} : "manifest";
      row.product = product ? product->title : "";
      row.detail = live->trouble();
    }
    print(row, options.api.json);
  }
  if (!made.faults.empty()) fmt::print(stderr, "{}\n", made.faults);
  return made.faults.empty() ? status : 1;
}

}  // namespace

void add_connector_list(Command command, Run& run) {
  auto listing = command.add_subcommand(
      "list", "What is shipped and what is configured; with --url what a running engine has");
  auto options = std::make_shared<Options>();
  listing.add_option("--config", options->config, "Settings file (default: config/sallyport.yaml)");
  options->api.add_to(listing);
  listing.footer(
      "Reaches no product. A running engine says of each connector whether it is ready, degraded "
      "(its "
      "manifest was\nmade faulty; it goes on as it was) or absent (its manifest is not there).\n\n"
      "Example:\n  sallyport connector list\n"
      "  sallyport connector list --url http://127.0.0.1:8080 --json | jq '.name, .state'");
  listing.callback([&run, options] { run = [options] { return list(*options); }; });
}

}  // namespace sallyport::app
