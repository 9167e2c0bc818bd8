#include "engine/audit/bundle.hpp"

#include "engine/audit/page.hpp"
#include "engine/audit/statement.hpp"
#include "engine/base/digest.hpp"
#include "tests/store/opened.hpp"

#include <gtest/gtest.h>

namespace sallyport::audit {
namespace {

using model::EntryKind;
using sallyport::testing::opened;
using sallyport::testing::TemporaryDirectory;

Time at(std::string_view text) {
  return parse_rfc3339(text).value();
}

const model::Actor agent{.kind = "agent", .id = "investigation:1"};
const model::Actor alice{.kind = "analyst", .id = "alice@acme.example"};
const Window november{.from = at("2026-11-01"), .to = at("2026-12-01")};

KeptPolicy kept(std::uint64_t version, std::string_view adopted, std::string text) {
  return {.version = version,
          .hash = content_hash(text),
          .adopted_at = at(adopted),
          .by = alice,
          .reason = "as agreed",
          .text = std::move(text)};
}

constexpr auto first_policy = R"(tenants:
  acme:
    tier: L2
    overrides: { run_script: { block: true } }
    protected: [ { target.kind: host, target.value|startswith: [DC] } ]
)";

constexpr auto second_policy = R"(tenants:
  acme:
    tier: L4
    authority: { owner: lead, approved: 2026-11-10, review_by: 2026-11-25 }
    overrides:
      block_ip: { force_auto: true, when: { context.intel.confidence|gte: 0.95 } }
    whitelist:
      - { id: wks, action: isolate_host, target_prefix: WKS-, expires: 2026-11-20T00:00:00Z }
    freezes: [ { from: 2026-11-15T00:00:00Z, to: 2026-11-16T00:00:00Z, tier: L1, reason: audit } ]
)";

PolicyHistory history() {
  return PolicyHistory::of(
             {kept(1, "2026-10-01", first_policy), kept(2, "2026-11-10", second_policy)})
      .value();
}

std::string decided(const std::string& action, const std::string& verb, const std::string& ruling) {
  return fmt::format(
      R"({{"action":"{}","state":"permitted","request":{{"tenant":"acme","action":"{}","target":{{"kind":"host","value":"=WKS-<1>","tags":[]}},"requested_by":{{"kind":"agent","id":"investigation:1"}}}},"decision":{{"decision":"{}","reason":"tier","tier":"L2","blast_radius":"LOW","rationale":"because","policy_version":1,"policy_hash":"sha256:x"}}}})",
      action,
      verb,
      ruling);
}

void record(store::Store& store) {
  store::Batch batch;
  const auto day = at("2026-11-05T10:00:00Z");
  const auto add =
      [&](EntryKind kind, const char* subject, const model::Actor& by, std::string body) {
        batch.append("acme", kind, subject, by, day, std::move(body));
      };
  batch.append("acme", EntryKind::decided, "old", agent, at("2026-10-31T23:59:59Z"), "{}");
  add(EntryKind::decided, "a1", agent, decided("a1", "scan_host", "auto"));
  add(EntryKind::executing, "a1", agent, R"({"action":"a1"})");
  add(EntryKind::verified, "a1", agent, R"({"action":"a1"})");
  add(EntryKind::decided, "a2", agent, decided("a2", "isolate_host", "queued"));
  add(EntryKind::approved, "a2", alice, R"({"action":"a2","comment":"yes"})");
  add(EntryKind::decided, "a2", alice, decided("a2", "isolate_host", "auto"));
  add(EntryKind::executing, "a2", agent, R"({"action":"a2"})");
  add(EntryKind::rolled_back, "a1", alice, R"({"action":"a1"})");
  ASSERT_TRUE(store.commit_and_wait(std::move(batch)));
}

struct Made {
  TemporaryDirectory directory;
  std::unique_ptr<store::Store> store = opened(directory);
  SigningKey key = SigningKey::load_or_make(key_directory(directory.path())).value();
  MemorySink sink{1U << 20U};
  Manifest manifest;

