#include "tools/benchmarks/slow_model.hpp"

#include "engine/base/json.hpp"
#include "tools/benchmarks/question.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <fmt/format.h>
#include <sys/socket.h>

#include <array>
#include <charconv>
#include <cstring>
#include <ctime>
#include <deque>
#include <memory>
#include <utility>

namespace sallyport::benchmarks {

namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using std::chrono::nanoseconds;
using Steady = std::chrono::steady_clock;

constexpr std::string_view held_before = "held for ";
constexpr std::size_t held_digits = 17;
static_assert(SlowModel::held_place.size() == held_before.size() + held_digits + 3);

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

nanoseconds as_duration(const timespec& time) {
  return std::chrono::seconds{time.tv_sec} + nanoseconds{time.tv_nsec};
}

/// By the clock of the kernel's time stamps.
nanoseconds now() {
  timespec time{};
  ::clock_gettime(CLOCK_REALTIME, &time);
  return as_duration(time);
}

struct Received {
  std::string_view bytes;  ///< Empty: the client has gone, or (`later`) nothing is there.
  nanoseconds at{};        ///< When the kernel had the last of them.
  bool later = false;
};

/// What has come in on `socket`, and when: not when somebody got round to reading it.
Received receive(int socket, std::span<char> into) {
  iovec piece{.iov_base = into.data(), .iov_len = into.size()};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(timespec))> control;
  msghdr message{};
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  const auto n = ::recvmsg(socket, &message, MSG_DONTWAIT);
  if (n < 0) return {.bytes = {}, .at = {}, .later = errno == EAGAIN || errno == EINTR};
  Received received{.bytes = {into.data(), static_cast<std::size_t>(n)}, .at = now()};
  for (auto* item = CMSG_FIRSTHDR(&message); item; item = CMSG_NXTHDR(&message, item)) {
    if (item->cmsg_level != SOL_SOCKET || item->cmsg_type != SCM_TIMESTAMPNS) continue;
    timespec time{};
    std::memcpy(&time, CMSG_DATA(item), sizeof(time));
    received.at = as_duration(time);
  }
  return received;
}

/// One connection, a question after the other.
struct Talk {
  explicit Talk(tcp::socket given) : socket{std::move(given)} {
    socket.set_option(tcp::no_delay{true});
    const int on = 1;
    ::setsockopt(socket.native_handle(), SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on));
  }

  tcp::socket socket;
  Question question;
  nanoseconds asked{};  ///< When the last byte of the question was there.
};

/// All connections, on one thread: it takes as little as can be from the engine that is measured.
/// Everybody waits equally long, so that whoever has waited longest is the next.
class Server : public std::enable_shared_from_this<Server> {
 public:
  Server(tcp::acceptor acceptor, std::chrono::milliseconds after, std::string answer)
      : acceptor_{std::move(acceptor)},
        timer_{acceptor_.get_executor()},
        after_{after},
        answer_{std::move(answer)},
        held_at_{answer_.find(SlowModel::held_place)} {}

  void accept() {
    acceptor_.async_accept([self = shared_from_this()](error_code error, tcp::socket socket) {
      if (!error) self->listen(std::make_shared<Talk>(std::move(socket)));
      self->accept();
    });
  }

 private:
  struct Waiting {
    std::shared_ptr<Talk> talk;
    Steady::time_point due;
  };

  void listen(const std::shared_ptr<Talk>& talk) {
    talk->socket.async_wait(tcp::socket::wait_read,
                            [self = shared_from_this(), talk](error_code error) {
                              if (!error) self->take(talk);
                            });
  }

  void take(const std::shared_ptr<Talk>& talk) {
    const auto received = receive(talk->socket.native_handle(), buffer_);
    if (received.bytes.empty()) {
      if (received.later) listen(talk);
      return;
    }
    if (!talk->question.take(received.bytes)) return listen(talk);
    talk->asked = received.at;
    waiting_.push_back({.talk = talk, .due = Steady::now() + after_ - (now() - received.at)});
    if (waiting_.size() == 1) sleep();
  }

  void sleep() {
    timer_.expires_at(waiting_.front().due);
    timer_.async_wait([self = shared_from_this()](error_code error) {
      if (!error) self->answer_due();
    });
  }

  void answer_due() {
    while (!waiting_.empty() && waiting_.front().due <= Steady::now()) {
      const auto talk = std::move(waiting_.front().talk);
      waiting_.pop_front();
      if (answer(*talk)) listen(talk);
    }
    if (!waiting_.empty()) sleep();
  }

  /// Whether it was taken: an answer is smaller than what a socket holds.
  bool answer(Talk& talk) {
    if (held_at_ != std::string::npos) {
      const auto held = fmt::format("{:0{}}", (now() - talk.asked).count(), held_digits);
      answer_.replace(held_at_ + held_before.size(), held_digits, held);
    }
    const auto sent = ::send(
        talk.socket.native_handle(), answer_.data(), answer_.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    return sent == static_cast<::ssize_t>(answer_.size());
  }

  tcp::acceptor acceptor_;
  asio::steady_timer timer_;
  std::chrono::milliseconds after_;
  std::string answer_;
  std::size_t held_at_;
  std::deque<Waiting> waiting_;
  std::array<char, 65536> buffer_;
};

}  // namespace

SlowModel::SlowModel(std::chrono::milliseconds after, const std::string& answer)
    : server_{[&](asio::io_context& loop) {
        const tcp::endpoint any{asio::ip::make_address("127.0.0.1"), 0};
        auto acceptor = std::make_shared<tcp::acceptor>(loop, any);
        acceptor->listen(4096);
        port_ = acceptor->local_endpoint().port();
        return [=] {
          std::make_shared<Server>(std::move(*acceptor), after, streamed(answer))->accept();
        };
      }} {}

std::optional<nanoseconds> SlowModel::held(std::string_view text) {
  const auto at = text.find(held_before);
  if (at == std::string_view::npos) return std::nullopt;
  const auto digits = text.substr(at + held_before.size(), held_digits);
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc{} || end != digits.data() + held_digits) return std::nullopt;
  return nanoseconds{value};
}

}  // namespace sallyport::benchmarks
