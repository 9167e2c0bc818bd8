#include "engine/model/facts.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <string_view>

namespace sallyport::model {
namespace {

struct Name {
  std::string_view kind;
  std::string_view value;
};
BOOST_DESCRIBE_STRUCT(Name, (), (kind, value))

struct Seen {
  Name entity;
  std::uint32_t times = 0;
  std::optional<double> share;
};
BOOST_DESCRIBE_STRUCT(Seen, (), (entity, times, share))

TEST(Facts, AStructAndATreeAreTheSameFacts) {
  const auto written = Facts::of(Seen{.entity = {.kind = "ip", .value = "192.0.2.1"}, .times = 3});
  const Facts tree{{"entity", {{"kind", "ip"}, {"value", "192.0.2.1"}}}, {"times", 3}};
  EXPECT_EQ(written, tree);
  EXPECT_EQ(written.text(), R"({"entity":{"kind":"ip","value":"192.0.2.1"},"times":3})");
  EXPECT_EQ(written.tree().at("times"), 3);
}

TEST(Facts, ComeBackFromADocumentAsTheyWere) {
  const auto facts = Facts::of(Seen{.entity = {.kind = "user", .value = "a\"b\n\u00e9"},
                                    .times = 1,
                                    .share = 0.1111111111111111});
  Facts back;
  Faults faults;
  read_json(parse_json(to_json(facts)).value(), back, faults);
  EXPECT_TRUE(faults.empty());
  EXPECT_EQ(back, facts);
  ASSERT_TRUE(back.about());
  EXPECT_EQ(*back.about(), (Entity{"user", "a\"b\n\u00e9"}));
}

TEST(Facts, OfNothingAreAnEmptyObject) {
  EXPECT_TRUE(Facts{}.empty());
  EXPECT_EQ(Facts{}, Facts{json::object{}});
  EXPECT_EQ(to_json(Facts{}), "{}");
  EXPECT_TRUE(Facts{}.tree().empty());
  EXPECT_FALSE(Facts{}.about());
}

TEST(Facts, AreAboutNobodyWhoseNameIsNoText) {
  EXPECT_FALSE((Facts{{"entity", "ip"}}.about()));
  EXPECT_FALSE((Facts{{"entity", {{"kind", "ip"}, {"value", 7}}}}.about()));
}

TEST(Facts, MentionMembersAndNotWhatTextSays) {
  const Facts facts{{"said", "\"cost\":1"}, {"inner", {{"deep", true}}}};
  EXPECT_TRUE(facts.mentions("said"));
  EXPECT_TRUE(facts.mentions("deep"));
  EXPECT_FALSE(facts.mentions("cost"));
}

TEST(Facts, ThatAreNoObjectAreAFault) {
  Facts facts;
  Faults faults;
  read_json(json::value{json::array{1}}, facts, faults, "/evidence/0/data");
  ASSERT_EQ(faults.size(), 1U);
  EXPECT_EQ(faults.front().pointer, "/evidence/0/data");
}

}  // namespace
}  // namespace sallyport::model
