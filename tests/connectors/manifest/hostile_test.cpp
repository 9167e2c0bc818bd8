#include "connectors/manifest/xml.hpp"
#include "connectors/native/base/network.hpp"
#include "tests/connectors/manifest/world.hpp"
#include "tools/conformance/products.hpp"
#include "tools/lab/vendors/falcon.hpp"

#include <gmock/gmock.h>

namespace sallyport::connectors::manifest::testing {

namespace {

/// Text that means something to somebody it was not written for.
const std::vector<std::string> hostile{
    "",
    " ",
    "' or '1'='1",
    "x'+device_id:*+hostname:'y",
    "10.0.0.1 or 1=1",
    "\"}],\"ids\":[\"*\"",
    "<entry name='x'/>",
    "]]><!--",
    "&amp;&xxe;",
    "a\r\nX-Evil: 1",
    "a\nb",
    std::string{"a\0b", 3},
    "../../admin",
    "..",
    ".",
    "%2e%2e%2fadmin",
    "a/b",
    "a?b=c",
    "a#b",
    "a;b",
    "*",
    "${{ secret.client_secret }}",
    "${secret}",
    "{{7*7}}",
    "{% raw %}",
    "WKS\xD0\x90",            // a Cyrillic A
    "p\xC3\xA0ypal.example",  // an IDN look-alike
    "wks\xE2\x80\xAE"
    "0042",      // right-to-left override
    "\xFF\xFE",  // no UTF-8
    "$(id)",
    "`id`",
    "|id",
    std::string(5000, 'a'),
};

const std::vector<std::string> hostile_networks{"0.0.0.0/0",
                                                "::/0",
                                                "0.0.0.0",
                                                "127.0.0.1",
                                                "::1",
                                                "::ffff:127.0.0.1",
                                                "169.254.169.254",
                                                "fe80::1",
                                                "224.0.0.1",
                                                "255.255.255.255",
                                                "10.0.0.0/8",
                                                "10.1",
                                                "0x7f000001",
                                                "2130706433",
                                                "010.0.0.1",
                                                "1.2.3.4/32 ",
                                                "1.2.3.4:80",
                                                "fe80::1%eth0",
                                                "example.org"};

/// Every connector of the tree, by its manifest, for a product that is never reached.
std::map<std::string, std::shared_ptr<Connector>> all(const Clock& clock,
                                                      const asio::any_io_executor& executor) {
  std::map<std::string, std::shared_ptr<Connector>> connectors;
  for (const auto& entry : std::filesystem::recursive_directory_iterator{root / "connectors"}) {
    if (entry.path().extension() != ".yaml") continue;
    const auto plan = load(entry.path(), catalogue()).value();
    Config config{.name = "product", .base_url = "https://product.example"};
    config.allow = {"product.example"};
    ::setenv("SALLYPORT_TEST_ANY", "a secret of nobody", 1);
    for (const auto& secret : plan->secrets) config.secrets[secret] = "env:SALLYPORT_TEST_ANY";
    for (const auto& [name, endpoint] : plan->endpoints)
      if (name != "api" && endpoint.url.empty()) config.endpoints[name] = "https://product.example";
    const auto file = std::filesystem::relative(entry.path(), root / "connectors").string();
    if (const auto* product = conformance::product_of(file)) config.options = product->options;
    for (const auto& [name, option] : plan->options) {
      if (!option.needed || config.options.contains(name)) continue;
      const auto uuid = "0f8fad5b-d9cb-469f-a165-70867728950e";
      config.options[name] = option.type == ValueType::uuid    ? json::value(uuid)
                             : option.type == ValueType::email ? json::value("soc@acme.example")
                             : option.type == ValueType::choice
                                 ? json::value(option.values.as_array()[0])
                                 : json::value("sample");
    }
    auto made = Connector::make(plan, config, std::make_shared<KnownPlaces>(), clock, executor);
    EXPECT_TRUE(made) << entry.path() << ": " << made.error().detail;
    if (made) connectors.emplace(file, *made);
  }
  return connectors;
}

}  // namespace

TEST(HostileParameters, NoOperationOfAnyManifestTakesAHostileTarget) {
  const SystemClock clock;
  Loop loop;
  std::size_t n = 0;
  for (const auto& [file, connector] : all(clock, loop.executor())) {
    for (const auto& [verb, operation] : connector->plan().operations) {
      for (const auto& [kind, spec] : operation.targets) {
        if (!is_closed(spec.type)) continue;
        auto values = hostile;
        if (spec.type == ValueType::ip || spec.type == ValueType::network)
          values.insert(values.end(), hostile_networks.begin(), hostile_networks.end());
        for (const auto& value : values) {
          ++n;
          EXPECT_FALSE(connector->check({.verb = verb, .target = {.kind = kind, .value = value}}))
              << connector->plan().connector.id << ' ' << verb << ' ' << kind << " took '" << value
              << "'";
        }
      }
    }
  }
  EXPECT_GT(n, hostile.size());
}

TEST(HostileParameters, NoOperationTakesAParameterThatItDoesNotKnowOrAReasonWithSyntax) {
  const SystemClock clock;
  Loop loop;
  for (const auto& [file, connector] : all(clock, loop.executor())) {
    for (const auto& [verb, operation] : connector->plan().operations) {
      const auto refused = [&](json::object parameters) {
        const auto& kind = operation.targets.begin()->first;
        EXPECT_FALSE(connector->check({.verb = verb,
                                       .target = {.kind = kind, .value = "sample"},
                                       .parameters = std::move(parameters)}))
            << connector->plan().connector.id << ' ' << verb;
      };
      refused({{"filter", "*"}});
      for (const auto& text : hostile) {
        if (text == " " || text == "10.0.0.1 or 1=1" || text == "../../admin" || text == ".." ||
            text == "." || text == "a/b" || text == "a#b")
          continue;  // a sentence may hold these; it is never more than a sentence
        refused({{"reason", text}});
      }
    }
  }
}

namespace {

/// `value` with every text and number of it replaced by its kind: what a reader takes for syntax.
json::value shape_of(const json::value& value) {
  if (const auto* list = value.if_array()) {
    json::array shape;
    for (const auto& item : *list) shape.push_back(shape_of(item));
    return json::value(std::move(shape));
  }
  if (const auto* object = value.if_object()) {
    json::object shape;
    for (const auto& [key, item] : *object) shape.emplace(key, shape_of(item));
    return json::value(std::move(shape));
  }
  return json::value(value.is_string() ? "text" : value.is_number() ? "number" : "other");
}

/// The shape of a body, whatever it is written in; empty: it cannot be read.
std::string shape_of_body(const Sent& request) {
  if (request.body.empty()) return "nothing";
  const auto* type = http::find(request.headers, "Content-Type");
  if (!type) return {};
  if (type->contains("json")) {
    const auto body = parse_json(request.body);
    return body ? to_json(shape_of(*body)) : std::string{};
  }
  if (*type == "application/xml") {
    const auto body = from_xml(request.body);
    return body ? to_json(shape_of(*body)) : std::string{};
  }
  const auto form = http::parse_target("/?" + request.body);
  if (!form) return {};
  std::string names;
  for (const auto& [name, value] : form->query) {
    const auto inner = value.starts_with('<') ? from_xml(value) : fail(Errc::invalid_input, "");
    names += name + (inner ? to_json(shape_of(*inner)) : std::string{}) + ' ';
  }
  return names;
}

/// `url` with a plain word for each place that only an answer fills.
std::string without_places(std::string url) {
  for (auto begin = url.find("${{ "); begin != std::string::npos; begin = url.find("${{ "))
    url.replace(begin, url.find(" }}", begin) + 3 - begin, "word");
  return url;
}

/// All of a request that decides how the vendor reads it.
std::string shape_of(const Sent& request) {
  const auto url = http::parse_url(without_places(request.url));
  const auto target = url ? http::parse_target(url->target) : fail(Errc::invalid_input, "");
  if (!target) return {};
  auto shape = fmt::format(
      "{} {} {} segments", request.method, host_header(url->origin), target->segments.size());
  for (const auto& [name, value] : target->query) shape += ' ' + name;
  for (const auto& [name, value] : request.headers) {
    if (value.find_first_of(std::string_view{"\r\n\0", 3}) != std::string::npos) return {};
    shape += ' ' + name;
  }
  return shape + ' ' + shape_of_body(request);
}

std::string shapes_of(const Connector& connector, const act::Operation& operation) {
  const auto planned = connector.preview(operation);
  if (!planned) return {};
  std::string all;
  for (const auto& each : *planned) {
    const auto shape = shape_of(each.request);
    EXPECT_FALSE(shape.empty()) << each.request.url << ' ' << each.request.body;
    all += shape + '\n';
  }
  return all;
}

/// What each operation of a connector is tried with, by verb: the lab's sample, also for what
/// undoes it.
std::map<std::string, act::Operation> samples_of(const std::string& file,
                                                 const Connector& connector) {
  std::map<std::string, act::Operation> all;
  for (const auto& sample : conformance::samples_of(file)) {
    const auto add = [&](const std::string& verb) {
      const auto found = connector.plan().operations.find(verb);
      if (found == connector.plan().operations.end()) return;
      act::Operation operation{.verb = verb, .target = sample.target};
      for (const auto& [name, value] : sample.parameters)
        if (found->second.parameters.contains(std::string{name}))
          operation.parameters[name] = value;
      all.emplace(verb, std::move(operation));
    };
    add(sample.verb);
    add(connector.plan().operations.at(sample.verb).undo.verb);
  }
  return all;
}

}  // namespace

TEST(HostileParameters, WhateverIsTakenChangesNothingInHowTheVendorReadsTheRequest) {
  const SystemClock clock;
  Loop loop;
  std::size_t taken = 0;
  std::size_t refused = 0;
  for (const auto& [file, connector] : all(clock, loop.executor())) {
    const auto samples = samples_of(file, *connector);
    for (const auto& [verb, operation] : connector->plan().operations) {
      const auto sample = samples.find(verb);
      ASSERT_NE(sample, samples.end()) << connector->plan().connector.id << ' ' << verb;
      const auto where = connector->plan().connector.id + ' ' + verb;
      const auto usual = shapes_of(*connector, sample->second);
      EXPECT_FALSE(usual.empty()) << where << " refuses its sample";
      const auto attempt = [&](const act::Operation& changed, const act::Operation& like) {
        const auto checked = connector->check(changed);
        if (!checked) {
          ++refused;
          EXPECT_FALSE(checked.error().detail.empty()) << where;
          EXPECT_FALSE(connector->preview(changed)) << where;
          return;
        }
        ++taken;
        EXPECT_EQ(shapes_of(*connector, changed), shapes_of(*connector, like))
            << where << ' ' << changed.target.value << ' ' << to_json(changed.parameters);
      };
      for (const auto& value : hostile) {
        auto changed = sample->second;
        changed.target.value = value;
        attempt(changed, sample->second);
        for (const auto& [name, spec] : operation.parameters) {
          changed = sample->second;
          changed.parameters[name] = value;
          // A parameter that was not given before adds its own place: as a plain word does.
          auto like = sample->second;
          if (!like.parameters.contains(name)) like.parameters[name] = "word";
          if (!connector->check(like)) {
            EXPECT_FALSE(connector->check(changed)) << where << ' ' << name << " took " << value;
            continue;
          }
          attempt(changed, like);
        }
      }
    }
  }
  EXPECT_GT(taken, 0U);
  EXPECT_GT(refused, taken);
}

TEST(HostileParameters, NothingIsDoneToThisMachineNorToWhereAProductIsReached) {
  const SystemClock clock;
  Loop loop;
  std::size_t n = 0;
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator{root / "connectors/firewall"}) {
    const auto plan = load(entry.path(), catalogue()).value();
    if (!plan->operations.contains("block_ip")) continue;
    const auto* product = conformance::product_of("firewall/" + entry.path().filename().string());
    ASSERT_NE(product, nullptr) << entry.path();
    Config config{.name = "product",
                  .base_url = "https://198.51.100.10:8443",
                  .options = product->options,
                  .allow = {"198.51.100.10"}};
    ::setenv("SALLYPORT_TEST_ANY", "a secret of nobody", 1);
    for (const auto& secret : plan->secrets) config.secrets[secret] = "env:SALLYPORT_TEST_ANY";
    for (const auto& [name, endpoint] : plan->endpoints)
      if (name != "api") config.endpoints[name] = config.base_url;
    const auto connector =
        Connector::make(plan, config, std::make_shared<KnownPlaces>(), clock, loop.executor())
            .value();
    std::vector<std::string> ours{"198.51.100.10"};
    for (const auto& own : own_addresses()) ours.push_back(own.address_text());
    for (const auto& address : ours) {
      ++n;
      const auto refused =
          connector->check({.verb = "block_ip", .target = {.kind = "ip", .value = address}});
      EXPECT_FALSE(refused) << entry.path() << " would block " << address;
      // Some take IPv4 alone: to them an IPv6 address is none.
      const bool any_family = plan->operations.at("block_ip").targets.at("ip").pattern.empty();
      if (!refused && (any_family || !address.contains(':')))
        EXPECT_EQ(refused.error().code, Errc::denied) << refused.error().detail;
    }
    EXPECT_TRUE(
        connector->check({.verb = "block_ip", .target = {.kind = "ip", .value = "203.0.113.7"}}));
  }
  EXPECT_GT(n, 0U);
}

