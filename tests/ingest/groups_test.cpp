#include "engine/ingest/groups.hpp"

#include "engine/config/document.hpp"
#include "engine/ingest/group_records.hpp"
#include "tests/store/temporary_directory.hpp"

#include <gmock/gmock.h>

namespace sallyport::ingest {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const Time start = parse_rfc3339("2026-11-28T10:00:00Z").value();

constexpr std::string_view rules_text = R"(
reopenings: 2
rules:
  - { name: scan, same: [finding_info.title, src_endpoint.ip], window_s: 60, lasts_s: 300, cap: 5 }
  - name: technique
    same: [finding_info.attacks.technique.uid, [device.hostname, device.ip]]
    also: [actor.user.name]
)";

std::shared_ptr<const GroupingRules> rules(std::string_view text = rules_text) {
  const auto document = config::Document::parse(text, "grouping.yaml").value();
  Faults faults;
  auto read = GroupingRules::read(document.root(), faults);
  EXPECT_TRUE(read) << document.render(faults);
  return read;
}

std::string faults_of(std::string_view text) {
  const auto document = config::Document::parse(text, "grouping.yaml").value();
  Faults faults;
  EXPECT_FALSE(GroupingRules::read(document.root(), faults));
  return document.render(faults);
}

model::Alert alert(std::string_view title, std::string_view finding, std::string tenant = "acme") {
  model::Alert result{.tenant = std::move(tenant), .source = "test", .title = std::string{title}};
  result.uid = title;
  result.severity = model::Severity::medium;
  result.finding = parse_json(finding).value().as_object();
  result.finding["finding_info"].emplace_object()["title"] = title;
  return result;
}

model::Alert scan(std::string_view source = "203.0.113.1", std::string tenant = "acme") {
  return alert(
      "scan", fmt::format(R"({{"src_endpoint":{{"ip":"{}"}}}})", source), std::move(tenant));
}

/// Groups, with ids I1, I2, ... and signals that the title names after a colon.
struct World {
  Groups groups{rules(),
                [this](Time) { return fmt::format("I{}", ++ids); },
                [](const model::Alert& one) {
                  const auto colon = one.uid.find(':');
                  return colon == std::string::npos ? std::vector<std::string>{}
                                                    : std::vector{one.uid.substr(colon + 1)};
                }};
  int ids = 0;

  /// Places the first alert of an investigation, as if it were durable and judged.
  std::string open(const model::Alert& one, Time at = start) {
    const auto placement = groups.place(one, at);
    EXPECT_EQ(placement.part, Part::opens);
    groups.heard(placement.investigation, one, {});
    groups.durable(placement.investigation, 1);
    EXPECT_FALSE(groups.leave(placement.investigation));
    return placement.investigation;
  }
};

TEST(Grouping, AlertsWithTheSameKeyAreOneInvestigationWithACount) {
  World world;
  const auto first = world.open(scan());
  for (std::uint64_t n = 2; n <= 4; ++n) {
    const auto next = world.groups.place(scan(), start + 1s);
    EXPECT_EQ(next.investigation, first);
    EXPECT_EQ(next.part, Part::joins);
    EXPECT_EQ(next.rule, "scan");
    EXPECT_EQ(next.number, n);
  }
}

TEST(Grouping, AMissingFieldJoinsNothing) {
  World world;
  const auto nameless = alert("scan", R"({"src_endpoint":{}})");
  const auto one = world.groups.place(nameless, start);
  const auto two = world.groups.place(nameless, start);
  EXPECT_NE(one.investigation, two.investigation);
  EXPECT_FALSE(one.grouped());
  EXPECT_THAT(one.keys, IsEmpty());
}

TEST(Grouping, TenantsNeverMeet) {
  World world;
  world.open(scan("203.0.113.1", "acme"));
  EXPECT_EQ(world.groups.place(scan("203.0.113.1", "other"), start).part, Part::opens);
}

TEST(Grouping, ValuesCannotBeShiftedFromOneFieldToTheNext) {
  const auto two = rules("rules: [{ name: r, same: [a, b] }]");
  const auto one = two->keys_of(alert("t", R"({"a":"x1:y","b":"z"})"));
  const auto other = two->keys_of(alert("t", R"({"a":"x","b":"1:yz"})"));
  ASSERT_THAT(one, SizeIs(1));
  ASSERT_THAT(other, SizeIs(1));
  EXPECT_NE(one[0].key, other[0].key);
}

TEST(Grouping, CaseDoesNotTellNamesApart) {
  const auto by_host = rules("rules: [{ name: r, same: [device.hostname] }]");
  EXPECT_EQ(by_host->keys_of(alert("t", R"({"device":{"hostname":"WKS-1"}})"))[0].key,
            by_host->keys_of(alert("t", R"({"device":{"hostname":"wks-1"}})"))[0].key);
}

