#pragma once

#include "connectors/models/wire.hpp"
#include "engine/http/transport.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace sallyport::connectors::models::testing {

using namespace std::chrono_literals;

/// What a model server does with one request: waits, then sends, again and again. The connection
/// then stays open without a word, or breaks, or ends.
struct Play {
  struct Piece {
    std::chrono::milliseconds after{0};
    std::string bytes;
  };

  enum class End : std::uint8_t { silent, reset, closed };

  std::deque<Piece> pieces;
  End end = End::silent;
};

/// Who is asked: told by the instructions in the request.
enum class Asked : std::uint8_t { reader, judge };

inline Asked asked_in(std::string_view request) {
  return request.find("You describe the text") != std::string_view::npos ? Asked::reader
                                                                         : Asked::judge;
}

/// A connection to a server that plays what `script` says of each request.
class ScriptedServer final : public http::Transport {
 public:
  using Script = std::function<Play(std::string_view request)>;

  ScriptedServer(Script script, int& open) : script_{std::move(script)}, open_{open} { ++open_; }

  ~ScriptedServer() override { --open_; }

  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  Task<std::size_t> read_some(std::span<char> into) override {
    const auto executor = co_await asio::this_coro::executor;
    if (gone_) co_return fail(Errc::unavailable, "closed");
    if (play_.pieces.empty() && play_.end == Play::End::reset)
      co_return fail(Errc::unavailable, "read: Connection reset by peer");
    if (play_.pieces.empty() && play_.end == Play::End::closed) co_return 0;
    asio::steady_timer timer{executor};
    timer.expires_at(play_.pieces.empty()
                         ? asio::steady_timer::time_point::max()
                         : asio::steady_timer::clock_type::now() + play_.pieces.front().after);
    const auto [error] = co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
    if (error) co_return fail(Errc::cancelled, "cancelled");
    auto& piece = play_.pieces.front();
    piece.after = 0ms;
    const auto n = std::min(piece.bytes.size(), into.size());
    std::copy_n(piece.bytes.begin(), n, into.begin());
    piece.bytes.erase(0, n);
    if (piece.bytes.empty()) play_.pieces.pop_front();
    co_return n;
  }

  Task<> write(std::string bytes) override {
    play_ = script_(bytes);
    co_return Result<>{};
  }

  Task<> finish() override { co_return Result<>{}; }

  Task<> close() override {
    gone_ = true;
    co_return Result<>{};
  }

  void abort() noexcept override { gone_ = true; }

  bool quiet() noexcept override { return play_.pieces.empty() && play_.end == Play::End::silent; }

 private:
  Script script_;
  int& open_;
  Play play_;
  bool gone_ = false;
};

/// `payload` as an answer with a length.
inline std::string response(int status, std::string_view headers, std::string_view payload) {
  return fmt::format(
      "HTTP/1.1 {} X\r\n{}Content-Length: {}\r\n\r\n{}", status, headers, payload.size(), payload);
}

inline constexpr std::string_view stream_header =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";

inline std::string chunk(std::string_view bytes) {
  return fmt::format("{:x}\r\n{}\r\n", bytes.size(), bytes);
}

inline std::string data_line(const json::object& value) {
  return "data: " + to_json(value) + "\n\n";
}

/// The stream in which a model says `text`, in a few pieces, and stops for `reason` (as Chat
/// Completions calls it).
inline std::deque<std::string> spoken(Dialect dialect,
                                      std::string_view text,
                                      std::string_view reason = "stop") {
  std::deque<std::string> events;
  const auto part = std::max<std::size_t>(text.size() / 8, 1);
  if (dialect == Dialect::anthropic) {
    events.push_back(
        data_line({{"type", "message_start"},
                   {"message", {{"usage", {{"input_tokens", 1000}, {"output_tokens", 1}}}}}}));
    events.push_back(data_line({{"type", "content_block_start"},
                                {"index", 0},
                                {"content_block", {{"type", "text"}, {"text", ""}}}}));
  }
  for (std::size_t i = 0; i < text.size(); i += part) {
    const auto words = text.substr(i, part);
    if (dialect == Dialect::anthropic) {
      events.push_back(data_line({{"type", "content_block_delta"},
                                  {"index", 0},
                                  {"delta", {{"type", "text_delta"}, {"text", words}}}}));
    } else {
      json::array choices;
      choices.push_back(json::object{{"index", 0}, {"delta", {{"content", words}}}});
      events.push_back(data_line({{"choices", choices}}));
    }
  }
  if (dialect == Dialect::anthropic) {
    const auto why = reason == "length"           ? "max_tokens"
                     : reason == "content_filter" ? "refusal"
                                                  : "end_turn";
    events.push_back(data_line({{"type", "message_delta"},
                                {"delta", {{"stop_reason", why}}},
                                {"usage", {{"output_tokens", 100}}}}));
    events.push_back(data_line({{"type", "message_stop"}}));
  } else {
    json::array choices;
    choices.push_back(
        json::object{{"index", 0}, {"delta", json::object{}}, {"finish_reason", reason}});
    events.push_back(data_line({{"choices", choices}}));
    events.push_back(data_line({{"choices", json::array{}},
                                {"usage", {{"prompt_tokens", 1000}, {"completion_tokens", 100}}}}));
    events.push_back("data: [DONE]\n\n");
  }
  return events;
}

/// Says it: the first word after `first`, then one event each `pace`.
inline Play says(Dialect dialect,
                 std::string_view text,
                 std::chrono::milliseconds first = 500ms,
                 std::chrono::milliseconds pace = 10ms,
                 std::string_view reason = "stop") {
  Play play;
  play.pieces.push_back({first, std::string{stream_header}});
  for (const auto& event : spoken(dialect, text, reason))
    play.pieces.push_back({pace, chunk(event)});
  play.pieces.push_back({0ms, "0\r\n\r\n"});
  return play;
}

}  // namespace sallyport::connectors::models::testing
