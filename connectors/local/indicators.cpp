#include "connectors/local/indicators.hpp"

#include "connectors/local/record_file.hpp"

#include <boost/asio/ip/address.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <span>

namespace sallyport::connectors::local {

namespace asio = boost::asio;

namespace {

struct Address {
  std::array<std::uint8_t, 16> bytes{};
  unsigned bits = 32;  ///< Of the family.

  [[nodiscard]] bool v6() const { return bits == 128; }
};

std::optional<Address> address_of(std::string_view text) {
  boost::system::error_code ec;
  const auto parsed = asio::ip::make_address(std::string{text}, ec);
  if (ec) return std::nullopt;
  Address result;
  if (parsed.is_v4() || parsed.to_v6().is_v4_mapped()) {
    const auto v4 = parsed.is_v4() ? parsed.to_v4()
                                   : asio::ip::make_address_v4(asio::ip::v4_mapped, parsed.to_v6());
    std::ranges::copy(v4.to_bytes(), result.bytes.begin());
    return result;
  }
  result.bits = 128;
  std::ranges::copy(parsed.to_v6().to_bytes(), result.bytes.begin());
  return result;
}

/// The key of the network of `prefix` bits that `address` is in.
std::string network_key(const Address& address, unsigned prefix) {
  std::string key = fmt::format("{}{}:", address.v6() ? '6' : '4', prefix);
  for (unsigned bit = 0; bit < prefix; bit += 8) {
    auto byte = address.bytes[bit / 8];
    if (prefix - bit < 8) byte = static_cast<std::uint8_t>(byte & (0xff00U >> (prefix - bit)));
    key += static_cast<char>(byte);
  }
  return key;
}

bool is_hash(std::string_view text) {
  constexpr std::array<std::size_t, 5> lengths = {32, 40, 56, 64, 128};
  return std::ranges::find(lengths, text.size()) != lengths.end() &&
         text.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
}

bool is_domain(std::string_view text) {
  if (text.size() > 253 || text.find('.') == std::string_view::npos) return false;
  return std::ranges::all_of(text, [](char c) {
    return static_cast<unsigned char>(c) > 0x7fU || (c >= '0' && c <= '9') ||
           (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '.' || c == '_';
  });
}

std::string_view kind_of(std::string_view value) {
  if (value.find("://") != std::string_view::npos) return "url";
  if (address_of(value.substr(0, value.find('/')))) return "ip";
  if (value.find('@') != std::string_view::npos) return "email";
  if (is_hash(value)) return "hash";
  if (is_domain(value.starts_with("*.") ? value.substr(2) : value)) return "domain";
  return "";
}

std::string_view without_dot(std::string_view domain) {
  if (domain.ends_with('.')) domain.remove_suffix(1);
  return domain;
}

/// Scheme and host in lower case, without a trailing slash.
std::string url_key(std::string_view url) {
  if (url.ends_with('/')) url.remove_suffix(1);
  const auto scheme = url.find("://");
  const auto host_end = scheme == std::string_view::npos ? 0 : url.find('/', scheme + 3);
  const auto end = std::min(host_end, url.size());
  return "u" + lower_case(url.substr(0, end)) + std::string{url.substr(end)};
}

std::string_view host_of(std::string_view url) {
  const auto scheme = url.find("://");
  if (scheme == std::string_view::npos) return {};
  url.remove_prefix(scheme + 3);
  url = url.substr(0, url.find_first_of("/?#\\"));
  if (const auto user = url.rfind('@'); user != std::string_view::npos) url.remove_prefix(user + 1);
  if (url.starts_with('[')) return url.substr(1, url.find(']') - 1);
  return url.substr(0, url.find(':'));
}

/// A key as a list would have written it.
std::string shown(const std::string& key) {
  const auto colon = key.find(':');
  if ((key[0] != '4' && key[0] != '6') || colon == std::string::npos) return key.substr(1);
  const auto bytes = std::string_view{key}.substr(colon + 1);
  const auto prefix = key.substr(1, colon - 1);
  if (key[0] == '4') {
    asio::ip::address_v4::bytes_type raw{};
    std::ranges::transform(bytes, raw.begin(), [](char c) { return static_cast<std::uint8_t>(c); });
    const auto text = asio::ip::make_address_v4(raw).to_string();
    return prefix == "32" ? text : text + "/" + prefix;
  }
  asio::ip::address_v6::bytes_type raw{};
  std::ranges::transform(bytes, raw.begin(), [](char c) { return static_cast<std::uint8_t>(c); });
  const auto text = asio::ip::make_address_v6(raw).to_string();
  return prefix == "128" ? text : text + "/" + prefix;
}

}  // namespace

Result<> IndicatorSet::add(const Indicator& indicator, std::string_view list) {
  const std::string_view value = indicator.value;
  const auto kind = indicator.kind.empty() ? kind_of(value) : std::string_view{indicator.kind};
  const auto wrong = [&](std::string_view expected) {
    return fail(Errc::invalid_input, fmt::format("'{}' is not {}", value, expected));
  };
  if (entries_.size() == none) return fail(Errc::invalid_input, "too many indicators");
  if (names_.empty() || names_.back() != list) names_.emplace_back(list);
  Entry entry{.confidence = static_cast<float>(indicator.confidence),
              .list = static_cast<std::uint32_t>(names_.size() - 1),
              .good = indicator.good,
              .subdomains = indicator.subdomains};
  if (indicator.valid_until) entry.valid_until = indicator.valid_until->time_since_epoch().count();
  if (kind == "ip") {
    const auto slash = value.find('/');
    const auto address = address_of(value.substr(0, slash));
    if (!address) return wrong("an IP address or network");
    unsigned prefix = address->bits;
    if (slash != std::string_view::npos) {
      const auto text = value.substr(slash + 1);
      const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), prefix);
      if (ec != std::errc{} || end != text.data() + text.size() || prefix > address->bits)
        return wrong("an IP network");
    }
    prefixes_[address->v6() ? 1 : 0].insert(prefix);
    insert(network_key(*address, prefix), entry);
  } else if (kind == "domain") {
    const bool wildcard = value.starts_with("*.");
    const auto name = without_dot(wildcard ? value.substr(2) : value);
    if (!is_domain(name)) return wrong("a domain");
    entry.subdomains = entry.subdomains || wildcard;
    any_subdomains_ = any_subdomains_ || entry.subdomains;
    insert("d" + lower_case(name), entry);
  } else if (kind == "hash") {
    if (!is_hash(value)) return wrong("a hash in hexadecimal");
    insert("h" + lower_case(value), entry);
  } else if (kind == "url") {
    if (value.find("://") == std::string_view::npos) return wrong("a URL with its scheme");
    insert(url_key(value), entry);
  } else if (kind == "email") {
    if (value.find('@') == std::string_view::npos) return wrong("a mail address");
    insert("e" + lower_case(value), entry);
  } else if (kind.empty()) {
    return wrong("an address, domain, URL, hash or mail address");
  } else {
    return fail(Errc::invalid_input,
                fmt::format("'{}' is no kind of indicator: ip, domain, url, hash or email", kind));
  }
  return {};
}

