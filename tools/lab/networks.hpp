#pragma once

#include "engine/base/result.hpp"
#include "tools/lab/janitor.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace sallyport::lab {

/// Three network namespaces: `outside` - `gateway` - `host`, joined by veth pairs. None has a way
/// to the machine's own network.
///
///   outside 203.0.113.7, .8, .66 and 2001:db8:66::7   (the internet, where attackers are)
///   gateway 203.0.113.1, 2001:db8:66::1 | 10.77.0.1, fd77::1
///   host    10.77.0.20, fd77::20
struct Networks {
  std::string gateway;
  std::string outside;
  std::string host;
};

inline constexpr std::string_view gateway_inside = "10.77.0.1";
inline constexpr std::string_view gateway_outside = "203.0.113.1";
inline constexpr std::string_view host_address = "10.77.0.20";
inline constexpr std::string_view host_address_v6 = "fd77::20";

/// Needs root. Errors: unavailable, with the command that failed.
[[nodiscard]] Result<Networks> make_networks(Janitor& janitor);

/// Whether a TCP connection from `source` (an address in the namespace `from`; empty: any) to
/// `destination`:`port` comes about within `patience`.
[[nodiscard]] bool reaches(const std::string& from,
                           std::string_view source,
                           std::string_view destination,
                           std::uint16_t port,
                           std::chrono::milliseconds patience);

/// A TCP port of 127.0.0.1 that nobody uses at this moment. Errors: unavailable.
[[nodiscard]] Result<std::uint16_t> free_port();

}  // namespace sallyport::lab
