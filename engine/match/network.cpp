#include "engine/match/network.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace sallyport::match {

namespace {

constexpr std::array<std::uint8_t, 12> mapped_prefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

/// Dotted decimal, four numbers without leading zeros (which some read as octal).
std::optional<Address> parse_v4(std::string_view text) noexcept {
  if (text.size() < 7 || text.size() > 15) return std::nullopt;
  Address address{.is_v4 = true};
  std::ranges::copy(mapped_prefix, address.bytes.begin());
  const auto* at = text.data();
  const auto* end = at + text.size();
  for (std::size_t i = 12; i < 16; ++i) {
    if (i > 12 && (at == end || *at++ != '.')) return std::nullopt;
    const auto [last, ec] = std::from_chars(at, end, address.bytes[i]);
    if (ec != std::errc{} || (*at == '0' && last - at > 1)) return std::nullopt;
    at = last;
  }
  if (at != end) return std::nullopt;
  return address;
}

}  // namespace

std::optional<Address> parse_address(std::string_view text) noexcept {
  if (text.find(':') == std::string_view::npos) return parse_v4(text);
  text = text.substr(0, text.find('%'));
  std::array<char, INET6_ADDRSTRLEN> terminated{};
  if (text.size() >= terminated.size() || text.find('\0') != std::string_view::npos)
    return std::nullopt;
  std::ranges::copy(text, terminated.begin());
  Address address;
  if (inet_pton(AF_INET6, terminated.data(), address.bytes.data()) != 1) return std::nullopt;
  address.is_v4 = std::equal(mapped_prefix.begin(), mapped_prefix.end(), address.bytes.begin());
  return address;
}

bool Network::holds(const Address& address) const noexcept {
  if (base.is_v4 != address.is_v4) return false;
  const auto whole = bits / 8;
  if (std::memcmp(base.bytes.data(), address.bytes.data(), whole) != 0) return false;
  if (bits % 8 == 0) return true;
  const auto mask = static_cast<std::uint8_t>(0xff00U >> (bits % 8));
  return (address.bytes[whole] & mask) == base.bytes[whole];
}

bool Network::holds(const Network& inner) const noexcept {
  return bits <= inner.bits && holds(inner.base);
}

std::optional<Network> parse_network(std::string_view text) noexcept {
  const auto slash = text.find('/');
  const auto address = parse_address(text.substr(0, slash));
  if (!address || text.find('%') != std::string_view::npos) return std::nullopt;
  const bool spelled_v4 = text.find(':') == std::string_view::npos;

  unsigned bits = spelled_v4 ? 32 : 128;
  if (slash != std::string_view::npos) {
    const auto prefix = text.substr(slash + 1);
    unsigned given = 0;
    const auto [last, ec] = std::from_chars(prefix.data(), prefix.data() + prefix.size(), given);
    if (ec != std::errc{} || last != prefix.data() + prefix.size() || given > bits)
      return std::nullopt;
    bits = given;
  }
  if (spelled_v4) bits += 96;

  Network network{.base = *address, .bits = bits};
  if (bits < 96) network.base.is_v4 = false;  // ::ffff:0:0/64 and the like are IPv6 networks
  for (unsigned i = 0; i < 16; ++i) {
    const auto kept = bits <= i * 8 ? 0 : std::min(bits - i * 8, 8U);
    const auto mask = static_cast<std::uint8_t>(0xff00U >> kept);
    if ((network.base.bytes[i] & ~mask) != 0) network.exact = false;
    network.base.bytes[i] &= mask;
  }
  return network;
}

}  // namespace sallyport::match
