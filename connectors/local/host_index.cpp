#include "connectors/local/host_index.hpp"

#include "connectors/local/record_file.hpp"

#include <boost/asio/ip/address.hpp>
#include <fmt/format.h>

namespace sallyport::connectors::local {

namespace {

std::string_view short_name(std::string_view host) {
  return host.substr(0, host.find('.'));
}

}  // namespace

bool HostIndex::add_name(std::string_view host, std::size_t position) {
  const auto name = lower_case(host);
  if (name.empty()) return true;
  const auto [known, is_new] = by_name_.emplace(name, position);
  if (!is_new) return known->second == position;
  if (name.contains('.')) {
    const auto [place, first] = by_short_name_.emplace(short_name(name), position);
    if (!first) place->second = ambiguous;
  }
  return true;
}

bool HostIndex::add_address(const std::string& canonical, std::size_t position) {
  if (canonical.empty()) return true;
  const auto [known, is_new] = by_address_.emplace(canonical, position);
  return is_new || known->second == position;
}

std::optional<std::size_t> HostIndex::find(const model::Entity& entity) const {
  const auto look = [](const auto& index, const std::string& key) -> std::optional<std::size_t> {
    const auto found = index.find(key);
    if (found == index.end() || found->second == ambiguous) return std::nullopt;
    return found->second;
  };
  if (entity.kind == "ip") return look(by_address_, entity.value);
  if (entity.kind != "host") return std::nullopt;
  const auto name = lower_case(entity.value);
  if (const auto found = look(by_name_, name)) return found;
  if (name.contains('.')) return look(by_name_, std::string{short_name(name)});
  return look(by_short_name_, name);
}

Result<std::string> canonical_address(std::string_view text) {
  boost::system::error_code ec;
  const auto address = boost::asio::ip::make_address(std::string{text}, ec);
  if (ec) return fail(Errc::invalid_input, fmt::format("'{}' is not an IP address", text));
  return address.to_string();
}

}  // namespace sallyport::connectors::local
