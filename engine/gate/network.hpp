#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace sallyport::gate {

/// An address, or a range of addresses written as CIDR. An IPv4 address inside IPv6
/// (`::ffff:10.0.0.1`) is the IPv4 address.
struct Network {
  std::array<std::uint8_t, 16> bits{};  ///< The first 4 for IPv4; those past `length` are 0.
  std::uint8_t length = 0;              ///< In bits.
  bool v6 = false;

  [[nodiscard]] bool contains(const Network& address) const;
  /// The first `bits_kept` bits of it.
  [[nodiscard]] Network shortened(std::uint8_t bits_kept) const;

  friend bool operator==(const Network&, const Network&) = default;
};

/// `10.0.0.1`, `2001:db8::1`: an address and nothing else.
[[nodiscard]] std::optional<Network> parse_address(std::string_view text);

/// `10.0.0.0/8`, or an address for itself alone. Empty when it is not one, or has bits set past its
/// length.
[[nodiscard]] std::optional<Network> parse_network(std::string_view text);

}  // namespace sallyport::gate
