#include "tests/gate/naive.hpp"
#include "tests/gate/setting.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <functional>
#include <random>

namespace sallyport::gate {
namespace {

using Random = std::mt19937_64;

constexpr std::array<const char*, 7> verbs{
    "notify", "add_ioc", "block_ip", "isolate_host", "disable_user", "wipe_host", "launch_rocket"};
constexpr std::array<const char*, 6> values{
    "WKS-0042", "WKS-0043-LAB", "DC01", "10.1.2.3", "203.0.113.9", "alice"};

std::size_t below(Random& random, std::size_t n) {
  return std::uniform_int_distribution<std::size_t>{0, n - 1}(random);
}

template <class List>
auto pick(Random& random, const List& list) {
  return list[below(random, list.size())];
}

std::string moment(Random& random) {
  return to_rfc3339(now() + std::chrono::hours{static_cast<int>(below(random, 9)) - 4});
}

json::value any_block(Random& random) {
  static const std::vector<std::string> blocks{
      R"({"confidence|gte":0.9})",
      R"({"confidence|gte":0.5,"requested_by.kind":["agent","playbook"]})",
      R"({"target.value|startswith":["wks-","DC"]})",
      R"({"target.value|cidr":["10.0.0.0/8"]})",
      R"([{"target.tags":"server"},{"context.intel.confidence|gte":0.95}])",
      R"({"context.absent":"x"})",
      R"({"target.kind":"host","target.value":"wks-0042"})"};
  return parse_json(pick(random, blocks)).value();
}

json::object any_override(Random& random, bool block) {
  json::object result;
  result[block ? "block" : "force_auto"] = true;
  if (below(random, 3) != 0) result["when"] = any_block(random);
  if (below(random, 3) == 0) result["unless"] = any_block(random);
  return result;
}

json::object any_entry(Random& random, std::size_t n) {
  json::object entry;
  entry["id"] = fmt::format("e{}-{}", below(random, 10), n);
  entry["action"] = pick(random, verbs);
  switch (below(random, 6)) {
    case 0:
      entry["target"] = json::array{pick(random, values), pick(random, values)};
      break;
    case 1:
      entry["target_prefix"] = pick(random, std::array{"W", "WKS-", "WKS-0042", "D", "al"});
      break;
    case 2:
      entry["target_glob"] = pick(random, std::array{"*", "*-LAB", "WKS-*", "DC??", "1*.3"});
      break;
    case 3:
      entry["target_cidr"] = pick(random, std::array{"10.0.0.0/8", "0.0.0.0/0", "203.0.113.9/32"});
      break;
    case 4:
      entry["target_tag"] = json::array{"server", "kiosk"};
      if (below(random, 2) == 0) entry["target_prefix"] = "WKS";
      break;
    default:
      entry["when"] = any_block(random);
  }
  if (below(random, 2) == 0) entry["constraints"] = any_block(random);
  if (below(random, 3) == 0) entry["max_per_hour"] = below(random, 3);
  entry["expires"] = moment(random);
  return entry;
}

json::object any_freeze(Random& random) {
  const auto from = static_cast<int>(below(random, 5)) - 3;
  const auto length = static_cast<int>(below(random, 4)) + 1;
  return {{"from", to_rfc3339(now() + std::chrono::hours{from})},
          {"to", to_rfc3339(now() + std::chrono::hours{from + length})},
          {"tier", fmt::format("L{}", below(random, 5))},
          {"reason", fmt::format("r{}", below(random, 3))}};
}

json::object any_tenant(Random& random) {
  json::object tenant;
  tenant["tier"] = fmt::format("L{}", below(random, 3) == 0 ? below(random, 5) : 4);
  if (below(random, 4) == 0) tenant["authority"] = {{"review_by", moment(random)}};
  json::object overrides;
  json::object limits;
  for (const auto* verb : verbs) {
    json::array list;
    for (std::size_t i = below(random, 3); i > 0; --i)
      list.push_back(any_override(random, below(random, 3) == 0));
    if (!list.empty()) overrides[verb] = std::move(list);
    if (below(random, 4) == 0) limits[verb] = {{"per_hour", below(random, 4)}};
  }
  json::array whitelist;
  for (std::size_t i = below(random, 12); i > 0; --i) whitelist.push_back(any_entry(random, i));
  json::array freezes;
  for (std::size_t i = below(random, 3); i > 0; --i) freezes.push_back(any_freeze(random));
  json::array protections;
  for (std::size_t i = below(random, 2); i > 0; --i) protections.push_back(any_block(random));
  tenant["overrides"] = std::move(overrides);
  tenant["limits"] = std::move(limits);
  tenant["whitelist"] = std::move(whitelist);
  tenant["freezes"] = std::move(freezes);
  tenant["protected"] = std::move(protections);
  if (below(random, 12) == 0) tenant["kill_switch"] = {{"verbs", json::array{pick(random, verbs)}}};
  return tenant;
}

json::value policy_with(const json::object& tenant) {
  return {{"tenants", {{"acme", tenant}}}};
}

model::ActionRequest any_request(Random& random) {
  auto one =
      request(pick(random, verbs), pick(random, values), below(random, 2) == 0 ? "host" : "ip");
  one.confidence = static_cast<double>(below(random, 11)) / 10;
  one.requested_by.kind = pick(random, std::array{"agent", "analyst", "playbook"});
  one.grounded = below(random, 6) != 0;
  if (below(random, 2) == 0) one.target.tags = {"server"};
  if (below(random, 2) == 0) one.context = {{"intel", {{"confidence", 0.97}}}};
  return one;
}

std::vector<naive::Ran> any_past(Random& random, const json::object& tenant) {
  std::vector<naive::Ran> ran;
  for (std::size_t i = below(random, 6); i > 0; --i) {
    naive::Ran one{.tenant = "acme",
                   .verb = pick(random, verbs),
                   .entry = "",
                   .at = now() - std::chrono::minutes{below(random, 90)}};
    const auto& list = tenant.at("whitelist").get_array();
    if (!list.empty() && below(random, 2) == 0) one.entry = naive::text(pick(random, list), "id");
    ran.push_back(std::move(one));
  }
  return ran;
}

Usage usage_of(const std::vector<naive::Ran>& ran) {
  Usage usage;
  for (const auto& one : ran)
    usage.add({.tenant = one.tenant, .verb = one.verb, .entry = one.entry, .at = one.at});
  return usage;
}

struct Case {
  Random& random;
  const json::object& tenant;
  const Policy& policy;
  const std::vector<naive::Ran>& ran;
  const std::vector<model::ActionRequest>& requests;
};

/// Runs `test` with random policies and requests about them.
void each(std::uint64_t seed, int policies, const std::function<void(const Case&)>& test) {
  Random random{seed};
  for (int n = 0; n < policies; ++n) {
    const auto tenant = any_tenant(random);
    const auto policy = compiled(policy_with(tenant));
    const auto ran = any_past(random, tenant);
    std::vector<model::ActionRequest> requests;
    for (int i = 0; i < 40; ++i) requests.push_back(any_request(random));
    test({.random = random, .tenant = tenant, .policy = *policy, .ran = ran, .requests = requests});
    if (::testing::Test::HasFailure()) return;
  }
}

/// What is automatic under `narrower` was automatic before. Returns how many no longer are.
std::size_t narrows(const Case& the, const json::object& narrower) {
  const auto policy = compiled(policy_with(narrower));
  const auto usage = usage_of(the.ran);
  std::size_t fewer = 0;
  for (const auto& asked : the.requests) {
    const auto before = the.policy.decide(asked, now(), usage);
    const auto after = policy->decide(asked, now(), usage);
    const bool was = before.ruling == model::Ruling::auto_;
    const bool is = after.ruling == model::Ruling::auto_;
    EXPECT_TRUE(was || !is) << to_json(asked) << '\n'
                            << json::value(the.tenant) << '\n'
                            << json::value(narrower);
    fewer += was && !is ? 1 : 0;
  }
  return fewer;
}

TEST(AnyPolicy, AgreesWithTheNaiveImplementation) {
  each(1, 400, [](const Case& the) {
    const auto document = policy_with(the.tenant);
    const auto usage = usage_of(the.ran);
    for (const auto& asked : the.requests) {
      const auto judgement = the.policy.decide(asked, now(), usage);
      std::string found{name_of(judgement.ruling)};
      found += ' ';
      found += name_of(judgement.reason);
      if (judgement.entry) found += ' ' + judgement.entry->id;
      EXPECT_EQ(found, naive::decide(document, to_json_value(asked), now(), the.ran))
          << to_json(asked) << '\n'
          << document;
    }
  });
}

TEST(AnyPolicy, NeverRunsCriticalOrUnknownByItself) {
  each(2, 300, [](const Case& the) {
    for (auto asked : the.requests) {
      for (const auto* verb : {"wipe_host", "isolate_segment", "launch_rocket", ""}) {
        asked.action = verb;
        EXPECT_NE(the.policy.decide(asked, now(), Usage{}).ruling, model::Ruling::auto_);
      }
    }
  });
}

TEST(AnyPolicy, AddingABlockMakesNothingAutomatic) {
  std::size_t fewer = 0;
  each(3, 200, [&](const Case& the) {
    auto more = the.tenant;
    for (const auto* verb : verbs) {
      auto& list = more["overrides"].get_object()[verb];
      if (!list.is_array()) list = json::array{};
      list.get_array().push_back(any_override(the.random, true));
    }
    fewer += narrows(the, more);
  });
  EXPECT_GT(fewer, 100U);
}

TEST(AnyPolicy, LoweringTheTierMakesNothingAutomatic) {
  std::size_t fewer = 0;
  each(4, 200, [&](const Case& the) {
    for (auto tier = naive::tier_number(naive::text(the.tenant, "tier")); tier > 0; --tier) {
      auto lower = the.tenant;
      lower["tier"] = fmt::format("L{}", tier - 1);
      fewer += narrows(the, lower);
    }
  });
  EXPECT_GT(fewer, 100U);
}

TEST(AnyPolicy, ExpiryLimitsFreezesProtectionAndKillSwitchOnlyNarrow) {
  std::array<std::size_t, 5> fewer{};
  each(5, 250, [&](const Case& the) {
    auto sooner = the.tenant;
    for (auto& entry : sooner["whitelist"].get_array())
      entry.get_object()["expires"] = to_rfc3339(now());
    fewer[0] += narrows(the, sooner);

    auto limited = the.tenant;
    for (const auto* verb : verbs) {
      if (below(the.random, 2) == 0) limited["limits"].get_object()[verb] = {{"per_hour", 0}};
    }
    for (auto& entry : limited["whitelist"].get_array()) entry.get_object()["max_per_minute"] = 0;
    fewer[1] += narrows(the, limited);

    auto frozen = the.tenant;
    frozen["freezes"].get_array().push_back(any_freeze(the.random));
    fewer[2] += narrows(the, frozen);

    auto guarded = the.tenant;
    guarded["protected"].get_array().push_back(any_block(the.random));
    fewer[3] += narrows(the, guarded);

    auto killed = the.tenant;
    killed["kill_switch"] = {{"verbs", json::array(verbs.begin(), verbs.end())}};
    fewer[4] += narrows(the, killed);
  });
  for (const auto n : fewer) EXPECT_GT(n, 0U) << "a change that changes nothing shows nothing";
}

TEST(AnyPolicy, ALimitOfZeroLetsNothingOfItsVerbRunByItselfAndTouchesNoOther) {
  std::size_t fewer = 0;
  each(8, 200, [&](const Case& the) {
    const std::string verb = pick(the.random, verbs);
    auto demoted = the.tenant;
    auto& limit = demoted["limits"].get_object()[verb];
    if (!limit.is_object()) limit = json::object{};
    limit.get_object()["per_day"] = 0;
    limit.get_object()["reason"] = "demoted";
    fewer += narrows(the, demoted);
    const auto policy = compiled(policy_with(demoted));
    const auto usage = usage_of(the.ran);
    EXPECT_FALSE(policy->could_run("acme", verb, "host", now()));
    for (const auto& asked : the.requests) {
      const auto after = policy->decide(asked, now(), usage);
      if (asked.action == verb) {
        EXPECT_NE(after.ruling, model::Ruling::auto_) << to_json(asked);
      } else {
        EXPECT_EQ(after.ruling, the.policy.decide(asked, now(), usage).ruling) << to_json(asked);
      }
    }
  });
  EXPECT_GT(fewer, 30U);
}

TEST(AnyPolicy, ALimitOfZeroForAKindOfTargetHoldsThatKindAndTouchesNothingElse) {
  std::size_t fewer = 0;
  each(10, 200, [&](const Case& the) {
    const std::string verb = pick(the.random, verbs);
    auto demoted = the.tenant;
    auto& limits = demoted["limits"].get_object();
    json::array list;
    if (limits.contains(verb)) list.push_back(limits[verb]);
    list.push_back({{"per_day", 0}, {"when", {{"target.kind", "ip"}}}});
    limits[verb] = std::move(list);
    fewer += narrows(the, demoted);
    const auto policy = compiled(policy_with(demoted));
    const auto usage = usage_of(the.ran);
    EXPECT_FALSE(policy->could_run("acme", verb, "ip", now()));
    for (const auto& asked : the.requests) {
      const auto after = policy->decide(asked, now(), usage);
      if (asked.action == verb && asked.target.kind == "ip") {
        EXPECT_NE(after.ruling, model::Ruling::auto_) << to_json(asked);
      } else {
        EXPECT_EQ(after.ruling, the.policy.decide(asked, now(), usage).ruling) << to_json(asked);
      }
    }
  });
  EXPECT_GT(fewer, 10U);
}

TEST(AnyPolicy, RunsNothingByItselfThatItSaysCouldNot) {
  std::size_t could_not = 0;
  each(9, 300, [&](const Case& the) {
    for (const auto& asked : the.requests) {
      if (the.policy.could_run("acme", asked.action, asked.target.kind, now())) continue;
      ++could_not;
      EXPECT_NE(the.policy.decide(asked, now(), Usage{}).ruling, model::Ruling::auto_)
          << to_json(asked) << '\n'
          << json::value(the.tenant);
    }
  });
  EXPECT_GT(could_not, 1000U);
}

TEST(AnyPolicy, DecidesTheSameInWhateverOrderItIsWritten) {
  const auto shuffled = [](json::array list, Random& random) {
    std::vector<json::value> items{list.begin(), list.end()};
    std::ranges::shuffle(items, random);
    return json::array(items.begin(), items.end());
  };
  each(6, 200, [&](const Case& the) {
    auto other = the.tenant;
    for (const auto* key : {"whitelist", "freezes", "protected"})
      other[key] = shuffled(other[key].get_array(), the.random);
    for (auto& item : other["overrides"].get_object())
      item.value() = shuffled(item.value().get_array(), the.random);
    const auto policy = compiled(policy_with(other));
    const auto usage = usage_of(the.ran);
    for (const auto& asked : the.requests) {
      EXPECT_EQ(to_json(decide(*policy, asked, now(), usage)),
                to_json(decide(the.policy, asked, now(), usage)));
    }
  });
}

TEST(AnyPolicy, GivesTheSameAnswerEachTime) {
  each(7, 50, [](const Case& the) {
    const auto usage = usage_of(the.ran);
    for (const auto& asked : the.requests) {
      EXPECT_EQ(to_json(decide(the.policy, asked, now(), usage)),
                to_json(decide(the.policy, asked, now(), usage)));
    }
  });
}

}  // namespace
}  // namespace sallyport::gate
