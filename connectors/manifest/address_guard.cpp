#include "connectors/manifest/address_guard.hpp"

#include "connectors/native/base/text.hpp"
#include "engine/http/message.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

namespace sallyport::connectors::manifest {

namespace {

namespace ip = boost::asio::ip;

constexpr std::size_t most_places = 1024;
constexpr std::size_t name_limit_bytes = 253;

/// The IPv4 address that an IPv6 address carries to a translator (RFC 6052, RFC 3056, RFC 4291).
std::optional<Network> embedded_v4(const ip::address& address) {
  if (!address.is_v6()) return std::nullopt;
  const auto bytes = address.to_v6().to_bytes();
  const auto at = [&](std::size_t from) {
    ip::address_v4::bytes_type v4{};
    std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(from), 4, v4.begin());
    return Network::of(ip::address_v4{v4});
  };
  const auto starts = [&](std::initializer_list<unsigned char> prefix) {
    return std::ranges::equal(prefix, std::span{bytes}.first(prefix.size()));
  };
  if (starts({0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0})) return at(12);
  if (starts({0x20, 0x02})) return at(2);
  if (starts({0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0})) return at(12);
  return std::nullopt;
}

/// Where clouds hand out credentials to whoever asks.
bool is_metadata(const Network& address) {
  static const auto known = [] {
    std::vector<Network> list;
    for (const auto* text : {"100.100.100.200", "168.63.129.16", "192.0.0.192", "fd00:ec2::254"})
      list.push_back(Network::parse(text).value());
    return list;
  }();
  return std::ranges::find(known, address) != known.end();
}

std::string_view forbidden(const Network& address) {
  if (is_metadata(address)) return "metadata services";
  return special_purpose(address);
}

}  // namespace

void KnownPlaces::add(const Network& address) {
  const std::scoped_lock lock{mutex_};
  if (std::ranges::find(seen_, address) != seen_.end()) return;
  if (seen_.size() >= most_places) seen_.erase(seen_.begin());
  seen_.push_back(address);
}

bool KnownPlaces::overlaps(const Network& network) const {
  const std::scoped_lock lock{mutex_};
  return std::ranges::any_of(seen_, [&](const auto& place) { return place.overlaps(network); });
}

Result<AddressGuard> AddressGuard::make(const std::vector<std::string>& allow) {
  AddressGuard guard;
  for (const auto& entry : allow) {
    if (const auto network = Network::parse(entry)) {
      guard.networks_.push_back(*network);
    } else if (entry.contains('/') || entry.contains('*') ||
               !check_text("allow", entry, name_limit_bytes)) {
      return fail(Errc::invalid_input,
                  fmt::format("allow: '{:.60}' is no host name, address or network", entry));
    } else {
      guard.names_.push_back(entry);
    }
  }
  return guard;
}

bool AddressGuard::names(std::string_view host) const {
  if (std::ranges::any_of(names_, [&](const auto& name) { return http::same_name(name, host); }))
    return true;
  const auto address = Network::parse(host);
  return address && std::ranges::any_of(
                        networks_, [&](const auto& network) { return network.contains(*address); });
}

Result<> AddressGuard::may_connect(std::string_view host, const ip::address& address) const {
  const auto network = Network::of(address);
  const auto allowed = [&](const auto& range) { return range.contains(network); };
  if (names(host) || std::ranges::any_of(networks_, allowed)) return {};
  auto why = forbidden(network);
  if (const auto inside = embedded_v4(address); why.empty() && inside) why = forbidden(*inside);
  if (why.empty()) return {};
  return fail(Errc::denied,
              fmt::format("{:.100} is at {}: {} are reached only where `allow` names them",
                          host,
                          network.text(),
                          why));
}

}  // namespace sallyport::connectors::manifest
