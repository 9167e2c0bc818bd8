#include "engine/ingest/decode.hpp"

#include "engine/ingest/malformed.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <gmock/gmock.h>

#include <random>
#include <string>
#include <string_view>

namespace sallyport::ingest {
namespace {

using namespace std::string_view_literals;
using ::testing::HasSubstr;

constexpr DecodeLimits limits{.bytes = 1U << 20U, .depth = 64};

constexpr std::string_view genuine =
    R"({"timestamp":"2026-03-04T18:02:04.347+0000","rule":{"level":3,"id":"86601","mitre":["T1595"]},)"
    R"("text":"a \"quoted\" \\ \u00e9 \ud83d\ude00 \n","n":[1,-2,3.5e2,18446744073709551615,true,false,null],"e":{}})";

std::string reason(std::string_view bytes) {
  const auto decoded = decode(bytes, limits);
  return decoded ? "accepted" : decoded.error().detail;
}

TEST(Decode, ReadsWhatJsonCanSay) {
  const auto decoded = decode(genuine, limits);
  ASSERT_TRUE(decoded) << decoded.error().detail;
  EXPECT_EQ(*decoded, json::parse(genuine));
}

TEST(Decode, AcceptsAByteOrderMarkOfUtf8) {
  EXPECT_EQ(decode("\xEF\xBB\xBF{\"a\":1}", limits)->at("a"), 1);
}

struct Malformed {
  std::string bytes;
  std::string reason;
};

