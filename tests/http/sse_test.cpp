#include "engine/http/sse.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <random>

namespace sallyport::http {
namespace {

using namespace std::string_literals;

using Events = std::vector<ServerSentEvent>;

Events parse(std::string_view bytes, std::size_t step) {
  SseParser parser{4096};
  Events all;
  for (; !bytes.empty(); bytes.remove_prefix(std::min(step, bytes.size()))) {
    auto events = parser.push(bytes.substr(0, step));
    EXPECT_TRUE(events);
    if (events) all.insert(all.end(), events->begin(), events->end());
  }
  return all;
}

TEST(SseParser, ReadsAStreamHoweverItIsCut) {
  const std::string bytes =
      "\xef\xbb\xbf: a comment\n\nevent: verdict\r\ndata: one\r\ndata:two\r\nid: 7\r\n\r\n"
      "data\rdata:  x\r\rid\ndata: [DONE]\n\ndata: cut off";
  const Events expected{{.id = "7", .event = "verdict", .data = "one\ntwo"},
                        {.id = "7", .event = "", .data = "\n x"},
                        {.id = "", .event = "", .data = "[DONE]"}};
  for (std::size_t step = 1; step <= bytes.size(); ++step)
    ASSERT_EQ(parse(bytes, step), expected) << step;
}

TEST(SseParser, GivesNoEventWithoutData) {
  EXPECT_EQ(parse("event: x\n\n\n\n:\n\n", 3), Events{});
  EXPECT_EQ(parse("event: x\n\ndata: y\n\n", 100), (Events{{.data = "y"}}));
}

TEST(SseParser, KnowsTheWaitBeforeAReconnect) {
  SseParser parser{100};
  ASSERT_TRUE(parser.push("retry: 2500\nretry: soon\n\n"));
  EXPECT_EQ(parser.retry_ms(), 2500U);
}

TEST(SseParser, RefusesAnEventOverTheLimit) {
  SseParser line{100};
  EXPECT_FALSE(line.push("data: " + std::string(200, 'x')));
  SseParser lines{100};
  bool refused = false;
  for (int i = 0; i < 100 && !refused; ++i) refused = !lines.push("data: xxxxxxxx\n");
  EXPECT_TRUE(refused);
}

TEST(SseEncode, IsReadBackUnchanged) {
  const Events events{{.id = "1", .event = "action", .data = "{\"a\":1}"},
                      {.id = "2", .event = "", .data = "two\nlines\n"},
                      {.id = "3", .event = "e", .data = ""}};
  std::string bytes = encode_comment("keep\nalive");
  for (const auto& event : events) bytes += encode(event).value();
  EXPECT_EQ(parse(bytes, 5), (Events{events[0], events[1], events[2]}));
}

TEST(SseEncode, KeepsDataFromBecomingFields) {
  const auto bytes = encode(ServerSentEvent{.data = "x\r\n\r\nevent: forged\rid: 9"});
  const auto events = parse(bytes.value(), 100);
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].event, "");
  EXPECT_FALSE(encode(ServerSentEvent{.id = "1\n2"}));
  EXPECT_FALSE(encode(ServerSentEvent{.event = "a\rdata: b"}));
}

TEST(SseParser, GivesTheSameEventsForTheSameBytesWhateverTheyAre) {
  std::mt19937 random{7};
  const auto alphabet = "\r\n: adteivn0\0\xef\xbb\xbf"s;
  const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds{300};
  while (std::chrono::steady_clock::now() < until) {
    std::string bytes;
    for (auto n = random() % 200; n > 0; --n) {
      switch (random() % 4) {
        case 0:
          bytes += "data: ";
          break;
        case 1:
          bytes += "\n";
          break;
        default:
          bytes += alphabet[random() % alphabet.size()];
      }
    }
    ASSERT_EQ(parse(bytes, bytes.size() + 1), parse(bytes, 1 + random() % 5));
  }
}

}  // namespace
}  // namespace sallyport::http
