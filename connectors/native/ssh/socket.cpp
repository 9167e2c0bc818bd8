#include "connectors/native/ssh/socket.hpp"

#include "connectors/native/base/network_namespace.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <memory>
#include <system_error>

namespace sallyport::connectors::ssh {

namespace {

int milliseconds_left(Deadline deadline) {
  const auto left =
      std::chrono::ceil<std::chrono::milliseconds>(deadline.at() - Deadline::Clock::now());
  return static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 3'600'000));
}

/// Returns 0, or what went wrong as an errno.
int finish_connecting(int fd, Deadline deadline) {
  pollfd writable{.fd = fd, .events = POLLOUT, .revents = 0};
  if (poll(&writable, 1, milliseconds_left(deadline)) <= 0) return ETIMEDOUT;
  int error = 0;
  socklen_t size = sizeof error;
  return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? error : errno;
}

Result<int> connect_here(const std::string& address, std::uint16_t port, Deadline deadline) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* raw = nullptr;
  const int looked = getaddrinfo(address.c_str(), std::to_string(port).c_str(), &hints, &raw);
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> found{raw, &freeaddrinfo};
  if (looked != 0)
    return fail(Errc::unavailable, fmt::format("{}: {}", address, gai_strerror(looked)));
  int error = EHOSTUNREACH;
  for (const auto* each = found.get(); each; each = each->ai_next) {
    const int fd = socket(each->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) continue;
    error = connect(fd, each->ai_addr, each->ai_addrlen) == 0 ? 0 : errno;
    if (error == EINPROGRESS) error = finish_connecting(fd, deadline);
    if (error == 0) {
      const int on = 1;
      setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      return fd;
    }
    close(fd);
  }
  return fail(Errc::unavailable,
              fmt::format("{} port {}: {}", address, port, std::generic_category().message(error)));
}

}  // namespace

Result<int> connect_tcp(const std::string& network_namespace,
                        const std::string& address,
                        std::uint16_t port,
                        Deadline deadline) {
  Result<int> connected = fail(Errc::unavailable, "not tried");
  const auto there = in_network_namespace(
      network_namespace, [&] { connected = connect_here(address, port, deadline); });
  if (!there) return std::unexpected{there.error()};
  return connected;
}

Watchdog::Watchdog(int socket, Deadline deadline)
    : thread_{[this, socket, deadline] {
        std::unique_lock lock{mutex_};
        if (!changed_.wait_until(lock, deadline.at(), [this] { return over_; }))
          shutdown(socket, SHUT_RDWR);
      }} {}

Watchdog::~Watchdog() {
  {
    const std::lock_guard lock{mutex_};
    over_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

}  // namespace sallyport::connectors::ssh
