#include "engine/approve/changes.hpp"

#include <gmock/gmock.h>

namespace sallyport::approve {
namespace {

using ::testing::IsEmpty;

json::object object(std::string_view text) {
  return parse_json(text).value().get_object();
}

TEST(Changes, TakeThePlaceOfWhatWasThereAndNullTakesAway) {
  EXPECT_EQ(with_changes(object(R"({"a":1,"b":{"c":2},"d":3})"),
                         object(R"({"a":9,"b":{"e":1},"d":null,"f":[1],"g":null})")),
            object(R"({"a":9,"b":{"e":1},"f":[1]})"));
}

/// What is wrong with `parameters` of a verb that has one of each kind.
std::string faults(std::string_view parameters) {
  const model::Verb verb{.parameters = object(R"({"type":"object","additionalProperties":false,
      "required":["host"],"properties":{
        "host":{"type":"string","minLength":1},
        "hash":{"type":"string","pattern":"^[0-9a-f]{4}$"},
        "from":{"type":"string","format":"date-time"},
        "severity":{"enum":["low","high"]},
        "timeout_s":{"type":"integer","minimum":10,"maximum":60},
        "force":{"type":"boolean"},
        "share":{"type":"number"},
        "allow":{"type":"array","items":{"type":"string","minLength":1},"minItems":1,"uniqueItems":true}}})")};
  return summary(check_parameters(verb, object(parameters)));
}

TEST(Parameters, AreTakenAsTheCatalogueDescribesThem) {
  EXPECT_THAT(faults(R"({"host":"h"})"), IsEmpty());
  EXPECT_THAT(faults(R"({"host":"h","hash":"00af","from":"2026-11-01T10:00:00Z","severity":"low",
                         "timeout_s":10,"force":false,"share":1,"allow":["a","b"]})"),
              IsEmpty());
}

TEST(Parameters, AreRefusedWithPlaceAndReason) {
  EXPECT_EQ(faults("{}"), "/parameters/host: the verb needs it");
  EXPECT_EQ(faults(R"({"host":""})"), "/parameters/host: must not be empty");
  EXPECT_EQ(faults(R"({"host":7})"), "/parameters/host: must be of type string");
  EXPECT_EQ(faults(R"({"host":"h","hash":"00AF"})"), "/parameters/hash: must match ^[0-9a-f]{4}$");
  EXPECT_EQ(faults(R"({"host":"h","from":"today"})"),
            "/parameters/from: must be an RFC 3339 time such as 2026-11-01T10:00:00Z");
  EXPECT_EQ(faults(R"({"host":"h","severity":"LOW"})"),
            "/parameters/severity: must be one of [\"low\",\"high\"]");
  EXPECT_EQ(faults(R"({"host":"h","timeout_s":9})"), "/parameters/timeout_s: must be at least 10");
  EXPECT_EQ(faults(R"({"host":"h","timeout_s":61})"), "/parameters/timeout_s: must be at most 60");
  EXPECT_EQ(faults(R"({"host":"h","timeout_s":10.5})"),
            "/parameters/timeout_s: must be of type integer");
  EXPECT_EQ(faults(R"({"host":"h","force":"yes"})"), "/parameters/force: must be of type boolean");
  EXPECT_EQ(faults(R"({"host":"h","allow":[]})"), "/parameters/allow: must not be empty");
  EXPECT_EQ(faults(R"({"host":"h","allow":["a",""]})"), "/parameters/allow/1: must not be empty");
  EXPECT_EQ(faults(R"({"host":"h","allow":["a","a"]})"),
            "/parameters/allow/1: stands in the list already");
  EXPECT_EQ(faults(R"({"host":"h","timeout":10})"),
            "/parameters/timeout: the verb has no such parameter; did you mean 'timeout_s'?");
}

TEST(Parameters, OfAVerbThatTakesNoneAreAllRefused) {
  EXPECT_EQ(summary(check_parameters({}, object(R"({"x":1})"))),
            "/parameters/x: the verb has no such parameter; it has: none");
}

}  // namespace
}  // namespace sallyport::approve
