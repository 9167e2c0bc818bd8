#include "engine/store/decision_facets.hpp"

#include "engine/base/json.hpp"

namespace sallyport::store {

namespace {

/// Takes `before` and the string after it off `text`; false when something else stands there.
bool take(std::string_view& text, std::string_view before, std::string& into) {
  if (!text.starts_with(before)) return false;
  text.remove_prefix(before.size());
  if (!text.starts_with('"')) return false;
  std::size_t end = 1;
  bool escaped = false;
  while (end < text.size() && text[end] != '"') {
    if (text[end] == '\\') {
      escaped = true;
      ++end;
    }
    ++end;
  }
  if (end >= text.size()) return false;
  const auto quoted = text.substr(0, end + 1);
  text.remove_prefix(end + 1);
  if (!escaped) {
    into = quoted.substr(1, quoted.size() - 2);
    return true;
  }
  const auto value = parse_json(quoted);
  if (!value || !value->is_string()) return false;
  into = std::string_view{value->get_string()};
  return true;
}

}  // namespace

DecisionFacets facets_of(std::string_view text) {
  DecisionFacets facets;
  // Inside of a JSON string a quote is escaped, so these words cannot come from one. The request
  // stands before everything that holds foreign objects, the decision after it.
  constexpr std::string_view request = "\"request\":{";
  constexpr std::string_view decision = ",\"decision\":{";
  const auto asked = text.find(request);
  if (asked == std::string_view::npos) return facets;
  auto rest = text.substr(asked + request.size());
  std::string skipped;
  if (!take(rest, "\"tenant\":", skipped) || !take(rest, ",\"action\":", facets.verb)) return {};
  if (take(rest, ",\"target\":{\"kind\":", skipped)) (void)take(rest, ",\"value\":", facets.target);
  const auto answered = text.rfind(decision);
  if (answered == std::string_view::npos || answered < asked) return facets;
  rest = text.substr(answered + decision.size());
  if (take(rest, "\"decision\":", facets.decision)) (void)take(rest, ",\"reason\":", facets.reason);
  return facets;
}

}  // namespace sallyport::store
