#include "engine/base/scrubber.hpp"

#include <gtest/gtest.h>

namespace sallyport {
namespace {

std::string scrubbed(std::string text, const Scrubber& scrubber = {}) {
  scrubber.scrub(text);
  return text;
}

TEST(Scrubber, TakesOutWhatItKnowsWhereverItStands) {
  const Scrubber scrubber{{Secret{"marked-4711"}, Secret{"marked-4711-and-more"}, Secret{"tiny"}}};
  EXPECT_EQ(scrubbed("a marked-4711 b marked-4711", scrubber), "a [secret] b [secret]");
  EXPECT_EQ(scrubbed("xmarked-4711-and-morex", scrubber), "x[secret]x");
  EXPECT_EQ(scrubbed("tiny things stay", scrubber), "tiny things stay");
}

TEST(Scrubber, TakesOutWhatHasTheShapeOfASecret) {
  const std::string long_text(40, 'k');
  EXPECT_EQ(scrubbed("401: key sk-" + long_text + " is wrong"), "401: key [secret] is wrong");
  EXPECT_EQ(scrubbed("Authorization: Bearer " + long_text), "Authorization: Bearer [secret]");
  EXPECT_EQ(scrubbed("authorization: basic dXNlcjpwYXNzd29yZA=="), "authorization: basic [secret]");
  EXPECT_EQ(scrubbed("mysql --password=hunter2 --host=db"), "mysql --password=[secret] --host=db");
  EXPECT_EQ(scrubbed(R"({"client_secret": "hunter22","a":1})"),
            R"({"client_secret": "[secret]","a":1})");
  EXPECT_EQ(scrubbed(R"(\"api_key\":\"hunter22\")"), R"(\"api_key\":\"[secret]\")");
  EXPECT_EQ(scrubbed("t=eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmN"),
            "t=[secret]");
  EXPECT_EQ(scrubbed("-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY-----"),
            "-----BEGIN RSA PRIVATE KEY-----[secret]PRIVATE KEY-----");
}

TEST(Scrubber, LeavesWhatAnInvestigationNeeds) {
  for (const std::string text :
       {"Failed password for root from 198.51.100.7 port 4242 ssh2",
        "sha256 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "powershell -enc SQBFAFgAIAAoAE4AZQB3AC0ATwBiAGoAZQBjAHQA",
        "the basic facts, the bearer of news, task-force",
        "CN=alice,OU=Passwords"})
    EXPECT_EQ(scrubbed(text), text);
}

TEST(Scrubber, ASecondPassChangesNothing) {
  auto once = scrubbed("password=hunter2; Bearer aaaaaaaaaaaaaaaaaaaa; pwd: x12345");
  EXPECT_EQ(scrubbed(once), once);
  EXPECT_FALSE(Scrubber{}.scrub(once));
}

TEST(Scrubber, ReachesIntoDocuments) {
  json::value document = {{"a", {"Bearer aaaaaaaaaaaaaaaaaaaa", 1}}, {"password", "x y z w"}};
  EXPECT_TRUE(Scrubber{}.scrub(document));
  EXPECT_EQ(to_json(document), R"({"a":["Bearer [secret]",1],"password":"[secret]"})");
}

}  // namespace
}  // namespace sallyport
