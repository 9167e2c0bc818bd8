#include "engine/app/api_client.hpp"
#include "engine/app/commands/commands.hpp"
#include "engine/app/commands/store_place.hpp"
#include "engine/app/loading.hpp"
#include "engine/audit/bundle.hpp"
#include "engine/audit/statement.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <memory>

namespace sallyport::app {

namespace {

struct AuditOptions {
  StorePlace place;
  std::string tenant;
  std::string from;
  std::string to;
  std::string out;
  bool json = false;
};

struct ReviewOptions {
  ApiOptions api;
  std::string tenant;
  std::string from;
  std::string to;
  std::string note;
};

/// What export and statement look at.
struct Looked {
  std::filesystem::path data_dir;
  std::unique_ptr<store::Store> store;
  audit::PolicyHistory history;
  audit::Window window;
  std::vector<std::string> tenants;
};

Result<audit::Window> window_of(const AuditOptions& options) {
  const auto from = parse_rfc3339(options.from);
  if (!from) return fail(Errc::invalid_input, "--from: " + from.error().detail);
  const auto to = parse_rfc3339(options.to);
  if (!to) return fail(Errc::invalid_input, "--to: " + to.error().detail);
  if (*to <= *from) return fail(Errc::invalid_input, "--to is not after --from");
  return audit::Window{.from = *from, .to = *to};
}

Result<Looked> look(const AuditOptions& options) {
  const auto window = window_of(options);
  if (!window) return std::unexpected{window.error()};
  auto data_dir = options.place.directory();
  if (!data_dir) return std::unexpected{data_dir.error()};
  auto store = options.place.open();
  if (!store) return std::unexpected{store.error()};
  auto history = audit::PolicyHistory::load(**store);
  if (!history) return std::unexpected{history.error()};
  auto tenants = asked_tenants(**store, options.tenant);
  if (!tenants) return std::unexpected{tenants.error()};
  return Looked{.data_dir = *std::move(data_dir),
                .store = *std::move(store),
                .history = *std::move(history),
                .window = *window,
                .tenants = *std::move(tenants)};
}

int export_bundle(const AuditOptions& options) {
  auto looked = look(options);
  if (!looked) return unusable("audit", looked.error());
  auto sink = audit::DirectorySink::make(options.out);
  if (!sink) return unusable("audit", sink.error());
  const auto key = audit::SigningKey::load(audit::key_directory(looked->data_dir));
  if (!key)
    fmt::print(stderr, "sallyport audit: the bundle is not signed: {}\n", key.error().detail);
  const auto manifest = audit::write_bundle(
      *looked->store,
      looked->history,
      key ? &*key : nullptr,
      {.window = looked->window, .tenants = looked->tenants, .made_at = SystemClock{}.now()},
      *sink);
  if (!manifest) return unusable("audit", manifest.error());
  if (const auto closed = sink->close(); !closed) return unusable("audit", closed.error());
  if (options.json) {
    fmt::print("{}\n", to_json(*manifest));
    return 0;
  }
  for (const auto& file : manifest->files)
    fmt::print("{:<20} {:>10} rows  {}\n", file.name, file.rows, file.sha256);
  fmt::print(
      "{}: {}\n", options.out, manifest->key.empty() ? "not signed" : "signed by " + manifest->key);
  return 0;
}

int state(const AuditOptions& options) {
  const auto looked = look(options);
  if (!looked) return unusable("audit", looked.error());
  const auto catalogue = load_catalogue("");
  if (!catalogue) return unusable("audit", catalogue.error());
  const auto statement = audit::make_statement(
      *looked->store, looked->history, *catalogue, looked->tenants, looked->window);
  if (!statement) return unusable("audit", statement.error());
  if (!options.out.empty()) {
    auto sink = audit::DirectorySink::make(options.out);
    if (!sink) return unusable("audit", sink.error());
    auto written = sink->write("statement.json", to_json(*statement) + '\n');
    if (written) written = sink->write("statement.txt", audit::statement_text(*statement));
    if (written) written = sink->close();
    if (!written) return unusable("audit", written.error());
  }
  fmt::print("{}", options.json ? to_json(*statement) + '\n' : audit::statement_text(*statement));
  return 0;
}

int review(const ReviewOptions& options) {
  auto client = ApiClient::make(options.api);
  if (!client) return report(client.error());
  json::object body{{"note", options.note}};
  for (const auto& [name, text] :
       {std::pair{"from", &options.from}, std::pair{"to", &options.to}}) {
    const auto time = parse_rfc3339(*text);
    if (!time)
      return report(Error{Errc::invalid_input, fmt::format("--{}: {}", name, time.error().detail)});
    body[name] = to_rfc3339(*time);
  }
  if (!options.tenant.empty()) body["tenant"] = options.tenant;
  const auto reviewed = (*client)->post({"v1", "audit", "reviews"}, std::move(body));
  if (!reviewed) return report(reviewed.error());
  if (options.api.json) {
    fmt::print("{}\n", to_json(*reviewed));
  } else {
    fmt::print("reviewed: {} decisions from {} to {}; recorded after entry {} of the ledger\n",
               shown(*reviewed, "decisions"),
               shown(*reviewed, "from"),
               shown(*reviewed, "to"),
               shown(*reviewed, "seq"));
  }
  return 0;
}

void add_window(Command command, AuditOptions& options) {
  command.add_option("--from", options.from, "Begin of the window, RFC 3339 or a date").required();
  command.add_option("--to", options.to, "Its end, exclusive").required();
  command.add_option("--tenant", options.tenant, "Only this tenant's");
  options.place.add_to(command);
  command.add_flag("--json", options.json, "JSON on standard output");
}

}  // namespace

void add_audit(Command app, Run& run) {
  auto command = app.add_subcommand("audit", "What an auditor asks for");
  command.needs_subcommand();
  command.footer(
      "export and statement work on the store's directory, also while an engine runs on it; review "
      "asks a\nrunning engine.\n"
      "Example:\n  sallyport audit export --from 2026-11-01 --to 2026-12-01 --out november");
  const auto options = std::make_shared<AuditOptions>();

  auto exported = command.add_subcommand(
      "export", "Gate log, approvals, executions, rollbacks and policy changes, signed");
  add_window(exported, *options);
  exported.add_option("--out", options->out, "A new or empty directory").required();
  exported.footer(
      "manifest.json names each file with its SHA-256 and the head of each chain; manifest.sig is "
      "the\nengine's Ed25519 signature over it, in base64; index.html is for reading.\n\nExample:\n"
      "  sallyport audit export --from 2026-11-01 --to 2026-12-01 --out november --tenant acme");
  exported.callback([&run, options] { run = [options] { return export_bundle(*options); }; });

  auto stated = command.add_subcommand(
      "statement", "Per verb: what could have run without a person, and what did");
  add_window(stated, *options);
  stated.add_option(
      "--out", options->out, "Also statement.json and statement.txt, in this directory");
  stated.footer(
      "From the policies that were in force: tiers, overdue reviews, overrides, whitelist entries, "
      "freezes,\nkill switches; what ran comes from the ledger.\n\nExample:\n"
      "  sallyport audit statement --from 2026-11-01 --to 2026-12-01 --tenant acme");
  stated.callback([&run, options] { run = [options] { return state(*options); }; });

  const auto said = std::make_shared<ReviewOptions>();
  auto reviewing = command.add_subcommand(
      "review", "Say that you have read the gate log of a window; the ledger keeps who said it");
  reviewing.add_option("--from", said->from, "Begin of the window, RFC 3339 or a date").required();
  reviewing.add_option("--to", said->to, "Its end, exclusive; not after now").required();
  reviewing.add_option("--note", said->note, "What you found").required();
  reviewing.add_option("--tenant", said->tenant, "Needed where the token sees several");
  said->api.add_to(reviewing);
  reviewing.footer(
      "Readiness asks for it before a verb may run by itself: reviews without a gap that reach to "
      "within\n30 days. Who reviewed is who the token says. Needs a token of role admin.\n\n"
      "Example:\n"
      "  sallyport audit review --from 2026-11-01 --to 2026-12-01 --tenant acme --note 'all as "
      "agreed'");
  reviewing.callback([&run, said] { run = [said] { return review(*said); }; });
}

}  // namespace sallyport::app
