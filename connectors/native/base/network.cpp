#include "connectors/native/base/network.hpp"

#include <fmt/format.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <memory>
#include <utility>

namespace sallyport::connectors {

namespace {

namespace ip = boost::asio::ip;

Result<unsigned> parse_length(std::string_view text, unsigned most) {
  unsigned length = 0;
  const auto [stop, ec] = std::from_chars(text.data(), text.data() + text.size(), length);
  const bool canonical = text == "0" || (!text.empty() && text.front() != '0');
  if (ec != std::errc{} || stop != text.data() + text.size() || !canonical || length > most)
    return fail(Errc::invalid_input, fmt::format("a prefix length goes from 0 to {}", most));
  return length;
}

bool bit(const std::array<std::uint8_t, 16>& bytes, unsigned index) {
  return ((bytes.at(index / 8) >> (7U - index % 8)) & 1U) != 0;
}

}  // namespace

Network Network::of(const ip::address& address) {
  Network network;
  const bool mapped = address.is_v6() && address.to_v6().is_v4_mapped();
  if (address.is_v4() || mapped) {
    const auto v4 = mapped ? ip::make_address_v4(ip::v4_mapped, address.to_v6()) : address.to_v4();
    std::ranges::copy(v4.to_bytes(), network.bytes_.begin());
  } else {
    std::ranges::copy(address.to_v6().to_bytes(), network.bytes_.begin());
    network.v4_ = false;
    network.length_ = 128;
  }
  return network;
}

Result<Network> Network::parse(std::string_view text) {
  const auto slash = text.find('/');
  const auto host = text.substr(0, slash);
  if (host.empty() || host.size() > 45 || host.contains('%') || host.contains('\0'))
    return fail(Errc::invalid_input, "not an IP address or CIDR");
  boost::system::error_code ec;
  const auto address = ip::make_address(std::string{host}, ec);
  if (ec) return fail(Errc::invalid_input, "not an IP address or CIDR");
  Network network = of(address);
  if (slash == std::string_view::npos) return network;

  const bool mapped = address.is_v6() && network.v4_;
  auto length = parse_length(text.substr(slash + 1), address.is_v4() ? 32 : 128);
  if (!length) return std::unexpected{length.error()};
  if (mapped && *length < 96)
    return fail(Errc::invalid_input, "a prefix wider than the IPv4-mapped range");
  network.length_ = mapped ? *length - 96 : *length;
  for (unsigned i = network.length_; i < (network.v4_ ? 32U : 128U); ++i) {
    if (bit(network.bytes_, i))
      return fail(Errc::invalid_input, "the address has bits set beyond its prefix length");
  }
  return network;
}

bool Network::contains(const Network& other) const noexcept {
  if (v4_ != other.v4_ || length_ > other.length_) return false;
  for (unsigned i = 0; i < length_; ++i)
    if (bit(bytes_, i) != bit(other.bytes_, i)) return false;
  return true;
}

std::string Network::address_text() const {
  if (v4_) {
    ip::address_v4::bytes_type v4{};
    std::copy_n(bytes_.begin(), 4, v4.begin());
    return ip::make_address_v4(v4).to_string();
  }
  ip::address_v6::bytes_type v6{};
  std::ranges::copy(bytes_, v6.begin());
  return ip::make_address_v6(v6).to_string();
}

std::string Network::text() const {
  return is_host() ? address_text() : fmt::format("{}/{}", address_text(), length_);
}

std::string_view special_purpose(const Network& network) {
  static const auto ranges = [] {
    std::vector<std::pair<Network, std::string_view>> list;
    for (const auto& [text, name] : std::initializer_list<std::pair<const char*, const char*>>{
             {"0.0.0.0/8", "unspecified addresses"},
             {"127.0.0.0/8", "loopback addresses"},
             {"169.254.0.0/16", "link-local addresses"},
             {"224.0.0.0/4", "multicast addresses"},
             {"255.255.255.255", "the broadcast address"},
             {"::/127", "unspecified or loopback addresses"},
             {"fe80::/10", "link-local addresses"},
             {"ff00::/8", "multicast addresses"},
         }) {
      const auto parsed = Network::parse(text);
      if (parsed) list.emplace_back(*parsed, name);
    }
    return list;
  }();
  for (const auto& [range, name] : ranges)
    if (range.overlaps(network)) return name;
  return {};
}

std::optional<Network> carried_v4(const Network& network) {
  if (network.v4_) return std::nullopt;

  struct Carrier {
    Network range;
    unsigned at;  ///< The bit where the IPv4 address begins.
    bool flipped = false;
  };

  static const std::array carriers{Carrier{Network::parse("64:ff9b::/96").value(), 96},
                                   Carrier{Network::parse("64:ff9b:1::/48").value(), 96},
                                   Carrier{Network::parse("2002::/16").value(), 16},
                                   Carrier{Network::parse("2001::/32").value(), 96, true},
                                   Carrier{Network::parse("::/96").value(), 96},
                                   Carrier{Network::parse("::ffff:0:0:0/96").value(), 96}};
  for (const auto& carrier : carriers) {
    if (!carrier.range.overlaps(network)) continue;
    Network carried;
    carried.length_ =
        network.length_ <= carrier.at ? 0 : std::min(network.length_ - carrier.at, 32U);
    for (unsigned i = 0; i < carried.length_; ++i) {
      const bool set = bit(network.bytes_, carrier.at + i) != carrier.flipped;
      if (set) carried.bytes_.at(i / 8) |= static_cast<std::uint8_t>(0x80U >> (i % 8));
    }
    return carried;
  }
  const auto& bytes = network.bytes_;
  const bool isatap = network.length_ >= 96 && (bytes[8] & 0xfdU) == 0 && bytes[9] == 0 &&
                      bytes[10] == 0x5e && bytes[11] == 0xfe;
  if (!isatap) return std::nullopt;
  Network carried;
  carried.length_ = network.length_ - 96;
  std::copy_n(bytes.begin() + 12, 4, carried.bytes_.begin());
  return carried;
}

std::vector<Network> own_addresses() {
  std::vector<Network> found;
  ifaddrs* first = nullptr;
  if (getifaddrs(&first) != 0) return found;
  const std::unique_ptr<ifaddrs, decltype(&freeifaddrs)> owner{first, &freeifaddrs};
  for (const auto* item = first; item; item = item->ifa_next) {
    if (!item->ifa_addr) continue;
    if (item->ifa_addr->sa_family == AF_INET) {
      sockaddr_in v4{};
      std::memcpy(&v4, item->ifa_addr, sizeof v4);
      found.push_back(Network::of(ip::address_v4{ntohl(v4.sin_addr.s_addr)}));
    } else if (item->ifa_addr->sa_family == AF_INET6) {
      sockaddr_in6 v6{};
      std::memcpy(&v6, item->ifa_addr, sizeof v6);
      ip::address_v6::bytes_type bytes{};
      std::memcpy(bytes.data(), &v6.sin6_addr, bytes.size());
      found.push_back(Network::of(ip::address_v6{bytes}));
    }
  }
  return found;
}

}  // namespace sallyport::connectors
