#include "engine/gate/policy_diff.hpp"

#include <gmock/gmock.h>

namespace sallyport::gate::testing {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

namespace {

json::value parsed(std::string_view text) {
  return parse_json(text).value();
}

std::vector<std::string> lines(std::string_view before, std::string_view after) {
  std::vector<std::string> all;
  for (const auto& change : policy_diff(parsed(before), parsed(after)))
    all.push_back(to_text(change));
  return all;
}

}  // namespace

TEST(PolicyDiff, NamesThePlaceAndBothValues) {
  EXPECT_THAT(lines(R"({"tenants":{"acme":{"tier":"L3","protected":[1]}}})",
                    R"({"tenants":{"acme":{"tier":"L1","protected":[1]}},"kill_switch":true})"),
              ElementsAre("/kill_switch: (nothing) -> true", "/tenants/acme/tier: L3 -> L1"));
}

TEST(PolicyDiff, AWhitelistEntryIsNamedByItsIdAndItsPlaceMeansNothing) {
  EXPECT_THAT(lines(R"({"tenants":{"a":{"whitelist":[{"id":"x","n":1},{"id":"y"},{"id":"z"}]}}})",
                    R"({"tenants":{"a":{"whitelist":[{"id":"y"},{"id":"x","n":2},{"id":"w"}]}}})"),
              ElementsAre(R"(/tenants/a/whitelist/w: (nothing) -> {"id":"w"})",
                          "/tenants/a/whitelist/x/n: 1 -> 2",
                          R"(/tenants/a/whitelist/z: {"id":"z"} -> (nothing))"));
}

TEST(PolicyDiff, WhatSaysTheSameDoesNotDiffer) {
  EXPECT_THAT(lines(R"({"tenants":{"a":{"tier":"L1","limits":{}}}})",
                    R"({"tenants":{"a":{"limits":{},"tier":"L1"}}})"),
              IsEmpty());
  EXPECT_THAT(policy_diff(nullptr, json::object{}), IsEmpty());
}

TEST(PolicyDiff, ATenantSeesItsOwnChangesAndThoseOfAll) {
  const auto changes = policy_diff(
      parsed(R"({"tenants":{"a/b":{"tier":"L1"},"c":{"tier":"L1"}}})"),
      parsed(R"({"tenants":{"a/b":{"tier":"L2"},"d":{"tier":"L2"}},"kill_switch":true})"));
  std::vector<std::string> seen;
  for (const auto& change : changes_of(changes, "a/b")) seen.push_back(change.path);
  EXPECT_THAT(seen, ElementsAre("/kill_switch", "/tenants/a~1b/tier"));
  seen.clear();
  for (const auto& change : changes_of(changes, "d")) seen.push_back(change.path);
  EXPECT_THAT(seen, ElementsAre("/kill_switch", "/tenants/d"));
}

TEST(PolicyDiff, AChangeCanBeReadBack) {
  const PolicyChange change{.path = "/x", .before = std::nullopt, .after = json::value(true)};
  const auto text = to_json(change);
  EXPECT_EQ(text, R"({"path":"/x","after":true})");
  EXPECT_EQ(to_json(from_json<PolicyChange>(text).value()), text);
}

}  // namespace sallyport::gate::testing
