#include "engine/match/values.hpp"

#include "engine/match/text.hpp"

#include <boost/json/string.hpp>
#include <fmt/format.h>

#include <array>
#include <utility>

namespace sallyport::match {

namespace {

constexpr std::size_t max_values = 1'000'000;
constexpr std::size_t max_regexes = 20'000;
constexpr std::size_t max_expansions = 100'000;
constexpr std::size_t listed_values = 8;  ///< More whole values than this are a set.

std::optional<Number> json_number(const json::value& value) {
  if (const auto* whole = value.if_int64()) return *whole;
  if (const auto* whole = value.if_uint64()) return *whole;
  if (const auto* real = value.if_double()) return *real;
  return std::nullopt;
}

std::optional<std::string> json_text(const json::value& value) {
  if (const auto* text = value.if_string()) return std::string{text->data(), text->size()};
  if (const auto* flag = value.if_bool()) return *flag ? "true" : "false";
  if (const auto number = json_number(value))
    return std::visit([](auto n) { return fmt::format("{}", n); }, *number);
  return std::nullopt;
}

NumberBound::Order order_of(Comparison comparison) {
  switch (comparison) {
    case Comparison::less:
      return NumberBound::Order::less;
    case Comparison::less_or_equal:
      return NumberBound::Order::less_or_equal;
    case Comparison::greater:
      return NumberBound::Order::greater;
    case Comparison::greater_or_equal:
      return NumberBound::Order::greater_or_equal;
    default:
      return NumberBound::Order::equal;
  }
}

/// The least and greatest value that a part of a time has.
std::pair<std::int64_t, std::int64_t> range_of(TimePart part) {
  switch (part) {
    case TimePart::minute:
      return {0, 59};
    case TimePart::hour:
      return {0, 23};
    case TimePart::day:
      return {1, 31};
    case TimePart::week:
      return {1, 53};
    case TimePart::month:
      return {1, 12};
    case TimePart::year:
      return {1, 9999};
  }
  return {0, 0};
}

}  // namespace

void ValueReader::fault(std::string_view pointer, std::string message, bool warning) {
  faults_.push_back(
      {.pointer = std::string{pointer}, .message = std::move(message), .warning = warning});
}

bool ValueReader::within_budget(std::string_view pointer) {
  if (++values_read_ == max_values + 1)
    fault(pointer, fmt::format("a detection has at most {} values", max_values));
  return values_read_ <= max_values;
}

void ValueReader::add(const json::value& value,
                      const Modifiers& modifiers,
                      std::string_view pointer,
                      Values& values) {
  if (!within_budget(pointer)) return;
  values.cased = modifiers.cased;
  if (modifiers.part || (modifiers.comparison >= Comparison::less &&
                         modifiers.comparison <= Comparison::greater_or_equal)) {
    add_bound(value, modifiers, pointer, values);
    return;
  }
  if (value.is_null()) {
    if (modifiers.comparison != Comparison::equals || modifiers.base64 != Base64::none ||
        modifiers.windash || modifiers.expand) {
      fault(pointer, "null means that the field is absent; it goes with no modifier but neq");
    } else {
      values.null = true;
    }
    return;
  }
  const auto text = json_text(value);
  if (!text) {
    fault(pointer,
          value.is_object()
              ? "a value is expected, found a map; search identifiers need a 'condition' beside "
                "them"
              : "a value is expected, found a list in a list");
    return;
  }
  if (modifiers.expand) {
    for (const auto& each : expanded(*text, pointer)) add_text(each, modifiers, pointer, values);
    return;
  }
  const bool plain = modifiers.comparison == Comparison::equals &&
                     modifiers.base64 == Base64::none && !modifiers.windash;
  if (const auto number = json_number(value); number && plain) values.numbers.push_back(*number);
  add_text(*text, modifiers, pointer, values);
}

void ValueReader::add_keyword(const json::value& value, std::string_view pointer, Values& values) {
  if (value.is_null() || value.is_structured()) {
    fault(pointer, "a keyword is text or a number");
    return;
  }
  add(value, {.comparison = Comparison::contains}, pointer, values);
}

void ValueReader::finish(Values& values) {
  if (values.texts.size() <= listed_values) return;
  for (auto& text : values.texts) values.text_set.insert(std::move(text));
  values.texts.clear();
}

void ValueReader::add_text(std::string_view text,
                           const Modifiers& modifiers,
                           std::string_view pointer,
                           Values& values) {
  if (modifiers.comparison == Comparison::cidr) {
    add_network(text, pointer, values);
    return;
  }
  if (modifiers.comparison == Comparison::regex) {
    if (++regexes_ > max_regexes) {
      fault(pointer, fmt::format("a detection has at most {} regular expressions", max_regexes));
      return;
    }
    if (text.empty())
      fault(pointer, "the regular expression is empty and matches every value", true);
    auto pattern = Pattern::from_regex(text, modifiers.regex_flags);
    if (pattern) {
      values.regexes.push_back(*std::move(pattern));
    } else {
      fault(pointer, pattern.error().detail);
    }
    return;
  }

  auto glyphs = parse_wildcards(text);
  if (modifiers.base64 != Base64::none) {
    if (const auto* bytes = literal_text(glyphs)) {
      add_encoded(*bytes, modifiers, pointer, values);
    } else {
      fault(pointer,
            "a wildcard cannot be encoded in base64; write it as \\* or \\? when the character "
            "itself is meant");
    }
    return;
  }
  if (modifiers.windash) loosen_dashes(glyphs);
  add_glyphs(std::move(glyphs), modifiers, pointer, values);
}

void ValueReader::add_encoded(std::string_view bytes,
                              const Modifiers& modifiers,
                              std::string_view pointer,
                              Values& values) {
  std::string encoded{bytes};
  if (modifiers.utf16) {
    auto wide = to_utf16(bytes, *modifiers.utf16);
    if (!wide) {
      fault(pointer, "the value is not UTF-8");
      return;
    }
    encoded = *std::move(wide);
  }
  const auto pieces = modifiers.base64 == Base64::plain
                          ? std::vector<std::string>{to_base64(encoded)}
                          : base64_at_offsets(encoded);
  if (pieces.empty() || encoded.empty()) {
    fault(pointer, "there is nothing here to encode");
    return;
  }
  for (const auto& piece : pieces)
    add_glyphs({{.kind = Glyph::Kind::literal, .text = piece}}, modifiers, pointer, values);
}

void ValueReader::add_glyphs(Glyphs glyphs,
                             const Modifiers& modifiers,
                             std::string_view pointer,
                             Values& values) {
  const Glyph run{.kind = Glyph::Kind::any_run, .text = {}};
  const auto comparison = modifiers.comparison;
  if (glyphs.empty() && comparison != Comparison::equals)
    fault(pointer, "empty text is part of every value; leave the modifier out to ask for ''", true);
  if (comparison == Comparison::contains || comparison == Comparison::endswith)
    glyphs.insert(glyphs.begin(), run);
  if (comparison == Comparison::contains || comparison == Comparison::startswith)
    glyphs.push_back(run);

  auto pattern = Pattern::from_glyphs(glyphs, modifiers.cased);
  if (!pattern) {
    fault(pointer, pattern.error().detail);
  } else if (pattern->kind() == Pattern::Kind::exact) {
    values.texts.push_back(pattern->text());
  } else if (pattern->kind() == Pattern::Kind::regex && ++regexes_ > max_regexes) {
    fault(pointer,
          fmt::format("a detection has at most {} values with '?' or windash", max_regexes));
  } else {
    values.patterns.push_back(*std::move(pattern));
  }
}

void ValueReader::add_network(std::string_view text, std::string_view pointer, Values& values) {
  const auto network = parse_network(text);
  if (!network) {
    fault(pointer,
          fmt::format("'{:.60}' is not a network; write it as 10.0.0.0/8 or fe80::/10", text));
    return;
  }
  if (!network->exact) {
    fault(pointer,
          fmt::format("'{:.60}' has bits set behind its prefix; they are not looked at", text),
          true);
  }
  values.networks.push_back(*network);
}

void ValueReader::add_bound(const json::value& value,
                            const Modifiers& modifiers,
                            std::string_view pointer,
                            Values& values) {
  auto number = json_number(value);
  if (const auto* text = value.if_string(); text && !number)
    number = parse_number({text->data(), text->size()});
  if (!number) {
    fault(pointer, "a number is expected here");
    return;
  }
  if (modifiers.part) {
    const auto [least, greatest] = range_of(*modifiers.part);
    const auto* whole = std::get_if<std::int64_t>(&*number);
    const bool in_range = whole != nullptr && *whole >= least && *whole <= greatest;
    if (!in_range && (whole == nullptr || modifiers.comparison == Comparison::equals)) {
      fault(pointer, fmt::format("a whole number from {} to {} is expected here", least, greatest));
      return;
    }
  }
  values.bounds.push_back(
      {.order = order_of(modifiers.comparison), .number = *number, .part = modifiers.part});
}

std::vector<std::string> ValueReader::expanded(std::string_view text, std::string_view pointer) {
  std::vector<std::string> results{""};
  bool expanded_any = false;
  while (!text.empty()) {
    const auto open = text.find('%');
    const auto close = open == std::string_view::npos ? open : text.find('%', open + 1);
    const auto plain = close == std::string_view::npos ? text : text.substr(0, open);
    for (auto& result : results) result += plain;
    if (close == std::string_view::npos) break;

    const auto name = text.substr(open + 1, close - open - 1);
    const auto values = placeholders_.find(name);
    if (values == placeholders_.end() || values->second.empty()) {
      fault(pointer,
            fmt::format("the placeholder '%{:.60}%' has no values; give it some, or write what it "
                        "stands for and drop 'expand'",
                        name));
      return {};
    }
    if (results.size() * values->second.size() > max_expansions) {
      fault(pointer, fmt::format("the placeholders give more than {} values", max_expansions));
      return {};
    }
    std::vector<std::string> grown;
    for (const auto& result : results)
      for (const auto& each : values->second) grown.push_back(result + each);
    results = std::move(grown);
    expanded_any = true;
    text.remove_prefix(close + 1);
  }
  if (!expanded_any) fault(pointer, "'expand' without a %placeholder% in the value", true);
  return results;
}

}  // namespace sallyport::match
