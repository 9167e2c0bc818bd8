#include "engine/audit/readiness.hpp"

#include "engine/app/autonomy.hpp"
#include "engine/app/commands/commands.hpp"
#include "engine/app/commands/record_place.hpp"
#include "engine/app/loading.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <memory>

namespace sallyport::app {

namespace {

struct ReadinessOptions {
  RecordPlace place;
  std::string tenant;
};

using Rows = std::vector<audit::Readiness>;

std::string percent(const std::optional<double>& part) {
  return part ? fmt::format("{:.1f} %", *part * 100) : "not measured";
}

std::string seconds(const std::optional<double>& time) {
  return time ? fmt::format("{:.0f} s", *time) : "not measured";
}

std::string counted(const std::optional<std::uint64_t>& n, std::string_view what) {
  return n ? fmt::format("{} {}", *n, what) : fmt::format("{}: not measured", what);
}

std::string what_runs(const audit::Readiness& row) {
  using enum audit::Autonomy;
  const auto* const how = row.could == any           ? "yes"
                          : row.could == conditional ? "on conditions"
                                                     : "no";
  return row.why.empty() ? how : fmt::format("{} ({})", how, row.why);
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
  fmt::print("    people: {} approved ({}), {} denied, {} expired\n",
             row.approved,
             counted(row.changed, "of these changed"),
             row.denied,
             row.expired);
  fmt::print("    {} verified, {} rolled back ({}), {} rollbacks failed\n",
             row.verified,
             row.rolled_back,
             counted(row.overturned, "of these had run by itself"),
             row.rollback_failed);
  fmt::print("    agreement {}, at least {} (Wilson, 95 %)\n",
             percent(row.agreement),
             percent(row.agreement_low));
  fmt::print("    in the queue: median {}, 90 % within {}\n",
             seconds(row.queue_median_s),
             seconds(row.queue_p90_s));
  if (!row.demote.empty()) fmt::print("    should go back to the queue: {}\n", row.demote);
  fmt::print("    by itself now: {}\n", what_runs(row));
  for (const auto& missing : row.missing) fmt::print("    missing: {}\n", missing);
  if (!row.promote_with.empty())
    fmt::print("    the policy that would do it:\n{}", row.promote_with);
}

/// What a running engine says.
Result<Rows> ask(const ReadinessOptions& options) {
  const auto client = ApiClient::make(options.place.api);
  if (!client) return std::unexpected{client.error()};
  ApiClient::Query query;
  if (!options.tenant.empty()) query.emplace_back("tenant", options.tenant);
  const auto answer = (*client)->get({"v1", "readiness"}, query);
  if (!answer) return std::unexpected{answer.error()};
  const auto* object = answer->if_object();
  const auto* items = object ? object->if_contains("items") : nullptr;
  Rows rows;
  Faults faults;
  if (items) read_json(*items, rows, faults, "/items", UnknownKeys::ignored);
  if (!items || !faults.empty())
    return fail(Errc::unavailable, "the answer is not readiness: " + summary(faults));
  return rows;
}

/// What the store's folder says.
Result<Rows> look(const ReadinessOptions& options) {
  const auto settings = config::load_settings(options.place.offline.config);
  if (!settings) return std::unexpected{settings.error()};
  const auto catalogue = load_catalogue(settings->schemas);
  if (!catalogue) return std::unexpected{catalogue.error()};
  const auto store = options.place.offline.open();
  if (!store) return std::unexpected{store.error()};
  const auto history = audit::PolicyHistory::load(**store);
  if (!history) return std::unexpected{history.error()};
  const auto tenants = asked_tenants(**store, options.tenant);
  if (!tenants) return std::unexpected{tenants.error()};
  return audit::readiness(**store,
                          *history,
                          *catalogue,
                          *tenants,
                          demotion_rule(settings->autonomy),
                          SystemClock{}.now());
}

int show(const ReadinessOptions& options) {
  const auto rows = options.place.remote() ? ask(options) : look(options);
  if (!rows) return unusable("readiness", rows.error());
  for (const auto& row : *rows) {
    if (options.place.api.json) {
      fmt::print("{}\n", to_json(row));
    } else {
      print_row(row);
    }
  }
  if (rows->empty()) fmt::print(stderr, "sallyport readiness: no decision is on record\n");
  return rows->empty() ? 1 : 0;
}

}  // namespace

void add_readiness(Command app, Run& run) {
  auto command = app.add_subcommand(
      "readiness", "Per verb and kind of target: the record, and what is missing to run by itself");
  const auto options = std::make_shared<ReadinessOptions>();
  options->place.add_to(command);
  command.add_option("--tenant", options->tenant, "Only this tenant's");
  command.footer(
      "Asks a running engine where a URL is given and neither --data nor --config; else reads the "
      "ledger in the\nstore's directory, also while an engine runs on it.\n\nA verb may be "
      "promoted "
      "after 30 answers of people with an agreement of at least 90 % (lower bound, 95 %), a\n"
      "rollback that worked, a gate log that a person has read (audit review), and a review of the "
      "tenant's\nauthority that is not overdue. Promoting "
      "is an edit of the\npolicy, by a person. Demoting is the engine's: `should go back to the "
      "queue` stands where the last answers or\nrollbacks (autonomy: in the settings) say so; a "
      "running engine does it within a second.\n\nAn approval with changes is no agreement with "
      "what "
      "was proposed; `overturned` is what ran by itself and was\nrolled back. What is not on "
      "record "
      "is `not measured`.\n\nExit status 1: no decision "
      "is "
      "on record.\n\n"
      "Example:\n  sallyport readiness --url http://127.0.0.1:8080 --tenant acme\n  sallyport "
      "readiness --data data");
  command.callback([&run, options] { run = [options] { return show(*options); }; });
}

}  // namespace sallyport::app
