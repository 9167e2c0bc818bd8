#include "connectors/manifest/connector.hpp"
#include "engine/app/api_client.hpp"
#include "engine/app/commands/configured_products.hpp"
#include "engine/app/commands/connector_commands.hpp"
#include "engine/app/commands/manifest_place.hpp"
#include "engine/app/commands/product_options.hpp"
#include "tools/conformance/report.hpp"

#include <boost/asio/co_spawn.hpp>
#include <fmt/format.h>

#include <cstdio>

namespace sallyport::app {

namespace {

namespace manifest = connectors::manifest;

constexpr std::chrono::seconds patience{30};
constexpr std::size_t most_repeated = 1'000;  ///< Bytes of a body.

struct Options {
  std::string name;
  std::string operation;
  std::string with;
  bool dry_run = false;
  bool read = false;
  std::string config;
  std::string tenant;
  ProductOptions product;
  ApiOptions api;
};

/// What `--with` says.
struct With {
  model::Target target;
  json::object parameters{};
};

BOOST_DESCRIBE_STRUCT(With, (), (target, parameters))

int unusable_call(const Error& error) {
  return unusable("connector call", error);
}

/// A connector that is looked at, or asked to read. Nothing is reached before `loop` is run.
struct Called {
  std::unique_ptr<ConfiguredProducts> made;
  std::shared_ptr<act::Actuator> connector;