TEST(Decode, SaysWhatIsWrongAndWhere) {
  const std::vector<Malformed> kinds{
      {"", "empty"},
      {" \t\r\n  ", "only white space"},
      {R"({"a" 1})", "broken JSON: expected ':' after a key, found '1' at byte 5"},
      {R"({"a":1 "b":2})", "broken JSON: expected ',' or '}', found '\"' at byte 7"},
      {R"({"a":})", "broken JSON: expected a value, found '}' at byte 5"},
      {R"({"a":1,})", "broken JSON: trailing comma in an object, at byte 7"},
      {R"({"a":[1,]})", "broken JSON: trailing comma in an array, at byte 8"},
      {R"({"a":[1}})", "broken JSON: '}' closes nothing at byte 7"},
      {R"({a:1})", "broken JSON: expected a key, found 'a' at byte 1"},
      {R"({"a":tru})", "broken JSON: expected a value, found 't' at byte 5"},
      {R"({"a":"\x"})", "broken JSON: '\\x' is no escape at byte 6"},
      {R"({"a":{"b":[1,2)", "truncated: the input ends at byte 14 inside an array"},
      {R"({"a":"bc)", "truncated: the input ends at byte 8 inside a string"},
      {R"({"a":1)", "truncated: the input ends at byte 6 inside an object"},
      {"{\"a\":\"\xC3\x28\"}", "invalid UTF-8: 0xc3 at byte 6"},
      {"{\"a\":\"\xED\xA0\x80\"}", "invalid UTF-8: 0xed at byte 6"},
      {std::string{"{\"a\":\"b\0c\"}"sv}, "NUL byte at byte 7"},
      {std::string{"\xFF\xFE{\0\"\0"sv}, "UTF-16 (byte order mark)"},
      {std::string{"\xFE\xFF\0{"sv}, "UTF-16 (byte order mark)"},
      {std::string{"\xFF\xFE\0\0{\0\0\0"sv}, "UTF-32 (byte order mark)"},
      {std::string{"\0\0\xFE\xFF\0\0\0{"sv}, "UTF-32 (byte order mark)"},
      {std::string{"{\0\"\0a\0"sv}, "UTF-16 text"},
      {std::string{"\0{\0\"\0a"sv}, "UTF-16 text"},
      {std::string{"{\0\0\0\"\0\0\0"sv}, "UTF-32 text"},
      {"{\"a\":\"" + std::string(limits.bytes, 'x') + "\"}", "too large: more than 1048576 bytes"},
      {std::string(10'000, '[') + std::string(10'000, ']'),
       "too deep: more than 64 levels, at byte 64"},
      {R"({"a":{"b":[{"c":1,"c":2}]}})", "duplicate key 'c' in the object at '/a/b/0'"},
      {R"({"a":1e999})", "number out of range: 1e999 does not fit a double; at byte 5"},
      {R"({"a":18446744073709551616})",
       "number out of range: 18446744073709551616 does not fit 64 bits; at byte 5"},
      {R"({"a":-9223372036854775809})", "number out of range: -9223372036854775809"},
      {R"({"a":01})", "malformed number (leading zero)"},
      {R"({"a":1.})", "malformed number (no digits after the point)"},
      {R"({"a":-})", "malformed number (no digits)"},
      {R"("text")", "not an object: an alert is one JSON object, this is a bare string"},
      {"42", "not an object: an alert is one JSON object, this is a bare number"},
      {"[{}]", "not an object: an alert is one JSON object, this is an array"},
      {"null", "not an object: an alert is one JSON object, this is null"},
      {"{\"a\":\"b\nc\"}", "unescaped control character 0x0a in a string at byte 7"},
      {"{\"a\":\"b\tc\"}", "unescaped control character 0x09 in a string at byte 7"},
      {R"({"a":1} {"b":2})", "trailing bytes after the end of the JSON value, at byte 8"},
      {R"({"a":1}})", "trailing bytes after the end of the JSON value, at byte 7"},
      {R"({"a":NaN})", "NaN: JSON has no such number; at byte 5"},
      {R"({"a":-Infinity})", "-Infinity: JSON has no such number; at byte 5"},
      {R"({'a':1})", "single quotes: JSON strings have double quotes; at byte 1"},
      {R"({"a":'b'})", "single quotes: JSON strings have double quotes; at byte 5"},
      {"{\"a\":1 // why\n}", "comment: JSON has none; at byte 7"},
      {"{/* why */\"a\":1}", "comment: JSON has none; at byte 1"},
      {R"({"a":"\ud800"})", "lone surrogate \\ud800 at byte 6"},
      {R"({"a":"\udc00x"})", "lone surrogate \\udc00 at byte 6"},
      {R"({"a":"\ud83dx"})", "lone surrogate \\ud83d at byte 6"},
      {R"({"a":"\ud83d\u0041"})", "lone surrogate \\ud83d at byte 6"},
      {"not json at all", "broken JSON: expected a value, found 'n' at byte 0"},
  };
  for (const auto& [bytes, expected] : kinds)
    EXPECT_THAT(reason(bytes), HasSubstr(expected)) << printable(bytes, 80);
}

TEST(Decode, CountsOffsetsFromTheFirstByteAlsoAfterAByteOrderMark) {
  EXPECT_THAT(reason("\xEF\xBB\xBF{a}"), HasSubstr("at byte 4"));
}

TEST(Decode, TheDepthLimitIsExact) {
  const auto nested = [](std::size_t levels) {
    std::string text = "{\"a\":";
    for (std::size_t i = 1; i < levels; ++i) text += '[';
    for (std::size_t i = 1; i < levels; ++i) text += ']';
    return text + "}";
  };
  EXPECT_EQ(reason(nested(64)), "accepted");
  EXPECT_THAT(reason(nested(65)), HasSubstr("too deep"));
}

TEST(Decode, OneMillionLevelsCostNoStack) {
  EXPECT_THAT(decode(std::string(1'000'000, '{'), limits).error().detail, HasSubstr("broken JSON"));
  EXPECT_THAT(decode(std::string(1'000'000, '['), limits).error().detail, HasSubstr("too deep"));
}

TEST(Decode, CutAtEveryByteAlwaysHasAReason) {
  for (std::size_t size = 0; size < genuine.size(); ++size) {
    const auto decoded = decode(genuine.substr(0, size), limits);
    ASSERT_FALSE(decoded) << size;
    EXPECT_THAT(decoded.error().detail,
                ::testing::AnyOf(HasSubstr("truncated"), HasSubstr("empty")))
        << size;
  }
}

TEST(Decode, AReasonIsShortPrintableText) {
  const std::string bytes = "{\"" + std::string(5000, 'k') + "\x01\":1,\"k\":1}";
  EXPECT_LT(reason(bytes).size(), 300U);
  const std::string twice =
      "{\"\\u0007" + std::string(5000, 'k') + "\":1,\"\\u0007" + std::string(5000, 'k') + "\":1}";
  EXPECT_LT(reason(twice).size(), 300U);
  EXPECT_THAT(reason(twice), HasSubstr("duplicate key '\\x07kkk"));
}

TEST(DecodeFuzz, TheFastReaderAndTheExactOneAgree) {
  std::mt19937 random{20261121};
  const auto pick = [&](std::size_t n) {
    return std::uniform_int_distribution<std::size_t>{0, n - 1}(random);
  };
  constexpr std::string_view alphabet = "{}[]\",:\\u0d8c9eE+-.tfn 1234/\n\t\xC3\xA9\xFF'#\0x"sv;
  std::size_t accepted = 0;
  for (int round = 0; round < 60'000; ++round) {
    std::string bytes{genuine};
    for (std::size_t n = 1 + pick(3); n > 0; --n) {
      const auto at = pick(bytes.size());
      switch (pick(4)) {
        case 0:
          bytes[at] = alphabet[pick(alphabet.size())];
          break;
        case 1:
          bytes.erase(at, 1 + pick(8));
          break;
        case 2:
          bytes.insert(at, 1, alphabet[pick(alphabet.size())]);
          break;
        default:
          bytes.insert(at, bytes.substr(pick(bytes.size()), pick(20)));
      }
      if (bytes.empty()) bytes = "{";
    }
    const auto decoded = decode_value(bytes, limits);
    const auto fault = why_malformed(bytes, limits);
    if (decoded) {
      ++accepted;
      ASSERT_FALSE(fault) << *fault << "\n" << bytes;
      json::error_code ec;
      json::parse(bytes, ec);
      EXPECT_FALSE(ec) << bytes;
    } else if (!decoded.error().detail.starts_with("duplicate key")) {
      ASSERT_TRUE(fault) << decoded.error().detail << "\n" << bytes;
      EXPECT_EQ(decoded.error().detail, *fault);
    }
  }
  EXPECT_GT(accepted, 100U);
}

}  // namespace
}  // namespace sallyport::ingest
