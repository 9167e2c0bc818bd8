#include "connectors/manifest/address_guard.hpp"

#include "connectors/native/base/text.hpp"
#include "engine/http/message.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace sallyport::connectors::manifest {

namespace {

namespace ip = boost::asio::ip;

constexpr std::size_t host_limit_bytes = 253;

/// Where clouds hand out credentials to whoever asks.
bool is_metadata(const Network& address) {
  static const auto known = [] {
    std::vector<Network> list;
    for (const auto* text : {"100.100.100.200",
                             "168.63.129.16",
                             "192.0.0.192",
                             "fd00:ec2::/32",
                             "fd20:ce::254",
                             "fd00:c1::a9fe:a9fe"})
      list.push_back(Network::parse(text).value());
    return list;
  }();
  return std::ranges::any_of(known, [&](const auto& range) { return range.contains(address); });
}

/// Where a translator or a tunnel leads that only its own network knows (RFC 8215, RFC 4380).
bool is_hidden(const Network& address) {
  static const std::array ranges{Network::parse("64:ff9b:1::/48").value(),
                                 Network::parse("2001::/32").value()};
  return std::ranges::any_of(ranges, [&](const auto& range) { return range.contains(address); });
}

/// Names that mean this machine, or a metadata service, whoever is asked.
bool is_name_of_a_machine_itself(std::string_view name) {
  static constexpr std::array<std::string_view, 9> known{"localhost",
                                                         "localhost.localdomain",
                                                         "ip6-localhost",
                                                         "ip6-loopback",
                                                         "metadata",
                                                         "metadata.goog",
                                                         "metadata.google.internal",
                                                         "instance-data",
                                                         "instance-data.ec2.internal"};
  constexpr std::string_view below = ".localhost";
  const bool is_below =
      name.size() > below.size() && http::same_name(name.substr(name.size() - below.size()), below);
  return is_below ||
         std::ranges::any_of(known, [&](auto one) { return http::same_name(one, name); });
}

/// No name ends in a number: what does is an address in some spelling.
bool ends_in_a_number(std::string_view name) {
  const auto last = name.substr(name.rfind('.') + 1);
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  return !last.empty() &&
         (std::ranges::all_of(last, is_digit) || last.starts_with("0x") || last.starts_with("0X"));
}

std::string_view forbidden(const Network& address) {
  if (is_metadata(address)) return "metadata services";
  if (is_hidden(address)) return "addresses behind a translator or a tunnel";
  return special_purpose(address);
}

}  // namespace

Result<AddressGuard> AddressGuard::make(const std::vector<std::string>& allow) {
  AddressGuard guard;
  for (const auto& entry : allow) {
    if (const auto network = Network::parse(entry)) {
      guard.networks_.push_back(*network);
    } else if (entry.contains('/') || entry.contains('*') ||
               !check_text("allow", entry, host_limit_bytes)) {
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
  if (const auto inside = carried_v4(network); why.empty() && inside) why = forbidden(*inside);
  if (why.empty()) return {};
  return fail(Errc::denied,
              fmt::format("{:.100} is at {}: {} are reached only where `allow` names them",
                          host,
                          network.text(),
                          why));
}

Result<> AddressGuard::may_ask_for(std::string_view host) const {
  if (names(host)) return {};
  auto name = std::string{host};
  while (name.ends_with('.')) name.pop_back();
  boost::system::error_code no_address;
  if (const auto address = ip::make_address(name, no_address); !no_address)
    return may_connect(host, address);
  // As resolvers do: decimal, octal, hexadecimal, and fewer than four parts.
  if (in_addr v4{}; ::inet_aton(name.c_str(), &v4) != 0)
    return may_connect(host, ip::address_v4{ntohl(v4.s_addr)});
  if (!is_name_of_a_machine_itself(name) && !ends_in_a_number(name)) return {};
  return fail(Errc::denied,
              fmt::format("{:.100} is asked of the proxy only where `allow` names it", host));
}

}  // namespace sallyport::connectors::manifest