void IndicatorSet::insert(std::string key, const Entry& entry) {
  const auto index = static_cast<std::uint32_t>(entries_.size());
  entries_.push_back(entry);
  auto [place, is_new] = first_.try_emplace(std::move(key), index);
  if (is_new) return;
  entries_.back().next = place->second;
  place->second = index;
}

void IndicatorSet::collect(const std::string& key,
                           Time now,
                           bool parents_only,
                           std::vector<Hit>& hits) const {
  const auto found = first_.find(key);
  if (found == first_.end()) return;
  const auto at = now.time_since_epoch().count();
  const auto before = static_cast<std::ptrdiff_t>(hits.size());
  for (auto i = found->second; i != none; i = entries_[i].next) {
    const auto& entry = entries_[i];
    if (at >= entry.valid_until || (parents_only && !entry.subdomains)) continue;
    hits.push_back({.indicator = shown(key),
                    .list = names_[entry.list],
                    .confidence = static_cast<double>(std::lround(entry.confidence * 1e4F)) / 1e4,
                    .good = entry.good});
  }
  std::reverse(hits.begin() + before, hits.end());  // in the order of the lists
}

void IndicatorSet::find_address(std::string_view text, Time now, std::vector<Hit>& hits) const {
  const auto address = address_of(text);
  if (!address) return;
  for (const auto prefix : prefixes_[address->v6() ? 1 : 0])
    collect(network_key(*address, prefix), now, false, hits);
}

void IndicatorSet::find_domain(std::string_view text, Time now, std::vector<Hit>& hits) const {
  auto name = lower_case(without_dot(text));
  collect("d" + name, now, false, hits);
  if (!any_subdomains_) return;
  constexpr int most_labels = 32;
  std::string_view rest = name;
  for (int i = 0; i < most_labels; ++i) {
    const auto dot = rest.find('.');
    if (dot == std::string_view::npos) return;
    rest.remove_prefix(dot + 1);
    collect("d" + std::string{rest}, now, true, hits);
  }
}

std::vector<Hit> IndicatorSet::find(const model::Entity& entity, Time now) const {
  std::vector<Hit> hits;
  if (entity.kind == "ip") {
    find_address(entity.value, now, hits);
  } else if (entity.kind == "domain") {
    find_domain(entity.value, now, hits);
  } else if (entity.kind == "hash") {
    collect("h" + lower_case(entity.value), now, false, hits);
  } else if (entity.kind == "email") {
    collect("e" + lower_case(entity.value), now, false, hits);
    if (const auto at = entity.value.rfind('@'); at != std::string::npos)
      find_domain(std::string_view{entity.value}.substr(at + 1), now, hits);
  } else if (entity.kind == "url") {
    collect(url_key(entity.value), now, false, hits);
    const auto host = host_of(entity.value);
    if (address_of(host)) {
      find_address(host, now, hits);
    } else if (!host.empty()) {
      find_domain(host, now, hits);
    }
  }
  return hits;
}

}  // namespace sallyport::connectors::local
