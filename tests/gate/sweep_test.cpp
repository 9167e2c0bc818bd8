#include "tests/gate/naive.hpp"
#include "tests/gate/setting.hpp"

#include <gtest/gtest.h>

#include <array>
#include <map>

namespace sallyport::gate {
namespace {

/// How tests/gate/naive.hpp says it.
std::string plain(const Judgement& judgement) {
  std::string result{name_of(judgement.ruling)};
  result += ' ';
  result += name_of(judgement.reason);
  if (judgement.entry) result += ' ' + judgement.entry->id;
  return result;
}

/// An empty text stands for a key that is left out. @ is the verb.
const std::array<std::string, 5> tiers{"L0", "L1", "L2", "L3", "L4"};
const std::array<std::string, 7> overrides{
    "",
    R"({"block":true})",
    R"({"block":true,"when":{"confidence|gte":0.9}})",
    R"({"force_auto":true})",
    R"({"force_auto":true,"when":{"context.intel.confidence|gte":0.95},"unless":{"target.value|cidr":["10.0.0.0/8"]}})",
    R"([{"force_auto":true},{"block":true,"unless":{"requested_by.kind":"ANALYST"}}])",
    R"({"block":true,"when":[{"requested_by.kind":"agent","confidence|gte":0.9},{"context.absent":"x"}]})"};
const std::array<std::string, 7> whitelists{
    "",
    R"({"id":"prefix","action":"@","target_prefix":"WKS-","constraints":{"confidence|gte":0.9},"expires":"2027-01-01"})",
    R"({"id":"over","action":"@","target_prefix":"WKS-","expires":"2026-11-20T10:00:00Z"})",
    R"({"id":"used","action":"@","target_glob":"*-00??","max_per_hour":2,"expires":"2027-01-01"})",
    R"({"id":"z","action":"@","target":"WKS-0042","expires":"2027-01-01"},{"id":"used","action":"@","target_tag":"workstation","max_per_minute":2,"expires":"2027-01-01"})",
    R"({"id":"net","action":"@","target_cidr":["10.0.0.0/8","203.0.113.0/24"],"expires":"2027-01-01"})",
    R"({"id":"other","action":"release_host","target_glob":"*","expires":"2027-01-01"})"};
const std::array<std::string, 2> protections{
    "", R"({"target.kind":"host","target.value|startswith":["DC","wks-"]})"};
const std::array<std::string, 5> freezes{
    "",
    R"({"from":"2026-11-01","to":"2026-12-01","tier":"L0"})",
    R"({"from":"2026-11-01","to":"2026-12-01","tier":"L2"},{"from":"2026-11-01","to":"2026-12-01","tier":"L3"})",
    R"({"from":"2026-11-01","to":"2026-12-01","tier":"L4"})",
    R"({"from":"2026-11-01","to":"2026-11-20T10:00:00Z","tier":"L0"})"};
const std::array<std::string, 4> limits{
    "",
    R"({"per_hour":3})",
    R"({"per_minute":5,"per_hour":2})",
    R"([{"per_day":0,"when":{"target.kind":"ip"}},{"per_hour":9},{"per_day":0,"when":{"target.value|startswith":"dc"}}])"};
const std::array<std::string, 3> kills{"", R"({"verbs":["@"]})", R"({"verbs":["page"]})"};
const std::array<std::string, 3> authorities{"",
                                             R"({"owner":"o","review_by":"2027-01-01"})",
                                             R"({"owner":"o","review_by":"2026-11-20T10:00:00Z"})"};

std::string about(std::string text, const std::string& verb) {
  for (auto i = text.find('@'); i != std::string::npos; i = text.find('@', i))
    text.replace(i, 1, verb);
  return text;
}

std::vector<std::string> all_verbs() {
  std::vector<std::string> verbs{"launch_rocket"};
  for (const auto& [name, verb] : catalogue().verbs()) verbs.push_back(name);
  return verbs;
}

/// One tenant for each way to combine what is swept in full; what is not (limits, kill switch,
/// authority) goes round at another pace for each verb.
std::string document(const std::string& verb, std::size_t turn, std::size_t& tenants) {
  std::string text = R"({"tenants":{)";
  tenants = 0;
  const auto put = [&](const std::string& key, const std::string& value) {
    if (!value.empty()) text += ",\"" + key + "\":" + about(value, verb);
  };
  const auto listed = [](const std::string& value) {
    return value.empty() ? value : "[" + value + "]";
  };
  const auto of_verb = [](const std::string& value) {
    return value.empty() ? value : R"({"@":)" + value + "}";
  };
  for (const auto& tier : tiers) {
    for (const auto& override_ : overrides) {
      for (const auto& whitelist : whitelists) {
        for (const auto& protection : protections) {
          for (const auto& freeze : freezes) {
            const auto n = tenants + turn;
            if (tenants != 0) text += ',';
            text += "\"t" + std::to_string(tenants++) + R"(":{"tier":")" + tier + '"';
            put("overrides", of_verb(override_));
            put("whitelist", listed(whitelist));
            put("protected", listed(protection));
            put("freezes", listed(freeze));
            put("limits", of_verb(limits.at(n % 4)));
            put("kill_switch", kills.at(n / 3 % 11 == 0 ? 1 : n % 2 * 2));
            put("authority", authorities.at(n / 7 % 3));
            text += '}';
          }
        }
      }
    }
  }
  return text + "}}";
}

/// Three requests per tenant, other ones for the next tenant.
std::vector<model::ActionRequest> requests(const std::string& verb, std::size_t n) {
  std::vector<model::ActionRequest> result;
  const std::array<std::string, 4> values{"WKS-0042", "10.1.2.3", "203.0.113.9", "DC01"};
  const std::array<std::string, 3> callers{"agent", "analyst", "playbook"};
  for (std::size_t i = 0; i < 3; ++i) {
    const auto turn = n * 7 + i;
    auto one = request(verb, values.at(turn % 4), turn % 4 == 0 || turn % 4 == 3 ? "host" : "ip");
    one.tenant = "t" + std::to_string(n);
    one.confidence = turn / 4 % 2 == 0 ? 0.97 : 0.5;
    one.requested_by.kind = callers.at(turn % 3);
    one.grounded = turn / 3 % 5 != 0;
    if (turn % 2 == 0) one.context = {{"intel", {{"confidence", 0.98}}}};
    if (turn / 2 % 2 == 0) one.target.tags = {"workstation"};
    result.push_back(std::move(one));
  }
  return result;
}

TEST(Sweep, AgreesWithTheNaiveImplementationEverywhere) {
  std::size_t decisions = 0;
  std::map<std::string, std::size_t> seen;
  std::size_t turn = 0;
  for (const auto& verb : all_verbs()) {
    std::size_t tenants = 0;
    const auto parsed = parse_json(document(verb, turn++, tenants)).value();
    const auto policy = compiled(parsed);
    for (std::size_t n = 0; n < tenants; ++n) {
      const auto tenant = "t" + std::to_string(n);
      const std::vector<naive::Ran> ran{
          {.tenant = tenant, .verb = verb, .entry = "used", .at = now() - std::chrono::seconds{5}},
          {.tenant = tenant, .verb = verb, .entry = "used", .at = now() - std::chrono::seconds{9}},
          {.tenant = tenant, .verb = verb, .entry = "used", .at = now() - std::chrono::hours{1}}};
      Usage usage;
      for (const auto& one : ran)
        usage.add({.tenant = one.tenant, .verb = one.verb, .entry = one.entry, .at = one.at});
      for (const auto& asked : requests(verb, n)) {
        const auto judgement = policy->decide(asked, now(), usage);
        const auto expected = naive::decide(parsed, to_json_value(asked), now(), ran);
        ASSERT_EQ(plain(judgement), expected) << to_json(asked) << '\n'
                                              << parsed.at("tenants").at(tenant);
        ++decisions;
        ++seen[expected];
        const bool never = judgement.radius == model::BlastRadius::CRITICAL ||
                           judgement.radius == model::BlastRadius::UNKNOWN;
        ASSERT_FALSE(never && judgement.ruling == model::Ruling::auto_);
      }
    }
  }
  EXPECT_GE(decisions, 100'000U);
  // A sweep that never comes to a reason says nothing about it.
  for (const auto* outcome : {"blocked kill_switch",
                              "blocked block_override",
                              "queued critical",
                              "queued unknown_action",
                              "queued protected_target",
                              "queued ungrounded_target",
                              "queued freeze",
                              "queued rate_limit",
                              "queued rate_limit used",
                              "auto force_auto",
                              "auto whitelist prefix",
                              "auto whitelist net",
                              "auto whitelist z",
                              "auto tier",
                              "queued no_whitelist_match",
                              "queued tier"}) {
    EXPECT_GT(seen[outcome], 0U) << outcome;
  }
  RecordProperty("decisions", std::to_string(decisions));
}

TEST(Sweep, TheCatalogueHasTheRadiiOfTheText) {
  for (const auto& [name, verb] : catalogue().verbs())
    EXPECT_EQ(name_of(verb.blast_radius), naive::radius_of(name)) << name;
  EXPECT_EQ(catalogue().verbs().size(), 32U);
}

}  // namespace
}  // namespace sallyport::gate
