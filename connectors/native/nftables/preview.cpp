#include "connectors/native/nftables/nftables.hpp"

#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include <utility>

namespace sallyport::connectors::nftables {

namespace {

/// Stands for the action's id until there is one: plain enough for a comment.
constexpr std::string_view id_mark = "@run.id@";

std::string with_id_shown(std::string text) {
  if (const auto at = text.find(id_mark); at != std::string::npos)
    text.replace(at, id_mark.size(), "${{ run.id }}");
  return text;
}

}  // namespace

Result<std::vector<act::Planned>> Nftables::preview(const act::Operation& operation) const {
  if (auto ok = check(operation); !ok) return std::unexpected{ok.error()};
  auto named = operation;
  if (named.idempotency_key.empty()) named.idempotency_key = id_mark;
  const auto asked = wanted(named);
  if (!asked) return std::unexpected{asked.error()};

  std::vector<act::Planned> planned;
  const auto add =
      [&](std::string phase, std::string step, const json::value& command, std::string when = {}) {
        act::Sent request{.method = "nft",
                          .url = "nftables:inet/" + config_.table,
                          .headers = {},
                          .body = with_id_shown(json::serialize(command))};
        if (!config_.network_namespace.empty())
          request.headers.emplace_back("network_namespace", config_.network_namespace);
        planned.push_back({.phase = std::move(phase),
                           .step = std::move(step),
                           .conditional = !when.empty(),
                           .request = std::move(request),
                           .when = std::move(when)});
      };
  add("state", "list", list_command(config_));
  add("act", "list", list_command(config_));
  if (asked->blocked && config_.manage) {
    const auto* unprepared = "the table lacks a set, or no rule of it drops what the set holds";
    add("act", "prepare", prepare_command(config_), unprepared);
    add("act", "list", list_command(config_), unprepared);
  }
  const Found none;
  const Found other{.element = Element{.network = asked->network}};
  if (!asked->blocked) {
    add("act", "delete", change_command(config_, *asked, other), "it is an element of the set");
  } else {
    add("act", "add", change_command(config_, *asked, none), "it is not blocked that long");
    add("act",
        "replace",
        change_command(config_, *asked, other),
        "it is an element of the set that is to end otherwise");
  }
  return planned;
}

}  // namespace sallyport::connectors::nftables
