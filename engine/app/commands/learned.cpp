#include "engine/app/api_client.hpp"
#include "engine/app/commands/commands.hpp"

#include <fmt/format.h>

namespace sallyport::app {

namespace {

struct Options {
  ApiOptions api;
  std::string tenant;
  std::string source;
  std::string detection;
  std::string reason;
};

int list(const Options& options) {
  auto client = ApiClient::make(options.api);
  if (!client) return report(client.error());
  ApiClient::Query query;
  if (!options.tenant.empty()) query.emplace_back("tenant", options.tenant);
  const auto answer = (*client)->get({"v1", "learned"}, query);
  if (!answer) return report(answer.error());
  const auto& items = answer->at("items").as_array();
  for (const auto& one : items) {
    if (options.api.json) {
      fmt::print("{}\n", to_json(one));
      continue;
    }
    fmt::print("{:12} {:14} {:24} leaning {:8} {:>4} malicious {:>4} benign, last {}\n",
               shown(one, "tenant"),
               shown(one, "source"),
               shown(one, "detection"),
               shown(one, "leaning"),
               shown(one, "malicious"),
               shown(one, "benign"),
               shown(one, "last"));
  }
  return items.empty() ? 1 : 0;
}

int reset(const Options& options) {
  auto client = ApiClient::make(options.api);
  if (!client) return report(client.error());
  json::object body{
      {"source", options.source}, {"detection", options.detection}, {"reason", options.reason}};
  if (!options.tenant.empty()) body["tenant"] = options.tenant;
  const auto done = (*client)->post({"v1", "learned", "reset"}, body);
  if (!done) return report(done.error());
  if (options.api.json) {
    fmt::print("{}\n", to_json(*done));
  } else {
    fmt::print("nothing is learned of {} {} any more\n", options.source, options.detection);
  }
  return 0;
}

}  // namespace

void add_learned(Command app, Run& run) {
  auto command = app.add_subcommand("learned", "What people's verdicts taught, per detection");
  command.needs_subcommand();
  command.footer(
      "Example:\n  sallyport learned list\n"
      "  sallyport learned reset --source wazuh --detection 5710 --reason 'the rule was changed'");
  auto options = std::make_shared<Options>();

  auto listing = command.add_subcommand(
      "list", "Every learned weight: from -1, people said benign, to 1; exit 1 when there is none");
  listing.add_option("--tenant", options->tenant, "For tokens with several tenants");
  listing.footer("Example:\n  sallyport learned list --json");
  options->api.add_to(listing);
  listing.callback([&run, options] { run = [options] { return list(*options); }; });

  auto resetting = command.add_subcommand(
      "reset", "Take back what was learned of a detection; the ledger keeps who and why");
  resetting.add_option("--source", options->source, "The source of its alerts").required();
  resetting.add_option("--detection", options->detection, "The detection").required();
  resetting.add_option("--reason", options->reason, "Why").required();
  resetting.add_option("--tenant", options->tenant, "For tokens with several tenants");
  resetting.footer(
      "Example:\n  sallyport learned reset --source wazuh --detection 5710 --reason 'the rule was "
      "changed'");
  options->api.add_to(resetting);
  resetting.callback([&run, options] { run = [options] { return reset(*options); }; });
}

}  // namespace sallyport::app
