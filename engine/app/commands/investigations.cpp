#include "engine/app/api_client.hpp"
#include "engine/app/commands/commands.hpp"

#include <fmt/format.h>

namespace sallyport::app {

namespace {

struct Options {
  ApiOptions api;
  std::string id;
  std::string verdict;
  std::string comment;
  std::size_t limit = 100;
};

void print_row(const json::value& one) {
  fmt::print("{}  {:14} {:5.5} {:8} {:>6} alerts  {}\n",
             shown(one, "investigation"),
             shown(one, "verdict"),
             shown(one, "confidence"),
             shown(one, "severity"),
             shown(one, "count"),
             shown(one, "title"));
}

int list(const Options& options) {
  auto client = ApiClient::make(options.api);
  if (!client) return report(client.error());
  const auto found = (*client)->list({"v1", "investigations"}, {}, options.limit);
  if (!found) return report(found.error());
  for (const auto& one : *found) {
    if (options.api.json) {
      fmt::print("{}\n", to_json(one));
    } else {
      print_row(one);
    }
  }
  return found->empty() ? 1 : 0;
}

int show(const Options& options) {
  auto client = ApiClient::make(options.api);
  if (!client) return report(client.error());
  const auto one = (*client)->get({"v1", "investigations", options.id});
  if (!one) return report(one.error());
  fmt::print("{}\n", to_json(*one));
  return 0;
}

int judge(const Options& options) {
  auto client = ApiClient::make(options.api);
  if (!client) return report(client.error());
  const auto judged = (*client)->post({"v1", "investigations", options.id, "verdict"},
                                      {{"verdict", options.verdict}, {"comment", options.comment}});
  if (!judged) return report(judged.error());
  if (options.api.json) {
    fmt::print("{}\n", to_json(*judged));
  } else {
    fmt::print("{} is {}; the engine said {}\n",
               shown(*judged, "investigation"),
               shown(*judged, "verdict"),
               shown(*judged, "was"));
  }
  return 0;
}

}  // namespace

void add_investigations(Command app, Run& run) {
  auto command = app.add_subcommand("investigations", "What was investigated, and what people say");
  command.needs_subcommand();
  command.footer(
      "Example:\n  sallyport investigations list\n"
      "  sallyport investigations judge 01J... --verdict benign --comment 'our own scanner'");
  auto options = std::make_shared<Options>();

  auto listing = command.add_subcommand("list", "Newest first; exit 1 when there are none");
  listing.add_option("--limit", options->limit, "At most so many").shows_default();
  listing.footer("Example:\n  sallyport investigations list --limit 20");
  options->api.add_to(listing);
  listing.callback([&run, options] { run = [options] { return list(*options); }; });

  auto showing = command.add_subcommand("show", "The newest verdict document of one");
  showing.add_option("ID", options->id, "The investigation").required();
  showing.footer("Example:\n  sallyport investigations show 01J... | jq .explanation");
  options->api.add_to(showing);
  showing.callback([&run, options] { run = [options] { return show(*options); }; });

  auto judging = command.add_subcommand(
      "judge", "Say what it was; the engine learns from it, and the ledger keeps who said it");
  judging.add_option("ID", options->id, "The investigation").required();
  judging.add_option("--verdict", options->verdict, "What it was")
      .required()
      .one_of({"malicious", "suspicious", "benign", "false_positive", "inconclusive"});
  judging.add_option("--comment", options->comment, "Why").required();
  judging.footer(
      "Example:\n  sallyport investigations judge 01J... --verdict malicious --comment 'seen on "
      "the host'");
  options->api.add_to(judging);
  judging.callback([&run, options] { run = [options] { return judge(*options); }; });
}

}  // namespace sallyport::app
