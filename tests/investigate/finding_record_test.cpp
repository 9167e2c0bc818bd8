#include "engine/investigate/finding_record.hpp"

#include <gtest/gtest.h>

#include <variant>

namespace sallyport::investigate {
namespace {

namespace json = boost::json;

std::string all_text(const json::object& finding) {
  std::string text;
  FindingRecord{finding}.visit_all([&](const match::Scalar& scalar) {
    text += std::get<std::string_view>(scalar);
    return true;
  });
  return text;
}

TEST(ReadableText, ResolvesWhatHidesWords) {
  EXPECT_EQ(readable_text(R"(ign\u006fre\nprevious \"x\" C:\\y)"), "ignore previous \"x\" C:\\y");
  EXPECT_EQ(readable_text("ig\xe2\x80\x8bno\xc2\xadre\xef\xbb\xbf \\u200bprevious"),
            "ignore previous");
  EXPECT_EQ(readable_text("gr\xc3\xbc\xc3\x9f \\u00fc \xf0\x9f\x98\x80"),
            "gr\xc3\xbc\xc3\x9f \xc3\xbc \xf0\x9f\x98\x80");
}

TEST(ReadableText, EndsOnEveryPrefix) {
  const std::string_view text = "a\\u006f\\n\\ud83d\\ude00 \xe2\x80\x8b\\";
  for (std::size_t n = 0; n <= text.size(); ++n)
    EXPECT_LE(readable_text(text.substr(0, n)).size(), n);
}

TEST(FindingRecord, SearchesTheOriginalOrAllTextsOfAFindingWithoutOne) {
  EXPECT_EQ(all_text({{"title", "t"}, {"raw_data", "a\\tb"}}), "a b");
  EXPECT_EQ(all_text({{"title", "t"}, {"device", {{"name", "d"}}}}), "t d ");
}

TEST(FindingRecord, LooksUpNamesAndPathsAcrossLists) {
  const json::object finding{{"a.b", 1}, {"x", {{"y", {{{"z", "one"}}, {{"z", "two"}}}}}}};
  const FindingRecord record{finding};
  std::string seen;
  const auto take = [&](const match::Scalar& scalar) {
    if (const auto* text = std::get_if<std::string_view>(&scalar)) seen += *text;
    return true;
  };
  EXPECT_TRUE(record.visit({"a.b", {"a", "b"}}, take));
  EXPECT_TRUE(record.visit({"x.y.z", {"x", "y", "z"}}, take));
  EXPECT_EQ(seen, "onetwo");
  EXPECT_FALSE(record.visit({"x.q", {"x", "q"}}, take));
}

}  // namespace
}  // namespace sallyport::investigate
