#include "engine/base/unambiguous_json.hpp"

#include <gmock/gmock.h>

namespace sallyport {
namespace {

using ::testing::HasSubstr;

TEST(UnambiguousJson, RefusesAKeyThatStandsTwiceInOneObjectHoweverItIsWritten) {
  for (const auto* text : {R"({"a":1,"a":2})",
                           R"({"a":1,"b":{"a":1},"a":1})",
                           R"({"x":[{"a":1},{"a":1, "a" :2}]})",
                           R"({"a":1,"\u0061":2})",
                           R"({"":1,"":2})",
                           "{\"a\":{},\n\"a\"\t:[]}"}) {
    const auto value = parse_unambiguous_json(text);
    ASSERT_FALSE(value) << text;
    EXPECT_EQ(value.error().code, Errc::invalid_input);
    EXPECT_THAT(value.error().detail, HasSubstr("stands twice in one object")) << text;
  }
  EXPECT_THAT(parse_unambiguous_json(R"({"a":1, "a":2})").error().detail,
              HasSubstr("the key 'a' stands twice in one object (byte 8)"));
}

TEST(UnambiguousJson, TakesEverythingElseAsItIs) {
  for (const auto* text : {R"({"a":1,"A":2,"b":{"a":{"a":3}},"c":[{"a":1},{"a":2}]})",
                           R"(["a","a",{"a":"a:"},"a"])",
                           R"({"a":"\"a\":1,","b":"\\","c":"{\"a\""})",
                           R"("a")",
                           "17"}) {
    EXPECT_EQ(parse_unambiguous_json(text).value(), parse_json(text).value()) << text;
  }
  EXPECT_FALSE(parse_unambiguous_json(R"({"a":)"));
}

}  // namespace
}  // namespace sallyport
