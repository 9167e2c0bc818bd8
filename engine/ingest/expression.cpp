#include "engine/ingest/expression.hpp"

#include "engine/base/ascii.hpp"
#include "engine/match/json_record.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace sallyport::ingest {

namespace {

constexpr std::size_t most_values = 256;  // of one expression

/// Where the port begins in `10.0.0.1:80`, `[::1]:80`, `host:80`; npos without a port.
std::size_t port_colon(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos || colon + 1 == text.size()) return std::string_view::npos;
  const auto port = text.substr(colon + 1);
  if (port.find_first_not_of("0123456789") != std::string_view::npos) return std::string_view::npos;
  if (text.find(':') != colon && text[colon - 1] != ']') return std::string_view::npos;  // IPv6
  return colon;
}

/// A folder and a name that were put together with `\`: with `/` where the folder is one of Unix,
/// and with one separator where the folder ended in one of its own.
std::string one_path(std::string_view text) {
  const bool unix = text.starts_with('/');
  std::string out;
  for (const char c : text) {
    const bool separator = c == '\\' || (unix && c == '/');
    if (separator && out.size() > 1 && (out.back() == '\\' || out.back() == '/')) continue;
    out += unix && separator ? '/' : c;
  }
  return out;
}

/// "DefenseEvasion" as "Defense Evasion".
std::string spaced(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool capital = text[i] >= 'A' && text[i] <= 'Z';
    if (capital && i > 0 && text[i - 1] >= 'a' && text[i - 1] <= 'z') out += ' ';
    out += text[i];
  }
  return out;
}

/// The digest after `label` in `SHA1=...,MD5=...,SHA256=...`.
std::string labelled_hash(std::string_view text, std::string_view label) {
  const auto found = std::ranges::search(text, label, {}, ascii::lower);
  if (found.empty()) return {};
  const auto digest = text.substr(static_cast<std::size_t>(found.end() - text.begin()));
  return std::string{digest.substr(0, digest.find_first_not_of("0123456789abcdefABCDEF"))};
}

}  // namespace

std::optional<std::string> scalar_text(const json::value& value) {
  switch (value.kind()) {
    case json::kind::string:
      return std::string{std::string_view{value.get_string()}};
    case json::kind::int64:
      return fmt::format("{}", value.get_int64());
    case json::kind::uint64:
      return fmt::format("{}", value.get_uint64());
    case json::kind::double_: {
      const auto number = value.get_double();
      if (number == std::trunc(number) && std::fabs(number) < 1e15)
        return fmt::format("{:.0f}", number);
      return fmt::format("{}", number);
    }
    case json::kind::bool_:
      return value.get_bool() ? "true" : "false";
    default:
      return std::nullopt;
  }
}

std::optional<std::string> Expression::finished(const Alternative& alternative, std::string text) {
  for (const auto transform : alternative.transforms) {
    switch (transform) {
      case Transform::lower:
        text = ascii::lowered(text);
        break;
      case Transform::upper:
        for (auto& c : text)
          if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 32);
        break;
      case Transform::trim:
        text = ascii::trimmed(text);
        break;
      case Transform::basename:
        text = text.substr(text.find_last_of("/\\") + 1);
        break;
      case Transform::dirname: {
        const auto slash = text.find_last_of("/\\");
        text = slash == std::string::npos ? std::string{} : text.substr(0, slash);
        break;
      }
      case Transform::path:
        text = one_path(text);
        break;
      case Transform::user_of:
        text = text.substr(text.find_last_of('\\') + 1);
        break;
      case Transform::domain_of:
        if (const auto slash = text.find('\\'); slash != std::string::npos) {
          text.resize(slash);
        } else if (const auto sign = text.find('@'); sign != std::string::npos) {
          text = text.substr(sign + 1);
        } else {
          text.clear();
        }
        break;
      case Transform::strip_port:
        text.resize(std::min(text.size(), port_colon(text)));
        break;
      case Transform::port_of: {
        const auto colon = port_colon(text);
        text = colon == std::string::npos ? std::string{} : text.substr(colon + 1);
        break;
      }
      case Transform::first_line:
        text = ascii::trimmed(std::string_view{text}.substr(0, text.find('\n')));
        break;
      case Transform::spaced:
        text = spaced(text);
        break;
      case Transform::md5_of:
        text = labelled_hash(text, "md5=");
        break;
      case Transform::sha1_of:
        text = labelled_hash(text, "sha1=");
        break;
      case Transform::sha256_of:
        text = labelled_hash(text, "sha256=");
        break;
    }
  }
  if (alternative.table) {
    const auto found = alternative.table->find(ascii::lowered(text));
    if (found == alternative.table->end()) return alternative.otherwise;
    text = found->second;
  }
  if (!alternative.ranges.empty()) {
    double number = 0;
    const auto* const last = text.data() + text.size();
    if (std::from_chars(text.data(), last, number).ptr != last || text.empty())
      return alternative.otherwise;
    const auto found = std::ranges::find_if(
        alternative.ranges, [&](const Range& range) { return number >= range.from; });
    if (found == alternative.ranges.end()) return alternative.otherwise;
    text = found->is;
  }
  if (ascii::trimmed(text).empty()) return alternative.otherwise;
  return text;
}

