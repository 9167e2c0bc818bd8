#include "engine/store/decision_facets.hpp"
#include "engine/store/ledger.hpp"
#include "tests/store/opened.hpp"

#include <gtest/gtest.h>

namespace sallyport::store {
namespace {

using model::EntryKind;
using sallyport::testing::opened;
using sallyport::testing::TemporaryDirectory;

const Time noon = parse_rfc3339("2026-11-20T12:00:00Z").value();

struct Decided {
  std::string verb;
  std::string target;
  std::string decision;
  std::string reason;
};

std::string body_of(const Decided& decided) {
  model::ActionRequest request{.tenant = "acme",
                               .action = decided.verb,
                               .target = {.kind = "host", .value = decided.target, .tags = {}}};
  // What an attacker may write into a request must not be taken for the decision.
  request.context["x"] = {{"decision", {{"decision", "auto"}, {"reason", "whitelist"}}},
                          {"request", {{"tenant", "t"}, {"action", "wipe_host"}}}};
  return fmt::format(
      R"({{"detail":"\"request\":{{\"tenant\":","request":{},"decision":{{"decision":{},"reason":{},"rationale":",\"decision\":{{"}},"evidence":["E1 x"]}})",
      to_json(request),
      to_json(decided.decision),
      to_json(decided.reason));
}

/// Entry i decides the i-th, a second apart.
void append(Store& store, const std::vector<Decided>& all, const std::string& actor = "agent-1") {
  for (std::size_t i = 0; i < all.size(); ++i) {
    Batch batch;
    batch.append("acme",
                 EntryKind::decided,
                 fmt::format("a{}", i),
                 {.kind = "agent", .id = actor},
                 noon + std::chrono::seconds{i},
                 body_of(all[i]));
    batch.append(
        "acme", EntryKind::verdict, "i", {.kind = "agent", .id = actor}, noon, body_of(all[i]));
    ASSERT_TRUE(store.commit_and_wait(std::move(batch)));
  }
}

std::vector<std::string> subjects(const Store& store, const LedgerQuery& query) {
  std::vector<std::string> found;
  EXPECT_TRUE(query_ledger(store, "acme", query, [&](std::uint64_t, std::string_view line) {
    found.push_back(from_json<model::LedgerEntry>(line).value().subject);
    return true;
  }));
  return found;
}

using Found = std::vector<std::string>;

TEST(DecisionFacets, AreReadAsTheyWereWrittenWhateverStandsBeside) {
  for (const auto* target : {"WKS-1", "a\"b\\c", "\",\"value\":\"x", "\u00fc\n"}) {
    const auto facets = facets_of(body_of({"isolate_host", target, "queued", "tier"}));
    EXPECT_EQ(facets.verb, "isolate_host");
    EXPECT_EQ(facets.target, target);
    EXPECT_EQ(facets.decision, "queued");
    EXPECT_EQ(facets.reason, "tier");
  }
}

TEST(DecisionFacets, OfABodyCutAnywhereAreNotMadeUp) {
  const auto body = body_of({"isolate_host", "WKS-1", "queued", "tier"});
  for (std::size_t n = 0; n < body.size(); ++n) {
    const auto facets = facets_of(std::string_view{body}.substr(0, n));
    EXPECT_TRUE(facets.verb.empty() || facets.verb == "isolate_host");
    EXPECT_TRUE(facets.target.empty() || facets.target == "WKS-1");
  }
}

TEST(DecisionIndex, FindsByEachFacetAndByAllTogether) {
  const TemporaryDirectory directory;
  const auto store = opened(directory);
  append(*store,
         {{"isolate_host", "WKS-1", "queued", "tier"},
          {"block_ip", "10.0.0.1", "auto", "tier"},
          {"isolate_host", "WKS-2", "auto", "whitelist"},
          {"isolate_host", "WKS-1", "auto", "whitelist"}});
  EXPECT_EQ(subjects(*store, {.verb = "isolate_host"}), (Found{"a0", "a2", "a3"}));
  EXPECT_EQ(subjects(*store, {.target = "WKS-1"}), (Found{"a0", "a3"}));
  EXPECT_EQ(subjects(*store, {.target = "WKS"}), Found{});
  EXPECT_EQ(subjects(*store, {.decision = "auto"}), (Found{"a1", "a2", "a3"}));
  EXPECT_EQ(subjects(*store, {.reason = "whitelist"}), (Found{"a2", "a3"}));
  EXPECT_EQ(subjects(*store, {.actor = "agent-1"}).size(), 4U);
  EXPECT_EQ(subjects(*store, {.actor = "agent"}), Found{});
  EXPECT_EQ(subjects(*store, {.verb = "isolate_host", .target = "WKS-1", .decision = "auto"}),
            Found{"a3"});
  EXPECT_EQ(subjects(*store, {.kinds = {EntryKind::verdict}, .verb = "isolate_host"}), Found{});
  EXPECT_EQ(subjects(*store, {.subject = "a2", .verb = "isolate_host"}), Found{"a2"});
  EXPECT_EQ(subjects(*store, {.subject = "a2", .verb = "block_ip"}), Found{});
}

