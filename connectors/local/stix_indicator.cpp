#include "connectors/local/stix_indicator.hpp"

#include "connectors/local/stix_pattern.hpp"

#include <algorithm>

namespace sallyport::connectors::local {

Result<std::vector<Indicator>> stix_indicators(const json::object& object,
                                               const Indicator& defaults) {
  std::vector<Indicator> found;
  const auto text = [&](const char* key) -> std::string_view {
    const auto* value = object.if_contains(key);
    const auto* string = value ? value->if_string() : nullptr;
    return string ? std::string_view{*string} : std::string_view{};
  };
  if (text("type") != "indicator") return found;
  if (const auto* revoked = object.if_contains("revoked");
      revoked && revoked->is_bool() && revoked->get_bool())
    return found;
  if (const auto type = text("pattern_type"); !type.empty() && type != "stix") return found;
  const auto observables = observables_of(text("pattern"));
  if (!observables && observables.error().code == Errc::not_found) return found;
  if (!observables) return std::unexpected{observables.error()};
  auto indicator = defaults;
  if (const auto* value = object.if_contains("confidence"); value && value->is_number()) {
    const auto percent = value->to_number<double>();
    if (percent < 0 || percent > 100)
      return fail(Errc::invalid_input, "confidence must be 0 to 100 in STIX");
    indicator.confidence = percent / 100;
  }
  if (const auto until = text("valid_until"); !until.empty()) {
    const auto time = parse_rfc3339(until);
    if (!time) return fail(Errc::invalid_input, "valid_until is not a time");
    indicator.valid_until = *time;
  }
  if (const auto* types = object.if_contains("indicator_types"); types && types->is_array())
    indicator.good = std::ranges::any_of(types->get_array(), [](const json::value& type) {
      return type.is_string() && type.get_string() == "benign";
    });
  for (const auto& observable : *observables) {
    indicator.kind = observable.kind;
    indicator.value = observable.value;
    found.push_back(indicator);
  }
  return found;
}

}  // namespace sallyport::connectors::local
