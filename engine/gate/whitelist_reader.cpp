#include "engine/gate/glob.hpp"
#include "engine/gate/policy_reader.hpp"

#include <boost/describe.hpp>
#include <fmt/format.h>

#include <utility>

namespace sallyport::gate {

namespace {

struct EntryKeys {
  std::string id;
  std::string action;
  json::value target;
  json::value target_prefix;
  json::value target_glob;
  json::value target_cidr;
  json::value target_tag;
  json::value when;
  json::value constraints;
  std::optional<std::uint32_t> max_per_minute;
  std::optional<std::uint32_t> max_per_hour;
  std::optional<std::uint32_t> max_per_day;
  std::optional<Time> expires;
  std::string notify;
  std::string reason;
};

BOOST_DESCRIBE_STRUCT(EntryKeys,
                      (),
                      (id,
                       action,
                       target,
                       target_prefix,
                       target_glob,
                       target_cidr,
                       target_tag,
                       when,
                       constraints,
                       max_per_minute,
                       max_per_hour,
                       max_per_day,
                       expires,
                       notify,
                       reason))

}  // namespace

void PolicyReader::keys(const json::value& value,
                        const std::string& at,
                        TargetKey::Kind kind,
                        WhitelistEntry& into) {
  if (value.is_null()) return;
  if (const auto* list = value.if_array()) {
    if (list->empty()) error(at, "an empty list names no target");
    for (std::size_t i = 0; i < list->size(); ++i) {
      if ((*list)[i].is_string()) {
        keys((*list)[i], child(at, i), kind, into);
      } else {
        detail::wrong_type(faults, child(at, i), "text", (*list)[i]);
      }
    }
    return;
  }
  const auto* text = value.if_string();
  if (!text) return detail::wrong_type(faults, at, "text or a list of texts", value);
  TargetKey key{.kind = kind, .text = {text->data(), text->size()}};
  if (key.text.empty()) return error(at, "an empty text would match every target");
  if (kind == TargetKey::Kind::network) {
    const auto network = parse_network(key.text);
    if (!network)
      return error(at,
                   fmt::format("'{:.60}' is not an address range such as 10.0.0.0/8 (no bits may "
                               "be set past its length)",
                               key.text));
    key.network = *network;
  }
  if (kind == TargetKey::Kind::glob && !is_glob(key.text))
    return error(
        at,
        fmt::format("'{:.60}' is not a shell pattern: a set or an escape is not closed", key.text));
  into.keys.push_back(std::move(key));
}

std::optional<WhitelistEntry> PolicyReader::entry(const json::value& value,
                                                  const std::string& at,
                                                  std::string& action) {
  if (!map_of(value, at)) return std::nullopt;
  EntryKeys read;
  read_json(value, read, faults, at);
  action = read.action;
  WhitelistEntry result{.id = std::move(read.id), .notify = std::move(read.notify)};
  if (result.id.empty()) error(at, "an entry needs an id: decisions name it");
  if (action.empty()) {
    error(at, "an entry needs an action: the verb that it lets through");
  } else {
    check_verb(action, child(at, "action"));
  }
  if (!read.expires) {
    error(at, "an entry needs expires: nothing is granted for ever");
  } else {
    result.expires = *read.expires;
  }
  keys(read.target, child(at, "target"), TargetKey::Kind::exact, result);
  keys(read.target_prefix, child(at, "target_prefix"), TargetKey::Kind::prefix, result);
  keys(read.target_glob, child(at, "target_glob"), TargetKey::Kind::glob, result);
  keys(read.target_cidr, child(at, "target_cidr"), TargetKey::Kind::network, result);
  keys(read.target_tag, child(at, "target_tag"), TargetKey::Kind::tag, result);
  const auto& object = value.get_object();
  if (object.contains("when")) result.when = block(read.when, child(at, "when"));
  if (object.contains("constraints"))
    result.constraints = block(read.constraints, child(at, "constraints"));
  rate({{{"max_per_minute", read.max_per_minute},
         {"max_per_hour", read.max_per_hour},
         {"max_per_day", read.max_per_day}}},
       at,
       result.rate);
  return result;
}

void PolicyReader::whitelist(const json::value& value, const std::string& at, Tenant& into) {
  const auto* list = value.if_array();
  if (!list) return detail::wrong_type(faults, at, "a list of entries", value);
  std::map<std::string, std::vector<WhitelistEntry>> by_verb;
  std::unordered_map<std::string, std::size_t> ids;
  for (std::size_t i = 0; i < list->size(); ++i) {
    const auto where = child(at, i);
    std::string action;
    auto read = entry((*list)[i], where, action);
    if (!read) continue;
    const auto [first, fresh] = ids.emplace(read->id, i);
    if (!fresh && !read->id.empty()) {
      error(
          child(where, "id"),
          fmt::format("'{:.60}' is the id of whitelist entry {} already", read->id, first->second));
    }
    by_verb[action].push_back(*std::move(read));
  }
  for (auto& [verb, entries] : by_verb) into.verbs[verb].whitelist = Whitelist{std::move(entries)};
}

}  // namespace sallyport::gate
