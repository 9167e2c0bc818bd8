#include "engine/config/document.hpp"
#include "engine/store/store.hpp"
#include "tests/integration/engine/engine.hpp"
#include "tools/lab/vendors/vendor_server.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <array>
#include <cstdlib>

/// Every credential that the settings of a connector can name is a marked one, every product says
/// back all that it was sent, and nothing that the engine leaves behind may hold the mark.
namespace sallyport::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::IsEmpty;
namespace fs = std::filesystem;

/// Nine bytes: in base64 it has no part of its neighbours at any of its three places.
constexpr std::string_view mark = "SALLYMARK";

/// `mark` as it stands in base64, after none, one and two other bytes.
constexpr std::array<std::string_view, 3> encoded{"U0FMTFlNQVJL", "NBTExZTUFSS", "TQUxMWU1BUk"};

bool holds_mark(std::string_view text) {
  return text.contains(mark) ||
         std::ranges::any_of(encoded, [&](auto form) { return text.contains(form); });
}

/// Lets everybody log in, and refuses everything else with the caller's own words.
class Parrot final : public lab::Vendor {
 public:
  http::Response answer(const lab::VendorRequest& request) override {
    ++requests;
    std::string said = fmt::format("{} {} ", request.method, fmt::join(request.path, "/"));
    for (const auto& [name, value] : request.headers) said += name + ": " + value + "; ";
    for (const auto& [name, value] : request.query) said += name + "=" + value + "; ";
    said += request.body;
    const auto path = fmt::format("{}", fmt::join(request.path, "/"));
    if (path.contains("token") || path.contains("login")) {
      const auto token = fmt::format("{}-session-0123456789", mark);
      return lab::json_answer(200,
                              json::object{{"access_token", token},
                                           {"token", token},
                                           {"token_type", "Bearer"},
                                           {"expires_in", 3600},
                                           {"data", json::object{{"token", token}}}});
    }
    const json::object inner{{"message", said}, {"detail", said}, {"code", said}, {"id", said}};
    return lab::json_answer(400,
                            json::object{{"message", said},
                                         {"error", said},
                                         {"error_description", said},
                                         {"errorSummary", said},
                                         {"errorMessage", said},
                                         {"errorMessages", json::array{json::value(said)}},
                                         {"errors", json::array{json::value(inner)}},
                                         {"cli_error", said},
                                         {"detail", said},
                                         {"result", inner},
                                         {"status", said}});
  }

  int requests = 0;
};

json::value sample_of(const json::object& spec) {
  const auto* type = spec.if_contains("type");
  const std::string kind{type ? std::string_view{type->as_string()} : "text"};
  if (const auto* one_of = spec.if_contains("choices"))
    return one_of->is_array() ? one_of->as_array().at(0) : json::value("full");
  if (const auto* pattern = spec.if_contains("pattern")) {
    const std::string_view shape{pattern->as_string()};
    if (shape == "[a-z0-9]{26}") return json::value(std::string(26, 'a'));
    if (shape.starts_with("[A-Z]")) return "SOC";
    if (shape.starts_with("acl-")) return "acl-0a1b2c3d";
  }
  if (kind == "integer") return spec.contains("least") ? spec.at("least") : json::value(1);
  if (kind == "boolean") return true;
  if (kind == "uuid") return "11111111-2222-3333-4444-555555555555";
  if (kind == "ip") return "203.0.113.7";
  if (kind == "network") return "203.0.113.64/28";
  if (kind == "domain" || kind == "hostname") return "evil.example";
  if (kind == "email" || kind == "login") return "alice@acme.example";
  if (kind == "url") return "https://evil.example/x";
  if (kind == "sha256") return json::value(std::string(64, 'a'));
  if (kind == "sha1") return json::value(std::string(40, 'a'));
  if (kind == "md5" || kind == "hash") return json::value(std::string(32, 'a'));
  return "acme";
}

/// What is to be done at a product.
struct Order {
  std::string verb;
  std::string kind;
  json::value value;
  json::object parameters;
};

