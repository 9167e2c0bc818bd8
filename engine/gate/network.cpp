#include "engine/gate/network.hpp"

#include "engine/match/network.hpp"

#include <algorithm>

namespace sallyport::gate {

namespace {

constexpr unsigned mapped_bits = 96;  ///< Of an IPv4 address inside IPv6, before its own.

Network network_of(const match::Address& address, unsigned bits) {
  Network result;
  if (address.is_v4) {
    std::copy_n(address.bytes.begin() + mapped_bits / 8, 4, result.bits.begin());
    bits -= mapped_bits;
  } else {
    result.bits = address.bytes;
  }
  result.length = static_cast<std::uint8_t>(bits);
  result.v6 = !address.is_v4;
  return result;
}

}  // namespace

Network Network::shortened(std::uint8_t bits_kept) const {
  Network result = *this;
  result.length = std::min(bits_kept, length);
  for (std::size_t i = 0; i < bits.size(); ++i) {
    const auto first = i * 8;  // the first bit of this byte
    if (first >= result.length) {
      result.bits.at(i) = 0;
    } else if (first + 8 > result.length) {
      result.bits.at(i) &= static_cast<std::uint8_t>(0xff00U >> (result.length - first));
    }
  }
  return result;
}

bool Network::contains(const Network& address) const {
  return v6 == address.v6 && length <= address.length && address.shortened(length) == *this;
}

std::optional<Network> parse_address(std::string_view text) {
  const auto address = match::parse_address(text);
  if (!address || text.contains('%')) return std::nullopt;
  return network_of(*address, 128);
}

std::optional<Network> parse_network(std::string_view text) {
  const auto network = match::parse_network(text);
  if (!network || !network->exact) return std::nullopt;
  return network_of(network->base, network->bits);
}

}  // namespace sallyport::gate
