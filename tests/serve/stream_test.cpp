#include "engine/http/sse.hpp"
#include "tests/serve/harness.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace sallyport::serve {
namespace {

using namespace testing;
using http::ServerSentEvent;

Deadline soon() {
  return Deadline::in(std::chrono::seconds{10});
}

/// Reads events from a stream until `n` have come or it ends.
Task<std::vector<ServerSentEvent>> read_events(http::StreamedResponse& stream, std::size_t n) {
  http::SseParser parser{65536};
  std::vector<ServerSentEvent> all;
  while (all.size() < n) {
    const auto piece = co_await stream.next(soon());
    if (!piece) co_return std::unexpected{piece.error()};
    if (!*piece) break;
    auto events = parser.push(**piece);
    if (!events) co_return std::unexpected{events.error()};
    all.insert(all.end(), events->begin(), events->end());
  }
  co_return std::move(all);
}

Task<http::StreamedResponse> listen(Harness& harness,
                                    std::string token,
                                    http::Headers headers = {}) {
  return harness.client().open(harness.call("GET", "/v1/stream", token, {}, headers), soon());
}

void tell(Harness& harness, std::string tenant, std::string what) {
  harness.service().events().publish(
      std::move(tenant), "verdict", [&] { return "\"" + what + "\""; });
}

std::string id_of(const Harness& harness, int n) {
  return fmt::format("{:x}.{}", harness.clock.now().time_since_epoch().count(), n);
}

asio::awaitable<void> hears(Harness& harness) {
  auto stream = co_await listen(harness, viewer);
  EXPECT_TRUE(stream && stream->status() == 200);
  if (!stream) co_return;
  EXPECT_EQ(*http::find(stream->headers(), "Content-Type"), "text/event-stream");
  tell(harness, "acme", "one");
  tell(harness, "other", "not for vera");
  tell(harness, "acme", "two");
  const auto events = co_await read_events(*stream, 2);
  EXPECT_EQ(events.value(),
            (std::vector<ServerSentEvent>{
                {.id = id_of(harness, 1), .event = "verdict", .data = "\"one\""},
                {.id = id_of(harness, 3), .event = "verdict", .data = "\"two\""}}));
}

TEST(Stream, TellsWhatHappensToTheTokensTenants) {
  Harness harness;
  harness.run([&] { return hears(harness); });
}

asio::awaitable<void> comes_back(Harness& harness) {
  auto keeps_listening = co_await listen(harness, admin);
  for (const auto* what : {"one", "two", "three"}) tell(harness, "acme", what);
  EXPECT_TRUE(co_await read_events(*keeps_listening, 3));
  auto back = co_await listen(harness, viewer, {{"Last-Event-ID", id_of(harness, 1)}});
  const auto rest = co_await read_events(*back, 2);
  EXPECT_TRUE(rest && rest->size() == 2 && rest->at(0).data == "\"two\"");
  for (const auto& unknown : {id_of(harness, 9), std::string{"former-run.1"}, std::string{"?"}}) {
    auto lost = co_await listen(harness, viewer, {{"Last-Event-ID", unknown}});
    const auto gap = co_await read_events(*lost, 1);
    EXPECT_TRUE(gap && gap->at(0).event == "gap") << unknown;
  }
}

TEST(Stream, GoesOnWhereAListenerStopped) {
  Harness harness;
  harness.run([&] { return comes_back(harness); });
}

asio::awaitable<void> was_alone(Harness& harness) {
  for (const auto* what : {"one", "two"}) tell(harness, "acme", what);
  auto back = co_await listen(harness, viewer, {{"Last-Event-ID", id_of(harness, 1)}});
  const auto gap = co_await read_events(*back, 1);
  EXPECT_TRUE(gap && gap->at(0).event == "gap");
}

TEST(Stream, SaysThatNobodyKeptWhatNobodyHeard) {
  Harness harness;
  harness.run([&] { return was_alone(harness); });
}

asio::awaitable<void> floods(Harness& harness) {
  auto stream = co_await listen(harness, viewer);
  for (int i = 0; i < 100; ++i) tell(harness, "acme", std::to_string(i));
  // The hub hears all of them before the stream is asked for the next piece.
  const auto events = co_await read_events(*stream, 1);
  EXPECT_TRUE(events && events->at(0).event == "gap");
}

TEST(Stream, TellsASlowListenerThatItMissedSome) {
  Harness harness;
  harness.options.events.queued = 10;
  harness.run([&] { return floods(harness); });
}

asio::awaitable<void> leaves(Harness& harness) {
  {
    const auto stream = co_await listen(harness, viewer);
    EXPECT_TRUE(stream);
    EXPECT_EQ(harness.service().events().listeners(), 1U);
    const auto crowd = co_await listen(harness, viewer);
    EXPECT_TRUE(crowd && crowd->status() == 503);
  }
  while (harness.service().events().listeners() > 0)
    co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
}

TEST(Stream, ForgetsAListenerThatLeftAndBoundsTheirNumber) {
  Harness harness;
  harness.options.events.listeners = 1;
  harness.run([&] { return leaves(harness); });
}

asio::awaitable<void> ends(Harness& harness) {
  auto stream = co_await listen(harness, viewer);
  harness.service().events().close();
  const auto events = co_await read_events(*stream, 1);
  EXPECT_TRUE(events && events->empty()) << "the stream did not end properly";
  const auto late = co_await listen(harness, viewer);
  EXPECT_TRUE(late && late->status() == 503);
}

TEST(Stream, EndsWhenTheEngineStops) {
  Harness harness;
  harness.run([&] { return ends(harness); });
}

asio::awaitable<void> beats(Harness& harness) {
  auto stream = co_await listen(harness, viewer);
  std::string seen;
  while (seen.find(": still here") == std::string::npos) {
    const auto piece = co_await stream->next(soon());
    EXPECT_TRUE(piece && *piece);
    if (!piece || !*piece) co_return;
    seen += **piece;
  }
}

TEST(Stream, KeepsAQuietConnectionAlive) {
  Harness harness;
  harness.options.events.heartbeat = std::chrono::milliseconds{1};
  harness.run([&] { return beats(harness); });
}

}  // namespace
}  // namespace sallyport::serve
