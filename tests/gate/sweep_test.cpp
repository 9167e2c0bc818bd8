#include "engine/gate/gate.hpp"
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
const std::array<std::string, 4> kills{
    "", R"({"verbs":["@"]})", R"({"verbs":["page"]})", R"({"connectors":["edr"]})"};
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
  std::string text = R"({"kill_switch":{"connectors":["lost"]},"tenants":{)";
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
            put("kill_switch", kills.at(n / 3 % 11 == 0 ? 1 : n / 3 % 5 == 0 ? 3 : n % 2 * 2));
            put("authority", authorities.at(n / 7 % 3));
            text += '}';
          }
        }
      }
    }
  }
  return text + "}}";
}

/// The same policy after a drop: every tenant at L0, L1 or L2 at most.
json::value lowered(json::value document) {
  std::size_t n = 0;
  for (auto& tenant : document.at("tenants").get_object()) {
    auto& tier = tenant.value().at("tier");
    tier = std::min(std::string{tier.get_string()}, tiers.at(n++ % 3));
  }
  return document;
}

/// Whoever asks. A rollback is asked for like any other action, under the verb that undoes.
const std::array<std::string, 5> callers{"agent", "playbook", "analyst", "api", "rollback"};

struct Asked {
  model::ActionRequest request;
  std::string connector;
};

/// Three requests per tenant, other ones for the next tenant.
std::vector<Asked> requests(const std::string& verb, std::size_t n) {
  std::vector<Asked> result;
  const std::array<std::string, 4> values{"WKS-0042", "10.1.2.3", "203.0.113.9", "DC01"};
  const std::array<std::string, 4> connectors{"", "edr", "firewall", "idp"};
  for (std::size_t i = 0; i < 3; ++i) {
    const auto turn = n * 7 + i;
    auto one = request(verb, values.at(turn % 4), turn % 4 == 0 || turn % 4 == 3 ? "host" : "ip");
    one.tenant = "t" + std::to_string(n);
    one.confidence = turn / 4 % 2 == 0 ? 0.97 : 0.5;
    one.requested_by.kind = callers.at(turn % 5);
    one.grounded = turn / 3 % 5 != 0;
    if (turn % 2 == 0) one.context = {{"intel", {{"confidence", 0.98}}}};
    if (turn / 2 % 2 == 0) one.target.tags = {"workstation"};
    result.push_back({.request = std::move(one),
                      .connector = turn % 97 == 0 ? "lost" : connectors.at(turn / 7 % 4)});
  }
  return result;
}

/// What ran in the tenant before.
std::vector<naive::Ran> ran_before(const std::string& tenant, const std::string& verb) {
  std::vector<naive::Ran> ran;
  for (const auto ago :
       {std::chrono::seconds{5}, std::chrono::seconds{9}, std::chrono::seconds{3600}})
    ran.push_back({.tenant = tenant, .verb = verb, .entry = "used", .at = now() - ago});
  return ran;
}

Use use_of(const naive::Ran& one) {
  return {.tenant = one.tenant, .verb = one.verb, .entry = one.entry, .at = one.at};
}

// A sweep that never comes to a reason says nothing about it.
constexpr std::array<std::string_view, 16> outcomes{"blocked kill_switch",
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
                                                    "queued tier"};

