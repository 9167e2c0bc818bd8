#include "tests/integration/engine/http_call.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <charconv>

namespace sallyport::testing {

namespace {

class Socket {
 public:
  Socket() : fd_{socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)} {}

  ~Socket() {
    if (fd_ >= 0) close(fd_);
  }

  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  [[nodiscard]] int fd() const { return fd_; }

 private:
  int fd_;
};

/// The end of the header, and the length that it announces.
std::optional<std::pair<std::size_t, std::size_t>> head_of(const std::string& answer) {
  const auto end = answer.find("\r\n\r\n");
  if (end == std::string::npos) return std::nullopt;
  constexpr std::string_view name{"\r\ncontent-length: "};
  auto head = answer.substr(0, end);
  for (char& c : head) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  std::size_t length = 0;
  if (const auto at = head.find(name); at != std::string::npos)
    std::from_chars(head.data() + at + name.size(), head.data() + head.size(), length);
  return std::pair{end + 4, length};
}

}  // namespace

std::optional<HttpAnswer> http_call(std::uint16_t port,
                                    const std::string& method,
                                    const std::string& target,
                                    const std::string& token,
                                    const std::string& body,
                                    std::chrono::milliseconds patience,
                                    const std::string& type) {
  const Socket socket;
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(socket.fd(), reinterpret_cast<sockaddr*>(&to), sizeof to) != 0) return std::nullopt;

  auto request = fmt::format(
      "{} {} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
      "Content-Type: {}\r\nContent-Length: {}\r\n",
      method,
      target,
      type,
      body.size());
  if (!token.empty()) request += fmt::format("Authorization: Bearer {}\r\n", token);
  request += "\r\n" + body;
  for (std::size_t sent = 0; sent < request.size();) {
    const auto n = send(socket.fd(), request.data() + sent, request.size() - sent, MSG_NOSIGNAL);
    if (n <= 0) return std::nullopt;
    sent += static_cast<std::size_t>(n);
  }

  const auto until = std::chrono::steady_clock::now() + patience;
  std::string answer;
  for (;;) {
    if (const auto head = head_of(answer); head && answer.size() >= head->first + head->second) {
      HttpAnswer result;
      std::from_chars(answer.data() + 9, answer.data() + 12, result.status);
      result.body = answer.substr(head->first, head->second);
      return result;
    }
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        until - std::chrono::steady_clock::now());
    pollfd readable{.fd = socket.fd(), .events = POLLIN, .revents = 0};
    if (left.count() <= 0 || poll(&readable, 1, static_cast<int>(left.count())) <= 0)
      return std::nullopt;
    std::array<char, 65536> piece{};
    const auto n = recv(socket.fd(), piece.data(), piece.size(), 0);
    if (n <= 0) return std::nullopt;
    answer.append(piece.data(), static_cast<std::size_t>(n));
  }
}

}  // namespace sallyport::testing
