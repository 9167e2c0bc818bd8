#include "engine/app/commands/policy_commands.hpp"
#include "engine/app/loading.hpp"
#include "engine/app/policy_file.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <string>

namespace sallyport::app {

namespace {

int check(const std::string& file, const std::string& at) {
  auto now = SystemClock{}.now();
  if (!at.empty()) {
    const auto parsed = parse_rfc3339(at);
    if (!parsed) {
      fmt::print(stderr, "sallyport: --at: {}\n", parsed.error().detail);
      return 2;
    }
    now = *parsed;
  }
  const auto catalogue = load_catalogue("");
  if (!catalogue) {
    fmt::print(stderr, "sallyport: {}\n", catalogue.error().detail);
    return 2;
  }
  const auto loaded = load_policy(file, *catalogue, now);
  if (!loaded) {
    fmt::print(stderr, "sallyport: {}\n", loaded.error().detail);
    return 2;
  }
  if (!loaded->errors.empty()) fmt::print(stderr, "{}\n", loaded->errors);
  if (!loaded->warnings.empty()) fmt::print(stderr, "{}\n", loaded->warnings);
  if (!loaded->policy) return 1;
  fmt::print("{}: good; {}\n", file, loaded->policy->version().hash);
  for (const auto& tenant : loaded->policy->tenants())
    fmt::print("  {}: {}\n", tenant, name_of(loaded->policy->tier(tenant, now)));
  return 0;
}

}  // namespace

void add_policy(Command app, Run& run) {
  struct Options {
    std::string file;
    std::string at;
  };

  const auto options = std::make_shared<Options>();
  auto command = app.add_subcommand("policy", "The policy: check, look, compare, change, replay");
  command.needs_subcommand();
  command.footer("Example:\n  sallyport policy check config/policy.yaml");
  add_policy_versions(command, run);
  add_policy_changes(command, run);
  add_policy_replay(command, run);

  auto checking =
      command.add_subcommand("check", "All faults and probable mistakes of a policy file");
  checking.add_option("FILE", options->file, "The policy file").required();
  checking.add_option(
      "--at", options->at, "Look at it as if it were this time (RFC 3339); default: now");
  checking.footer(
      "Faults and warnings go to standard error as file:line:column. Prints the file's hash and "
      "the "
      "tier of each\ntenant that holds at that time. Exit status: 0 it can be used (warnings or "
      "not); 1 it has faults; 2 it cannot\nbe opened.\n\nExample:\n  sallyport policy check "
      "config/policy.yaml --at 2027-01-01T00:00:00Z");
  checking.callback(
      [options, &run] { run = [options] { return check(options->file, options->at); }; });
}

}  // namespace sallyport::app