TEST(Grouping, OneOfSeveralTechniquesIsEnoughAndTheFirstFieldThatIsThereCounts) {
  World world;
  const auto id = world.open(alert("a", R"({"device":{"hostname":"h"},"finding_info":{}})"));
  EXPECT_EQ(id, "I1");
  const auto with = [](std::string_view techniques, std::string_view device) {
    auto one = alert("x", fmt::format(R"({{"device":{}}})", device));
    auto& attacks = one.finding["finding_info"].as_object()["attacks"].emplace_array();
    for (const auto& technique : parse_json(techniques).value().as_array())
      attacks.push_back({{"technique", {{"uid", technique}}}});
    return one;
  };
  const auto first =
      world.open(with(R"(["T1486","T1490"])", R"({"hostname":"h","ip":"10.0.0.1"})"));
  const auto next = world.groups.place(with(R"(["T1490"])", R"({"hostname":"H"})"), start);
  EXPECT_EQ(next.investigation, first);
  EXPECT_EQ(next.rule, "technique");
  EXPECT_EQ(world.groups.place(with(R"(["T1490"])", R"({"ip":"10.0.0.1"})"), start).part,
            Part::opens);
}

TEST(Grouping, WhatMustBeTheSameWhereItIsThereTellsApart) {
  const auto also = rules("rules: [{ name: r, same: [a], also: [b] }]");
  const auto key = [&](std::string_view finding) {
    return also->keys_of(alert("t", finding))[0].key;
  };
  EXPECT_EQ(key(R"({"a":1})"), key(R"({"a":1})"));
  EXPECT_NE(key(R"({"a":1})"), key(R"({"a":1,"b":2})"));
  EXPECT_NE(key(R"({"a":1,"b":3})"), key(R"({"a":1,"b":2})"));
}

TEST(Grouping, TheWindowTheWholeTimeAndTheCapEndAnInvestigation) {
  World quiet;
  quiet.open(scan());
  EXPECT_EQ(quiet.groups.place(scan(), start + 60s).part, Part::joins);
  EXPECT_EQ(quiet.groups.place(scan(), start + 121s).part, Part::opens);

  World long_one;
  long_one.open(scan());
  for (int minute = 1; minute <= 3; ++minute)
    EXPECT_EQ(long_one.groups.place(scan(), start + minute * 60s).part, Part::joins);
  World whole;
  const auto six =
      rules("rules: [{ name: r, same: [finding_info.title], window_s: 60, lasts_s: 90 }]");
  whole.groups.use(six);
  whole.open(scan());
  EXPECT_EQ(whole.groups.place(scan(), start + 60s).part, Part::joins);
  EXPECT_EQ(whole.groups.place(scan(), start + 91s).part, Part::opens);

  World full;
  full.open(scan());
  for (int n = 2; n <= 5; ++n) EXPECT_EQ(full.groups.place(scan(), start).part, Part::joins);
  EXPECT_EQ(full.groups.place(scan(), start).part, Part::opens);
}

TEST(Grouping, WhatIsNewHasToBeLookedAt) {
  World world;
  const auto id = world.open(scan());
  auto severe = scan();
  severe.severity = model::Severity::high;
  EXPECT_EQ(world.groups.place(severe, start).part, Part::follows);
  auto elsewhere = scan();
  elsewhere.entities.push_back({.entity = {"host", "WKS-2"}, .role = "dst"});
  EXPECT_EQ(world.groups.place(elsewhere, start).part, Part::follows);
  auto shell = scan();
  shell.uid = "scan:text.reverse_shell";
  EXPECT_EQ(world.groups.place(shell, start).part, Part::follows);
  world.groups.heard(id, shell, std::vector<std::string>{"text.reverse_shell"});
  EXPECT_EQ(world.groups.place(shell, start).part, Part::joins);
}

TEST(Grouping, AnAlertFollowsWhileTheFirstIsNotDurable) {
  World world;
  const auto first = world.groups.place(scan(), start);
  EXPECT_EQ(world.groups.place(scan(), start).part, Part::follows);
  world.groups.heard(first.investigation, scan(), {});
  world.groups.durable(first.investigation, 1);
  EXPECT_EQ(world.groups.place(scan(), start).part, Part::joins);
}

TEST(Grouping, WhereTheVersionsAreUsedUpNewsOpensAnInvestigationOfItsOwn) {
  World world;
  const auto id = world.open(scan());
  world.groups.durable(id, 3);
  auto shell = scan();
  shell.uid = "scan:text.reverse_shell";
  const auto own = world.groups.place(shell, start);
  EXPECT_EQ(own.part, Part::opens);
  EXPECT_NE(own.investigation, id);
}

TEST(Grouping, WhatDidNotBecomeDurableIsNotCounted) {
  World world;
  const auto id = world.open(scan());
  const auto two = world.groups.place(scan(), start);
  const auto three = world.groups.place(scan(), start);
  world.groups.take_back(two);
  EXPECT_EQ(world.groups.place(scan(), start).number, 2);
  world.groups.take_back(three);
  EXPECT_EQ(world.groups.place(scan(), start).number, 3);

  World failed;
  const auto opener = failed.groups.place(scan(), start);
  failed.groups.take_back(opener);
  EXPECT_NE(failed.groups.place(scan(), start).investigation, opener.investigation);
}

