#include "engine/config/document.hpp"

#include <gtest/gtest.h>

namespace sallyport::config {

namespace {

json::value root_of(std::string_view text) {
  auto document = Document::parse(text, "f.yaml");
  return document ? document->root() : json::value(document.error().detail);
}

}  // namespace

TEST(Document, ScalarsHaveTheTypesOfYaml12) {
  const auto root = root_of(
      "a: 1\nb: '1'\nc: true\nd: yes\ne:\nf: 1.5\ng: 10.0.0.0/8\nh: 0x1F\ni: 1e3\nj: -5\nk: "
      "18446744073709551615\n");
  EXPECT_EQ(root.at("a"), json::value(1));
  EXPECT_EQ(root.at("b"), json::value("1"));
  EXPECT_EQ(root.at("c"), json::value(true));
  EXPECT_EQ(root.at("d"), json::value("yes"));
  EXPECT_TRUE(root.at("e").is_null());
  EXPECT_EQ(root.at("f"), json::value(1.5));
  EXPECT_EQ(root.at("g"), json::value("10.0.0.0/8"));
  EXPECT_EQ(root.at("h"), json::value(31));
  EXPECT_EQ(root.at("i"), json::value(1000.0));
  EXPECT_EQ(root.at("j"), json::value(-5));
  EXPECT_EQ(root.at("k"), json::value(18446744073709551615ULL));
}

TEST(Document, JsonIsReadToo) {
  EXPECT_EQ(root_of(R"({"a": [1, "x", null]})"), (json::value{{"a", {1, "x", nullptr}}}));
}

TEST(Document, ADuplicateKeyIsRefusedWithItsPlace) {
  EXPECT_EQ(root_of("a: 1\nb:\n  c: 1\n  c: 2\n"),
            json::value("f.yaml:4:3: 'c' stands twice in this map; keep one"));
}

TEST(Document, AFaultIsRenderedWithThePlaceOfItsKey) {
  const auto document = Document::parse("tenants:\n  acme:\n    tier: L9\n", "policy.yaml").value();
  EXPECT_EQ(document.render(Fault{"/tenants/acme/tier", "no such tier"}),
            "policy.yaml:3:5: error: /tenants/acme/tier: no such tier");
  EXPECT_EQ(document.render(Fault{"/tenants/acme/missing/deep", "m", true}),
            "policy.yaml:2:3: warning: /tenants/acme/missing/deep: m");
}

TEST(Document, BrokenYamlNamesTheLine) {
  const auto document = Document::parse("a: 1\nb: [1, 2\nc: }\n", "f.yaml");
  ASSERT_FALSE(document);
  EXPECT_EQ(document.error().detail.substr(0, 7), "f.yaml:");
}

TEST(Document, DepthIsBoundedInEveryNotation) {
  EXPECT_FALSE(Document::parse(std::string(100'000, '['), "f"));
  EXPECT_FALSE(Document::parse(std::string(100'000, '{'), "f"));
  std::string dashes;
  for (int i = 0; i < 100'000; ++i) dashes += "- ";
  EXPECT_FALSE(Document::parse(dashes, "f"));
  EXPECT_FALSE(Document::parse(std::string(70, '[') + std::string(70, ']'), "f"));
}

TEST(Document, AliasesThatMultiplyAreCutOff) {
  std::string text = "a0: &a0 [1,1,1,1,1,1,1,1,1,1]\n";
  for (int i = 1; i < 10; ++i) {
    text += fmt::format("a{}: &a{} [", i, i);
    for (int j = 0; j < 10; ++j) text += fmt::format("*a{},", i - 1);
    text += "]\n";
  }
  const auto document = Document::parse(text, "f", {.nodes = 100'000});
  ASSERT_FALSE(document);
  EXPECT_NE(document.error().detail.find("more than 100000 values"), std::string::npos);
}

TEST(Document, AnEmptyFileIsNothing) {
  EXPECT_TRUE(root_of("").is_null());
}

TEST(Document, AFileThatIsNotThereIsNamed) {
  const auto document = Document::load("/nowhere/x.yaml");
  ASSERT_FALSE(document);
  EXPECT_EQ(document.error().code, Errc::not_found);
  EXPECT_NE(document.error().detail.find("/nowhere/x.yaml"), std::string::npos);
}

}  // namespace sallyport::config
