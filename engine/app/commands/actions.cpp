#include "engine/app/api_client.hpp"
#include "engine/app/commands/commands.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace sallyport::app {

namespace {

struct Options {
  ApiOptions api;
  std::string id;
  std::string state;
  std::string investigation;
  std::string since;
  bool preview = false;
  std::size_t limit = 100;
};

void print_row(const json::value& action) {
  fmt::print("{}  {:15} {:16} {:24} {:10} {}\n",
             shown(action, "id"),
             shown(action, "state"),
             shown(action, "request.action"),
             shown(action, "request.target.value"),
             shown(action, "connector"),
             shown(action, "detail"));
}

void print_whole(const json::value& action) {
  fmt::print("action         {}\n", shown(action, "id"));
  fmt::print("state          {}  {}\n", shown(action, "state"), shown(action, "detail"));
  fmt::print("what           {} on {} {}\n",
             shown(action, "request.action"),
             shown(action, "request.target.kind"),
             shown(action, "request.target.value"));
  fmt::print("parameters     {}\n", shown(action, "request.parameters"));
  fmt::print("asked by       {} {}\n",
             shown(action, "request.requested_by.kind"),
             shown(action, "request.requested_by.id"));
  fmt::print("decision       {}\n", shown(action, "decision.rationale"));
  fmt::print("connector      {}\n", shown(action, "connector"));
  fmt::print(
      "outcome        {} {}\n", shown(action, "outcome.status"), shown(action, "outcome.detail"));
  fmt::print("verification   in effect: {} {}\n",
             shown(action, "verification.in_effect"),
             shown(action, "verification.detail"));
  const auto undo = shown(action, "rollback.verb");
  fmt::print("rollback       {}\n", undo.empty() ? "none: " + shown(action, "rollback.why") : undo);
  fmt::print("state before   {}\n", shown(action, "rollback.pre_state"));
  if (const auto since = shown(action, "drift.seen_at"); !since.empty())
    fmt::print("undone outside {} {}\n", since, shown(action, "drift.detail"));
  if (const auto end = shown(action, "ends_at"); !end.empty())
    fmt::print("ends by itself {}\n", end);
  if (const auto by = shown(action, "reversed_by"); !by.empty())
    fmt::print("undone by      {}\n", by);
  if (const auto of = shown(action, "reverses"); !of.empty()) fmt::print("undoes         {}\n", of);
}

int list(const Options& options) {
  auto client = ApiClient::make(options.api);
  if (!client) return report(client.error());
  ApiClient::Query query;
  if (!options.state.empty()) query.emplace_back("state", options.state);
  if (!options.investigation.empty()) query.emplace_back("investigation", options.investigation);
  const auto found = (*client)->list({"v1", "actions"}, query, options.limit);
  if (!found) return report(found.error());
  for (const auto& action : *found) {
    if (options.api.json) {
      fmt::print("{}\n", to_json(action));
    } else {
      print_row(action);
    }
  }
  return found->empty() ? 1 : 0;
}

int show(const Options& options) {
  auto client = ApiClient::make(options.api);
  if (!client) return report(client.error());
  const auto action = (*client)->get({"v1", "actions", options.id});
  if (!action) return report(action.error());
  if (options.api.json) {
    fmt::print("{}\n", to_json(*action));
  } else {
    print_whole(*action);
  }
  return 0;
}

/// `2026-11-20T10:00:00Z  block_ip on 203.0.113.9 at perimeter: ...`
void print_step(const json::value& step, bool preview) {
  const auto why_not = shown(step, "why_not");
  const auto rollback = shown(step, "rollback");
  fmt::print("{}  {}  {} on {} at {}: ",
             shown(step, "action"),
             shown(step, "done_at"),
             shown(step, "verb"),
             shown(step, "target.value"),
             shown(step, "connector"));
  if (!why_not.empty()) {
    fmt::print("NOT UNDONE: {}\n", why_not);
  } else if (preview) {
    fmt::print("would be undone by {}\n", shown(step, "undo"));
  } else {
    fmt::print("{} is action {}, {} ({})\n",
               shown(step, "undo"),
               rollback,
               shown(step, "rollback_state"),
               shown(step, "rationale"));
  }
}

/// Several at once, or what would be done. 1: there is nothing to undo, or not all can be.
int roll_back_all(const Options& options) {
  json::object body{{"preview", options.preview}};
  if (!options.id.empty()) body["action"] = options.id;
  if (!options.investigation.empty()) body["investigation"] = options.investigation;
  if (!options.since.empty()) body["since"] = options.since;
  auto client = ApiClient::make(options.api);
  if (!client) return report(client.error());
  const auto answer = (*client)->post({"v1", "actions", "rollback"}, body);
  if (!answer) return report(answer.error());
  const auto& steps = answer->at("steps").as_array();
  const bool all =
      std::ranges::all_of(steps, [](const auto& step) { return shown(step, "why_not").empty(); });
  if (options.api.json) {
    fmt::print("{}\n", to_json(*answer));
  } else {
    for (const auto& step : steps) print_step(step, options.preview);
    if (steps.empty()) fmt::print(stderr, "there is nothing to undo\n");
    if (answer->at("more").as_bool())
      fmt::print(stderr, "there are older ones: ask again when these came to rest\n");
  }
  return steps.empty() || !all ? 1 : 0;
}

int roll_back(const Options& options) {
  const auto scopes = !options.id.empty() + !options.investigation.empty() + !options.since.empty();
  if (scopes != 1) {
    fmt::print(stderr, "say what to undo: one of ID, --investigation and --since\n");
    return 2;
  }
  if (options.id.empty() || options.preview) return roll_back_all(options);
  auto client = ApiClient::make(options.api);
  if (!client) return report(client.error());
  const auto action = (*client)->post({"v1", "actions", options.id, "rollback"}, json::object{});
  if (!action) return report(action.error());
  if (options.api.json) {
    fmt::print("{}\n", to_json(*action));
  } else {
    fmt::print("rollback is action {}: {} on {}, {} ({})\n",
               shown(*action, "id"),
               shown(*action, "request.action"),
               shown(*action, "request.target.value"),
               shown(*action, "state"),
               shown(*action, "decision.rationale"));
  }
  return 0;
}

}  // namespace

