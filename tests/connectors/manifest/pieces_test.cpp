#include "connectors/manifest/pace.hpp"
#include "connectors/manifest/request.hpp"
#include "connectors/manifest/shown.hpp"
#include "connectors/manifest/template.hpp"
#include "connectors/manifest/tree.hpp"
#include "connectors/manifest/xml.hpp"
#include "engine/http/url.hpp"

#include <gmock/gmock.h>

namespace sallyport::connectors::manifest::testing {

using std::chrono::seconds;

namespace {

json::value parsed(std::string_view text) {
  return parse_json(text).value();
}

Tree tree(std::string_view text) {
  Faults faults;
  auto made = Tree::compile(parsed(text), "", faults, [](std::string_view piece, std::string_view) {
    return Template::parse(piece).value();
  });
  EXPECT_TRUE(faults.empty());
  return made;
}

}  // namespace

TEST(ManifestTemplate, StandsForTheValueItselfWhereItIsWhole) {
  const auto facts = parsed(R"({"a":{"n":7,"list":[1,2]}})");
  EXPECT_EQ(Template::parse("${{ a.n }}")->value(facts).value(), json::value(7));
  EXPECT_EQ(Template::parse("${{a.list}}")->value(facts).value(), parsed("[1,2]"));
  EXPECT_EQ(Template::parse("n=${{ a.n }}.")->value(facts).value(), json::value("n=7."));
  EXPECT_EQ(Template::parse("${{ a.none }}")->value(facts).value(), std::nullopt);
  EXPECT_FALSE(Template::parse("x${{ a.list }}")->value(facts));
}

TEST(ManifestTemplate, AValueThatLooksLikeATemplateStaysText) {
  const auto facts = parsed(R"({"a":"${{ b }}","b":"secret"})");
  EXPECT_EQ(Template::parse("${{ a }}")->value(facts).value(), json::value("${{ b }}"));
}

TEST(ManifestTemplate, APathCrossesListsAndPicksByNumber) {
  const auto root = parsed(R"({"r":[{"id":"x"},{"id":"y"}],"one":[{"id":"z"}],"a.b":1})");
  EXPECT_EQ(value_at(root, "r.id"), parsed(R"(["x","y"])"));
  EXPECT_EQ(value_at(root, "r.1.id"), json::value("y"));
  EXPECT_EQ(value_at(root, "one.id"), json::value("z"));
  EXPECT_EQ(value_at(root, "a.b"), json::value(1));
  EXPECT_EQ(value_at(root, "r.2.id"), std::nullopt);
}

TEST(ManifestTree, LeavesOutWhatHasNoValueAndBuildsTreesNotText) {
  const auto body =
      tree(R"({"a":"${{ x }}","b":"${{ none }}","c":["${{ none }}",1],"d":"${{ y }} z"})");
  EXPECT_EQ(body.render(parsed(R"({"x":"\"},{\"","y":"q"})")).value(),
            parsed(R"({"a":"\"},{\"","c":[1],"d":"q z"})"));
}

TEST(ManifestTree, AddsToAListAndTakesFromIt) {
  const auto facts = parsed(R"({"have":["A","B"],"one":"A"})");
  EXPECT_EQ(tree(R"({"$union":["${{ have }}","C","B"]})").render(facts).value(),
            parsed(R"(["A","B","C"])"));
  EXPECT_EQ(tree(R"({"$without":["${{ have }}","B","Z"]})").render(facts).value(),
            parsed(R"(["A"])"));
  EXPECT_EQ(tree(R"({"$union":["${{ none }}","C"]})").render(facts).value(), parsed(R"(["C"])"));
  EXPECT_EQ(tree(R"({"$union":["${{ one }}","C"]})").render(facts).value(), parsed(R"(["A","C"])"));
}

TEST(ManifestXml, WhatIsWrittenIsReadAgainWhateverItHolds) {
  const auto value = parsed(R"({"e":{"@a":"<'\"&>","t":["]]><x/>","é"],"n":7}})");
  const auto text = to_xml(value).value();
  EXPECT_EQ(from_xml(text).value(), parsed(R"({"e":{"@a":"<'\"&>","t":["]]><x/>","é"],"n":"7"}})"));
}

TEST(ManifestXml, RefusesTypeDefinitionsAndWhatIsNoXml) {
  for (const auto* text : {"<!DOCTYPE x [<!ENTITY a \"b\">]><x>&a;</x>",
                           "<x>&a;</x>",
                           "<x><y></x></y>",
                           "<x a=1/>",
                           "<x a='1' a='2'/>",
                           "<x/><y/>",
                           "text",
                           "",
                           "<x>&#0;</x>",
                           "<x a='<'/>"})
    EXPECT_FALSE(from_xml(text)) << text;
  EXPECT_FALSE(to_xml(parsed(R"({"a b":1})")));
  EXPECT_FALSE(to_xml(parsed(R"({"a":1,"b":2})")));
  EXPECT_FALSE(to_xml(parsed("{\"a\":\"\\u0001\"}")));
}

TEST(ManifestXml, EndsForEveryInputThatIsCutOff) {
  const std::string_view text =
      "<?xml version='1.0'?><!-- c --><a b='1'><c><![CDATA[x]]></c>&#x41;</a>";
  ASSERT_TRUE(from_xml(text));
  for (std::size_t n = 0; n < text.size(); ++n) EXPECT_FALSE(from_xml(text.substr(0, n))) << n;
  std::string deep;
  for (int i = 0; i < 10'000; ++i) deep += "<a>";
  EXPECT_FALSE(from_xml(deep));
}

TEST(ManifestPace, HoldsEveryLimitAndLetsABurstThrough) {
  Pace pace{{{.requests = 2, .per_s = 1}, {.requests = 3, .per_s = 60}}};
  const Pace::Clock::time_point now{seconds{1000}};
  const auto far = now + seconds{600};
  EXPECT_EQ(pace.book(now, far), now);
  EXPECT_EQ(pace.book(now, far), now);
  EXPECT_EQ(pace.book(now, far), now + std::chrono::milliseconds{500});
  EXPECT_EQ(pace.book(now, far), now + seconds{20});
}

TEST(ManifestPace, BooksNothingThatWouldComeTooLate) {
  Pace pace{{{.requests = 1, .per_s = 10}}};
  const Pace::Clock::time_point now{seconds{1000}};
  EXPECT_TRUE(pace.book(now, now));
  EXPECT_FALSE(pace.book(now, now + seconds{9}));
  EXPECT_EQ(pace.book(now, now + seconds{10}), now + seconds{10});
}

TEST(ManifestPace, HonoursThePauseThatTheProductAskedFor) {
  Pace pace{{{.requests = 100, .per_s = 1}}};
  const Pace::Clock::time_point now{seconds{1000}};
  pace.hold_until(now + seconds{5});
  EXPECT_FALSE(pace.book(now, now + seconds{4}));
  EXPECT_EQ(pace.book(now, now + seconds{6}), now + seconds{5});
}

TEST(ManifestRequest, EncodesEveryValueForItsPlace) {
  RequestPlan plan{
      .method = Method::POST,
      .segments = {Template::parse("users").value(), Template::parse("${{ id }}").value()},
      .query = {{"filter", Template::parse("${{ text }}").value()},
                {"left_out", Template::parse("${{ none }}").value()}}};
  plan.has_form = true;
  plan.form.push_back({.name = "cmd",
                       .kind = FormField::Kind::xml,
                       .value = tree(R"({"a":{"@b":"${{ text }}"}})")});
  plan.form.push_back(
      {.name = "t", .kind = FormField::Kind::text, .value = tree(R"("${{ text }}")")});
  const auto base = http::parse_url("https://product.example/base/").value();
  const auto request = build(plan, base, parsed(R"({"id":"a/../b","text":"'&x=<\"\r\n"})"));
  EXPECT_FALSE(request) << "a control character in XML";
  const auto good = build(plan, base, parsed(R"({"id":"a/../b","text":"'&x=<\""})")).value();
  EXPECT_EQ(good.target, "/base/users/a%2F..%2Fb?filter=%27%26x%3D%3C%22");
  EXPECT_EQ(good.body,
            "cmd=%3Ca%20b%3D%22%26apos%3B%26amp%3Bx%3D%26lt%3B%26quot%3B%22%3E%3C%2Fa%3E&t=%27%26x%"
            "3D%3C%22");
}

TEST(ManifestRequest, APathSegmentThatWouldNameAnotherPlaceIsRefused) {
  const RequestPlan plan{.segments = {Template::parse("${{ id }}").value()}};
  const auto base = http::parse_url("https://product.example").value();
  for (const auto* id : {R"({"id":".."})", R"({"id":"."})", R"({"id":""})", R"({})"})
    EXPECT_FALSE(build(plan, base, parsed(id))) << id;
}

TEST(ManifestSecrets, OfTwoThatBeginAlikeNothingIsShown) {
  EXPECT_EQ(without("id=lab-client&secret=lab-client-secret", {"lab-client", "lab-client-secret"}),
            "id=***&secret=***");
}

}  // namespace sallyport::connectors::manifest::testing