TEST(HostileParameters, NothingIsSentForAHostileTargetAlsoWhenTheCheckIsLeftOut) {
  Setting<lab::FalconLab> falcon{
      "edr/crowdstrike.yaml",
      {{"client_id", "lab-client"}, {"client_secret", "lab-client-secret"}}};
  for (const auto& value : hostile) {
    const act::Operation operation{.verb = "isolate_host",
                                   .target = {.kind = "host", .value = value}};
    EXPECT_FALSE(wait(falcon.connector->read(operation, Deadline::in(std::chrono::seconds{5}))));
    EXPECT_FALSE(wait(falcon.connector->execute(operation, Deadline::in(std::chrono::seconds{5}))));
  }
  EXPECT_TRUE(falcon.vendor->requests().empty());
}

TEST(HostileParameters, AnIdOfTheProductsThatIsNoIdIsNotUsed) {
  Setting<lab::FalconLab> falcon{
      "edr/crowdstrike.yaml",
      {{"client_id", "lab-client"}, {"client_secret", "lab-client-secret"}}};
  falcon.vendor->befall({.answer = {.status = 200,
                                    .headers = {{"Content-Type", "application/json"}},
                                    .body = R"({"resources":["../../oauth2/revoke"],"errors":[]})"},
                         .path = "/devices/queries",
                         .times = 9});
  const auto ran = falcon.world->run("isolate_host", {.kind = "host", .value = "WKS-0042"});
  EXPECT_EQ(ran.state, model::ActionState::failed);
  EXPECT_THAT(ran.detail, ::testing::HasSubstr("the product's device_id"));
}

TEST(HostileParameters, WhatTheOperatorNamedIsNeverTouchedButMayBeGivenBack) {
  const SystemClock clock;
  Loop loop;
  ::setenv("SALLYPORT_TEST_ANY", "a secret of nobody", 1);
  const Config config{.base_url = "https://acme.okta.com",
                      .secrets = {{"api_token", "env:SALLYPORT_TEST_ANY"}},
                      .never = {"ceo@acme.example"}};
  const auto okta = Connector::make(
      plan_of("idp/okta.yaml"), config, std::make_shared<KnownPlaces>(), clock, loop.executor());
  ASSERT_TRUE(okta) << okta.error().detail;
  const model::Target ceo{.kind = "user", .value = "CEO@acme.example"};
  const auto refused = (*okta)->check({.verb = "disable_user", .target = ceo});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::denied);
  EXPECT_TRUE((*okta)->check({.verb = "enable_user", .target = ceo}));
}

}  // namespace sallyport::connectors::manifest::testing
