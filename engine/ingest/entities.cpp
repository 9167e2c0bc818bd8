#include "engine/ingest/entities.hpp"

#include "engine/base/ascii.hpp"

#include <boost/asio/ip/address.hpp>

#include <algorithm>
#include <array>

namespace sallyport::ingest {

namespace {

namespace asio = boost::asio;

constexpr std::size_t most_mentions = 64;
constexpr std::size_t most_bytes = 4096;  // of one value: a command line's worth

constexpr auto kinds = std::to_array<std::string_view>(
    {"host", "user", "ip", "domain", "url", "file", "hash", "process", "email"});
constexpr auto roles = std::to_array<std::string_view>(
    {"device", "actor", "src", "dst", "process", "file", "target", "mentioned"});

std::optional<asio::ip::address> address(std::string_view text) {
  if (text.starts_with('[') && text.ends_with(']')) text = text.substr(1, text.size() - 2);
  // Most names are no address: seen here without asking the system.
  if (text.size() > 64 || text.find_first_of(".:") == std::string_view::npos ||
      !std::string_view{"0123456789abcdefABCDEF:"}.contains(text.empty() ? 'x' : text.front()))
    return std::nullopt;
  boost::system::error_code ec;
  auto parsed = asio::ip::make_address(std::string{text}, ec);
  if (ec) return std::nullopt;
  if (parsed.is_v6() && parsed.to_v6().is_v4_mapped())
    return asio::ip::make_address_v4(asio::ip::v4_mapped, parsed.to_v6());
  return parsed;
}

std::optional<std::string> ip_text(const asio::ip::address& ip) {
  if (ip.is_unspecified() || ip.is_loopback()) return std::nullopt;
  if (ip.is_v6() && ip.to_v6().is_link_local()) return std::nullopt;  // each network has its own
  if (ip.is_v4() && ip.to_v4() == asio::ip::address_v4::broadcast()) return std::nullopt;
  return ip.to_string();
}

std::optional<std::string> domain(std::string_view text) {
  if (text.ends_with('.')) text.remove_suffix(1);
  if (text.empty() || text.size() > 253 || !text.contains('.') || text.contains(".."))
    return std::nullopt;
  const auto fits = [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte >= 0x80 || ascii::is_letter_or_digit(c) || c == '-' || c == '.' || c == '_' ||
           c == '*';
  };
  if (!std::ranges::all_of(text, fits)) return std::nullopt;
  return ascii::lowered(text);
}

std::optional<std::string> hash(std::string_view text) {
  constexpr auto lengths = std::to_array<std::size_t>({32, 40, 56, 64, 96, 128});
  if (std::ranges::find(lengths, text.size()) == lengths.end()) return std::nullopt;
  if (text.find_first_not_of("0123456789abcdefABCDEF") != std::string_view::npos)
    return std::nullopt;
  if (text.find_first_not_of('0') == std::string_view::npos) return std::nullopt;
  return ascii::lowered(text);
}

std::optional<model::Entity> made(std::string_view kind, std::optional<std::string> value) {
  if (!value) return std::nullopt;
  return model::Entity{.kind = std::string{kind}, .value = *std::move(value)};
}

}  // namespace

bool is_placeholder(std::string_view text) {
  text = ascii::trimmed(text);
  if (text.size() > 16) return false;
  constexpr auto words = std::to_array<std::string_view>({"",
                                                          "-",
                                                          "--",
                                                          "?",
                                                          "n/a",
                                                          "na",
                                                          "nil",
                                                          "null",
                                                          "(null)",
                                                          "none",
                                                          "(none)",
                                                          "unknown",
                                                          "<unknown>",
                                                          "undefined",
                                                          "not available",
                                                          "not applicable"});
  return std::ranges::any_of(words,
                             [&](auto word) { return ascii::equal_ignoring_case(text, word); });
}

bool is_entity_kind(std::string_view kind) {
  return std::ranges::find(kinds, kind) != kinds.end();
}

bool is_entity_role(std::string_view role) {
  return std::ranges::find(roles, role) != roles.end();
}

std::optional<model::Entity> canonical_entity(std::string_view kind, std::string_view text) {
  text = ascii::trimmed(text);
  if (text.size() > most_bytes || is_placeholder(text)) return std::nullopt;
  if (kind == "ip" || kind == "host" || kind == "domain") {
    if (const auto ip = address(text)) return made("ip", ip_text(*ip));
    if (kind == "ip") return std::nullopt;
    if (ascii::equal_ignoring_case(text, "localhost") ||
        ascii::equal_ignoring_case(text, "localhost.localdomain"))
      return std::nullopt;
    if (kind == "domain") return made(kind, domain(text));
    return made(kind, std::string{text});
  }
  if (kind == "hash") return made(kind, hash(text));
  if (kind == "email") {
    if (!text.contains('@')) return std::nullopt;
    return made(kind, ascii::lowered(text));
  }
  return made(kind, std::string{text});
}

const model::Mention* add_mention(std::vector<model::Mention>& mentions, model::Mention mention) {
  for (auto& known : mentions) {
    if (known.role != mention.role || known.entity != mention.entity) continue;
    known.grounded = known.grounded || mention.grounded;
    return nullptr;
  }
  if (mentions.size() >= most_mentions) return nullptr;
  return &mentions.emplace_back(std::move(mention));
}

}  // namespace sallyport::ingest
