#include "engine/ingest/payload.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace sallyport::ingest {
namespace {

using namespace std::string_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

std::string trimmed(std::string_view text) {
  while (!text.empty() && std::string_view{" \r\n\t"}.contains(text.back())) text.remove_suffix(1);
  return std::string{text};
}

std::vector<std::string> pieces(std::string_view bytes) {
  std::vector<std::string> all;
  for (const auto& piece : split_payload(bytes)) all.push_back(trimmed(piece.bytes));
  return all;
}

TEST(SplitPayload, OneObjectIsOnePiece) {
  EXPECT_THAT(pieces(R"({"a":{"b":[1,2]},"c":"}{"})"),
              ElementsAre(R"({"a":{"b":[1,2]},"c":"}{"})"));
}

TEST(SplitPayload, APrettyPrintedObjectIsOnePiece) {
  const auto pretty =
      "{\n  \"a\": {\n    \"b\": [\n      {\n \"c\": 1 }\n    ]\n  },\n  \"d\": 2\n}"s;
  EXPECT_THAT(pieces(pretty + "\n" + pretty + "\n"), ElementsAre(pretty, pretty));
}

TEST(SplitPayload, AnArrayIsItsElements) {
  EXPECT_THAT(pieces(R"( [ {"a":1} , {"b":[2,3]},{"c":{}} ] )"),
              ElementsAre(R"({"a":1})", R"({"b":[2,3]})", R"({"c":{}})"));
  EXPECT_THAT(pieces("[]"), IsEmpty());
  EXPECT_THAT(pieces(R"([1,"two",[3,4]])"), ElementsAre("1", "\"two\"", "[3,4]"));
}

TEST(SplitPayload, AnUnindentedPrettyArrayIsItsElements) {
  EXPECT_THAT(pieces("[\n{\"a\":[\n{\"b\":1},\n{\"b\":2}\n]},\n{\"c\":1}\n]\n"),
              ElementsAre("{\"a\":[\n{\"b\":1},\n{\"b\":2}\n]}", R"({"c":1})"));
}

TEST(SplitPayload, JsonLinesAreTheirLines) {
  EXPECT_THAT(pieces("{\"a\":1}\r\n\n{\"b\":2}\n{\"c\":3}"),
              ElementsAre(R"({"a":1})", R"({"b":2})", R"({"c":3})"));
}

TEST(SplitPayload, ABrokenLineSpoilsNoOther) {
  for (const std::string broken : {R"({"a":1,"b":"unterminated)",
                                   R"({"a":{"b":{)",
                                   R"({"a":1}})",
                                   R"({"a":1} trailing)",
                                   R"({"a":)",
                                   R"({"a")",
                                   R"(not json)",
                                   R"({"a":[1,2)",
                                   R"({"a":"\)",
                                   "{'a':1}",
                                   "]",
                                   "\"text\"",
                                   "42"}) {
    EXPECT_THAT(pieces(broken + "\n{\"x\":1}\n{\"y\":2}\n"),
                ElementsAre(broken, R"({"x":1})", R"({"y":2})"));
    EXPECT_THAT(pieces("{\"x\":1}\n" + broken + "\n{\"y\":2}\n"),
                ElementsAre(R"({"x":1})", broken, R"({"y":2})"));
  }
}

TEST(SplitPayload, ATruncatedArraySaysSo) {
  EXPECT_THAT(pieces(R"([{"a":1},{"b":)"), ElementsAre(R"({"a":1})", R"({"b":)"));
  EXPECT_THAT(pieces(R"([{"a":1})"), ElementsAre(R"({"a":1})", "["));
  EXPECT_THAT(pieces("["), ElementsAre("["));
}

TEST(SplitPayload, TrailingBytesBelongToTheElementTheyFollow) {
  EXPECT_THAT(pieces(R"([{"a":1}x,{"b":2}])"), ElementsAre(R"({"a":1}x)", R"({"b":2})"));
}

TEST(SplitPayload, OtherEncodingsAreOnePiece) {
  const auto utf16 = "\xFF\xFE{\0\"\0a\0\"\0:\0\"\0\n\0\"\0}\0"s;
  EXPECT_THAT(pieces(utf16), SizeIs(1));
  EXPECT_THAT(pieces(utf16.substr(2)), SizeIs(1));
  EXPECT_THAT(pieces("\xEF\xBB\xBF{\"a\":1}"), ElementsAre(R"({"a":1})"));
}

TEST(SplitPayload, KnowsTheLineOfEachPiece) {
  std::vector<std::size_t> lines;
  for (const auto& piece : split_payload("\n{\"a\":1}\n\n{\n\"b\":2\n}\n{\"c\":3}"))
    lines.push_back(piece.line);
  EXPECT_THAT(lines, ElementsAre(2, 4, 7));
}

TEST(Splitter, GivesTheSamePiecesHoweverTheInputIsCut) {
  const auto input =
      "{\"a\":1}\n{\"b\":{\n\"c\":2\n{\"d\":3}\n[{\"e\":4},{\"f\":5}]\nrest\n{\n  \"g\": [\n1]\n}\n["s;
  const auto whole = pieces(input);
  std::mt19937 random{7};
  for (int round = 0; round < 200; ++round) {
    std::vector<std::string> got;
    Splitter splitter{1000, [&](const Piece& piece) { got.push_back(trimmed(piece.bytes)); }};
    for (std::size_t at = 0; at < input.size();) {
      const auto n = 1 + random() % 9;
      splitter.feed(std::string_view{input}.substr(at, n));
      at += n;
    }
    splitter.finish();
    ASSERT_EQ(got, whole);
  }
}

TEST(Splitter, HoldsNoMoreThanTheLimit) {
  std::vector<std::size_t> sizes;
  Splitter splitter{100, [&](const Piece& piece) { sizes.push_back(piece.bytes.size()); }};
  splitter.feed("{\"a\":\"");
  for (int i = 0; i < 1000; ++i) splitter.feed("0123456789");
  splitter.feed("\"}\n{\"b\":1}\n");
  splitter.finish();
  EXPECT_THAT(sizes, ElementsAre(101, 7));
}

TEST(SplitterFuzz, AlwaysEndsAndKeepsEveryPieceInsideTheInput) {
  std::mt19937 random{11};
  constexpr std::string_view alphabet = "{}[]\",:\\\n a1\xEF";
  for (int round = 0; round < 20'000; ++round) {
    std::string input;
    for (auto n = random() % 40; n > 0; --n) input += alphabet[random() % alphabet.size()];
    std::size_t last = 0;
    for (const auto& piece : split_payload(input)) {
      if (piece.bytes == "[" &&
          (piece.bytes.data() < input.data() || piece.bytes.data() >= input.data() + input.size()))
        continue;
      const auto at = static_cast<std::size_t>(piece.bytes.data() - input.data());
      ASSERT_GE(at, last);
      ASSERT_LE(at + piece.bytes.size(), input.size());
      last = at + piece.bytes.size();
    }
  }
}

}  // namespace
}  // namespace sallyport::ingest
