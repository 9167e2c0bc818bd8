#include "engine/app/api_client.hpp"
#include "engine/app/commands/commands.hpp"
#include "engine/base/unambiguous_json.hpp"

#include <fmt/format.h>

namespace sallyport::app {

namespace {

struct Options {
  ApiOptions api;
  std::string id;
  std::string state = "pending";
  std::string comment;
  std::string request_hash;
  std::string with;
  std::size_t limit = 100;
};

void print_row(const json::value& approval) {
  fmt::print("{}  {:8}  {:16} {:24} {:6} {}  until {}\n",
             shown(approval, "id"),
             shown(approval, "state"),
             shown(approval, "request.action"),
             shown(approval, "request.target.value"),
             shown(approval, "decision.blast_radius"),
             shown(approval, "tenant"),
             shown(approval, "expires_at"));
}

void print_whole(const json::value& approval) {
  fmt::print("approval       {}\n", shown(approval, "id"));
  fmt::print("state          {}\n", shown(approval, "state"));
  fmt::print("tenant         {}\n", shown(approval, "tenant"));
  fmt::print("action         {} on {} {}\n",
             shown(approval, "request.action"),
             shown(approval, "request.target.kind"),
             shown(approval, "request.target.value"));
  fmt::print("parameters     {}\n", shown(approval, "request.parameters"));
  fmt::print("confidence     {}\n", shown(approval, "request.confidence"));
  fmt::print("asked by       {} {}\n",
             shown(approval, "request.requested_by.kind"),
             shown(approval, "request.requested_by.id"));
  fmt::print("why queued     {}\n", shown(approval, "decision.rationale"));
  fmt::print("investigation  {}\n", shown(approval, "investigation"));
  fmt::print("evidence       {}\n", shown(approval, "evidence"));
  fmt::print("expires at     {}\n", shown(approval, "expires_at"));
  fmt::print("request hash   {}\n", shown(approval, "request_hash"));
  if (const auto by = shown(approval, "decided_by.id"); !by.empty()) {
    fmt::print("decided        by {} at {}: {}\n",
               by,
               shown(approval, "decided_at"),
               shown(approval, "comment"));
  }
}

int list(const Options& options) {
  auto client = ApiClient::make(options.api);
  if (!client) return report(client.error());
  const auto found =
      (*client)->list({"v1", "approvals"}, {{"state", options.state}}, options.limit);
  if (!found) return report(found.error());
  for (const auto& approval : *found) {
    if (options.api.json) {
      fmt::print("{}\n", to_json(approval));
    } else {
      print_row(approval);
    }
  }
  return found->empty() ? 1 : 0;
}

int show(const Options& options) {
  auto client = ApiClient::make(options.api);
  if (!client) return report(client.error());
  const auto approval = (*client)->get({"v1", "approvals", options.id});
  if (!approval) return report(approval.error());
  if (options.api.json) {
    fmt::print("{}\n", to_json(*approval));
  } else {
    print_whole(*approval);
  }
  return 0;
}

/// The parameters that --with changes, where it stands. Errors: invalid_input.
Result<std::optional<json::object>> changes(const Options& options) {
  if (options.with.empty()) return std::optional<json::object>{};
  const auto value = parse_unambiguous_json(options.with);
  if (!value) return fail(Errc::invalid_input, "--with: " + value.error().detail);
  if (!value->is_object())
    return fail(Errc::invalid_input, "--with: expected an object such as {\"duration_s\":3600}");
  return std::optional{value->get_object()};
}

/// The answer binds what is shown: without a hash of an earlier look, what stands there now is
/// shown and answered.
int answer(const Options& options, const std::string& verb) {
  const auto read = changes(options);
  if (!read) return unusable("approvals", read.error());
  const auto& with = *read;
  auto client = ApiClient::make(options.api);
  if (!client) return report(client.error());
  auto hash = options.request_hash;
  if (hash.empty()) {
    const auto approval = (*client)->get({"v1", "approvals", options.id});
    if (!approval) return report(approval.error());
    if (!options.api.json) print_whole(*approval);
    hash = shown(*approval, "request_hash");
  }
  json::object body{{"request_hash", hash}, {"comment", options.comment}};
  if (with) body["with"] = *with;
  const auto action = (*client)->post({"v1", "approvals", options.id, verb}, body);
  if (!action) return report(action.error());
  if (options.api.json) {
    fmt::print("{}\n", to_json(*action));
  } else {
    if (with) {
      fmt::print("changed to     {}\n", shown(*action, "request.parameters"));
      fmt::print("request hash   {}\n", shown(*action, "request_hash"));
    }
    fmt::print("{}: action {} is {}\n", verb, shown(*action, "id"), shown(*action, "state"));
  }
  return 0;
}

}  // namespace

void add_approvals(Command app, Run& run) {
  auto command = app.add_subcommand("approvals", "What waits for a person: look, approve, deny");
  command.needs_subcommand();
  command.footer(
      "Example:\n  sallyport approvals list\n  sallyport approvals approve 01J... --comment 'known "
      "bad host'");
  auto options = std::make_shared<Options>();

  auto listing = command.add_subcommand("list", "Oldest first; exit 1 when there are none");
  listing.add_option("--state", options->state, "pending, approved, denied, expired or all")
      .shows_default();
  listing.add_option("--limit", options->limit, "At most so many").shows_default();
  listing.footer("Example:\n  sallyport approvals list --url http://127.0.0.1:8080");
  options->api.add_to(listing);
  listing.callback([&run, options] { run = [options] { return list(*options); }; });

  auto showing = command.add_subcommand("show", "All that there is to see before answering");
  showing.add_option("ID", options->id, "The approval").required();
  showing.footer("Example:\n  sallyport approvals show 01J...");
  options->api.add_to(showing);
  showing.callback([&run, options] { run = [options] { return show(*options); }; });

  for (const std::string verb : {"approve", "deny"}) {
    auto answering =
        command.add_subcommand(verb, verb == "approve" ? "Let exactly this be done" : "Refuse it");
    answering.add_option("ID", options->id, "The approval").required();
    answering.add_option("--comment", options->comment, "Why; the ledger keeps it");
    answering.add_option("--request-hash",
                         options->request_hash,
                         "Of what you looked at before; refused when it is another");
    if (verb == "approve") {
      answering
          .add_option("--with",
                      options->with,
                      "Parameters that are to be others than shown, as JSON; null takes one away")
          .value_name("JSON");
    }
    answering.footer(
        verb == "approve"
            ? "With --with it is the changed request that is approved: the gate decides about it, "
              "the "
              "answer shows its hash,\nand the ledger keeps what was changed. Nobody approves what "
              "they proposed themselves.\n\nExamples:\n  sallyport approvals approve 01J... "
              "--comment "
              "'seen on the host'\n  sallyport approvals approve 01J... --with "
              "'{\"duration_s\":3600}' --comment 'an hour is enough'"
            : "Example:\n  sallyport approvals deny 01J... --comment 'a scanner of ours'");
    options->api.add_to(answering);
    answering.callback(
        [&run, options, verb] { run = [options, verb] { return answer(*options, verb); }; });
  }
}

}  // namespace sallyport::app