TEST(Grouping, OneAtATimeIsLookedAtInAnInvestigation) {
  World world;
  const auto first = world.groups.place(scan(), start);
  int ran = 0;
  EXPECT_FALSE(world.groups.enter(first.investigation, [&] { ran = 2; }));
  EXPECT_FALSE(world.groups.enter(first.investigation, [&] { ran = 3; }));
  auto next = world.groups.leave(first.investigation);
  ASSERT_TRUE(next);
  (*next)();
  EXPECT_EQ(ran, 2);
  next = world.groups.leave(first.investigation);
  ASSERT_TRUE(next);
  (*next)();
  EXPECT_EQ(ran, 3);
  EXPECT_FALSE(world.groups.leave(first.investigation));
  EXPECT_TRUE(world.groups.enter(first.investigation, [] {}));
}

TEST(Grouping, RemembersSoManyAndForgetsTheOneJoinedLongestAgo) {
  World world;
  world.groups.use(rules("{ remembered: 2, rules: [{ name: r, same: [src_endpoint.ip] }] }"));
  const auto first = world.open(scan("203.0.113.1"));
  const auto second = world.open(scan("203.0.113.2"));
  EXPECT_EQ(world.groups.place(scan("203.0.113.1"), start).investigation, first);
  world.open(scan("203.0.113.3"));
  EXPECT_EQ(world.groups.open(), 2);
  EXPECT_EQ(world.groups.place(scan("203.0.113.1"), start).investigation, first);
  EXPECT_NE(world.groups.place(scan("203.0.113.2"), start).investigation, second);
}

TEST(Grouping, ARestartGoesOnWithWhatIsOpen) {
  testing::TemporaryDirectory folder;
  const auto store = store::Store::open({.directory = folder.path()}).value();
  World before;
  const auto put = [&](const model::Alert& one, Time at) {
    auto durable = one;
    durable.received_at = at;
    const auto placement = before.groups.place(durable, at);
    store::Batch batch;
    put_member(batch, durable, placement);
    EXPECT_TRUE(store->commit_and_wait(std::move(batch)));
    before.groups.heard(placement.investigation, durable, {});
    before.groups.durable(placement.investigation, 1);
    return placement.investigation;
  };
  before.groups.use(rules(
      "rules: [{ name: r, same: [src_endpoint.ip], window_s: 60, lasts_s: 600, cap: 1000 }]"));
  put(scan("203.0.113.9"), start - 1h);
  const auto storm = put(scan("203.0.113.1"), start);
  for (int n = 0; n < 40; ++n) put(scan("203.0.113.1"), start + 1s);
  const auto single = put(scan("203.0.113.2"), start + 2s);

  World after;
  after.ids = 100;
  after.groups.use(before.groups.rules());
  ASSERT_TRUE(restore(*store, after.groups, start + 3s));
  EXPECT_EQ(after.groups.open(), 2);
  const auto next = after.groups.place(scan("203.0.113.1"), start + 61s);
  EXPECT_EQ(next.investigation, storm);
  EXPECT_EQ(next.number, 42);
  EXPECT_EQ(after.groups.place(scan("203.0.113.2"), start + 60s).investigation, single);
  EXPECT_EQ(after.groups.place(scan("203.0.113.9"), start + 3s).part, Part::opens);

  const auto members = members_of(*store, storm, 10);
  ASSERT_TRUE(members);
  EXPECT_EQ(members->count, 41);
  EXPECT_THAT(members->uids, SizeIs(10));
}

TEST(GroupingFile, IsRefusedWithThePlaceOfEachFault) {
  EXPECT_THAT(faults_of("rules:\n  - { name: r, same: [] }\n"), HasSubstr("grouping.yaml:2:"));
  EXPECT_THAT(faults_of("rules:\n  - { name: r, same: [a..b] }\n"), HasSubstr("no dotted path"));
  EXPECT_THAT(faults_of("rules:\n  - { name: r, same: [a] }\n  - { name: r, same: [b] }\n"),
              HasSubstr("grouping.yaml:3:"));
  EXPECT_THAT(faults_of("rules:\n  - { name: r, same: [a], window_s: 10, lasts_s: 5 }\n"),
              HasSubstr("lasts_s"));
  EXPECT_THAT(faults_of("rules:\n  - { name: r, same: [a], windows: 10 }\n"),
              HasSubstr("window_s"));
}

TEST(GroupingFile, TheShippedOneIsSound) {
  const auto document =
      config::Document::load(SALLYPORT_SOURCE_DIR "/config/grouping.yaml").value();
  Faults faults;
  EXPECT_TRUE(GroupingRules::read(document.root(), faults)) << document.render(faults);
  EXPECT_THAT(faults, IsEmpty());
}

}  // namespace
}  // namespace sallyport::ingest