void add_actions(Command app, Run& run) {
  auto command = app.add_subcommand("actions", "What was done, and its undoing");
  command.needs_subcommand();
  command.footer("Example:\n  sallyport actions list\n  sallyport actions rollback 01J...");
  auto options = std::make_shared<Options>();

  auto listing = command.add_subcommand("list", "Newest first; exit 1 when there are none");
  listing.add_option(
      "--state", options->state, "Only those that are e.g. verified, queued, rollback_failed");
  listing.add_option("--investigation", options->investigation, "Only those of one investigation");
  listing.add_option("--limit", options->limit, "At most so many").shows_default();
  listing.footer("Example:\n  sallyport actions list --state verified");
  options->api.add_to(listing);
  listing.callback([&run, options] { run = [options] { return list(*options); }; });

  auto showing = command.add_subcommand("show", "One action with its rollback record");
  showing.add_option("ID", options->id, "The action").required();
  showing.footer("Example:\n  sallyport actions show 01J...");
  options->api.add_to(showing);
  showing.callback([&run, options] { run = [options] { return show(*options); }; });

  auto undoing = command.add_subcommand(
      "rollback",
      "Restore what was there before, the last that was done first; each rollback is an action and "
      "passes the gate. Exit 1: nothing to undo, or not all can be");
  undoing.add_option("ID", options->id, "The action to undo");
  undoing.add_option("--investigation", options->investigation, "All that it did");
  undoing.add_option(
      "--since", options->since, "All that was done since, e.g. 2026-11-20T10:00:00Z");
  undoing.add_flag("--preview,--dry-run",
                   options->preview,
                   "Only say what would be undone, in which order, and what cannot be and why");
  undoing.footer(
      "Example:\n  sallyport actions rollback 01J...\n"
      "  sallyport actions rollback --since 2026-11-20T10:00:00Z --preview");
  options->api.add_to(undoing);
  undoing.callback([&run, options] { run = [options] { return roll_back(*options); }; });
}

}  // namespace sallyport::app
