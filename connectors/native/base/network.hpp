#pragma once

#include "engine/base/result.hpp"

#include <boost/asio/ip/address.hpp>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sallyport::connectors {

/// An address or a block of addresses, in its one canonical form: an IPv4-mapped IPv6 address is
/// the IPv4 address, and no bit beyond the prefix is set.
class Network {
 public:
  /// Reads an address (`203.0.113.7`, `2001:db8::1`) or a CIDR. Errors: invalid_input for all else:
  /// host names, zones, host bits beyond the prefix, octal or short forms.
  [[nodiscard]] static Result<Network> parse(std::string_view text);

  [[nodiscard]] static Network of(const boost::asio::ip::address& address);

  [[nodiscard]] bool is_v4() const noexcept { return v4_; }

  [[nodiscard]] bool is_host() const noexcept { return length_ == (v4_ ? 32U : 128U); }

  [[nodiscard]] unsigned length() const noexcept { return length_; }

  [[nodiscard]] bool contains(const Network& other) const noexcept;

  [[nodiscard]] bool overlaps(const Network& other) const noexcept {
    return contains(other) || other.contains(*this);
  }

  [[nodiscard]] std::string address_text() const;
  [[nodiscard]] std::string text() const;  ///< Without a prefix where it is one address.

  friend std::optional<Network> carried_v4(const Network& network);
  friend bool operator==(const Network&, const Network&) = default;

 private:
  std::array<std::uint8_t, 16> bytes_{};  ///< IPv4 in the first four.
  bool v4_ = true;
  unsigned length_ = 32;
};

/// Why `network` can never be somebody outside: unspecified, loopback, link-local, multicast,
/// broadcast. Empty where it can.
[[nodiscard]] std::string_view special_purpose(const Network& network);

/// The IPv4 addresses that an IPv6 network carries through a translator or a tunnel (RFC 6052, RFC
/// 3056, RFC 4291, RFC 2765, RFC 5214): `64:ff9b::7f00:1` is 127.0.0.1 on the other side. Empty:
/// none.
[[nodiscard]] std::optional<Network> carried_v4(const Network& network);

/// The addresses of the interfaces in the calling thread's network namespace.
[[nodiscard]] std::vector<Network> own_addresses();

}  // namespace sallyport::connectors
