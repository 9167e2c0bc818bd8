#include "engine/base/digest.hpp"
#include "engine/model/request.hpp"

#include <gtest/gtest.h>

namespace sallyport::model {
namespace {

ActionRequest request(std::string_view parameters, std::string_view context) {
  return {.tenant = "acme",
          .action = "create_ticket",
          .target = {.kind = "alert", .value = "1700000001.1", .tags = {"b", "a"}},
          .confidence = 0.6225,
          .requested_by = {.kind = "agent", .id = "investigation:01"},
          .parameters = parse_json(parameters).value().get_object(),
          .context = parse_json(context).value().get_object(),
          .grounded = true};
}

constexpr std::string_view parameters = R"({"title":"A \"quoted\" one","priority":"low","a":{}})";
constexpr std::string_view context =
    R"({"z":[{"b":1,"a":[]},{}],"severity":"low","é":null,"asset":{"tags":[],"kind":"host"}})";

// Approvals and ledgers of earlier versions hold this hash: it must come out the same for ever.
TEST(RequestHash, IsThatOfTheJsonWithSortedKeys) {
  constexpr std::string_view written =
      R"({"tenant":"acme","action":"create_ticket",)"
      R"("target":{"kind":"alert","value":"1700000001.1","tags":["b","a"]},"confidence":0.6225,)"
      R"("requested_by":{"kind":"agent","id":"investigation:01"},)"
      R"("parameters":{"a":{},"priority":"low","title":"A \"quoted\" one"},)"
      R"("context":{"asset":{"kind":"host","tags":[]},"severity":"low","z":[{"a":[],"b":1},{}],"é":null},)"
      R"("grounded":true})";
  EXPECT_EQ(request_hash(request(parameters, context)), content_hash(written));
  EXPECT_EQ(request_hash(request(parameters, context)),
            "sha256:126862aac487f987496befa143ae1b509ee30fbb98aab6c512b4ffce301893c6");
}

TEST(RequestHash, DoesNotDependOnTheOrderOfKeysButOnThatOfLists) {
  const auto hash = request_hash(request(R"({"a":[1,2],"b":{"c":1,"d":2}})", "{}"));
  EXPECT_EQ(request_hash(request(R"({"b":{"d":2,"c":1},"a":[1,2]})", "{}")), hash);
  EXPECT_NE(request_hash(request(R"({"b":{"d":2,"c":1},"a":[2,1]})", "{}")), hash);
  EXPECT_NE(request_hash(request("{}", R"({"a":[1,2],"b":{"c":1,"d":2}})")), hash);
}

}  // namespace
}  // namespace sallyport::model