bool Expression::gather(const Alternative& alternative,
                        Scope scope,
                        bool only_first,
                        std::vector<std::string>& into) {
  if (alternative.when &&
      (scope[0] == nullptr || !alternative.when->matches(match::JsonRecord{*scope[0]})))
    return false;
  const auto before = into.size();
  const auto offer = [&](std::optional<std::string> text) {
    if (!text) return true;
    auto value = finished(alternative, *std::move(text));
    if (value) into.push_back(*std::move(value));
    return !(value && only_first) && into.size() < most_values;
  };
  if (const auto* path = std::get_if<Path>(&alternative.source)) {
    path->each(scope, [&](const json::value& value) { return offer(scalar_text(value)); });
  } else if (const auto* literal = std::get_if<Literal>(&alternative.source)) {
    offer(literal->text);
  } else if (const auto* shape = std::get_if<Template>(&alternative.source)) {
    std::string text;
    bool whole = true;
    for (const auto& part : shape->parts) {
      if (const auto* fixed = std::get_if<std::string>(&part)) {
        text += *fixed;
        continue;
      }
      std::optional<std::string> found;
      std::get<Path>(part).each(scope, [&](const json::value& value) {
        found = scalar_text(value);
        return !found || found->empty();
      });
      whole = whole && found && !found->empty();
      if (found) text += *found;
    }
    if (whole) offer(std::move(text));
  } else {
    std::vector<std::string> inner;
    for (const auto& nested : std::get<std::vector<Expression>>(alternative.source)) {
      nested.values(scope, inner);
      if (!inner.empty()) break;
    }
    for (auto& text : inner)
      if (!offer(std::move(text))) break;
  }
  // A default speaks also where nothing was there to look at.
  if (into.size() == before && alternative.otherwise) into.push_back(*alternative.otherwise);
  return into.size() > before;
}

std::optional<std::string> Expression::first(Scope scope, bool* grounded) const {
  std::vector<std::string> found;
  for (const auto& alternative : alternatives_) {
    if (!gather(alternative, scope, true, found)) continue;
    if (grounded != nullptr) *grounded = alternative.grounded;
    return std::move(found.front());
  }
  return std::nullopt;
}

void Expression::values(Scope scope, std::vector<std::string>& into) const {
  for (const auto& alternative : alternatives_)
    if (gather(alternative, scope, false, into)) return;
}

void Expression::all(Scope scope, std::vector<std::string>& into) const {
  for (const auto& alternative : alternatives_) gather(alternative, scope, false, into);
}

std::string Expression::paths() const {
  std::string out;
  const auto add = [&](std::string_view text) {
    if (text.empty()) return;
    if (!out.empty()) out += ", ";
    out += text;
  };
  for (const auto& alternative : alternatives_) {
    if (const auto* path = std::get_if<Path>(&alternative.source)) {
      add(path->text());
    } else if (const auto* shape = std::get_if<Template>(&alternative.source)) {
      for (const auto& part : shape->parts)
        if (const auto* inner = std::get_if<Path>(&part)) add(inner->text());
    } else if (const auto* nested = std::get_if<std::vector<Expression>>(&alternative.source)) {
      for (const auto& inner : *nested) add(inner.paths());
    }
  }
  return out;
}

}  // namespace sallyport::ingest
