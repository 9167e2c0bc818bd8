#include "engine/app/commands/policy_commands.hpp"
#include "engine/app/commands/policy_source.hpp"
#include "engine/app/loading.hpp"
#include "engine/app/policy_file.hpp"
#include "engine/base/ascii.hpp"
#include "engine/config/document.hpp"
#include "engine/gate/policy.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>

namespace sallyport::app {

namespace {

struct Options {
  RecordPlace place;
  std::string file;
  std::string at;
  std::optional<std::uint64_t> version;
  bool text = false;
  std::string a;
  std::string b;
  std::size_t limit = 20;
};

Result<std::optional<Time>> time_of(const std::string& text, std::string_view option) {
  if (text.empty()) return std::optional<Time>{};
  const auto time = parse_rfc3339(text);
  if (!time) return fail(Errc::invalid_input, fmt::format("{}: {}", option, time.error().detail));
  return std::optional{*time};
}

/// The file as a version that nobody adopted.
Result<ShownPolicy> from_file(const std::string& file) {
  const auto document = config::Document::load(file);
  if (!document) return fail(Errc::invalid_input, document.error().detail);
  return ShownPolicy{.stored = {}, .document = document->root()};
}

/// How many things stand at `key` of a tenant.
std::size_t size_at(const json::object& tenant, std::string_view key) {
  const auto* value = tenant.if_contains(key);
  if (!value) return 0;
  if (const auto* list = value->if_array()) return list->size();
  if (const auto* map = value->if_object()) return map->size();
  return 1;
}

std::string kill_text(const json::object& where) {
  const auto* kill = where.if_contains("kill_switch");
  if (!kill || (kill->is_bool() && !kill->get_bool())) return {};
  return "kill switch " + to_json(*kill);
}

/// One line a tenant: what holds at `now`, and how much there is of the rest.
void print_summary(const gate::Policy& policy, const json::value& document, Time now) {
  const auto* root = document.if_object();
  if (root && !kill_text(*root).empty()) fmt::print("all tenants: {}\n", kill_text(*root));
  const auto* tenants = root ? root->if_contains("tenants") : nullptr;
  for (const auto& name : policy.tenants()) {
    const auto* found =
        tenants && tenants->is_object() ? tenants->get_object().if_contains(name) : nullptr;
    const auto* object = found ? found->if_object() : nullptr;
    const auto tenant = object ? *object : json::object{};
    const auto* written = tenant.if_contains("tier");
    const auto holds = name_of(policy.tier(name, now));
    std::string line = fmt::format("{}: {}", name, holds);
    if (written && written->is_string() && std::string_view{written->get_string()} != holds)
      line += fmt::format(" (written {}; the review is overdue)",
                          std::string_view{written->get_string()});
    for (const auto* key : {"overrides", "whitelist", "protected", "limits", "freezes"})
      if (const auto n = size_at(tenant, key)) line += fmt::format(", {} {}", n, key);
    for (const auto* key : {"owner", "review_by"})
      if (const auto text = shown(tenant, fmt::format("authority.{}", key)); !text.empty())
        line += fmt::format(", {} {}", key, text);
    if (const auto kill = kill_text(tenant); !kill.empty()) line += ", " + kill;
    fmt::print("{}\n", line);
  }
}

int show(const Options& options) {
  const auto at = time_of(options.at, "--at");
  if (!at) return policy_failed(at.error());
  const bool of_file = !options.file.empty();
  auto found =
      of_file ? from_file(options.file)
              : find_policy(options.place, options.version, options.version ? std::nullopt : *at);
  if (!found) return policy_failed(found.error());
  const auto& stored = found->stored;
  if (options.place.api.json) {
    fmt::print("{}\n", to_json(found->document));
    return 0;
  }
  if (options.text) {
    if (stored.text.empty())
      return policy_failed({.code = Errc::denied,
                            .detail = of_file ? "the file is its own text"
                                              : "this token does not see all of the text"});
    return std::fwrite(stored.text.data(), 1, stored.text.size(), stdout) == stored.text.size() ? 0
                                                                                                : 2;
  }
  const auto catalogue = load_catalogue("");
  if (!catalogue) return policy_failed(catalogue.error());
  Faults faults;
  const auto policy = gate::Policy::compile(
      found->document, *catalogue, {.version = stored.version, .hash = stored.hash}, faults);
  if (!policy) {
    fmt::print(stderr, "sallyport policy: {}: {}\n", options.file, summary(faults));
    return of_file ? 2 : 1;
  }
  if (!of_file) {
    fmt::print("version {} since {} by {} {}: {}\n{}\n",
               stored.version,
               to_rfc3339(stored.adopted_at),
               stored.by.kind,
               stored.by.id,
               stored.reason,
               stored.hash);
  }
  print_summary(*policy, found->document, at->value_or(SystemClock{}.now()));
  return 0;
}

void print_changes(const std::vector<gate::PolicyChange>& changes, std::string_view indent) {
  for (const auto& change : changes) fmt::print("{}{}\n", indent, to_text(change));
}

int history(const Options& options) {
  const auto versions = find_history(options.place, options.limit);
  if (!versions) return policy_failed(versions.error());
  for (const auto& version : *versions) {
    if (options.place.api.json) {
      json::value line = to_json_value(version);
      line.get_object().erase("text");
      fmt::print("{}\n", to_json(line));
      continue;
    }
    fmt::print("{:>5}  {}  {} {}: {}\n",
               version.version,
               to_rfc3339(version.adopted_at),
               version.by.kind,
               version.by.id,
               version.reason);
    print_changes(version.changes, "       ");
    if (version.changes_left_out > 0) fmt::print("       and {} more\n", version.changes_left_out);
  }
  return versions->empty() ? 1 : 0;
}

/// What A or B names: a file, or a version by its number.
Result<ShownPolicy> side(const Options& options, const std::string& name) {
  std::error_code ignored;
  if (std::filesystem::is_regular_file(name, ignored)) return from_file(name);
  const bool number = !name.empty() && std::ranges::all_of(name, ascii::is_digit);
  if (!number || name.size() > 18)
    return fail(Errc::invalid_input, name + ": is neither a file nor the number of a version");
  return find_policy(options.place, std::stoull(name), std::nullopt);
}

int diff(const Options& options) {
  const auto a = side(options, options.a);
  if (!a) return unusable("policy", a.error());
  const auto b = side(options, options.b);
  if (!b) return unusable("policy", b.error());
  const auto changes = gate::policy_diff(a->document, b->document);
  if (options.place.api.json) {
    for (const auto& change : changes) fmt::print("{}\n", to_json(change));
  } else {
    print_changes(changes, "");
  }
  return changes.empty() ? 0 : 1;
}

}  // namespace

void add_policy_versions(Command policy, Run& run) {
  const auto options = std::make_shared<Options>();

  auto showing = policy.add_subcommand("show", "A policy in short, a line for each tenant");
  auto file = showing.add_option("FILE,--policy", options->file, "A policy file");
  showing.add_option("--at", options->at, "The one that was in force then (RFC 3339)");
  showing.add_option("--version", options->version, "This version").excludes(file);
  showing.add_flag("--text", options->text, "The file itself, byte for byte").excludes(file);
  options->place.add_to(showing);
  showing.footer(
      "Without FILE: the version in force, or an earlier one, of a running engine (--url) or a "
      "data "
      "directory.\n--json prints the policy's tree. With FILE, --at says at which time the tiers "
      "are meant.\n\nExample:\n  sallyport policy show --at 2026-11-01T10:00:00Z --data data\n  "
      "sallyport policy show config/policy.yaml");
  showing.callback([options, &run] { run = [options] { return show(*options); }; });

  auto listing =
      policy.add_subcommand("history", "Every version: when, who, why, and what it changed");
  listing.add_option("--limit", options->limit, "At most so many, newest first").shows_default();
  options->place.add_to(listing);
  listing.footer(
      "Exit status: 1 when there is none.\n\nExample:\n  sallyport policy history --data "
      "data --limit 5");
  listing.callback([options, &run] { run = [options] { return history(*options); }; });

  auto comparing = policy.add_subcommand("diff", "What differs between two versions or files");
  comparing.add_option("A", options->a, "A file, or the number of a version").required();
  comparing.add_option("B", options->b, "The same").required();
  options->place.add_to(comparing);
  comparing.footer(
      "Compares what they say: comments, order and spelling do not count. Whitelist entries are "
      "told apart by id.\nExit status: 0 they say the same; 1 they differ; 2 one of them cannot be "
      "read.\n\nExample:\n  sallyport policy diff 3 4 --data data\n  sallyport policy diff "
      "old.yaml new.yaml");
  comparing.callback([options, &run] { run = [options] { return diff(*options); }; });
}

}  // namespace sallyport::app