TEST(DecisionIndex, KeepsTheWindowTheOrderAndThePage) {
  const TemporaryDirectory directory;
  const auto store = opened(directory);
  append(*store, std::vector(20, Decided{"block_ip", "10.0.0.1", "auto", "tier"}));
  const auto from = noon + std::chrono::seconds{5};
  EXPECT_EQ(subjects(*store,
                     {.verb = "block_ip",
                      .decision = "auto",
                      .from = from,
                      .to = from + std::chrono::seconds{3}}),
            (Found{"a5", "a6", "a7"}));
  EXPECT_EQ(
      subjects(*store, {.verb = "block_ip", .reason = "tier", .limit = 2, .newest_first = true}),
      (Found{"a19", "a18"}));
  EXPECT_EQ(
      subjects(*store,
               {.verb = "block_ip",
                .limit = 2,
                .newest_first = true,
                .after = LedgerQuery::Position{.at = noon + std::chrono::seconds{18}, .seq = 37}}),
      (Found{"a17", "a16"}));
}

TEST(DecisionIndex, FindsWhatAnInvestigationAskedForWhicheverSubjectItHas) {
  const TemporaryDirectory directory;
  const auto store = opened(directory);
  const auto decide = [&](std::string subject, std::string asked_by, const char* verb, int second) {
    Batch batch;
    batch.append("acme",
                 EntryKind::decided,
                 std::move(subject),
                 {.kind = "agent", .id = std::move(asked_by)},
                 noon + std::chrono::seconds{second},
                 body_of({verb, "WKS-1", "auto", "tier"}));
    batch.append("acme", EntryKind::verdict, "I1", {.kind = "agent", .id = "engine"}, noon, "{}");
    ASSERT_TRUE(store->commit_and_wait(std::move(batch)));
  };
  decide("I1", "investigation:I1", "notify", 0);
  decide("A1", "investigation:I1", "block_ip", 1);
  decide("I1", "investigation:I2", "notify", 2);
  decide("I1", "investigation:I1", "isolate_host", 3);
  decide("I1", "I1", "notify", 4);
  const std::string actor = "investigation:I1";
  EXPECT_EQ(subjects(*store, {.actor = actor}), (Found{"I1", "A1", "I1"}));
  EXPECT_EQ(subjects(*store, {.actor = actor, .limit = 2, .newest_first = true}),
            (Found{"I1", "A1"}));
  EXPECT_EQ(subjects(*store, {.verb = "notify", .actor = actor}), Found{"I1"});
  EXPECT_EQ(subjects(*store, {.kinds = {EntryKind::verdict}, .actor = actor}), Found{});
  EXPECT_EQ(subjects(*store, {.actor = actor, .from = noon + std::chrono::seconds{1}}),
            (Found{"A1", "I1"}));
  EXPECT_EQ(subjects(*store, {.actor = "investigation:I2"}), Found{"I1"});
  EXPECT_EQ(subjects(*store, {.actor = "investigation:"}), Found{});
}

TEST(DecisionIndex, FindsLongTargetsAndThoseWithANul) {
  const TemporaryDirectory directory;
  const auto store = opened(directory);
  const std::string url(5000, 'x');
  const std::string odd{"WKS\0v", 5};
  append(*store, {{"block_domain", url, "auto", "tier"}, {"isolate_host", odd, "auto", "tier"}});
  EXPECT_EQ(subjects(*store, {.target = url}), Found{"a0"});
  EXPECT_EQ(subjects(*store, {.target = odd}), Found{"a1"});
  EXPECT_EQ(subjects(*store, {.target = "WKS"}), Found{});
}

}  // namespace
}  // namespace sallyport::store
