#include "connectors/manifest/value_type.hpp"

#include "connectors/native/base/network.hpp"
#include "connectors/native/base/text.hpp"
#include "engine/base/ascii.hpp"
#include "engine/http/url.hpp"
#include "engine/match/pattern.hpp"

#include <algorithm>
#include <ranges>

namespace sallyport::connectors::manifest {

namespace {

constexpr std::int64_t text_limit_bytes = 1'000;
constexpr std::int64_t prose_limit_bytes = 32'000;
constexpr std::size_t name_limit_bytes = 256;
constexpr unsigned widest_v4 = 16;
constexpr unsigned widest_v6 = 32;

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool is_hex(char c) {
  return ascii::is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

bool only(std::string_view text, std::string_view besides) {
  return std::ranges::all_of(
      text, [&](char c) { return is_letter(c) || ascii::is_digit(c) || besides.contains(c); });
}

std::unexpected<Error> refused(std::string_view what, std::string_view why) {
  return fail(Errc::invalid_input, fmt::format("{} {}", what, why));
}

bool is_name_of_host(std::string_view text) {
  if (text.empty() || text.size() > 253 || !only(text, ".-_")) return false;
  return std::ranges::all_of(std::views::split(text, '.'), [](const auto& part) {
    const std::string_view label{part.begin(), part.end()};
    return !label.empty() && label.size() <= 63 && !label.starts_with('-') && !label.ends_with('-');
  });
}

bool is_domain(std::string_view text) {
  const auto last = text.rfind('.');
  return is_name_of_host(text) && last != std::string_view::npos &&
         std::ranges::any_of(text.substr(last + 1), is_letter);
}

bool is_login(std::string_view text) {
  return !text.empty() && text.size() <= name_limit_bytes && only(text, "._@+-") &&
         (is_letter(text.front()) || ascii::is_digit(text.front()) || text.front() == '_') &&
         !text.contains("..");
}

bool is_uuid(std::string_view text) {
  if (text.size() != 36) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash ? text[i] != '-' : !is_hex(text[i])) return false;
  }
  return true;
}

bool is_hash(std::string_view text, ValueType type) {
  if (!std::ranges::all_of(text, is_hex)) return false;
  switch (type) {
    case ValueType::md5:
      return text.size() == 32;
    case ValueType::sha1:
      return text.size() == 40;
    case ValueType::sha256:
      return text.size() == 64;
    default:
      return text.size() == 32 || text.size() == 40 || text.size() == 64;
  }
}

Result<json::value> address(std::string_view what, std::string_view text, bool may_be_network) {
  const auto network = Network::parse(text);
  if (!network) return refused(what, fmt::format("is {}", network.error().detail));
  if (!may_be_network && !network->is_host()) return refused(what, "must be one address");
  if (network->length() < (network->is_v4() ? widest_v4 : widest_v6))
    return fail(
        Errc::denied,
        fmt::format("{} is wider than /{}", what, network->is_v4() ? widest_v4 : widest_v6));
  if (const auto why = special_purpose(*network); !why.empty())
    return fail(Errc::denied, fmt::format("{}: {} are never acted on", what, why));
  return json::value(network->text());
}

Result<json::value> several_lines(std::string_view what,
                                  const ValueSpec& spec,
                                  std::string_view text) {
  if (text.empty() || std::cmp_greater(text.size(), spec.most.value_or(prose_limit_bytes)))
    return refused(what,
                   fmt::format("must have 1 to {} bytes", spec.most.value_or(prose_limit_bytes)));
  for (const auto part : std::views::split(text, '\n')) {
    const std::string_view line{part.begin(), part.end()};
    if (line.empty()) continue;
    if (auto ok = check_text(what, line, text.size()); !ok) return std::unexpected{ok.error()};
  }
  return json::value(text);
}

/// The product's word for one of a choice.
Result<json::value> chosen(std::string_view what, const ValueSpec& spec, const json::value& value) {
  const auto* text = value.if_string();
  if (const auto* list = spec.values.if_array()) {
    if (text && std::ranges::find(*list, value) != list->end()) return value;
  } else if (const auto* map = spec.values.if_object(); map && text) {
    if (const auto* word = map->if_contains(*text)) return *word;
  }
  return refused(what, "is none of its choices");
}

Result<json::value> checked_text(std::string_view what,
                                 const ValueSpec& spec,
                                 std::string_view text) {
  if (spec.type == ValueType::prose) return several_lines(what, spec, text);
  const auto limit = spec.most.value_or(text_limit_bytes);
  if (auto ok = check_text(what, text, static_cast<std::size_t>(limit)); !ok)
    return std::unexpected{ok.error()};
  switch (spec.type) {
    case ValueType::id:
      if (text.size() > name_limit_bytes || !only(text, "._:-") || text.front() == '.')
        return refused(what, "may hold ASCII letters, digits and ._:- only");
      break;
    case ValueType::uuid:
      if (!is_uuid(text)) return refused(what, "is no UUID");
      return json::value(ascii::lowered(text));
    case ValueType::hostname:
      if (!is_name_of_host(text))
        return refused(what, "is no host name (ASCII letters, digits, '.', '-', '_')");
      break;
    case ValueType::domain:
      if (!is_domain(text))
        return refused(what, "is no domain name in ASCII (an international one as its A-label)");
      return json::value(ascii::lowered(text));
    case ValueType::ip:
    case ValueType::network:
      return address(what, text, spec.type == ValueType::network);
    case ValueType::login:
      if (!is_login(text)) return refused(what, "may hold ASCII letters, digits and ._@+- only");
      break;
    case ValueType::email: {
      const auto at = text.find('@');
      if (!is_login(text) || at == std::string_view::npos || at == 0 ||
          !is_domain(text.substr(at + 1)))
        return refused(what, "is no mail address");
      break;
    }
    case ValueType::url:
      if (auto parsed = http::parse_url(text); !parsed) return refused(what, parsed.error().detail);
      break;
    case ValueType::sha256:
    case ValueType::sha1:
    case ValueType::md5:
    case ValueType::hash:
      if (!is_hash(text, spec.type))
        return refused(what, fmt::format("is no {} in hexadecimal", name_of(spec.type)));
      return json::value(ascii::lowered(text));
    default:
      break;
  }
  return json::value(text);
}

}  // namespace

