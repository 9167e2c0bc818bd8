#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace sallyport::match {

/// An IP address as 128 bits; an IPv4 address is the mapped one (::ffff:a.b.c.d), so that both
/// spellings are the same address.
struct Address {
  std::array<std::uint8_t, 16> bytes{};
  bool is_v4 = false;
};

/// Reads an IPv4 or IPv6 address; a zone (`%eth0`) is left out. Anything else: none.
[[nodiscard]] std::optional<Address> parse_address(std::string_view text) noexcept;

/// A network in CIDR notation. An IPv4 network holds no native IPv6 address and the other way
/// round.
struct Network {
  Address base;       ///< With the bits behind the prefix cleared.
  unsigned bits = 0;  ///< Of the 128: an IPv4 prefix plus 96.
  bool exact = true;  ///< False: bits behind the prefix were set in the text.

  [[nodiscard]] bool holds(const Address& address) const noexcept;
  /// All of it.
  [[nodiscard]] bool holds(const Network& inner) const noexcept;
};

/// Reads `10.0.0.0/8`, `fe80::/10` or a single address.
[[nodiscard]] std::optional<Network> parse_network(std::string_view text) noexcept;

}  // namespace sallyport::match
