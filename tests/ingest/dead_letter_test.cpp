#include "engine/ingest/dead_letter.hpp"

#include <gmock/gmock.h>

namespace sallyport::ingest {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

TEST(DeadLetter, HoldsTheBytesAsTheyCameAndWhereTheyCameFrom) {
  const std::string bytes{"\0{\xFF", 3};
  const auto record = dead_letter(
      "dead",
      KafkaMessage{.topic = "alerts", .partition = 2, .offset = 41, .bytes = bytes, .size = 3},
      "NUL byte at byte 0",
      "wazuh");
  EXPECT_EQ(record.topic, "dead");
  EXPECT_EQ(record.value, bytes);
  EXPECT_EQ(record.key, "alerts/2/41");
  EXPECT_THAT(record.headers,
              ElementsAre(Pair("reason", "NUL byte at byte 0"),
                          Pair("source", "wazuh"),
                          Pair("topic", "alerts"),
                          Pair("partition", "2"),
                          Pair("offset", "41")));
}

TEST(DeadLetter, OfABeginningTellsTheSizeOfTheWhole) {
  const auto record =
      dead_letter("dead", KafkaMessage{.bytes = "{", .truncated = true, .size = 99}, "why", "");
  EXPECT_THAT(record.headers, ::testing::Contains(Pair("size", "99")));
}

TEST(DeadLetter, OfWhatCameOverHttpNamesNoTopic) {
  const auto record = dead_letter("dead", std::string{"x"}, "why", "okta");
  EXPECT_THAT(record.headers, ElementsAre(Pair("reason", "why"), Pair("source", "okta")));
}

}  // namespace
}  // namespace sallyport::ingest
