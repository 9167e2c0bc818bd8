#include "engine/graph/keys.hpp"

#include "engine/base/digest.hpp"

#include <algorithm>
#include <charconv>
#include <limits>

namespace sallyport::graph {

namespace {

constexpr std::size_t max_value = 200;
constexpr std::uint64_t last_time = std::numeric_limits<std::int64_t>::max();
constexpr std::uint32_t last_day = 0xffffff;
constexpr std::size_t time_digits = 16;
constexpr std::size_t day_digits = 6;

bool ignores_case(std::string_view kind) {
  return kind == "host" || kind == "user" || kind == "email";
}

std::string key_part(const model::Entity& entity) {
  if (entity.value.size() > max_value || entity.value.find('\0') != std::string::npos)
    return "#" + to_hex(sha256(entity.value));
  std::string part = entity.value;
  if (ignores_case(entity.kind)) {
    std::ranges::transform(part, part.begin(), [](char c) {
      return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
  }
  return part;
}

std::uint64_t inverted(Time at) {
  return last_time -
         static_cast<std::uint64_t>(std::max<std::int64_t>(at.time_since_epoch().count(), 0));
}

void append_hexadecimal(std::string& out, std::uint64_t number, std::size_t digits) {
  constexpr std::string_view all{"0123456789abcdef"};
  while (digits-- > 0) out += all[(number >> (4 * digits)) & 0xfU];
}

Result<std::uint64_t> hexadecimal(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  if (ec != std::errc{} || end != text.data() + text.size())
    return fail(Errc::corrupt, "a key of the graph does not decode");
  return value;
}

}  // namespace

std::string entity_key(std::string_view tenant, const model::Entity& entity) {
  std::string key;
  key.reserve(tenant.size() + entity.kind.size() + entity.value.size() + 48);
  key += tenant;
  key += '\0';
  key += entity.kind;
  key += '\0';
  key += key_part(entity);
  key += '\0';
  return key;
}

std::string sighting_key(std::string_view entity_key, Time at, std::uint64_t tag) {
  std::string key;
  key.reserve(entity_key.size() + 1 + 2 * time_digits);
  key += entity_key;
  key += 's';
  append_hexadecimal(key, inverted(at), time_digits);
  append_hexadecimal(key, tag, time_digits);
  return key;
}

std::string action_key(std::string_view entity_key, Time at, std::string_view action) {
  std::string key{entity_key};
  key += 'a';
  append_hexadecimal(key, inverted(at), time_digits);
  key += action;
  return key;
}

std::string relation_key(std::string_view entity_key,
                         std::uint32_t day,
                         const model::Entity& other) {
  std::string key{entity_key};
  append_hexadecimal(key, last_day - day, day_digits);
  key += other.kind;
  key += '\0';
  key += key_part(other);
  return key;
}

Result<std::pair<Time, std::uint64_t>> parse_sighting_key(std::string_view rest) {
  if (rest.size() != 1 + 2 * time_digits) return fail(Errc::corrupt, "a key of the graph is short");
  const auto at = hexadecimal(rest.substr(1, time_digits));
  if (!at) return std::unexpected{at.error()};
  const auto tag = hexadecimal(rest.substr(1 + time_digits));
  if (!tag) return std::unexpected{tag.error()};
  return std::pair{Time{Time::duration{static_cast<std::int64_t>(last_time - *at)}}, *tag};
}

Result<std::pair<Time, std::string>> parse_action_key(std::string_view rest) {
  if (rest.size() < 1 + time_digits) return fail(Errc::corrupt, "a key of the graph is short");
  const auto at = hexadecimal(rest.substr(1, time_digits));
  if (!at) return std::unexpected{at.error()};
  return std::pair{Time{Time::duration{static_cast<std::int64_t>(last_time - *at)}},
                   std::string{rest.substr(1 + time_digits)}};
}

Result<std::string> parse_relation_key(std::string_view rest) {
  if (rest.size() < day_digits) return fail(Errc::corrupt, "a key of the graph is short");
  rest.remove_prefix(day_digits);
  return std::string{rest.substr(0, rest.find('\0'))};
}

Result<std::uint32_t> parse_relation_day(std::string_view rest) {
  if (rest.size() < day_digits) return fail(Errc::corrupt, "a key of the graph is short");
  const auto day = hexadecimal(rest.substr(0, day_digits));
  if (!day) return std::unexpected{day.error()};
  return last_day - static_cast<std::uint32_t>(*day);
}

std::uint32_t day_of(Time at) {
  const auto days = std::chrono::floor<std::chrono::days>(at).time_since_epoch().count();
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(days, 0, last_day));
}

}  // namespace sallyport::graph
