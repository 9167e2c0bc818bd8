#include "connectors/native/base/known_places.hpp"

#include "engine/base/ascii.hpp"

#include <arpa/inet.h>
#include <boost/asio/ip/host_name.hpp>
#include <fmt/format.h>
#include <netdb.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <memory>
#include <utility>

namespace sallyport::connectors {

namespace {

namespace ip = boost::asio::ip;

constexpr std::size_t most_places = 1024;

constexpr std::array<std::string_view, 6> cutting_off{
    "add_ioc", "block_domain", "block_ip", "isolate_host", "isolate_segment", "wipe_host"};

/// A name as names are compared: in lower case, without the dot of the root.
std::string plain(std::string_view name) {
  while (name.ends_with('.')) name.remove_suffix(1);
  return ascii::lowered(name);
}

/// The host in a URL, in `host:port`, or alone.
std::string_view host_in(std::string_view where) {
  if (const auto scheme = where.find("://"); scheme != std::string_view::npos)
    where.remove_prefix(scheme + 3);
  where = where.substr(0, where.find_first_of("/?#\\"));
  if (const auto user = where.rfind('@'); user != std::string_view::npos)
    where.remove_prefix(user + 1);
  if (where.starts_with('[')) return where.substr(1, where.find(']') - 1);
  // More than one colon and no brackets: an IPv6 address.
  const auto colon = where.find(':');
  if (colon != std::string_view::npos && where.find(':', colon + 1) == std::string_view::npos)
    where = where.substr(0, colon);
  return where;
}

/// An address in any of the ways that programs read one: `0x7f.1` and 2130706433 are 127.0.0.1.
Result<Network> loosely(std::string_view text) {
  if (auto network = Network::parse(text)) return network;
  in_addr address{};
  if (inet_aton(std::string{text}.c_str(), &address) == 0)
    return fail(Errc::invalid_input, "not an address");
  return Network::of(ip::address_v4{ntohl(address.s_addr)});
}

/// Whether two names may be one machine's: a short name means it in whatever domain it is.
bool may_be_one(std::string_view a, std::string_view b) {
  const auto label = [](std::string_view full) { return full.substr(0, full.find('.')); };
  const bool short_one = !a.contains('.') || !b.contains('.');
  return a == b || (short_one && label(a) == label(b));
}

bool is_or_is_below(std::string_view name, std::string_view above) {
  if (name == above) return true;
  return name.size() > above.size() && name.ends_with(above) &&
         name[name.size() - above.size() - 1] == '.';
}

}  // namespace

KnownPlaces::KnownPlaces(Machine machine) {
  if (machine == Machine::none) return;
  boost::system::error_code unknown;
  machine_ = plain(ip::host_name(unknown));
  read_interfaces();
}

void KnownPlaces::add(const Network& address) {
  const std::scoped_lock lock{mutex_};
  if (std::ranges::find(seen_, address) != seen_.end()) return;
  if (seen_.size() >= most_places) seen_.erase(seen_.begin());
  seen_.push_back(address);
}

void KnownPlaces::add_host(std::string_view where, Reached reached) {
  if (const auto alone = Network::parse(where)) return add(*alone);
  const auto host = host_in(where);
  if (const auto address = Network::parse(host)) return add(*address);
  auto name = plain(host);
  const bool is_name = !name.empty() && std::ranges::all_of(name, [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '-' || c == '.' || c == '_';
  });
  if (!is_name) return;
  const std::scoped_lock lock{mutex_};
  if (names_.size() >= most_places) return;
  const auto [at, added] = names_.emplace(std::move(name), reached);
  if (!added) at->second = std::min(at->second, reached);
}

void KnownPlaces::read_interfaces() {
  auto own = own_addresses();
  const std::scoped_lock lock{mutex_};
  own_ = std::move(own);
}

void KnownPlaces::resolve(const Resolve& resolve, const std::stop_token& stop) {
  std::vector<std::string> names;
  {
    const std::scoped_lock lock{mutex_};
    for (const auto& [name, reached] : names_) names.push_back(name);
  }
  for (const auto& name : names) {
    if (stop.stop_requested()) return;
    for (const auto& address : resolve(name)) add(Network::of(address));
  }
}

bool KnownPlaces::overlaps(const Network& network) const {
  const std::scoped_lock lock{mutex_};
  return std::ranges::any_of(seen_, [&](const auto& place) { return place.overlaps(network); });
}

bool KnownPlaces::is_this_machine(std::string_view name) const {
  if (name == "localhost" || name.ends_with(".localhost")) return true;
  return !machine_.empty() && may_be_one(name, machine_);
}

Result<> KnownPlaces::may_cut_off(const Network& network) const {
  if (network.length() == 0) return fail(Errc::denied, "that is everybody");
  if (const auto why = special_purpose(network); !why.empty())
    return fail(Errc::denied, fmt::format("{} are never cut off", why));
  const auto carried = carried_v4(network);
  if (carried && *carried != network) return may_cut_off(*carried);
  const auto meant = [&](const Network& kept) { return kept.overlaps(network); };
  const std::scoped_lock lock{mutex_};
  if (std::ranges::any_of(own_, meant))
    return fail(Errc::denied, "that is an address of this machine");
  if (std::ranges::any_of(seen_, meant))
    return fail(Errc::denied, "that is where this engine reaches what it lives by");
  return {};
}

Result<> KnownPlaces::may_cut_off(std::string_view name) const {
  if (name == "localhost" || name.ends_with(".localhost"))
    return fail(Errc::denied, "that is this machine");
  const std::scoped_lock lock{mutex_};
  // All that is below a blocked name is blocked with it.
  const auto meant = [&](const auto& kept) { return is_or_is_below(kept.first, name); };
  if (std::ranges::any_of(names_, meant))
    return fail(Errc::denied, "that is where this engine reaches what it lives by");
  return {};
}

Result<> KnownPlaces::may_isolate(std::string_view machine) const {
  if (is_this_machine(machine)) return fail(Errc::denied, "that is this machine");
  const std::scoped_lock lock{mutex_};
  for (const auto& [name, reached] : names_) {
    if (reached == Reached::to_act || !may_be_one(machine, name)) continue;
    if (machine == name)
      return fail(Errc::denied, "that is where this engine reaches what it lives by");
    return fail(Errc::denied,
                fmt::format("that may be {}, where this engine reaches what it lives by: if it is "
                            "not, name it with its domain",
                            name));
  }
  return {};
}

Result<> KnownPlaces::may_cut_off(std::string_view verb, const model::Target& target) const {
  if (std::ranges::find(cutting_off, verb) == cutting_off.end()) return {};
  const auto& kind = target.kind;
  const auto& value = target.value;
  if (kind == "ip") {
    const auto network = Network::parse(value);
    if (!network) return std::unexpected{network.error()};
    return may_cut_off(*network);
  }
  if (kind == "host") {
    if (const auto network = Network::parse(value)) return may_cut_off(*network);
    return may_isolate(plain(value));
  }
  if (kind != "domain" && kind != "url") return {};
  const auto name = plain(host_in(value));
  if (const auto network = loosely(name)) return may_cut_off(*network);
  return may_cut_off(std::string_view{name});
}

std::vector<ip::address> addresses_of(const std::string& name) {
  std::vector<ip::address> found;
  addrinfo wanted{};
  wanted.ai_socktype = SOCK_STREAM;
  addrinfo* first = nullptr;
  if (getaddrinfo(name.c_str(), nullptr, &wanted, &first) != 0) return found;
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner{first, &freeaddrinfo};
  for (const auto* item = first; item; item = item->ai_next) {
    std::array<char, NI_MAXHOST> text{};
    if (getnameinfo(item->ai_addr,
                    item->ai_addrlen,
                    text.data(),
                    text.size(),
                    nullptr,
                    0,
                    NI_NUMERICHOST) != 0)
      continue;
    boost::system::error_code unreadable;
    const auto address = ip::make_address(text.data(), unreadable);
    if (!unreadable) found.push_back(address);
  }
  return found;
}

}  // namespace sallyport::connectors