  Made() {
    record(*store);
    auto written = write_bundle(*store,
                                history(),
                                &key,
                                {.window = november, .tenants = {"acme"}, .made_at = november.to},
                                sink);
    if (written) manifest = *std::move(written);
  }
};

std::size_t lines_of(const std::string& text) {
  return static_cast<std::size_t>(std::ranges::count(text, '\n'));
}

TEST(Bundle, EachFileHasTheHashThatTheManifestNames) {
  Made made;
  ASSERT_FALSE(made.manifest.files.empty());
  for (const auto& file : made.manifest.files) {
    ASSERT_TRUE(made.sink.files.contains(file.name)) << file.name;
    EXPECT_EQ(file.sha256, content_hash(made.sink.files[file.name])) << file.name;
    EXPECT_EQ(file.bytes, made.sink.files[file.name].size());
  }
  // Besides the manifest and what proves it, nothing is unnamed.
  EXPECT_EQ(made.sink.files.size(), made.manifest.files.size() + 3);
}

TEST(Bundle, TheManifestIsSignedAndNamesTheHeadAndThePolicies) {
  Made made;
  const auto& text = made.sink.files["manifest.json"];
  auto signature = made.sink.files["manifest.sig"];
  signature.pop_back();
  const auto key = PublicKey::from_pem(made.sink.files["public-key.pem"]).value();
  EXPECT_TRUE(key.verifies(text, signature));
  auto changed = text;
  changed[10] = changed[10] == 'x' ? 'y' : 'x';
  EXPECT_FALSE(key.verifies(changed, signature));
  ASSERT_EQ(made.manifest.chains.size(), 1U);
  EXPECT_EQ(made.manifest.chains[0].seq, 9U);
  ASSERT_EQ(made.manifest.policies.size(), 2U);
  EXPECT_EQ(made.manifest.policies[1].by, alice);
}

TEST(Bundle, HoldsTheWindowAndNothingElse) {
  Made made;
  EXPECT_EQ(lines_of(made.sink.files["gate.jsonl"]), 3U);
  EXPECT_EQ(lines_of(made.sink.files["gate.csv"]), 4U) << "with its head line";
  EXPECT_EQ(lines_of(made.sink.files["approvals.jsonl"]), 1U);
  EXPECT_EQ(lines_of(made.sink.files["executions.jsonl"]), 3U);
  EXPECT_EQ(lines_of(made.sink.files["rollbacks.jsonl"]), 1U);
  EXPECT_FALSE(made.sink.files["gate.jsonl"].contains("\"old\""));
}

TEST(Bundle, TellsWhatChangedInThePolicyByWhom) {
  const auto all = history();
  const auto tiers = all.changes("acme", "tier", november);
  ASSERT_EQ(tiers.size(), 2U);
  EXPECT_EQ(tiers[0].change, "in_force");
  EXPECT_EQ(tiers[1].change, "changed");
  EXPECT_EQ(to_json(tiers[1].before), "\"L2\"");
  EXPECT_EQ(to_json(tiers[1].after), "\"L4\"");
  EXPECT_EQ(tiers[1].by, alice);
  const auto overrides = all.changes("acme", "overrides", november);
  ASSERT_EQ(overrides.size(), 3U);
  EXPECT_EQ(overrides[1].item, "run_script");
  EXPECT_EQ(overrides[1].change, "removed");
  EXPECT_EQ(overrides[2].change, "added");
  const auto whitelist = all.changes("acme", "whitelist", november);
  ASSERT_EQ(whitelist.size(), 1U);
  EXPECT_EQ(whitelist[0].item, "wks");
  EXPECT_EQ(all.changes("acme", "protected", november).back().change, "removed");
  EXPECT_TRUE(all.changes("other", "tier", november).empty());
}

