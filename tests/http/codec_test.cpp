#include "engine/http/codec.hpp"

#include <gtest/gtest.h>

#include <random>

namespace sallyport::http {
namespace {

using namespace std::string_literals;

constexpr DecoderLimits limits{.header_bytes = 1024, .body_bytes = 1024};
constexpr Framing keep{};

std::string request_with(std::string_view headers, std::string_view body = "") {
  return "POST /v1/alerts HTTP/1.1\r\nHost: a\r\n" + std::string{headers} + "\r\n" +
         std::string{body};
}

/// The status with which a server refuses `bytes`; 0 when they are taken.
int refusal_of(std::string_view bytes) {
  Decoder<Request> decoder{limits};
  return decoder.push(bytes) ? 0 : decoder.refusal();
}

TEST(Encode, WritesTheLengthOfTheBody) {
  const auto bytes = encode(
      Request{.method = "POST", .target = "/v1/cases", .headers = {{"Host", "siem"}}, .body = "{}"},
      keep);
  ASSERT_TRUE(bytes);
  EXPECT_EQ(*bytes, "POST /v1/cases HTTP/1.1\r\nHost: siem\r\nContent-Length: 2\r\n\r\n{}");
}

TEST(Encode, RefusesAHeaderThatWouldAddAnother) {
  const auto bytes = encode(Request{.headers = {{"X-Case", "7\r\nAuthorization: stolen"}}}, keep);
  EXPECT_EQ(bytes.error().code, Errc::invalid_input);
  EXPECT_FALSE(encode(Response{.headers = {{"X:Y", "1"}}}, keep));
  EXPECT_FALSE(encode(Response{.headers = {{"", "1"}}}, keep));
}

TEST(Encode, RefusesATargetThatWouldAddARequest) {
  EXPECT_FALSE(encode(Request{.target = "/a HTTP/1.1\r\nHost: b\r\n\r\nGET /c"}, keep));
  EXPECT_FALSE(encode(Request{.target = "/a b"}, keep));
  EXPECT_FALSE(encode(Request{.method = "GET /x"}, keep));
}

TEST(Encode, RefusesAFramingHeaderFromOutside) {
  EXPECT_FALSE(encode(Response{.headers = {{"content-length", "0"}}}, keep));
  EXPECT_FALSE(encode(Response{.headers = {{"Transfer-Encoding", "chunked"}}}, keep));
  EXPECT_FALSE(encode(Response{.headers = {{"Connection", "keep-alive"}}}, keep));
}

TEST(Encode, AnswersHeadWithTheLengthAndWithoutTheBody) {
  const auto bytes = encode(Response{.body = "hello"}, {.keep_alive = false, .body_omitted = true});
  EXPECT_EQ(bytes.value(), "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\n");
}

TEST(Encode, GivesNoLengthToAnAnswerThatHasNoBody) {
  EXPECT_EQ(encode(Response{.status = 204}, keep).value(), "HTTP/1.1 204 No Content\r\n\r\n");
}

TEST(Encode, WritesChunksThatTheDecoderReads) {
  auto bytes = encode(Response{}, {.keep_alive = true, .chunked = true}).value();
  bytes += encode_chunk("hello ");
  bytes += encode_chunk("");
  bytes += encode_chunk(std::string(300, 'x'));
  bytes += last_chunk;
  Decoder<Response> decoder{limits};
  EXPECT_EQ(decoder.push(bytes), Result<std::size_t>{bytes.size()});
  ASSERT_TRUE(decoder.done());
  EXPECT_EQ(decoder.take().body, "hello " + std::string(300, 'x'));
}

TEST(Decoder, GivesTheSameMessageHoweverTheBytesAreCut) {
  const std::string bytes =
      "HTTP/1.1 200 OK\r\nX-A: b\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6;a=b\r\n "
      "world\r\n0\r\nX-Trailer: c\r\n\r\n";
  for (std::size_t cut = 1; cut < bytes.size(); ++cut) {
    Decoder<Response> decoder{limits};
    const auto first = decoder.push(std::string_view{bytes}.substr(0, cut));
    const auto second = decoder.push(std::string_view{bytes}.substr(cut));
    ASSERT_TRUE(first && second && decoder.done()) << "cut at " << cut;
    const auto message = decoder.take();
    EXPECT_EQ(message.body, "hello world");
    EXPECT_EQ(message.headers.size(), 2U) << "a trailer became a header";
  }
}

TEST(Decoder, ReadsByteByByte) {
  const auto bytes = request_with("Content-Length: 4\r\n", "body");
  Decoder<Request> decoder{limits};
  for (const char c : bytes) ASSERT_TRUE(decoder.push({&c, 1}));
  ASSERT_TRUE(decoder.done());
  EXPECT_EQ(decoder.take().body, "body");
}

TEST(Decoder, LeavesTheBytesOfTheNextMessageHoweverTheyAreCut) {
  const std::string one = "GET /a HTTP/1.1\r\nHost: a\r\n\r\n";
  const std::string both = one + "GET /b HTTP/1.1\r\nHost: a\r\n\r\n";
  for (std::size_t cut = 0; cut < one.size(); ++cut) {
    Decoder<Request> decoder{limits};
    ASSERT_EQ(decoder.push(both.substr(0, cut)), Result<std::size_t>{cut});
    EXPECT_EQ(decoder.push(both.substr(cut)), Result<std::size_t>{one.size() - cut});
    EXPECT_EQ(decoder.take().target, "/a");
  }
}

TEST(Decoder, RefusesABodyOverTheLimitBeforeItComes) {
  EXPECT_EQ(refusal_of(request_with("Content-Length: 1025\r\n")), 413);
  EXPECT_EQ(refusal_of(request_with("Transfer-Encoding: chunked\r\n", "401\r\n")), 413);
  EXPECT_EQ(refusal_of(request_with("Content-Length: 1024\r\n")), 0);
  EXPECT_EQ(refusal_of(request_with("Content-Length: 99999999999999999999999\r\n")), 400);
}

TEST(Decoder, CountsChunksTogether) {
  std::string bytes = request_with("Transfer-Encoding: chunked\r\n");
  for (int i = 0; i < 5; ++i) bytes += encode_chunk(std::string(250, 'x'));
  EXPECT_EQ(refusal_of(bytes), 413);
}

TEST(Decoder, CountsTheFieldsTogetherHoweverTheyArrive) {
  Decoder<Request> decoder{limits};
  ASSERT_TRUE(decoder.push("GET / HTTP/1.1\r\nHost: a\r\n"));
  int fields = 0;
  while (decoder.push("X-A: b\r\n")) ASSERT_LT(++fields, 1000);
  EXPECT_EQ(decoder.refusal(), 431);
}

TEST(Decoder, RefusesAHeaderOrARequestLineWithoutEnd) {
  EXPECT_EQ(refusal_of(request_with("X-A: " + std::string(2000, 'x'))), 431);
  EXPECT_EQ(refusal_of("GET /" + std::string(2000, 'x')), 414);
}

TEST(Decoder, BoundsTrailersAndChunkExtensions) {
  const auto chunked = request_with("Transfer-Encoding: chunked\r\n");
  EXPECT_EQ(refusal_of(chunked + "0\r\n" + "X-T: " + std::string(2000, 'x')), 431);
  EXPECT_EQ(refusal_of(chunked + "1;" + std::string(2000, 'x')), 431);
  std::string extended = chunked;
  for (int i = 0; i < 100; ++i) extended += "1;a=" + std::string(50, 'x') + "\r\nz\r\n";
  EXPECT_EQ(refusal_of(extended), 431);
}

TEST(Decoder, RefusesWhatTwoParsersWouldFrameInTwoWays) {
  EXPECT_EQ(refusal_of(request_with("Content-Length: 4\r\nTransfer-Encoding: chunked\r\n")), 400);
  EXPECT_EQ(refusal_of(request_with("Transfer-Encoding: chunked\r\nContent-Length: 4\r\n")), 400);
  EXPECT_EQ(refusal_of(request_with("Content-Length: 4\r\nContent-Length: 5\r\n")), 400);
  EXPECT_EQ(refusal_of(request_with("Content-Length: 4\r\nContent-Length: 4\r\n")), 400);
  EXPECT_EQ(refusal_of(request_with("Content-Length: 4, 4\r\n")), 400);
  EXPECT_EQ(refusal_of(request_with("Content-Length: +4\r\n")), 400);
  EXPECT_EQ(refusal_of(request_with("Content-Length: 0x4\r\n")), 400);
  EXPECT_EQ(refusal_of(request_with("Content-Length:\r\n")), 400);
  EXPECT_EQ(refusal_of(request_with("Transfer-Encoding: gzip\r\n")), 501);
  EXPECT_EQ(refusal_of(request_with("Transfer-Encoding: gzip\r\nContent-Length: 4\r\n")), 501);
  EXPECT_EQ(refusal_of(request_with("Transfer-Encoding: xchunked\r\n")), 501);
  EXPECT_EQ(refusal_of(request_with("Transfer-Encoding: chunked, identity\r\n")), 501);
  EXPECT_EQ(refusal_of(request_with("Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n")),
            400);
  EXPECT_EQ(refusal_of("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"), 400);
}

TEST(Decoder, RefusesFoldedLinesAndSpaceBeforeTheColon) {
  EXPECT_EQ(refusal_of(request_with("X-A: b\r\n c\r\n")), 400);
  EXPECT_EQ(refusal_of(request_with("X-A:\r\n\tc\r\n")), 400);
  EXPECT_EQ(refusal_of(request_with("Content-Length : 4\r\n")), 400);
  EXPECT_EQ(refusal_of(request_with("Transfer-Encoding\t: chunked\r\n")), 400);
  EXPECT_EQ(refusal_of("GET / HTTP/1.1\r\n Host: a\r\n\r\n"), 400);
}

TEST(Decoder, RefusesBareLineFeedsAndControlCharacters) {
  EXPECT_NE(refusal_of("GET / HTTP/1.1\nHost: a\n\n"), 0);
  EXPECT_EQ(refusal_of(request_with("X-A: b\nX-C: d\r\n")), 400);
  EXPECT_EQ(refusal_of(request_with("X-A: b\rX-C: d\r\n")), 400);
  EXPECT_EQ(refusal_of(request_with(std::string_view{"X-A: b\0c\r\n", 10})), 400);
  EXPECT_EQ(refusal_of(request_with("X-A: \x01\r\n")), 400);
  EXPECT_EQ(refusal_of(request_with("Transfer-Encoding: chunked\r\n", "5\nhello\n0\n\n\r\n")), 400);
}

TEST(Decoder, RefusesBadChunkSizes) {
  for (const auto* chunk :
       {"x\r\n", "-1\r\n", "0x5\r\nhello\r\n\r\n", " 5\r\nhello\r\n", "\r\n\r\n"})
    EXPECT_EQ(refusal_of(request_with("Transfer-Encoding: chunked\r\n", chunk)), 400) << chunk;
  for (const auto* chunk : {"FFFFFFFFFFFFFFFFF\r\n", "10000000000000005\r\nhello\r\n"})
    EXPECT_NE(refusal_of(request_with("Transfer-Encoding: chunked\r\n", chunk)), 0) << chunk;
  EXPECT_EQ(refusal_of(request_with("Transfer-Encoding: chunked\r\n", "5\r\nhelloXX0\r\n\r\n")),
            400);
}

TEST(Decoder, RefusesARequestWithoutExactlyOneHost) {
  EXPECT_EQ(refusal_of("GET / HTTP/1.1\r\n\r\n"), 400);
  EXPECT_EQ(refusal_of("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"), 400);
  EXPECT_EQ(refusal_of("GET / HTTP/1.0\r\n\r\n"), 0);
}

TEST(Decoder, RefusesOtherVersionsAndExpectations) {
  EXPECT_EQ(refusal_of("GET / HTTP/2.0\r\nHost: a\r\n\r\n"), 505);
  EXPECT_EQ(refusal_of("GET / HTTP/0.9\r\nHost: a\r\n\r\n"), 505);
  EXPECT_EQ(refusal_of(request_with("Expect: 200-ok\r\n")), 417);
}

TEST(Decoder, TellsWhetherTheClientWaitsForContinue) {
  Decoder<Request> decoder{limits};
  ASSERT_TRUE(decoder.push(request_with("Expect: 100-continue\r\nContent-Length: 4\r\n")));
  EXPECT_TRUE(decoder.header_done() && !decoder.done() && decoder.expects_continue());
}

TEST(Decoder, KnowsWhetherTheConnectionStaysOpen) {
  const auto keeps = [](std::string_view bytes) {
    Decoder<Request> decoder{limits};
    EXPECT_TRUE(decoder.push(bytes));
    return decoder.keep_alive();
  };
  EXPECT_TRUE(keeps("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
  EXPECT_FALSE(keeps("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"));
  EXPECT_FALSE(keeps("GET / HTTP/1.0\r\n\r\n"));
  EXPECT_TRUE(keeps("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"));
}

TEST(Decoder, HandsOutTheBodyAsItComes) {
  Decoder<Response> decoder{limits};
  ASSERT_TRUE(decoder.push("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel"));
  ASSERT_TRUE(decoder.header_done());
  EXPECT_EQ(decoder.take_body(), "hel");
  EXPECT_EQ(decoder.take_body(), "");
  ASSERT_TRUE(decoder.push("lo\r\n0\r\n\r\n"));
  EXPECT_EQ(decoder.take_body(), "lo");
  EXPECT_TRUE(decoder.done());
}

TEST(Decoder, ExpectsNoBodyAfterHead) {
  Decoder<Response> decoder{limits};
  decoder.expect_no_body();
  ASSERT_TRUE(decoder.push("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"));
  EXPECT_TRUE(decoder.done());
}

TEST(Decoder, EndsAMessageWithoutALengthAtTheEndOfTheStream) {
  Decoder<Response> decoder{limits};
  ASSERT_TRUE(decoder.push("HTTP/1.1 200 OK\r\n\r\nuntil the end"));
  EXPECT_FALSE(decoder.done());
  ASSERT_TRUE(decoder.end_of_stream());
  EXPECT_FALSE(decoder.keep_alive());
  EXPECT_EQ(decoder.take().body, "until the end");
}

TEST(Decoder, CallsATruncatedMessageAnError) {
  Decoder<Response> decoder{limits};
  ASSERT_TRUE(decoder.push("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab"));
  EXPECT_EQ(decoder.end_of_stream().error().code, Errc::invalid_input);
  EXPECT_FALSE(Decoder<Response>{limits}.end_of_stream());
  Decoder<Response> half{limits};
  ASSERT_TRUE(half.push("HTTP/1.1 200 OK\r\nX-A"));
  EXPECT_FALSE(half.end_of_stream());
}

/// Mutates good messages, cuts them anywhere, and holds the decoder to its limits and to one answer
/// for one input.
TEST(Decoder, StaysWithinItsLimitsWhateverComes) {
  std::mt19937 random{20261121};
  const std::vector<std::string> seeds{
      request_with("Content-Length: 4\r\n", "body"),
      request_with("Transfer-Encoding: chunked\r\nX-A: b\r\n",
                   "4;a=\"b\"\r\nbody\r\n0\r\nT: 1\r\n\r\n"),
      "GET /a?b=c HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
      "HTTP/1.1 304 Not Modified\r\nContent-Length: 10\r\n\r\n"};
  const auto alphabet = "\r\n :;,0123456789abcdefgGHTP/.-\t\0\x7f\xff"s;
  const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds{500};
  const auto judge = [&](auto decoder, const std::string& bytes, std::size_t step) {
    std::string_view rest = bytes;
    std::string seen;
    while (!rest.empty() && !decoder.done()) {
      const auto piece = rest.substr(0, step);
      const auto used = decoder.push(piece);
      if (!used) return std::string{"not taken"};  // early or late
      EXPECT_LE(*used, piece.size());
      rest.remove_prefix(*used);
    }
    if (!decoder.done()) return std::string{"not taken"};
    const auto message = decoder.take();
    EXPECT_LE(message.body.size(), limits.body_bytes);
    return "done " + message.body + std::to_string(message.headers.size()) + std::string{rest};
  };
  std::size_t runs = 0;
  while (runs < 100 || std::chrono::steady_clock::now() < until) {  // however slow the machine
    auto bytes = seeds[random() % seeds.size()];
    for (auto n = random() % 4; n > 0; --n) {
      const auto at = random() % bytes.size();
      switch (random() % 3) {
        case 0:
          bytes[at] = alphabet[random() % alphabet.size()];
          break;
        case 1:
          bytes.insert(at, 1, alphabet[random() % alphabet.size()]);
          break;
        default:
          bytes.erase(at, 1 + random() % 3);
      }
      if (bytes.empty()) bytes = "G";
    }
    const auto step = 1 + random() % 7;
    ASSERT_EQ(judge(Decoder<Request>{limits}, bytes, bytes.size()),
              judge(Decoder<Request>{limits}, bytes, step))
        << bytes;
    ASSERT_EQ(judge(Decoder<Response>{limits}, bytes, bytes.size()),
              judge(Decoder<Response>{limits}, bytes, step))
        << bytes;
    ++runs;
  }
}

}  // namespace
}  // namespace sallyport::http
