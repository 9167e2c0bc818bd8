#include "engine/base/json.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <random>

namespace sallyport {

namespace {

enum class Colour { red, auto_ };
BOOST_DESCRIBE_ENUM(Colour, red, auto_)

struct Inner {
  int n = 7;
};

BOOST_DESCRIBE_STRUCT(Inner, (), (n))

struct Outer {
  std::string text;
  Colour colour = Colour::red;
  std::optional<double> ratio;
  std::vector<Inner> list;
  Time at;
  json::object free;
};

BOOST_DESCRIBE_STRUCT(Outer, (), (text, colour, ratio, list, at, free))

Faults faults_of(std::string_view text) {
  Outer outer;
  Faults faults;
  read_json(parse_json(text).value(), outer, faults);
  return faults;
}

}  // namespace

TEST(Json, IntegersAreWrittenToTheirLimits) {
  EXPECT_EQ(to_json(std::numeric_limits<std::int64_t>::min()), "-9223372036854775808");
  EXPECT_EQ(to_json(std::numeric_limits<std::uint64_t>::max()), "18446744073709551615");
  EXPECT_EQ(to_json(std::vector<std::int8_t>{-128, 0, 65}), "[-128,0,65]");
}

TEST(Json, WhatIsWrittenIsReadBackUnchanged) {
  Outer outer{.text = "a\"\\\n\x01 ü",
              .colour = Colour::auto_,
              .ratio = 0.25,
              .list = {{1}, {2}},
              .at = parse_rfc3339("2026-11-01T10:00:00.000123Z").value(),
              .free = {{"k", 1}}};
  const auto text = to_json(outer);
  EXPECT_EQ(text,
            R"({"text":"a\"\\\n\u0001 ü","colour":"auto","ratio":0.25,"list":[{"n":1},{"n":2}],)"
            R"("at":"2026-11-01T10:00:00.000123Z","free":{"k":1}})");
  const auto again = from_json<Outer>(text);
  ASSERT_TRUE(again);
  EXPECT_EQ(to_json(*again), text);
}

TEST(Json, EveryNumberComesBackAsItWas) {
  std::mt19937_64 random{7};
  for (int i = 0; i < 20'000; ++i) {
    const auto number = std::bit_cast<double>(random());
    const auto part = std::uniform_real_distribution{}(random);
    for (const auto one : {std::isfinite(number) ? number : 0.5, part}) {
      const auto text = to_json(one);
      ASSERT_EQ(to_json(parse_json(text).value()), text);
      ASSERT_EQ(to_json(parse_json("[" + text + " ]").value()), "[" + text + "]");
    }
  }
  EXPECT_EQ(parse_json("0.10919143217256219").value().get_double(), 0.10919143217256219);
  EXPECT_EQ(parse_json("-1.5E+2").value().get_double(), -150);
}

TEST(Json, WhatIsNotJsonSaysWhere) {
  for (const auto* text : {"", " ", "[1", "{\"a\":", "\"a", "tru"})
    EXPECT_TRUE(parse_json(text).error().detail.ends_with("ends too early")) << text;
  for (const auto* text : {"[1]]",
                           "1 2",
                           "{} {}",
                           "nul1",
                           "[1,]",
                           "{\"a\":1,}",
                           "01",
                           "'a'",
                           "NaN",
                           "/**/1",
                           "[\"\x01\"]"}) {
    const auto parsed = parse_json(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_TRUE(parsed.error().detail.starts_with("not JSON at byte ")) << text;
  }
  EXPECT_TRUE(parse_json(" [ 1 ] \n"));
}

TEST(Json, ATreeIsWrittenAsItsTextWas) {
  for (const auto* text : {R"({"a":0.95,"b":[1,-2,18446744073709551615,1.5e-7,true,null],"c":{}})",
                           R"(["\"\\\n\u0001",[],[[]],"\u00fc"])",
                           "0.1"}) {
    const auto tree = parse_json(text).value();
    const auto written = to_json(tree);
    EXPECT_EQ(parse_json(written).value(), tree) << written;
  }
  EXPECT_EQ(to_json(parse_json(R"({"a":0.95,"b":47.0,"c":[]})").value()),
            R"({"a":0.95,"b":47,"c":[]})");
}

TEST(Json, AnEmptyOptionalIsLeftOut) {
  EXPECT_EQ(to_json(Outer{}).find("ratio"), std::string::npos);
}

TEST(Json, AFaultNamesThePlace) {
  const auto faults = faults_of(R"({"list":[{"n":1},{"n":"x"}]})");
  ASSERT_EQ(faults.size(), 1U);
  EXPECT_EQ(faults[0].pointer, "/list/1/n");
  EXPECT_NE(faults[0].message.find("whole number"), std::string::npos);
}

TEST(Json, AMisspeltKeyIsRefusedWithTheNearestName) {
  const auto faults = faults_of(R"({"colur":"red"})");
  ASSERT_EQ(faults.size(), 1U);
  EXPECT_EQ(faults[0].message, "unknown key 'colur'; did you mean 'colour'?");
}

TEST(Json, ANumberThatDoesNotFitIsRefused) {
  EXPECT_EQ(faults_of(R"({"list":[{"n":3000000000}]})").size(), 1U);
  EXPECT_EQ(faults_of(R"({"list":[{"n":1.5}]})").size(), 1U);
}

TEST(Json, TextCutAtEveryByteIsRefused) {
  const auto text = to_json(Outer{.text = "x", .list = {{1}}});
  for (std::size_t n = 0; n < text.size(); ++n) EXPECT_FALSE(parse_json(text.substr(0, n))) << n;
  EXPECT_TRUE(parse_json(text));
}

TEST(Json, WhatNeedsABackslashGetsItWhereverItStands) {
  for (int byte = 0; byte < 256; ++byte) {
    const bool escaped = byte < 0x20 || byte == '"' || byte == '\\';
    for (std::size_t size = 1; size < 20; ++size) {
      for (std::size_t place = 0; place < size; ++place) {
        std::string text(size, 'a');
        text[place] = static_cast<char>(byte);
        const auto written = to_json(text);
        ASSERT_EQ(written.contains('\\'), escaped) << byte << " at " << place << " of " << size;
        if (byte < 0x80) {
          ASSERT_EQ(from_json<std::string>(written).value(), text);
        }
      }
    }
  }
}

TEST(Json, LongTextFullOfEscapesIsReadBackAsItWas) {
  for (const std::size_t size : {255U, 256U, 257U, 513U, 4000U}) {
    std::string text;
    for (std::size_t i = 0; text.size() < size; ++i) {
      text += std::string(i % 11, 'a');
      text += static_cast<char>(i % 0x20);
      text += i % 2 == 0 ? '"' : '\\';
    }
    text.resize(size);
    EXPECT_EQ(from_json<std::string>(to_json(text)).value(), text) << size;
    const std::string controls(size, '\1');
    EXPECT_EQ(to_json(controls).size(), 2 + 6 * size);
    EXPECT_EQ(from_json<std::string>(to_json(controls)).value(), controls) << size;
  }
}

TEST(Json, DepthIsBounded) {
  EXPECT_FALSE(parse_json(std::string(1000, '[') + std::string(1000, ']')));
}

}  // namespace sallyport
