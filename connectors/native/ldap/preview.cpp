#include "connectors/native/ldap/ldap.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <utility>

namespace sallyport::connectors::ldap {

namespace {

/// A change of the lock, and where it is the one that is sent.
struct Change {
  std::vector<std::string> from;
  std::vector<std::string> to;
  std::string when;
};

/// A value that only the directory can tell.
std::string place(std::string_view what) {
  return fmt::format("${{{{ state.{} }}}}", what);
}

std::vector<Change> possible_changes(Dialect dialect, const act::Operation& operation) {
  const auto attribute = attribute_of(dialect);
  const auto now = place(attribute);
  const bool disable = operation.verb == "disable_user";
  if (dialect == Dialect::active_directory)
    return {{.from = {now},
             .to = {place(fmt::format("{} {}", attribute, disable ? "| 0x2" : "& ~0x2"))},
             .when = disable ? "bit 0x2 is not set" : "bit 0x2 is set"}};
  const auto wanted = wanted_values(dialect, operation, {}).value_or(std::vector<std::string>{});
  if (!disable)
    return {{.from = {now}, .to = wanted, .when = fmt::format("there is a {}", attribute)}};
  return {{.from = {}, .to = wanted, .when = fmt::format("there is no {}", attribute)},
          {.from = {now}, .to = wanted, .when = fmt::format("there is another {}", attribute)}};
}

}  // namespace

Result<std::vector<act::Planned>> Ldap::preview(const act::Operation& operation) const {
  if (auto ok = check(operation); !ok) return std::unexpected{ok.error()};
  const auto filter = filter_of(operation);
  if (!filter) return std::unexpected{filter.error()};
  const auto attribute = attribute_of(config_.dialect);
  const auto url = fmt::format("{}", fmt::join(config_.urls, " "));

  std::vector<act::Planned> planned;
  const auto add = [&](std::string phase, std::string step, act::Sent request, std::string when) {
    request.url = url;
    planned.push_back({.phase = std::move(phase),
                       .step = std::move(step),
                       .conditional = !when.empty(),
                       .request = std::move(request),
                       .when = std::move(when)});
  };
  // A connection of its own for each: for the look before, and for the change.
  for (const auto* phase : {"state", "act"}) {
    if (config_.start_tls) add(phase, "tls", {.method = "STARTTLS"}, {});
    add(phase,
        "bind",
        {.method = "BIND", .headers = {{"name", config_.bind_dn}, {"password", "***"}}},
        {});
    add(phase,
        "search",
        {.method = "SEARCH",
         .headers = {{"base", config_.base_dn},
                     {"scope", "sub"},
                     {"filter", *filter},
                     {"attributes",
                      fmt::format("{} {}", attribute, id_attribute_of(config_.dialect))}}},
        {});
  }
  for (auto& change : possible_changes(config_.dialect, operation))
    add("act",
        "modify",
        {.method = "MODIFY",
         .body = ldif(place("dn"), attribute, parts_of(change.from, change.to))},
        std::move(change.when));
  return planned;
}

}  // namespace sallyport::connectors::ldap
