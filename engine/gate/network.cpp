#include "engine/gate/network.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <span>

namespace sallyport::gate {

namespace {

constexpr std::array<std::uint8_t, 12> v4_in_v6{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

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
  std::array<char, 48> buffer{};  // inet_pton wants an end
  if (text.empty() || text.size() >= buffer.size() || text.contains('\0')) return std::nullopt;
  std::ranges::copy(text, buffer.begin());
  Network result;
  if (inet_pton(AF_INET, buffer.data(), result.bits.data()) == 1) {
    result.length = 32;
    return result;
  }
  if (inet_pton(AF_INET6, buffer.data(), result.bits.data()) != 1) return std::nullopt;
  if (std::ranges::equal(v4_in_v6, std::span{result.bits}.first<12>())) {
    Network inner;
    std::copy_n(result.bits.begin() + 12, 4, inner.bits.begin());
    inner.length = 32;
    return inner;
  }
  result.length = 128;
  result.v6 = true;
  return result;
}

std::optional<Network> parse_network(std::string_view text) {
  const auto slash = text.find('/');
  const auto address = parse_address(text.substr(0, slash));
  if (!address || slash == std::string_view::npos) return address;
  const auto digits = text.substr(slash + 1);
  std::uint8_t length = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), length);
  if (error != std::errc{} || end != digits.data() + digits.size() || digits.empty() ||
      length > address->length)
    return std::nullopt;
  const auto network = address->shortened(length);
  if (network.bits != address->bits) return std::nullopt;
  return network;
}

}  // namespace sallyport::gate