TEST(Bundle, WhatAnAlertSaysIsNeitherMarkupNorAFormula) {
  Made made;
  EXPECT_TRUE(made.sink.files["index.html"].contains("=WKS-&lt;1&gt;"));
  EXPECT_FALSE(made.sink.files["index.html"].contains("<1>"));
  EXPECT_FALSE(made.sink.files["index.html"].contains("<script"));
  EXPECT_TRUE(made.sink.files["gate.csv"].contains("\"'=WKS-<1>\""));
  EXPECT_EQ(csv_line({"a\"b", "c,d", ""}), "\"a\"\"b\",\"c,d\",\"\"\r\n");
}

TEST(Bundle, WithoutAKeySaysThatItIsNotSigned) {
  const TemporaryDirectory directory;
  const auto store = opened(directory);
  MemorySink sink{1U << 20U};
  const auto manifest = write_bundle(
      *store, history(), nullptr, {.window = november, .tenants = {}, .made_at = {}}, sink);
  ASSERT_TRUE(manifest);
  EXPECT_EQ(manifest->key, "");
  EXPECT_FALSE(sink.files.contains("manifest.sig"));
}

TEST(Bundle, ThatIsTooLargeForMemoryIsRefused) {
  const TemporaryDirectory directory;
  const auto store = opened(directory);
  MemorySink sink{100};
  const auto manifest = write_bundle(
      *store, history(), nullptr, {.window = november, .tenants = {}, .made_at = {}}, sink);
  ASSERT_FALSE(manifest);
  EXPECT_EQ(manifest.error().code, Errc::invalid_input);
}

TEST(DirectorySink, WritesOnlyIntoAnEmptyDirectory) {
  const TemporaryDirectory directory;
  auto sink = DirectorySink::make(directory.path() / "out").value();
  EXPECT_TRUE(sink.write("a.txt", "1"));
  EXPECT_TRUE(sink.write("a.txt", "2"));
  EXPECT_TRUE(sink.close());
  EXPECT_EQ(std::filesystem::file_size(directory.path() / "out" / "a.txt"), 2U);
  EXPECT_EQ(DirectorySink::make(directory.path() / "out").error().code, Errc::invalid_input);
}

model::Verb verb_of(model::BlastRadius radius) {
  return {.blast_radius = radius, .targets = {"host"}};
}

std::vector<Allowance> allowed(model::BlastRadius radius,
                               std::string_view verb,
                               std::string_view tenant,
                               std::string_view kind = "host") {
  return allowances(
      history(), verb_of(radius), {.verb = verb, .target_kind = kind}, tenant, november);
}

/// What one policy lets `verb` do to each kind of target on its own.
std::string by_kind(const std::string& text, std::string_view verb) {
  std::vector<KeptPolicy> kept(1);
  kept[0].version = 1;
  kept[0].adopted_at = at("2026-10-01");
  kept[0].text = text;
  const auto policies = PolicyHistory::of(std::move(kept)).value();
  std::string found;
  for (const auto* kind : {"host", "ip"}) {
    const auto all = allowances(policies,
                                verb_of(model::BlastRadius::MEDIUM),
                                {.verb = verb, .target_kind = kind},
                                "acme",
                                november);
    found += fmt::format("{} {} ", kind, name_of(all.at(0).could));
  }
  return found;
}

TEST(Statement, TellsKindsOfTargetApart) {
  EXPECT_EQ(by_kind("tenants: { acme: { tier: L3, limits: { kill_process: [ { per_day: 0, when: { "
                    "target.kind: host }, reason: demoted }, { per_hour: 9 } ] } } }",
                    "kill_process"),
            "host none ip any ");
  EXPECT_EQ(by_kind("tenants: { acme: { tier: L3, limits: { kill_process: { per_day: 0 } } } }",
                    "kill_process"),
            "host none ip none ");
  EXPECT_EQ(by_kind("tenants: { acme: { tier: L3, limits: { kill_process: { per_day: 0, when: { "
                    "target.kind: host, target.value: x } } } } }",
                    "kill_process"),
            "host any ip any ");
  EXPECT_EQ(by_kind("tenants: { acme: { overrides: { kill_process: { force_auto: true, when: { "
                    "target.kind: [IP, url] } } } } }",
                    "kill_process"),
            "host none ip conditional ");
}

