#include "tools/benchmarks/bad_models.hpp"

#include "engine/base/json.hpp"
#include "tools/benchmarks/question.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <fmt/format.h>

#include <array>
#include <chrono>
#include <memory>
#include <utility>

namespace sallyport::benchmarks {

namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using asio::ip::tcp;
using boost::system::error_code;

/// What a server does with a question.
struct Way {
  enum class End : std::uint8_t { silent, reset, closed, another };

  std::string name;
  std::string outcome;
  std::string bytes;                 ///< Sent after a moment...
  std::size_t at_once = 1UL << 20U;  ///< ...so many at a time, a second apart.
  End end = End::another;            ///< Another: it waits for the next question.
};

constexpr std::chrono::milliseconds moment{50};

std::string chunk(std::string_view bytes) {
  return fmt::format("{:x}\r\n{}\r\n", bytes.size(), bytes);
}

std::string line(const json::object& value) {
  return "data: " + to_json(value) + "\n\n";
}

std::string words(std::string_view text) {
  json::array choices;
  choices.push_back(json::object{{"index", 0}, {"delta", {{"content", text}}}});
  return line({{"choices", choices}});
}

std::string stop(std::string_view reason) {
  json::array choices;
  choices.push_back(
      json::object{{"index", 0}, {"delta", json::object{}}, {"finish_reason", reason}});
  return line({{"choices", choices}}) + "data: [DONE]\n\n";
}

std::string stream(std::string_view events) {
  return "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: "
         "chunked\r\n\r\n" +
         chunk(events);
}

std::string said(std::string_view text, std::string_view reason = "stop") {
  return stream(words(text) + stop(reason)) + "0\r\n\r\n";
}

std::string status(int code, std::string_view headers) {
  constexpr std::string_view body = R"({"error":{"message":"no"}})";
  return fmt::format(
      "HTTP/1.1 {} X\r\n{}Content-Length: {}\r\n\r\n{}", code, headers, body.size(), body);
}

std::string judgement(std::string_view evidence, std::string_view quote, std::string_view action) {
  return fmt::format(
      R"({{"hypotheses":[{{"statement":"a scan","verdict":"suspicious","supporting":[],"refuting":[]}}],)"
      R"("citations":[{{"evidence":"{}","quote":"{}"}}],"verdict":"suspicious","techniques":[],)"
      R"("actions":[{}],"summary":"A scan."}})",
      evidence,
      quote,
      action);
}

std::vector<Way> ways() {
  using End = Way::End;
  const auto half = stream(words(R"({"verdict":)"));
  const auto act = [](std::string_view verb, int entity) {
    return said(judgement(
        "E1",
        "suricata reports",
        fmt::format(R"({{"verb":"{}","entity":{},"evidence":[],"why":""}})", verb, entity)));
  };
  constexpr std::size_t byte = 1;
  return {
      {.name = "hangs", .outcome = "timeout", .bytes = "", .end = End::silent},
      {.name = "drips", .outcome = "timeout", .bytes = said("{}"), .at_once = byte},
      {.name = "resets", .outcome = "unreachable", .bytes = "", .end = End::reset},
      {.name = "closes_in_the_middle", .outcome = "unreachable", .bytes = half, .end = End::closed},
      {.name = "stops_in_the_middle", .outcome = "timeout", .bytes = half, .end = End::silent},
      {.name = "ends_early", .outcome = "malformed", .bytes = half + "0\r\n\r\n"},
      {.name = "throttles", .outcome = "rate_limited", .bytes = status(429, "Retry-After: 20\r\n")},
      {.name = "is_overloaded", .outcome = "overloaded", .bytes = status(529, "")},
      {.name = "errs_after_200",
       .outcome = "overloaded",
       .bytes = half + chunk(line({{"error", {{"type", "overloaded"}, {"message", "no"}}}})),
       .end = End::silent},
      {.name = "is_filtered", .outcome = "content_filter", .bytes = said("I", "content_filter")},
      {.name = "writes_no_json", .outcome = "stop", .bytes = said("A scan.")},
      {.name = "cites_what_is_not",
       .outcome = "stop",
       .bytes = said(judgement("E99", "suricata reports", ""))},
      {.name = "wants_an_unknown_verb", .outcome = "stop", .bytes = act("wipe_disk", 1)},
      {.name = "aims_at_a_stranger", .outcome = "stop", .bytes = act("isolate_host", 77)},
  };
}

/// One connection, a question after the other.
class Talk : public std::enable_shared_from_this<Talk> {
 public:
  Talk(tcp::socket socket, const Way& way)
      : socket_{std::move(socket)}, timer_{socket_.get_executor()}, way_{way} {}

  void listen() {
    socket_.async_read_some(asio::buffer(buffer_),
                            [self = shared_from_this()](error_code error, std::size_t n) {
                              if (!error) self->take({self->buffer_.data(), n});
                            });
  }

 private:
  void take(std::string_view bytes) {
    if (!question_.take(bytes)) return listen();
    sent_ = 0;
    answer(moment);
  }

  void answer(std::chrono::milliseconds after) {
    timer_.expires_after(after);
    timer_.async_wait([self = shared_from_this()](error_code error) {
      if (error) return;
      const auto piece = std::string_view{self->way_.bytes}.substr(self->sent_, self->way_.at_once);
      if (piece.empty()) return self->end();
      self->sent_ += piece.size();
      asio::async_write(self->socket_, asio::buffer(piece), [self](error_code failed, std::size_t) {
        if (failed) return;
        if (self->sent_ < self->way_.bytes.size()) return self->answer(1s);
        self->end();
      });
    });
  }

  void end() {
    error_code ignored;
    switch (way_.end) {
      case Way::End::silent:
      case Way::End::another:
        return listen();
      case Way::End::reset:
        socket_.set_option(asio::socket_base::linger{true, 0}, ignored);
        [[fallthrough]];
      case Way::End::closed:
        socket_.close(ignored);
    }
  }

  tcp::socket socket_;
  asio::steady_timer timer_;
  const Way& way_;
  std::array<char, 2048> buffer_;
  Question question_;
  std::size_t sent_ = 0;
};

void accept(const std::shared_ptr<tcp::acceptor>& acceptor, const Way& way) {
  acceptor->async_accept([acceptor, &way](error_code error, tcp::socket socket) {
    if (!error) std::make_shared<Talk>(std::move(socket), way)->listen();
    accept(acceptor, way);
  });
}

}  // namespace

BadModels::BadModels()
    : servers_{[this](asio::io_context& loop) {
        const auto all = std::make_shared<const std::vector<Way>>(ways());
        std::vector<std::shared_ptr<tcp::acceptor>> acceptors;
        for (const auto& way : *all) {
          const tcp::endpoint any{asio::ip::make_address("127.0.0.1"), 0};
          acceptors.push_back(std::make_shared<tcp::acceptor>(loop, any));
          acceptors.back()->listen(4096);
          all_.push_back({.name = way.name,
                          .outcome = way.outcome,
                          .port = acceptors.back()->local_endpoint().port()});
        }
        return [all, acceptors] {
          for (std::size_t i = 0; i < all->size(); ++i) accept(acceptors[i], (*all)[i]);
        };
      }} {}

}  // namespace sallyport::benchmarks
