#include "engine/audit/readiness.hpp"

#include "engine/app/commands/commands.hpp"
#include "engine/app/loading.hpp"
#include "engine/config/settings.hpp"
#include "engine/store/ledger.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <cstdio>
#include <memory>

namespace sallyport::app {

namespace {

struct ReadinessOptions {
  std::string config;
  std::string data;
  std::string tenant;
  bool json = false;
};

int unusable(const Error& error) {
  fmt::print(stderr, "sallyport readiness: {}\n", error.detail);
  return 2;
}

std::string percent(const std::optional<double>& part) {
  return part ? fmt::format("{:.1f} %", *part * 100) : "not measured";
}

std::string seconds(const std::optional<double>& time) {
  return time ? fmt::format("{:.0f} s", *time) : "not measured";
}

void print_row(const audit::Readiness& row) {
  fmt::print("{}  {} on {} ({}): {}\n",
             row.tenant,
             row.verb,
             to_json(row.target_kind),
             name_of(row.blast_radius),
             row.ready ? "may be promoted" : "not yet");
  fmt::print("    {} decisions: {} by itself, {} queued, {} blocked\n",
             row.decisions,
             row.by_itself,
             row.queued,
             row.blocked);
  fmt::print("    people: {} approved, {} denied, {} expired; changed: not measured\n",
             row.approved,
             row.denied,
             row.expired);
  fmt::print("    {} verified, {} rolled back, {} rollbacks failed\n",
             row.verified,
             row.rolled_back,
             row.rollback_failed);
  fmt::print("    agreement {}, at least {} (Wilson, 95 %)\n",
             percent(row.agreement),
             percent(row.agreement_low));
  fmt::print("    in the queue: median {}, 90 % within {}\n",
             seconds(row.queue_median_s),
             seconds(row.queue_p90_s));
  for (const auto& missing : row.missing) fmt::print("    missing: {}\n", missing);
  if (!row.promote_with.empty())
    fmt::print("    the policy that would do it:\n{}", row.promote_with);
}

int show(const ReadinessOptions& options) {
  std::string data_dir = options.data;
  if (data_dir.empty()) {
    const auto settings = config::load_settings(options.config);
    if (!settings) return unusable(settings.error());
    data_dir = settings->data_dir;
  }
  const auto catalogue = load_catalogue("");
  if (!catalogue) return unusable(catalogue.error());
  const auto store = store::Store::open({.directory = data_dir, .read_only = true});
  if (!store) return unusable(store.error());
  const auto history = audit::PolicyHistory::load(**store);
  if (!history) return unusable(history.error());
  auto tenants = store::ledger_tenants(**store);
  if (!tenants) return unusable(tenants.error());
  if (!options.tenant.empty())
    std::erase_if(*tenants, [&](const std::string& tenant) { return tenant != options.tenant; });
  const auto rows = audit::readiness(**store, *history, *catalogue, *tenants, SystemClock{}.now());
  if (!rows) return unusable(rows.error());
  for (const auto& row : *rows) {
    if (options.json) {
      fmt::print("{}\n", to_json(row));
    } else {
      print_row(row);
    }
  }
  if (rows->empty()) fmt::print(stderr, "sallyport readiness: no decision is on record\n");
  return rows->empty() ? 1 : 0;
}

}  // namespace

void add_readiness(CLI::App& app, Run& run) {
  auto* command = app.add_subcommand(
      "readiness", "Per verb and kind of target: the record, and what is missing to run by itself");
  const auto options = std::make_shared<ReadinessOptions>();
  command->add_option("--config", options->config, "Settings file that names the data directory")
      ->type_name("FILE");
  command->add_option("--data", options->data, "The data directory itself")->type_name("DIR");
  command->add_option("--tenant", options->tenant, "Only this tenant's");
  command->add_flag("--json", options->json, "One JSON object a line");
  command->footer(
      "Reads the ledger in the store's directory, also while an engine runs on it. A verb may be "
      "promoted after\n30 answers of people with an agreement of at least 90 % (lower bound, 95 "
      "%), "
      "a rollback that worked, and a\nreview of the tenant's authority that is not overdue. "
      "Promoting is an edit of the policy, by a person.\nExit status 1: no decision is on "
      "record.\n\n"
      "Example:\n  sallyport readiness --data data --tenant acme");
  command->callback([&run, options] { run = [options] { return show(*options); }; });
}

}  // namespace sallyport::app
