#include "engine/gate/readings.hpp"

#include "engine/base/ascii.hpp"
#include "engine/match/network.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

namespace sallyport::gate {

namespace {

using Bytes = std::array<std::uint8_t, 16>;

bool begins(const Bytes& bytes, std::initializer_list<std::uint8_t> prefix) {
  return std::equal(prefix.begin(), prefix.end(), bytes.begin());
}

std::string dotted(const Bytes& bytes, std::size_t at, std::uint8_t flip = 0) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned>(bytes.at(at + i) ^ flip); };
  return fmt::format("{}.{}.{}.{}", byte(0), byte(1), byte(2), byte(3));
}

/// The IPv4 address that an IPv6 address leads to.
std::optional<std::string> embedded_v4(const Bytes& bytes) {
  constexpr std::size_t last = 12;
  const bool zero = std::all_of(bytes.begin(), bytes.begin() + last, [](auto b) { return b == 0; });
  const bool compatible = zero && (bytes[12] != 0 || bytes[13] != 0);
  // Mapped; translated (RFC 2765); NAT64, well-known and local (RFC 6052, RFC 8215).
  if (compatible || begins(bytes, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}) ||
      begins(bytes, {0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0}) ||
      begins(bytes, {0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0}) ||
      begins(bytes, {0, 0x64, 0xff, 0x9b, 0, 1}))
    return dotted(bytes, last);
  if (begins(bytes, {0x20, 0x02})) return dotted(bytes, 2);                 // 6to4
  if (begins(bytes, {0x20, 0x01, 0, 0})) return dotted(bytes, last, 0xff);  // Teredo
  return std::nullopt;
}

/// `10.0.0.1` for `010.00.0.1`: to who takes leading zeros for nothing.
std::optional<std::string> without_zeros(std::string_view text) {
  std::string plain;
  bool begins_part = true;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool digit = ascii::is_digit(text[i]);
    if (!digit && text[i] != '.') return std::nullopt;
    const bool more = i + 1 < text.size() && text[i + 1] != '.';
    if (begins_part && text[i] == '0' && more) continue;
    plain += text[i];
    begins_part = text[i] == '.';
  }
  return match::parse_address(plain) ? std::optional{plain} : std::nullopt;
}

/// Kinds compare without case, as a policy compares them.
bool is_kind(const model::Target& target, std::string_view kind) {
  return std::ranges::equal(target.kind, kind, [](char a, char b) {
    return (a >= 'A' && a <= 'Z' ? a - 'A' + 'a' : a) == b;
  });
}

void add(Readings& into, std::string_view written, std::string other) {
  if (other != written && std::ranges::find(into.others, other) == into.others.end())
    into.others.push_back(std::move(other));
}

/// The readings of `text`, which is `written` or what is left of it. False: it is no address.
bool add_address(Readings& into, std::string_view written, std::string_view text) {
  if (text.contains(':')) {
    const auto address = match::parse_address(text);
    if (!address) return false;
    if (const auto v4 = embedded_v4(address->bytes)) add(into, written, *v4);
    std::array<char, INET6_ADDRSTRLEN> shortest{};
    if (!address->is_v4 &&
        inet_ntop(AF_INET6, address->bytes.data(), shortest.data(), shortest.size()))
      add(into, written, shortest.data());
    return true;
  }
  if (match::parse_address(text)) {
    if (text.size() != written.size()) add(into, written, std::string{text});
    return true;
  }
  // The spellings of old: octal, hexadecimal, fewer parts than four.
  in_addr old{};
  if (inet_aton(std::string{text}.c_str(), &old) == 0) return false;
  const auto value = ntohl(old.s_addr);
  add(into,
      written,
      fmt::format(
          "{}.{}.{}.{}", value >> 24U, value >> 16U & 255U, value >> 8U & 255U, value & 255U));
  if (auto plain = without_zeros(text)) add(into, written, *std::move(plain));
  return true;
}

void read_address(Readings& into, const model::Target& target) {
  const std::string_view value = target.value;
  const bool digit = ascii::is_digit(value.front());
  if (!digit && !value.contains(':')) return;
  auto text = value.substr(0, value.find('%'));
  if (const auto slash = text.find('/'); slash != std::string_view::npos) {
    const auto network = match::parse_network(text);
    into.open = !network || network->bits != 128;
    text = text.substr(0, slash);
  }
  if (!add_address(into, value, text) && is_kind(target, "ip")) into.open = true;
}

}  // namespace

Readings readings_of(const model::Target& target) {
  Readings readings;
  const std::string_view value = target.value;
  if (value.empty()) return readings;
  readings.open =
      std::ranges::any_of(value, [](char c) { return static_cast<unsigned char>(c) >= 0x80; });
  const bool host = is_kind(target, "host");
  if ((host || is_kind(target, "domain")) && value.ends_with('.') && value.size() > 1)
    readings.others.emplace_back(value.substr(0, value.size() - 1));
  if (!readings.open && (host || is_kind(target, "ip"))) read_address(readings, target);
  return readings;
}

}  // namespace sallyport::gate
