#include "engine/app/api_client.hpp"
#include "engine/app/commands/commands.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace sallyport::app {

namespace {

struct Options {
  ApiOptions api;
  std::string id;
  std::string state;
  std::string investigation;
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

int roll_back(const Options& options) {
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

void add_actions(CLI::App& app, Run& run) {
  auto* command = app.add_subcommand("actions", "What was done, and its undoing");
  command->require_subcommand(1);
  command->footer("Example:\n  sallyport actions list\n  sallyport actions rollback 01J...");
  auto options = std::make_shared<Options>();

  auto* listing = command->add_subcommand("list", "Newest first; exit 1 when there are none");
  listing->add_option(
      "--state", options->state, "Only those that are e.g. verified, queued, rollback_failed");
  listing->add_option("--investigation", options->investigation, "Only those of one investigation");
  listing->add_option("--limit", options->limit, "At most so many")->capture_default_str();
  listing->footer("Example:\n  sallyport actions list --state verified");
  options->api.add_to(*listing);
  listing->callback([&run, options] { run = [options] { return list(*options); }; });

  auto* showing = command->add_subcommand("show", "One action with its rollback record");
  showing->add_option("ID", options->id, "The action")->required();
  showing->footer("Example:\n  sallyport actions show 01J...");
  options->api.add_to(*showing);
  showing->callback([&run, options] { run = [options] { return show(*options); }; });

  auto* undoing = command->add_subcommand(
      "rollback", "Restore what was there before; the rollback is an action and passes the gate");
  undoing->add_option("ID", options->id, "The action to undo")->required();
  undoing->footer("Example:\n  sallyport actions rollback 01J...");
  options->api.add_to(*undoing);
  undoing->callback([&run, options] { run = [options] { return roll_back(*options); }; });
}

}  // namespace sallyport::app
