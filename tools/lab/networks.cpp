#include "tools/lab/networks.hpp"

#include "connectors/native/base/network_namespace.hpp"
#include "tools/lab/process.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <fstream>
#include <memory>
#include <vector>

namespace sallyport::lab {

namespace {

Result<> ip(const std::string& line) {
  std::vector<std::string> arguments{"ip"};
  for (std::size_t at = 0; at < line.size();) {
    const auto end = std::min(line.find(' ', at), line.size());
    arguments.push_back(line.substr(at, end - at));
    at = end + 1;
  }
  const auto done = must_run(arguments);
  if (!done) return std::unexpected{done.error()};
  return {};
}

using Address = std::unique_ptr<addrinfo, decltype(&freeaddrinfo)>;

Address numeric(std::string_view address, std::uint16_t port) {
  addrinfo hints{};
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  getaddrinfo(std::string{address}.c_str(), std::to_string(port).c_str(), &hints, &found);
  return {found, &freeaddrinfo};
}

bool connects(std::string_view source,
              std::string_view destination,
              std::uint16_t port,
              std::chrono::milliseconds patience) {
  const auto to = numeric(destination, port);
  if (!to) return false;
  const int fd = socket(to->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  bool ok = fd >= 0;
  if (ok && !source.empty()) {
    const auto from = numeric(source, 0);
    ok = from && bind(fd, from->ai_addr, from->ai_addrlen) == 0;
  }
  if (ok && connect(fd, to->ai_addr, to->ai_addrlen) != 0) {
    pollfd writable{.fd = fd, .events = POLLOUT, .revents = 0};
    int error = 1;
    socklen_t size = sizeof error;
    ok = errno == EINPROGRESS && poll(&writable, 1, static_cast<int>(patience.count())) > 0 &&
         getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0;
  }
  if (fd >= 0) close(fd);
  return ok;
}

}  // namespace

Result<Networks> make_networks(Janitor& janitor) {
  static std::atomic<int> made{0};
  const auto prefix = fmt::format("sallyport-{}-{}-", getpid(), made++);
  Networks names{prefix + "gateway", prefix + "outside", prefix + "host"};
  for (const auto& name : {names.gateway, names.outside, names.host}) {
    if (auto ok = janitor.will_remove_namespace(name); !ok) return std::unexpected{ok.error()};
    if (auto ok = ip("netns add " + name); !ok) return std::unexpected{ok.error()};
    if (auto ok = ip("-n " + name + " link set lo up"); !ok) return std::unexpected{ok.error()};
  }
  const auto& g = names.gateway;
  const auto& o = names.outside;
  const auto& h = names.host;
  for (const auto& line : {
           fmt::format("-n {} link add outside type veth peer name uplink netns {}", g, o),
           fmt::format("-n {} link add inside type veth peer name uplink netns {}", g, h),
           fmt::format("-n {} addr add 203.0.113.1/24 dev outside", g),
           fmt::format("-n {} addr add 2001:db8:66::1/64 dev outside nodad", g),
           fmt::format("-n {} addr add 10.77.0.1/24 dev inside", g),
           fmt::format("-n {} addr add fd77::1/64 dev inside nodad", g),
           fmt::format("-n {} link set outside up", g),
           fmt::format("-n {} link set inside up", g),
           fmt::format("-n {} addr add 203.0.113.7/24 dev uplink", o),
           fmt::format("-n {} addr add 203.0.113.8/24 dev uplink", o),
           fmt::format("-n {} addr add 203.0.113.66/24 dev uplink", o),
           fmt::format("-n {} addr add 2001:db8:66::7/64 dev uplink nodad", o),
           fmt::format("-n {} link set uplink up", o),
           fmt::format("-n {} route add default via 203.0.113.1", o),
           fmt::format("-n {} -6 route add default via 2001:db8:66::1", o),
           fmt::format("-n {} addr add 10.77.0.20/24 dev uplink", h),
           fmt::format("-n {} addr add fd77::20/64 dev uplink nodad", h),
           fmt::format("-n {} link set uplink up", h),
           fmt::format("-n {} route add default via 10.77.0.1", h),
           fmt::format("-n {} -6 route add default via fd77::1", h),
       }) {
    if (auto ok = ip(line); !ok) return std::unexpected{ok.error()};
  }
  const auto forward = connectors::in_network_namespace(g, [] {
    std::ofstream{"/proc/sys/net/ipv4/ip_forward"} << "1\n";
    std::ofstream{"/proc/sys/net/ipv6/conf/all/forwarding"} << "1\n";
  });
  if (!forward) return std::unexpected{forward.error()};
  return names;
}

bool reaches(const std::string& from,
             std::string_view source,
             std::string_view destination,
             std::uint16_t port,
             std::chrono::milliseconds patience) {
  bool reached = false;
  const auto there = connectors::in_network_namespace(
      from, [&] { reached = connects(source, destination, port, patience); });
  return there && reached;
}

Result<std::uint16_t> free_port() {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  const auto raw = reinterpret_cast<sockaddr*>(&address);
  const bool ok = fd >= 0 && bind(fd, raw, size) == 0 && getsockname(fd, raw, &size) == 0;
  if (fd >= 0) close(fd);
  if (!ok) return fail(Errc::unavailable, "no free port");
  return ntohs(address.sin_port);
}

}  // namespace sallyport::lab
