#include "connectors/local/csv.hpp"

#include <gtest/gtest.h>

namespace sallyport::connectors::local {
namespace {

using Rows = std::vector<std::vector<std::string>>;

Rows rows(std::string_view text) {
  CsvReader reader{text};
  Rows result;
  std::vector<std::string> fields;
  while (true) {
    const auto more = reader.next(fields);
    EXPECT_TRUE(more) << more.error().detail;
    if (!more || !*more) return result;
    result.push_back(fields);
  }
}

TEST(Csv, ReadsQuotesLineBreaksAndBothLineEnds) {
  EXPECT_EQ(rows("a,b\r\n\"x, \"\"y\"\"\nz\",2\n"), (Rows{{"a", "b"}, {"x, \"y\"\nz", "2"}}));
  EXPECT_EQ(rows("a,b"), (Rows{{"a", "b"}}));
  EXPECT_EQ(rows("a,\n,b\n"), (Rows{{"a", ""}, {"", "b"}}));
  EXPECT_EQ(rows("\"\",\"\"\r\n"), (Rows{{"", ""}}));
}

TEST(Csv, SkipsMarkBlankLinesAndComments) {
  EXPECT_EQ(rows("\xef\xbb\xbf# note\n\n  \r\na,b\n"), (Rows{{"a", "b"}}));
  EXPECT_EQ(rows(""), Rows{});
}

TEST(Csv, SaysWhereAQuoteIsWrong) {
  CsvReader open{"a\n\"b\n"};
  std::vector<std::string> fields;
  ASSERT_TRUE(open.next(fields));
  EXPECT_FALSE(open.next(fields));
  EXPECT_EQ(open.line(), 2U);
  CsvReader after{"\"a\"b\n"};
  EXPECT_FALSE(after.next(fields));
}

TEST(Csv, EndsOnEveryPrefix) {
  const std::string text = "a,\"b \"\"c\"\"\n\",d\r\n# x\n\"e\"\n";
  for (std::size_t n = 0; n <= text.size(); ++n) {
    CsvReader reader{std::string_view{text}.substr(0, n)};
    std::vector<std::string> fields;
    for (int i = 0; i < 20; ++i) {
      const auto more = reader.next(fields);
      if (!more || !*more) break;
      ASSERT_LT(i, 19);
    }
  }
}

}  // namespace
}  // namespace sallyport::connectors::local