bool is_closed(ValueType type) {
  return type != ValueType::text && type != ValueType::prose && type != ValueType::url;
}

void check_spec(const ValueSpec& spec, Faults& faults, std::string_view pointer) {
  const auto wrong = [&](std::string_view key, std::string message) {
    faults.push_back({.pointer = child(pointer, key), .message = std::move(message)});
  };
  if (!spec.pattern.empty()) {
    if (const auto regex = match::Pattern::from_regex(spec.pattern, ""); !regex)
      wrong("pattern", regex.error().detail);
  }
  const auto* list = spec.values.if_array();
  const auto* map = spec.values.if_object();
  if (spec.type == ValueType::choice && !(list && !list->empty()) && !(map && !map->empty()))
    wrong("values", "a choice needs values: a list, or a map to the product's words");
  if (spec.type != ValueType::choice && !spec.values.is_null())
    wrong("values", "only a choice has values");
  if (spec.least && spec.most && *spec.least > *spec.most) wrong("least", "is more than 'most'");
  if (spec.type == ValueType::integer && !spec.pattern.empty())
    wrong("pattern", "an integer has none");
  if (spec.needed && !spec.fallback.is_null())
    wrong("fallback", "a value that is needed has no fallback");
  if (!has_errors(faults) && !spec.fallback.is_null()) {
    if (const auto good = checked("fallback", spec, spec.fallback); !good)
      wrong("fallback", good.error().detail);
  }
}

Result<json::value> checked(std::string_view what,
                            const ValueSpec& spec,
                            const json::value& value) {
  switch (spec.type) {
    case ValueType::boolean:
      if (!value.is_bool()) return refused(what, "must be true or false");
      return value;
    case ValueType::integer: {
      const auto number = integer_parameter(json::object{{"it", value}}, "it");
      if (!number || !*number) return refused(what, "must be a whole number");
      if (spec.least && **number < *spec.least)
        return refused(what, fmt::format("must be at least {}", *spec.least));
      if (spec.most && **number > *spec.most)
        return refused(what, fmt::format("must be at most {}", *spec.most));
      return json::value(**number);
    }
    case ValueType::choice:
      return chosen(what, spec, value);
    default:
      break;
  }
  const auto* text = value.if_string();
  if (!text) return refused(what, "must be text");
  const std::string_view view{text->data(), text->size()};
  if (spec.least && std::cmp_less(view.size(), *spec.least))
    return refused(what, fmt::format("must have at least {} bytes", *spec.least));
  auto good = checked_text(what, spec, view);
  if (!good || spec.pattern.empty()) return good;
  const auto regex = match::Pattern::from_regex("^(?:" + spec.pattern + ")$", "");
  if (!regex) return std::unexpected{regex.error()};
  const auto& canonical = good->get_string();
  if (!regex->matches({canonical.data(), canonical.size()}))
    return refused(what, fmt::format("does not match {}", spec.pattern));
  return good;
}

}  // namespace sallyport::connectors::manifest
