#include "tools/benchmarks/slow_model.hpp"

#include "engine/base/json.hpp"
#include "tools/benchmarks/question.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <fmt/format.h>

#include <array>
#include <memory>
#include <utility>

namespace sallyport::benchmarks {

namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

/// The whole answer to a question: a stream in which `text` is said in one piece.
std::string streamed(const std::string& text) {
  const auto line = [](const json::object& value) { return "data: " + to_json(value) + "\n\n"; };
  json::array word;
  word.push_back(json::object{{"index", 0}, {"delta", {{"content", text}}}});
  json::array stop;
  stop.push_back(json::object{{"index", 0}, {"delta", json::object{}}, {"finish_reason", "stop"}});
  const auto body = line({{"choices", word}}) + line({{"choices", stop}}) +
                    line({{"choices", json::array{}},
                          {"usage", {{"prompt_tokens", 1500}, {"completion_tokens", 120}}}}) +
                    "data: [DONE]\n\n";
  return fmt::format(
      "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
      "{:x}\r\n{}\r\n0\r\n\r\n",
      body.size(),
      body);
}

/// One connection, a question after the other.
class Talk : public std::enable_shared_from_this<Talk> {
 public:
  Talk(tcp::socket socket, std::chrono::milliseconds after, const std::string& answer)
      : socket_{std::move(socket)}, timer_{socket_.get_executor()}, after_{after}, answer_{answer} {
    socket_.set_option(tcp::no_delay{true});
  }

  void listen() {
    socket_.async_read_some(asio::buffer(buffer_),
                            [self = shared_from_this()](error_code error, std::size_t n) {
                              if (!error) self->take({self->buffer_.data(), n});
                            });
  }

 private:
  void take(std::string_view bytes) {
    if (!question_.take(bytes)) return listen();
    timer_.expires_after(after_);
    timer_.async_wait([self = shared_from_this()](error_code error) {
      if (!error) self->answer();
    });
  }

  void answer() {
    asio::async_write(
        socket_, asio::buffer(answer_), [self = shared_from_this()](error_code error, std::size_t) {
          if (!error) self->listen();
        });
  }

  tcp::socket socket_;
  asio::steady_timer timer_;
  std::chrono::milliseconds after_;
  const std::string& answer_;
  std::array<char, 2048> buffer_;
  Question question_;
};

void accept(const std::shared_ptr<tcp::acceptor>& acceptor,
            std::chrono::milliseconds after,
            const std::shared_ptr<const std::string>& answer) {
  acceptor->async_accept([=](error_code error, tcp::socket socket) {
    if (!error) std::make_shared<Talk>(std::move(socket), after, *answer)->listen();
    accept(acceptor, after, answer);
  });
}

}  // namespace

SlowModel::SlowModel(std::chrono::milliseconds after, const std::string& answer)
    : server_{[&](asio::io_context& loop) {
        const tcp::endpoint any{asio::ip::make_address("127.0.0.1"), 0};
        auto acceptor = std::make_shared<tcp::acceptor>(loop, any);
        acceptor->listen(4096);
        port_ = acceptor->local_endpoint().port();
        return
            [=] { accept(acceptor, after, std::make_shared<const std::string>(streamed(answer))); };
      }} {}

}  // namespace sallyport::benchmarks