TEST(Sweep, AgreesWithTheNaiveImplementationEverywhere) {
  std::size_t decisions = 0;
  std::map<std::string, std::size_t, std::less<>> seen;
  std::map<std::string, std::size_t> by_caller;
  std::size_t turn = 0;
  for (const auto& verb : all_verbs()) {
    std::size_t tenants = 0;
    const auto parsed = parse_json(document(verb, turn++, tenants)).value();
    const auto policy = compiled(parsed);
    for (std::size_t n = 0; n < tenants; ++n) {
      const auto tenant = "t" + std::to_string(n);
      const auto ran = ran_before(tenant, verb);
      Usage usage;
      for (const auto& one : ran) usage.add(use_of(one));
      for (const auto& [asked, connector] : requests(verb, n)) {
        const auto judgement = policy->decide(asked, now(), usage, connector);
        const auto expected = naive::decide(parsed, to_json_value(asked), now(), ran, connector);
        ASSERT_EQ(plain(judgement), expected) << to_json(asked) << " on '" << connector << "'\n"
                                              << parsed.at("tenants").at(tenant);
        ++decisions;
        ++seen[expected];
        ++by_caller[asked.requested_by.kind];
        const bool never = judgement.radius == model::BlastRadius::CRITICAL ||
                           judgement.radius == model::BlastRadius::UNKNOWN;
        ASSERT_FALSE(never && judgement.ruling == model::Ruling::auto_);
      }
    }
  }
  EXPECT_GE(decisions, 100'000U);
  for (const auto outcome : outcomes) EXPECT_GT(seen[std::string{outcome}], 0U) << outcome;
  for (const auto& caller : callers) EXPECT_GT(by_caller[caller], decisions / 6) << caller;
  RecordProperty("decisions", std::to_string(decisions));
}

/// How tests/gate/naive.hpp says it, of what comes out of the door.
std::string plain(const Answer& answer) {
  if (const auto* permit = std::get_if<Permit>(&answer); permit && permit->approved_by())
    return "permit";
  const auto& decision = decision_of(answer);
  std::string result{name_of(decision.decision)};
  result += ' ';
  result += name_of(decision.reason);
  const bool of_entry =
      decision.rule && !decision.rule->starts_with("limits.") &&
      (decision.reason == model::Reason::whitelist || decision.reason == model::Reason::rate_limit);
  return of_entry ? result + ' ' + *decision.rule : result;
}

/// The right to run is there exactly where the words say so.
bool is_true_to_its_words(const Answer& answer) {
  const auto words = plain(answer);
  return std::holds_alternative<Permit>(answer)
             ? words == "permit" || words.starts_with("auto")
             : words.starts_with(std::holds_alternative<Queued>(answer) ? "queued" : "blocked");
}

model::Approval approval_at(const model::ActionRequest& request, int tier) {
  model::Approval approval;
  approval.tenant = request.tenant;
  approval.request_hash = model::request_hash(request);
  approval.state = model::ApprovalState::approved;
  approval.decided_at = now();
  approval.decided_by = model::Actor{.kind = "analyst", .id = "alice@acme.example"};
  approval.tier = static_cast<model::Tier>(tier);
  return approval;
}

/// At proposal, at approval and at execution, the tier lowered before the last: the door that the
/// engine uses.
TEST(Sweep, TheDoorAgreesWithTheNaiveImplementationAtEachOfItsThreeQuestions) {
  std::size_t turn = 0;
  std::size_t through = 0;
  std::map<std::string, std::size_t, std::less<>> proposed;
  std::map<std::string, std::size_t> answered;
  std::map<std::string, std::size_t> executed;
  for (const auto& verb : all_verbs()) {
    std::size_t tenants = 0;
    const auto before = parse_json(document(verb, turn++, tenants)).value();
    const auto after = lowered(before);
    const auto policy = compiled(before);
    const auto dropped = compiled(after);
    Gate door{policy};
    for (std::size_t n = turn % 2; n < tenants; n += 2) {
      const auto tenant = "t" + std::to_string(n);
      const auto ran = ran_before(tenant, verb);
      for (const auto& one : ran) door.remember(use_of(one));
      const auto [asked, connector] = requests(verb, n).at((n / 2 + turn) % 3);
      const auto document = to_json_value(asked);
      const auto about = [&] {
        return to_json(asked) + " on '" + connector + "'\n" +
               to_json(before.at("tenants").at(tenant));
      };
      const auto given = naive::ceiling(before, document, now());

      const auto expected = naive::decide(before, document, now(), ran, connector);
      auto answer = door.judge(asked, now(), connector);
      ASSERT_EQ(plain(answer), expected) << about();
      ASSERT_TRUE(is_true_to_its_words(answer)) << about();
      ++proposed[expected];

      const bool by_itself = std::holds_alternative<Permit>(answer);
      if (!by_itself) {
        const auto approved =
            naive::decide_approved(before, document, now(), ran, connector, given);
        answer = door.judge_approved(asked, approval_at(asked, given), now(), connector).value();
        ASSERT_EQ(plain(answer), approved) << about();
        ASSERT_TRUE(is_true_to_its_words(answer)) << about();
        ++answered[approved.substr(0, approved.find(' '))];
      }

      if (auto* permit = std::get_if<Permit>(&answer)) {
        const auto last =
            by_itself ? naive::decide(after, document, now(), ran, connector)
                      : naive::decide_approved(after, document, now(), ran, connector, given);
        door.adopt(dropped);
        answer = door.recheck(std::move(*permit), now(), connector);
        door.adopt(policy);
        ASSERT_EQ(plain(answer), last)
            << about() << "\nlowered to " << after.at("tenants").at(tenant).at("tier");
        ASSERT_TRUE(is_true_to_its_words(answer)) << about();
        ++executed[last.substr(0, last.find(' '))];
      }
      ++through;
    }
  }
  EXPECT_GE(through, 30'000U);
  for (const auto outcome : outcomes) EXPECT_GT(proposed[std::string{outcome}], 0U) << outcome;
  for (const auto* kind : {"permit", "queued", "blocked"}) EXPECT_GT(answered[kind], 0U) << kind;
  for (const auto* kind : {"permit", "queued", "auto"}) EXPECT_GT(executed[kind], 0U) << kind;
  RecordProperty("through the door", std::to_string(through));
}

TEST(Sweep, TheCatalogueHasTheRadiiOfTheText) {
  for (const auto& [name, verb] : catalogue().verbs())
    EXPECT_EQ(name_of(verb.blast_radius), naive::radius_of(name)) << name;
  EXPECT_EQ(catalogue().verbs().size(), 32U);
}

}  // namespace
}  // namespace sallyport::gate