/// A connector with marked credentials.
struct Marked {
  std::string name;
  json::object options;
  std::vector<Order> orders;
  std::shared_ptr<lab::VendorServer> product;  ///< nullptr: not over HTTP.
};

std::string secret(const std::string& connector, const std::string& name) {
  const auto variable = fmt::format("MARKED_{}_{}", connector, name);
  ::setenv(variable.c_str(), fmt::format("{}-{}-0123456789", mark, name).c_str(), 1);
  return "env:" + variable;
}

const json::object* object_in(const json::object& from, std::string_view key) {
  const auto* found = from.if_contains(key);
  return found ? found->if_object() : nullptr;
}

Marked marked_manifest(const fs::path& file, int number) {
  const auto document = config::Document::load(file).value();
  const auto& manifest = document.root().as_object();
  Marked marked{.name = fmt::format("c{}", number)};
  marked.product = lab::VendorServer::start(std::make_unique<Parrot>()).value();
  marked.options = {{"type", "manifest"},
                    {"manifest", file.string()},
                    {"base_url", marked.product->url()},
                    {"allow", json::array{"127.0.0.1"}}};
  json::object endpoints;
  for (const auto& [name, about] : manifest.at("endpoints").as_object())
    if (name != "api") endpoints[name] = marked.product->url();
  if (!endpoints.empty()) marked.options["endpoints"] = endpoints;
  json::object secrets;
  if (const auto* names = manifest.if_contains("secrets")) {
    for (const auto& name : names->as_array())
      secrets[name.as_string()] = secret(marked.name, std::string{name.as_string()});
  }
  marked.options["secrets"] = secrets;
  json::object options;
  if (const auto* all = object_in(manifest, "options")) {
    for (const auto& [name, spec] : *all)
      if (!spec.as_object().contains("fallback")) options[name] = sample_of(spec.as_object());
  }
  marked.options["options"] = options;
  const auto* operations = object_in(manifest, "operations");
  if (!operations) return marked;
  for (const auto& [verb, operation] : *operations) {
    const auto& about = operation.as_object();
    const auto* targets = object_in(about, "targets");
    if (!targets || targets->empty()) continue;
    Order order{.verb = verb,
                .kind = targets->begin()->key(),
                .value = sample_of(targets->begin()->value().as_object())};
    if (const auto* parameters = object_in(about, "parameters")) {
      for (const auto& [name, spec] : *parameters)
        if (spec.as_object().contains("needed"))
          order.parameters[name] = sample_of(spec.as_object());
    }
    if (order.kind == "project") order.value = "SOC";
    if (order.kind == "ticket") order.value = "SOC-1";
    marked.orders.push_back(std::move(order));
  }
  return marked;
}

std::vector<Marked> all_connectors() {
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator{SALLYPORT_SOURCE_DIR "/connectors"})
    if (entry.path().extension() == ".yaml") files.push_back(entry.path());
  std::ranges::sort(files);
  std::vector<Marked> all;
  for (const auto& file : files) all.push_back(marked_manifest(file, static_cast<int>(all.size())));
  all.push_back({.name = "directory",
                 .options = {{"type", "ldap"},
                             {"urls", json::array{"ldap://127.0.0.1:9"}},
                             {"bind_dn", "cn=engine,dc=acme,dc=example"},
                             {"bind_password", secret("directory", "password")},
                             {"base_dn", "dc=acme,dc=example"}},
                 .orders = {{.verb = "disable_user", .kind = "user", .value = "alice"}}});
  return all;
}

/// Connectors that stand in each other's way are tried one after the other: the first that runs a
/// verb gets it.
std::vector<std::vector<Marked>> rounds_of(std::vector<Marked> all) {
  std::vector<std::vector<Marked>> rounds;
  const auto shares_a_verb = [](const Marked& a, const Marked& b) {
    return std::ranges::any_of(a.orders, [&](const Order& order) {
      return std::ranges::find(b.orders, order.verb, &Order::verb) != b.orders.end();
    });
  };
  for (auto& one : all) {
    const auto free = std::ranges::find_if(rounds, [&](const auto& round) {
      return std::ranges::none_of(round,
                                  [&](const auto& other) { return shares_a_verb(one, other); });
    });
    if (free == rounds.end()) {
      rounds.emplace_back();
      rounds.back().push_back(std::move(one));
    } else {
      free->push_back(std::move(one));
    }
  }
  return rounds;
}