  /// As the engine checks before it sends anything. Errors: denied, invalid_input.
  [[nodiscard]] Result<> check(const act::Operation& operation) const {
    auto within = made->products.places->may_cut_off(operation.verb, operation.target);
    return within ? connector->check(operation) : within;
  }
};

/// The connector of that name of the settings or their `connectors_folder`, or the manifest itself
/// with what the command line says of its product.
Result<Called> called(const Options& options) {
  const auto secrets = options.dry_run ? ConfiguredProducts::Secrets::left_out
                                       : ConfiguredProducts::Secrets::resolved;
  auto configured = ConfiguredProducts::make(options.config, secrets);
  if (!configured) return std::unexpected{configured.error()};
  auto& made = **configured;
  for (const auto& connector : made.products.actuators)
    if (connector->name() == options.name)
      return Called{.made = *std::move(configured), .connector = connector};
  if (made.settings.connectors.contains(options.name))
    return fail(
        Errc::invalid_input,
        made.faults.empty() ? fmt::format("{} takes no orders", options.name) : made.faults);
  const auto place = manifest_place(options.name);
  if (!place)
    return fail(Errc::not_found,
                fmt::format("{}, and there is no connector of that name in the settings or their "
                            "connectors_folder{}{}",
                            place.error().detail,
                            made.faults.empty() ? "" : "\n",
                            made.faults));
  const auto plan = manifest::load(place->file, *made.catalogue);
  if (!plan) return std::unexpected{plan.error()};
  auto config = options.product.config_for(**plan);
  if (!config) return std::unexpected{config.error()};
  config->manifest = place->file.string();
  if (options.dry_run)
    for (const auto& name : (*plan)->secrets) config->secrets[name] = no_secret();
  auto connector = manifest::LiveConnector::make(*std::move(config),
                                                 {.catalogue = made.catalogue,
                                                  .clock = made.clock,
                                                  .executor = made.loop.get_executor(),
                                                  .places = made.products.places});
  if (!connector) return std::unexpected{connector.error()};
  return Called{.made = *std::move(configured), .connector = *std::move(connector)};
}

int refused(const Error& error) {
  fmt::print(stderr, "sallyport connector call: refused: {}\n", error.detail);
  return 1;
}

void print_as_json(const act::Planned& planned) {
  json::object line{
      {"phase", planned.phase}, {"step", planned.step}, {"conditional", planned.conditional}};
  if (!planned.when.empty()) line.emplace("when", planned.when);
  line.emplace("request", conformance::as_json(planned.request));
  fmt::print("{}\n", to_json(json::value(std::move(line))));
}

void print_as_text(const act::Planned& planned, std::string_view body) {
  std::string only;
  if (planned.conditional)
    only = planned.when.empty() ? ", only where its `when` holds" : ", only where " + planned.when;
  fmt::print("# {} {}{}\n{} {}\n",
             planned.phase,
             planned.step,
             only,
             planned.request.method,
             planned.request.url);
  for (const auto& [name, value] : planned.request.headers) fmt::print("{}: {}\n", name, value);
  fmt::print("\n{}{}", body, body.empty() ? "" : body.ends_with('\n') ? "\n" : "\n\n");
}

int dry_run(const Options& options, const act::Operation& operation) {
  const auto from = called(options);
  if (!from) return unusable_call(from.error());
  const auto allowed = from->check(operation);
  if (!allowed) return refused(allowed.error());
  // The loop is never run: no socket can be opened.
  const auto planned = from->connector->preview(operation);
  if (!planned) return refused(planned.error());
  std::string_view body_before;
  for (const auto& each : *planned) {
    const auto& body = each.request.body;
    if (options.api.json) {
      print_as_json(each);
    } else {
      // The script of an SSH host is the same for each order: once is enough for a person.
      const bool again = body.size() > most_repeated && body == body_before;
      print_as_text(each, again ? "(the body as before)" : body);
    }
    body_before = body;
  }
  return 0;
}

/// Reads the state that the operation would change: 0 where it is in effect, 1 where it is not.
int read(const Options& options, const act::Operation& operation) {
  auto from = called(options);
  if (!from) return unusable_call(from.error());
  if (const auto allowed = from->check(operation); !allowed) return refused(allowed.error());
  Result<act::Reading> reading = fail(Errc::cancelled, "did not end");
  const auto ask = [&]() -> asio::awaitable<void> {
    reading = co_await from->connector->read(operation, Deadline::in(patience));
  };
  asio::co_spawn(from->made->loop, ask(), [](const std::exception_ptr& thrown) {
    if (thrown) std::rethrow_exception(thrown);
  });
  from->made->loop.run();
  if (!reading) return unusable_call(reading.error());
  json::object shown{{"state", reading->state}, {"pending", reading->pending}};
  if (reading->in_effect) shown.emplace("in_effect", *reading->in_effect);
  if (!reading->detail.empty()) shown.emplace("detail", reading->detail);
  fmt::print("{}\n", to_json(json::value(std::move(shown))));
  return reading->in_effect.value_or(false) ? 0 : 1;
}

/// The name of the connector through which the engine runs `verb`; empty: none.
std::string runner_of(const json::value& connectors, std::string_view verb) {
  const auto* items =
      connectors.is_object() ? connectors.get_object().if_contains("items") : nullptr;
  if (!items || !items->is_array()) return {};
  for (const auto& item : items->get_array()) {
    const auto* verbs = item.is_object() ? item.get_object().if_contains("verbs") : nullptr;
    if (!verbs || !verbs->is_array()) continue;
    for (const auto& each : verbs->get_array())
      if (each.is_string() && std::string_view{each.get_string()} == verb)
        return shown(item, "name");
  }
  return {};
}

/// A person's own action: the engine's gate decides, and the engine runs and records it.
int act(const Options& options, const With& with) {
  if (options.api.url.empty())
    return unusable_call(
        {Errc::invalid_input,
         "what changes a product goes through the gate of a running engine: name it by --url and "
         "--token. --dry-run shows what would be sent, --read reads the state"});
  auto client = ApiClient::make(options.api);
  if (!client) return report(client.error());
  const auto connectors = (*client)->get({"v1", "connectors"});
  if (!connectors) return report(connectors.error());
  const auto runner = runner_of(*connectors, options.operation);
  if (runner != options.name)
    return unusable_call(
        {Errc::conflict,
         runner.empty()
             ? fmt::format("no connector of that engine runs {}", options.operation)
             : fmt::format("that engine runs {} through {}", options.operation, runner)});
  const auto action = (*client)->post(
      {"v1", "actions"},
      json::object{{"action", options.operation},
                   {"target", {{"kind", with.target.kind}, {"value", with.target.value}}},
                   {"parameters", with.parameters}},
      options.tenant.empty() ? ApiClient::Query{} : ApiClient::Query{{"tenant", options.tenant}});
  if (!action) return report(action.error());
  if (options.api.json) {
    fmt::print("{}\n", to_json(*action));
  } else {
    fmt::print("action {}: {} on {}, {} ({})\n",
               shown(*action, "id"),
               shown(*action, "request.action"),
               shown(*action, "request.target.value"),
               shown(*action, "state"),
               shown(*action, "decision.rationale"));
  }
  return shown(*action, "state") == "blocked" ? 1 : 0;
}

int call(const Options& options) {
  const auto document = parse_json(options.with);
  if (!document) return unusable_call({Errc::invalid_input, "--with: " + document.error().detail});
  With with;
  Faults faults;
  read_json(*document, with, faults, "");
  if (has_errors(faults)) return unusable_call({Errc::invalid_input, "--with: " + summary(faults)});
  const act::Operation operation{
      .verb = options.operation, .target = with.target, .parameters = with.parameters};
  if (options.dry_run) return dry_run(options, operation);
  if (options.read) return read(options, operation);
  return act(options, with);
}

}  // namespace

void add_connector_call(Command command, Run& run) {
  auto calling = command.add_subcommand(
      "call",
      "One operation of a connector: what it would send, what it reads, or the action itself");
  auto options = std::make_shared<Options>();
  calling
      .add_option("NAME",
                  options->name,
                  "A connector of the settings or of connectors_folder; or a manifest, to look at")
      .required();
  calling.add_option("OPERATION", options->operation, "The verb").required();
  calling
      .add_option("--with",
                  options->with,
                  R"(JSON: {"target":{"kind":"user","value":"alice"},"parameters":{}})")
      .required();
  auto dry = calling.add_flag(
      "--dry-run",
      options->dry_run,
      "Print what would be sent, *** in place of secrets; nothing is, no secret is read");
  calling
      .add_flag("--read",
                options->read,
                "Only read the state that it would change; exit 1 where it is not in effect")
      .excludes(dry);
  calling.add_option("--config", options->config, "Settings file (default: config/sallyport.yaml)");
  calling.add_option(
      "--tenant", options->tenant, "Whose action it is, where the token has several");
  options->product.add_to(calling, "--base-url");
  options->api.add_to(calling);
  calling.footer(
      "Without --dry-run and --read the running engine that --url names is asked for the action: "
      "its "
      "gate decides as for\nevery other, and it is recorded and can be rolled back. This command "
      "itself never changes a product.\nWhat the product says stands in a dry run as ${{ "
      "state.NAME "
      "}}.\n\nExample:\n"
      "  sallyport connector call okta disable_user --dry-run --base-url https://acme.okta.com \\\n"
      "    --with '{\"target\":{\"kind\":\"user\",\"value\":\"alice@acme.example\"}}'");
  calling.callback([&run, options] { run = [options] { return call(*options); }; });
}

}  // namespace sallyport::app
