#include "engine/match/modifiers.hpp"

#include "engine/base/spelling.hpp"
#include "engine/match/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

namespace sallyport::match {

namespace {

constexpr std::array<std::pair<std::string_view, Comparison>, 10> comparisons{{
    {"contains", Comparison::contains},
    {"startswith", Comparison::startswith},
    {"endswith", Comparison::endswith},
    {"re", Comparison::regex},
    {"cidr", Comparison::cidr},
    {"lt", Comparison::less},
    {"lte", Comparison::less_or_equal},
    {"gt", Comparison::greater},
    {"gte", Comparison::greater_or_equal},
    {"exists", Comparison::exists},
}};

constexpr std::array<std::pair<std::string_view, TimePart>, 6> parts{{
    {"minute", TimePart::minute},
    {"hour", TimePart::hour},
    {"day", TimePart::day},
    {"week", TimePart::week},
    {"month", TimePart::month},
    {"year", TimePart::year},
}};

constexpr std::array<std::pair<std::string_view, Utf16>, 4> encodings{{
    {"utf16le", Utf16::little_endian},
    {"wide", Utf16::little_endian},
    {"utf16be", Utf16::big_endian},
    {"utf16", Utf16::with_byte_order_mark},
}};

constexpr std::array<std::pair<std::string_view, bool Modifiers::*>, 6> switches{{
    {"all", &Modifiers::all},
    {"cased", &Modifiers::cased},
    {"neq", &Modifiers::differs},
    {"windash", &Modifiers::windash},
    {"expand", &Modifiers::expand},
    {"fieldref", &Modifiers::field_reference},
}};

constexpr std::array<std::pair<std::string_view, Base64>, 2> base64_forms{{
    {"base64", Base64::plain},
    {"base64offset", Base64::at_offsets},
}};

template <class Table>
auto found_in(const Table& table, std::string_view name)
    -> std::optional<typename Table::value_type::second_type> {
  const auto at = std::ranges::find(table, name, [](const auto& entry) { return entry.first; });
  if (at == table.end()) return std::nullopt;
  return at->second;
}

std::vector<std::string_view> known_names() {
  std::vector<std::string_view> names{"i", "m", "s"};
  const auto add = [&names](const auto& table) {
    for (const auto& entry : table) names.push_back(entry.first);
  };
  add(comparisons);
  add(parts);
  add(encodings);
  add(switches);
  add(base64_forms);
  return names;
}

std::string unknown(std::string_view name) {
  const auto names = known_names();
  if (name.empty()) return "a modifier is missing after '|'";
  return fmt::format("unknown modifier '{:.60}'{}", name, suggestion(name, names));
}

bool is_order(Comparison comparison) {
  return comparison >= Comparison::less && comparison <= Comparison::greater_or_equal;
}

bool is_textual(Comparison comparison) {
  return comparison <= Comparison::endswith;
}

/// Why the modifiers do not go together; empty: they do.
std::string contradiction(const Modifiers& m) {
  const bool encoded = m.base64 != Base64::none || m.utf16;
  if (m.utf16 && m.base64 == Base64::none)
    return "an UTF-16 modifier needs base64 or base64offset behind it: no text of an event is in "
           "UTF-16";
  if (m.differs && m.all)
    return "'neq' and 'all' contradict each other: 'neq' alone already excludes every value of a "
           "list";
  if (m.comparison == Comparison::regex && (m.cased || m.windash || encoded || m.expand))
    return "'re' goes with i, m, s, all and neq only; case is ignored with 're|i'";
  if ((m.comparison == Comparison::cidr || is_order(m.comparison)) &&
      (m.cased || m.windash || encoded))
    return "cased, windash and encodings are for text; cidr and lt, lte, gt, gte do not look at "
           "text";
  if (is_order(m.comparison) && (m.all || m.expand))
    return "lt, lte, gt and gte take a number; 'all' and 'expand' say nothing about one";
  if (m.comparison == Comparison::exists && (m.all || m.cased || m.differs || m.windash ||
                                             encoded || m.expand || m.field_reference || m.part))
    return "'exists' stands alone; its value is true or false";
  if (m.field_reference && (m.windash || encoded || m.expand || m.all))
    return "'fieldref' goes with contains, startswith, endswith, cased and neq only";
  if (m.field_reference && !is_textual(m.comparison))
    return "'fieldref' compares with contains, startswith, endswith or as a whole only";
  if (m.part && (!(m.comparison == Comparison::equals || is_order(m.comparison)) || m.cased ||
                 m.windash || encoded || m.expand || m.field_reference || m.all))
    return "minute, hour, day, week, month and year take numbers; they go with lt, lte, gt, gte "
           "and neq only";
  return {};
}

}  // namespace

std::optional<Modifiers> parse_modifiers(std::string_view text,
                                         Faults& faults,
                                         std::string_view pointer) {
  Modifiers result;
  std::string comparison_name;
  std::vector<std::string_view> seen;
  const auto refuse = [&](std::string message) {
    faults.push_back({.pointer = std::string{pointer}, .message = std::move(message)});
    return std::nullopt;
  };

  for (std::size_t begin = 0; begin <= text.size();) {
    const auto bar = std::min(text.find('|', begin), text.size());
    const auto name = text.substr(begin, bar - begin);
    begin = bar + 1;
    if (std::ranges::find(seen, name) != seen.end())
      return refuse(fmt::format("modifier '{:.60}' stands twice", name));
    seen.push_back(name);
    const bool compared = result.comparison != Comparison::equals;

    if (const auto comparison = found_in(comparisons, name)) {
      if (compared)
        return refuse(fmt::format(
            "'{}' and '{}' contradict each other: one comparison a field", comparison_name, name));
      result.comparison = *comparison;
      comparison_name = name;
    } else if (name == "i" || name == "m" || name == "s") {
      if (result.comparison != Comparison::regex)
        return refuse(fmt::format("'{}' belongs behind 're': write re|{}", name, name));
      result.regex_flags += name;
    } else if (const auto part = found_in(parts, name)) {
      if (result.part) return refuse("one part of a time a field: two of them contradict");
      result.part = part;
    } else if (const auto encoding = found_in(encodings, name)) {
      if (result.base64 != Base64::none || compared || result.utf16)
        return refuse(
            fmt::format("'{}' comes first and once: write {}|base64offset|contains", name, name));
      result.utf16 = encoding;
    } else if (const auto form = found_in(base64_forms, name)) {
      if (compared || result.base64 != Base64::none)
        return refuse(
            fmt::format("'{}' comes once and before contains, startswith and endswith, "
                        "which say how the encoded text is looked for",
                        name));
      result.base64 = *form;
    } else if (const auto member = found_in(switches, name)) {
      result.*(*member) = true;
    } else {
      return refuse(unknown(name));
    }
  }
  if (auto why = contradiction(result); !why.empty()) return refuse(std::move(why));
  return result;
}

}  // namespace sallyport::match