TEST(Statement, FollowsTierOverridesFreezesAndReviews) {
  using enum model::BlastRadius;
  const auto low = allowed(LOW, "scan_host", "acme");
  ASSERT_EQ(low.size(), 5U) << "L2; L4; freeze; L4; review overdue";
  EXPECT_EQ(low[0].could, Autonomy::any);
  EXPECT_EQ(low[0].during.to, at("2026-11-10"));
  EXPECT_EQ(low[2].could, Autonomy::none);
  EXPECT_EQ(low[2].during.from, at("2026-11-15"));
  EXPECT_EQ(low[3].could, Autonomy::any);
  EXPECT_EQ(low[4].could, Autonomy::none);
  EXPECT_EQ(low[4].during.from, at("2026-11-25"));
  EXPECT_EQ(low[4].during.to, november.to);

  const auto high = allowed(HIGH, "isolate_host", "acme");
  EXPECT_EQ(high.front().could, Autonomy::none);
  EXPECT_EQ(high[1].could, Autonomy::conditional);
  ASSERT_EQ(high[1].conditions.size(), 1U);
  const auto after_expiry = std::ranges::find_if(
      high, [](const Allowance& a) { return a.during.from == at("2026-11-20"); });
  ASSERT_NE(after_expiry, high.end());
  EXPECT_EQ(after_expiry->could, Autonomy::none);

  const auto forced = allowed(MEDIUM, "block_ip", "acme");
  EXPECT_EQ(forced.back().could, Autonomy::conditional) << "force_auto needs no tier";
  for (const auto& one : allowed(HIGH, "run_script", "acme")) EXPECT_EQ(one.could, Autonomy::none);
  for (const auto& one : allowed(CRITICAL, "wipe_host", "acme"))
    EXPECT_EQ(one.could, Autonomy::none);
  EXPECT_EQ(allowed(LOW, "scan_host", "other")[0].could, Autonomy::none);
}

TEST(Statement, CoversTheWindowWithoutAGap) {
  const auto all = allowed(model::BlastRadius::HIGH, "isolate_host", "acme");
  auto until = november.from;
  for (const auto& one : all) {
    EXPECT_EQ(one.during.from, until);
    until = one.during.to;
  }
  EXPECT_EQ(until, november.to);
}

TEST(Statement, CountsWhatRanWithoutAPerson) {
  const TemporaryDirectory directory;
  const auto store = opened(directory);
  record(*store);
  Faults faults;
  const auto catalogue = model::Catalogue::read(
      parse_json(
          R"({"verbs":{"scan_host":{"blast_radius":"LOW","targets":["host"]},"isolate_host":{"blast_radius":"HIGH","targets":["host"]}}})")
          .value(),
      faults);
  const auto statement = make_statement(*store, history(), catalogue, {"acme"}, november);
  ASSERT_TRUE(statement);
  ASSERT_EQ(statement->verbs.size(), 2U);
  EXPECT_EQ(statement->verbs[0].did.executed, 0U) << "a person approved the isolation";
  EXPECT_EQ(statement->verbs[1].target_kind, "host");
  const auto& scanned = statement->verbs[1].did;
  EXPECT_EQ(scanned.decided, 1U);
  EXPECT_EQ(scanned.executed, 1U);
  EXPECT_EQ(scanned.verified, 1U);
  EXPECT_EQ(scanned.rolled_back, 1U);
  EXPECT_TRUE(statement_text(*statement).contains("did: 1 decided, 1 executed"));
}

}  // namespace
}  // namespace sallyport::audit
