#include "engine/app/policy_replay.hpp"

#include "engine/app/api_records.hpp"
#include "engine/app/commands/policy_commands.hpp"
#include "engine/app/commands/policy_source.hpp"
#include "engine/app/loading.hpp"
#include "engine/app/policy_file.hpp"

#include <fmt/format.h>

#include <cstdio>

namespace sallyport::app {

namespace {

struct Options {
  RecordPlace place;
  std::string policy;
  std::string from;
  std::string to;
  std::string tenant;
};

/// What was recorded, wherever it is.
struct OpenRecords {
  std::unique_ptr<ApiClient> client;
  std::unique_ptr<store::Store> store;
  std::unique_ptr<Records> records;
};

Result<OpenRecords> open(const RecordPlace& place) {
  OpenRecords opened;
  if (place.remote()) {
    auto client = ApiClient::make(place.api);
    if (!client) return std::unexpected{client.error()};
    opened.client = *std::move(client);
    opened.records = std::make_unique<ApiRecords>(*opened.client);
  } else {
    auto store = place.offline.open();
    if (!store) return std::unexpected{store.error()};
    opened.store = *std::move(store);
    opened.records = std::make_unique<StoreRecords>(*opened.store);
  }
  return opened;
}

Result<ReplayWindow> window_of(const Options& options) {
  ReplayWindow window{.from = {}, .to = {}, .tenant = options.tenant};
  const auto read = [](const std::string& text, std::optional<Time>& into) -> Result<> {
    if (text.empty()) return {};
    const auto time = parse_rfc3339(text);
    if (!time) return std::unexpected{time.error()};
    into = *time;
    return {};
  };
  for (const auto& one : {read(options.from, window.from), read(options.to, window.to)})
    if (!one) return std::unexpected{one.error()};
  if (window.from && window.to && *window.from >= *window.to)
    return fail(Errc::invalid_input, "--to is not after --from");
  return window;
}

std::string in_short(const model::Decision& decision) {
  return fmt::format("{} ({}{}{}, {}, {})",
                     name_of(decision.decision),
                     name_of(decision.reason),
                     decision.rule ? " " : "",
                     decision.rule.value_or(""),
                     name_of(decision.tier),
                     name_of(decision.blast_radius));
}

int check(Records& records,
          const model::Catalogue& catalogue,
          const ReplayWindow& window,
          bool as_json) {
  const auto found = verify_decisions(records, catalogue, window);
  if (!found) return unusable("policy", found.error());
  if (as_json) {
    fmt::print("{}\n", to_json(*found));
  } else if (!found->first) {
    fmt::print("{} decisions come out as they were recorded\n", found->decisions);
  } else {
    const auto& first = *found->first;
    fmt::print("{} of {} decisions come out otherwise; the first: entry {} of {}, {}, {}\n",
               found->different,
               found->decisions,
               first.seq,
               first.tenant,
               first.subject,
               to_rfc3339(first.at));
    fmt::print(
        "  recorded  {} by version {}\n", in_short(first.recorded), first.recorded.policy_version);
    fmt::print("  now       {}\n", first.replayed ? in_short(*first.replayed) : first.why);
  }
  return found->first ? 1 : 0;
}

void print_row(const ReplayRow& row) {
  const auto counts = [](const RulingCounts& n) {
    return fmt::format("{}/{}/{}", n.auto_, n.queued, n.blocked);
  };
  const auto right = row.right_share ? fmt::format("{} of {} judged ({:.0f} %)",
                                                   row.would_be_right,
                                                   row.judged,
                                                   *row.right_share * 100)
                                     : std::string{"not measured"};
  fmt::print(
      "{:<12} {:<20} {:<8} {:>8}  {:>16} {:>16}  {:>7} {:>7} {:>7}  {}{}\n",
      row.tenant,
      row.action,
      row.target_kind,
      row.requests,
      counts(row.recorded),
      counts(row.replayed),
      row.newly_auto,
      row.newly_queued,
      row.newly_blocked,
      row.newly_auto > 0 ? right : "-",
      row.mistakes_held_back > 0
          ? fmt::format("; {} that were rolled back would have waited", row.mistakes_held_back)
          : "");
}

int compare(Records& records,
            const gate::Policy& policy,
            const ReplayWindow& window,
            bool as_json) {
  const auto rows = replay_under(records, policy, window);
  if (!rows) return unusable("policy", rows.error());
  if (as_json) {
    for (const auto& row : *rows) fmt::print("{}\n", to_json(row));
    return 0;
  }
  if (rows->empty()) {
    fmt::print("nothing was decided in that time\n");
    return 0;
  }
  fmt::print("{:<12} {:<20} {:<8} {:>8}  {:>16} {:>16}  {:>7} {:>7} {:>7}  {}\n",
             "tenant",
             "action",
             "target",
             "requests",
             "auto/queued/blk",
             "now",
             "+auto",
             "+queued",
             "+block",
             "newly automatic ones that were right");
  for (const auto& row : *rows) print_row(row);
  return 0;
}

int replay(const Options& options) {
  const auto window = window_of(options);
  if (!window) return unusable("policy", window.error());
  const auto catalogue = load_catalogue("");
  if (!catalogue) return unusable("policy", catalogue.error());
  std::optional<CheckedPolicy> policy;
  if (!options.policy.empty()) {
    auto loaded = load_policy(options.policy, *catalogue, SystemClock{}.now());
    if (!loaded) return unusable("policy", loaded.error());
    if (!loaded->policy) {
      fmt::print(stderr, "{}\n", loaded->errors);
      return 2;
    }
    policy = *std::move(loaded);
  }
  const auto opened = open(options.place);
  if (!opened) return unusable("policy", opened.error());
  auto& records = *opened->records;
  const bool as_json = options.place.api.json;
  return policy ? compare(records, *policy->policy, *window, as_json)
                : check(records, *catalogue, *window, as_json);
}

}  // namespace

void add_policy_replay(Command policy, Run& run) {
  const auto options = std::make_shared<Options>();
  auto command = policy.add_subcommand("replay", "Decide the past again under another policy");
  command.add_option("--policy",
                     options->policy,
                     "The other policy; without it: check that every decision comes out as it was "
                     "recorded, under the policy that was in force");
  command.add_option("--from", options->from, "RFC 3339; default: the beginning");
  command.add_option("--to", options->to, "RFC 3339, not included; default: now");
  command.add_option("--tenant", options->tenant, "Only this tenant's");
  options->place.add_to(command);
  command.footer(
      "Every recorded request is decided at its recorded time, in order, limits counted as they "
      "would have been used up.\nPrints for each verb and kind of target what ran by itself, was "
      "queued and was blocked, then and now; and of what\nwould newly run by itself, how much was "
      "right: approved by a person and not rolled back. Where no person judged\nit says `not "
      "measured`. --json: one object a line.\nExit status: 0 done; without --policy 1 and the "
      "first "
      "difference when a decision comes out otherwise; 2 it cannot\nbe replayed.\n\nExample:\n  "
      "sallyport policy replay --policy new.yaml --from 2026-11-01T00:00:00Z --to "
      "2026-12-01T00:00:00Z --data data");
  command.callback([options, &run] { run = [options] { return replay(*options); }; });
}

}  // namespace sallyport::app
