#include "engine/app/api_client.hpp"
#include "engine/app/commands/policy_commands.hpp"
#include "engine/app/commands/policy_source.hpp"
#include "engine/base/file.hpp"
#include "engine/config/document.hpp"
#include "engine/gate/policy_diff.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <optional>

namespace sallyport::app {

namespace {

struct Options {
  ApiOptions api;
  std::string tenant;
  std::string tier;
  std::string on;
  std::string verb;
  std::string connector;
  std::string file;
  std::optional<std::uint64_t> replaces;
  std::string reason;
};

/// What the engine answers to a change: the version in force from now on.
int print_made(const Options& options, const json::value& made, std::string_view what) {
  if (options.api.json) {
    fmt::print("{}\n", to_json(made));
    return 0;
  }
  fmt::print("{}: version {}\n", what, shown(made, "version"));
  if (const auto warnings = shown(made, "warnings"); !warnings.empty())
    fmt::print(stderr, "{}\n", warnings);
  return 0;
}

int set_tier(const Options& options) {
  const auto client = ApiClient::make(options.api);
  if (!client) return policy_failed(client.error());
  const auto made = (*client)->post(
      {"v1", "policy", "tier"},
      {{"tenant", options.tenant}, {"tier", options.tier}, {"reason", options.reason}});
  if (!made) return policy_failed(made.error());
  return print_made(options, *made, fmt::format("{} is at {}", options.tenant, options.tier));
}

int kill_switch(const Options& options) {
  const auto client = ApiClient::make(options.api);
  if (!client) return policy_failed(client.error());
  json::object order{{"on", options.on == "on"}, {"reason", options.reason}};
  std::string of = options.tenant.empty() ? "everything" : options.tenant;
  order["scope"] = options.tenant.empty() ? "global" : "tenant";
  if (!options.tenant.empty()) order["tenant"] = options.tenant;
  const auto narrow = [&](const char* scope, const std::string& name) {
    if (name.empty()) return;
    order["scope"] = scope;
    order[scope] = name;
    of = fmt::format("{} {}{}", scope, name, options.tenant.empty() ? "" : " of " + options.tenant);
  };
  narrow("verb", options.verb);
  narrow("connector", options.connector);
  const auto made = (*client)->post({"v1", "policy", "kill-switch"}, order);
  if (!made) return policy_failed(made.error());
  return print_made(options, *made, fmt::format("the kill switch of {} is {}", of, options.on));
}

/// Replaces the file that the engine has by this one, as long as the engine still has the version
/// that the difference is shown to.
int apply(const Options& options) {
  const auto text = read_file(options.file);
  if (!text) return unusable("policy", text.error());
  const auto next = config::Document::parse(*text, options.file);
  if (!next) return unusable("policy", next.error());
  const auto current = find_policy({.api = options.api, .offline = {}}, {}, {});
  if (!current) return policy_failed(current.error());
  const auto version = current->stored.version;
  if (options.replaces && *options.replaces != version) {
    return policy_failed(
        {.code = Errc::conflict,
         .detail = fmt::format("version {} is in force, not {}: look at it and try again",
                               version,
                               *options.replaces)});
  }
  const auto client = ApiClient::make(options.api);
  if (!client) return policy_failed(client.error());
  const auto made = (*client)->put(
      {"v1", "policy"}, {{"reason", options.reason}}, fmt::to_string(version), *text);
  if (!made) return policy_failed(made.error());
  if (!options.api.json) {
    for (const auto& change : gate::policy_diff(current->document, next->root()))
      fmt::print("{}\n", to_text(change));
  }
  return print_made(options, *made, fmt::format("{} is in force", options.file));
}

}  // namespace

void add_policy_changes(Command policy, Run& run) {
  const auto options = std::make_shared<Options>();
  const auto asks_the_engine = [&](Command command) {
    command.add_option("--reason", options->reason, "Why; the ledger keeps it").required();
    options->api.add_to(command);
  };

  auto turning = policy.add_subcommand("set-tier", "Turn the dial of a tenant, at once");
  turning.add_option("TENANT", options->tenant, "Whose").required();
  turning.add_option("TIER", options->tier, "L0 to L4")
      .required()
      .one_of({"L0", "L1", "L2", "L3", "L4"});
  asks_the_engine(turning);
  turning.footer(
      "Asks the running engine, which writes it into the policy file. When this returns, nothing "
      "is "
      "sent any more\nthat the new tier forbids.\n\nExample:\n  sallyport policy set-tier acme L1 "
      "--reason 'incident 4711'");
  turning.callback([options, &run] { run = [options] { return set_tier(*options); }; });

  auto switching = policy.add_subcommand(
      "kill-switch", "Block everything at once, or a tenant, a verb, a connector; or end that");
  switching.add_option("STATE", options->on, "on: blocked; off: no longer")
      .required()
      .one_of({"on", "off"});
  switching.add_option("--tenant", options->tenant, "Only this tenant's (default: of all)");
  auto verb = switching.add_option("--verb", options->verb, "Only this verb");
  switching.add_option("--connector", options->connector, "Only what this connector runs")
      .excludes(verb);
  asks_the_engine(switching);
  switching.footer(
      "Asks the running engine, which writes it into the policy file. When this returns, nothing "
      "is sent any more\nthat it blocks, approved or not. Without --tenant it needs a token for "
      "all tenants.\n\nExamples:\n  sallyport policy kill-switch on --reason 'incident 4711'\n  "
      "sallyport policy kill-switch on --tenant acme --verb disable_user --reason 'wrong "
      "accounts'\n"
      "  sallyport policy kill-switch off --reason 'over'");
  switching.callback([options, &run] { run = [options] { return kill_switch(*options); }; });

  auto applying =
      policy.add_subcommand("apply", "Replace the policy of a running engine by a file");
  applying.add_option("FILE", options->file, "The policy file").required();
  applying.add_option(
      "--replaces", options->replaces, "Only if this version is still the one in force");
  asks_the_engine(applying);
  applying.footer(
      "Prints what changed. The engine checks the file, gives it a version and writes it over its "
      "own; a faulty one\nchanges nothing. Needs a token for all tenants. Exit status: 0 it is in "
      "force; 1 another version is in force\nthan the one named or looked at; 2 the file cannot be "
      "used.\n\nExample:\n  sallyport policy apply policy.yaml --reason 'quarterly review'");
  applying.callback([options, &run] { run = [options] { return apply(*options); }; });
}

}  // namespace sallyport::app