void search(const std::string& where, std::string_view text, std::vector<std::string>& found) {
  if (!holds_mark(text) || found.size() > 20) return;
  const auto at = std::min(text.find(mark), text.size() - 1);
  found.push_back(fmt::format("{}: ...{:.300}", where, text.substr(at < 100 ? 0 : at - 100)));
}

void search_store(const fs::path& data, std::vector<std::string>& found) {
  const auto store = store::Store::open({.directory = data, .read_only = true}).value();
  boost::mp11::mp_for_each<boost::describe::describe_enumerators<store::Table>>([&](auto table) {
    const auto scanned =
        store->scan(table.value, "", "", false, [&](std::string_view key, std::string_view value) {
          search(std::string{table.name}, key, found);
          search(std::string{table.name}, value, found);
          return true;
        });
    EXPECT_TRUE(scanned);
  });
}

void try_round(const std::vector<Marked>& round, std::vector<std::string>& found) {
  EngineSetup setup{.tier = "L4", .actions = {{"request_timeout_s", 5}, {"verify_for_s", 1}}};
  for (const auto& one : round) {
    setup.connectors[one.name] = one.options;
    for (const auto& order : one.orders) setup.overrides[order.verb] = {{"force_auto", true}};
  }
  Engine engine{setup};
  engine.start_and_wait();
  for (const auto& one : round) {
    for (const auto& order : one.orders) {
      const json::object body{
          {"action", order.verb},
          {"target", json::object{{"kind", order.kind}, {"value", order.value}}},
          {"parameters", order.parameters}};
      const auto answer = engine.post("/v1/actions", json::serialize(body));
      ASSERT_TRUE(answer) << engine.log_end();
      search("answer", answer->body, found);
    }
  }
  EXPECT_TRUE(comes_true(60s, [&] { return engine.metric("sallyport_actions_running") == 0.0; }));
  for (const auto* target : {"/v1/actions?limit=500",
                             "/v1/ledger?limit=500",
                             "/v1/connectors",
                             "/v1/approvals",
                             "/metrics",
                             "/v1/openapi.json",
                             "/v1/policy"}) {
    const auto answer = engine.get(target);
    ASSERT_TRUE(answer) << target;
    search(target, answer->body, found);
  }
  EXPECT_EQ(engine.stop(), 0) << engine.log_end();
  search("log", engine.log(), found);
  search_store(engine.data(), found);
  const auto exported = run_sallyport({"ledger", "export", "--data", engine.data()});
  search("export", exported.printed, found);
  for (const auto& one : round) {
    if (!one.product || one.orders.empty()) continue;
    const std::string_view manifest{one.options.at("manifest").as_string()};
    // Its secret is a private key: a marked one signs nothing, and nothing is sent.
    if (manifest.ends_with("google_workspace.yaml")) continue;
    const auto asked = one.product->with<Parrot>([](Parrot& parrot) { return parrot.requests; });
    EXPECT_GT(asked, 0) << manifest << " was asked nothing, so this shows nothing";
  }
}

TEST(Secrets, AreInNothingThatTheEngineLeavesBehindWhateverAProductSaysBack) {
  std::vector<std::string> found;
  for (const auto& round : rounds_of(all_connectors())) try_round(round, found);
  EXPECT_THAT(found, IsEmpty());
}

TEST(Secrets, TheMarkWouldBeFound) {
  EXPECT_TRUE(holds_mark("Basic YWxpY2U6U0FMTFlNQVJL"));  // alice:SALLYMARK
  EXPECT_TRUE(holds_mark("Basic Ym9iOlNBTExZTUFSSw=="));  // bob:SALLYMARK
  EXPECT_TRUE(holds_mark("Basic ZXZlOnhTQUxMWU1BUks="));  // eve:xSALLYMARK
  EXPECT_FALSE(holds_mark("Basic YWxpY2U6cGFzc3dvcmQ="));
}

}  // namespace
}  // namespace sallyport::testing
