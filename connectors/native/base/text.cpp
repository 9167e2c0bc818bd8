#include "connectors/native/base/text.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace sallyport::connectors {

namespace {

constexpr std::size_t comment_limit_bytes = 200;

/// The code point that begins at `at`, which is moved past it; empty where that is no UTF-8.
std::optional<char32_t> next_code_point(std::string_view text, std::size_t& at) {
  const auto first = static_cast<unsigned char>(text[at++]);
  if (first < 0x80U) return first;
  const unsigned extra = first >= 0xF0U ? 3 : first >= 0xE0U ? 2 : 1;
  if (first < 0xC2U || first > 0xF4U || at + extra > text.size()) return std::nullopt;
  char32_t value = first & (0x3FU >> extra);
  for (unsigned i = 0; i < extra; ++i) {
    const auto next = static_cast<unsigned char>(text[at++]);
    if ((next & 0xC0U) != 0x80U) return std::nullopt;
    value = (value << 6U) | (next & 0x3FU);
  }
  constexpr std::array<char32_t, 4> least{0, 0x80, 0x800, 0x10000};
  const bool surrogate = value >= 0xD800 && value <= 0xDFFF;
  if (value < least.at(extra) || surrogate || value > 0x10FFFF) return std::nullopt;
  return value;
}

bool is_invisible(char32_t c) {
  return c < 0x20 || (c >= 0x7F && c <= 0xA0) || c == 0xAD || c == 0x061C ||
         (c >= 0x200B && c <= 0x200F) || (c >= 0x2028 && c <= 0x202E) ||
         (c >= 0x2060 && c <= 0x206F) || c == 0xFEFF || (c >= 0xFFF9 && c <= 0xFFFB) ||
         (c >= 0xE0000 && c <= 0xE007F);
}

}  // namespace

Result<> check_text(std::string_view what, std::string_view text, std::size_t limit_bytes) {
  if (text.empty()) return fail(Errc::invalid_input, fmt::format("{} is empty", what));
  if (text.size() > limit_bytes)
    return fail(Errc::invalid_input, fmt::format("{} is longer than {} bytes", what, limit_bytes));
  for (std::size_t at = 0; at < text.size();) {
    const auto c = next_code_point(text, at);
    if (!c) return fail(Errc::invalid_input, fmt::format("{} is not UTF-8", what));
    if (is_invisible(*c))
      return fail(Errc::invalid_input,
                  fmt::format("{} has a control or invisible character (U+{:04X})",
                              what,
                              static_cast<std::uint32_t>(*c)));
  }
  for (const std::string_view opening : {"${", "{{", "{%"}) {
    if (text.contains(opening))
      return fail(Errc::invalid_input, fmt::format("{} holds an unfilled template", what));
  }
  return {};
}

Result<> check_comment(std::string_view what, std::string_view text, std::size_t limit_bytes) {
  if (auto ok = check_text(what, text, limit_bytes); !ok) return ok;
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view{" ._:@/#,+-"}.contains(c);
  };
  if (!std::ranges::all_of(text, allowed))
    return fail(Errc::invalid_input,
                fmt::format("{} may hold letters, digits, spaces and ._:@/#,+- only", what));
  return {};
}

Result<> check_parameters(const json::object& parameters,
                          std::initializer_list<std::string_view> known) {
  for (const auto& [key, value] : parameters) {
    const std::string_view name{key.data(), key.size()};
    if (name == "reason" || name == "comment") {
      const auto text = text_parameter(parameters, name);
      if (!text) return std::unexpected{text.error()};
      if (auto ok = check_comment(name, **text, comment_limit_bytes); !ok) return ok;
    } else if (std::ranges::find(known, name) == known.end()) {
      return fail(
          Errc::invalid_input,
          fmt::format(
              "unknown parameter `{}`; known: {}", name.substr(0, 40), fmt::join(known, ", ")));
    }
  }
  return {};
}

Result<std::optional<std::string>> text_parameter(const json::object& parameters,
                                                  std::string_view key) {
  const auto* value = parameters.if_contains(key);
  if (!value || value->is_null()) return std::optional<std::string>{};
  const auto* text = value->if_string();
  if (!text) return fail(Errc::invalid_input, fmt::format("`{}` must be text", key));
  return std::optional<std::string>{std::string{text->data(), text->size()}};
}

Result<std::optional<std::int64_t>> integer_parameter(const json::object& parameters,
                                                      std::string_view key) {
  const auto* value = parameters.if_contains(key);
  if (!value || value->is_null()) return std::optional<std::int64_t>{};
  if (const auto* number = value->if_int64()) return std::optional{*number};
  std::int64_t number = 0;
  if (const auto* text = value->if_string()) {
    const auto* end = text->data() + text->size();
    const auto [stop, ec] = std::from_chars(text->data(), end, number);
    if (ec == std::errc{} && stop == end) return std::optional{number};
  }
  return fail(Errc::invalid_input, fmt::format("`{}` must be a whole number", key));
}

std::string text_of(const json::object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  const auto* text = value ? value->if_string() : nullptr;
  return text ? std::string{text->data(), text->size()} : std::string{};
}

}  // namespace sallyport::connectors
