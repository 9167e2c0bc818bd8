#include "engine/gate/policy_reader.hpp"

#include "engine/base/spelling.hpp"
#include "engine/gate/request_record.hpp"
#include "engine/gate/unquoted.hpp"

#include <boost/describe.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace sallyport::gate {

namespace {

struct AuthorityKeys {
  std::string owner;
  std::optional<Time> approved;
  std::optional<Time> review_by;
};

struct OverrideKeys {
  bool block = false;
  bool force_auto = false;
  json::value when;
  json::value unless;
  std::string reason;
};

struct LimitKeys {
  std::optional<std::uint32_t> per_minute;
  std::optional<std::uint32_t> per_hour;
  std::optional<std::uint32_t> per_day;
  json::value when;
  std::string reason;
};

struct FreezeKeys {
  std::optional<Time> from;
  std::optional<Time> to;
  std::optional<model::Tier> tier;
  std::string reason;
};

struct KillKeys {
  bool all = false;
  std::vector<std::string> verbs;
  std::vector<std::string> connectors;
  std::string reason;
};

BOOST_DESCRIBE_STRUCT(AuthorityKeys, (), (owner, approved, review_by))
BOOST_DESCRIBE_STRUCT(OverrideKeys, (), (block, force_auto, when, unless, reason))
BOOST_DESCRIBE_STRUCT(LimitKeys, (), (per_minute, per_hour, per_day, when, reason))
BOOST_DESCRIBE_STRUCT(FreezeKeys, (), (from, to, tier, reason))
BOOST_DESCRIBE_STRUCT(KillKeys, (), (all, verbs, connectors, reason))

constexpr std::string_view tenant_keys =
    "tier authority overrides whitelist protected limits freezes kill_switch";

bool looks_at_value(const match::Detection& block) {
  return std::ranges::any_of(block.fields(),
                             [](const auto& field) { return field.whole == "target.value"; });
}

bool looks_at_value(const std::optional<match::Detection>& block) {
  return block && looks_at_value(*block);
}

/// A bare block without what it asks of the target's value. Empty: then it asks for nothing, or it
/// is written so that this cannot be told.
std::optional<json::value> besides_value(const json::value& block) {
  if (const auto* list = block.if_array()) {
    json::array rest;
    for (const auto& one : *list) {
      auto left = besides_value(one);
      if (!left) return std::nullopt;
      rest.push_back(*std::move(left));
    }
    return json::value(std::move(rest));
  }
  const auto* object = block.if_object();
  if (!object || object->contains("condition")) return std::nullopt;
  json::object rest;
  for (const auto& item : *object) {
    const std::string_view key{item.key()};
    if (key.substr(0, key.find('|')) != "target.value") rest.emplace(item.key(), item.value());
  }
  return rest.empty() ? std::nullopt : std::optional{json::value(std::move(rest))};
}

std::vector<std::string_view> words(std::string_view text) {
  std::vector<std::string_view> list;
  while (!text.empty()) {
    const auto space = text.find(' ');
    list.push_back(text.substr(0, space));
    text.remove_prefix(space == std::string_view::npos ? text.size() : space + 1);
  }
  return list;
}

}  // namespace

void PolicyReader::error(std::string pointer, std::string message) {
  faults.push_back({.pointer = std::move(pointer), .message = std::move(message)});
}

void PolicyReader::warning(std::string pointer, std::string message) {
  faults.push_back({.pointer = std::move(pointer), .message = std::move(message), .warning = true});
}

const json::object* PolicyReader::map_of(const json::value& value, const std::string& at) {
  const auto* object = value.if_object();
  if (!object) {
    detail::wrong_type(faults, at, "a map", value);
    return nullptr;
  }
  for (const auto& item : *object) {
    if (item.value().is_null())
      error(child(at, std::string_view{item.key()}),
            "nothing stands here; write a value or remove the key");
  }
  return object;
}

void PolicyReader::check_verb(std::string_view verb, const std::string& at) {
  if (catalogue.find(verb)) return;
  std::vector<std::string_view> known;
  for (const auto& [name, entry] : catalogue.verbs()) known.push_back(name);
  if (const auto meant = likely_meant(verb, known)) {
    error(at, fmt::format("no verb is called '{:.60}'; did you mean '{}'?", verb, *meant));
  } else {
    warning(at,
            fmt::format("no verb is called '{:.60}'; requests for it wait for a person whatever "
                        "stands here, unless they are blocked",
                        verb));
  }
}

void PolicyReader::check_field(const match::FieldPath& field, const std::string& at) {
  if (field.whole.starts_with("parameters.") || field.whole.starts_with("context.")) return;
  if (std::ranges::find(request_fields, field.whole) != request_fields.end()) return;
  std::vector<std::string_view> known{request_fields.begin(), request_fields.end()};
  const auto meant = likely_meant(field.whole, known);
  const auto first = field.whole.substr(0, field.whole.find('.'));
  if (meant) {
    error(at,
          fmt::format("no request has a field '{:.60}'; did you mean '{}'?", field.whole, *meant));
  } else if (const auto root = likely_meant(first, {"context", "parameters"});
             root && *root != first) {
    error(at, fmt::format("no request has a field '{:.60}'; did you mean '{}.'?", first, *root));
  } else {
    warning(at,
            fmt::format("no request has a field '{:.60}': only exists: false matches; fields are "
                        "{}, parameters.* and context.*",
                        field.whole,
                        fmt::join(known, ", ")));
  }
}

std::optional<match::Detection> PolicyReader::block(const json::value& value,
                                                    const std::string& at) {
  const bool empty = (value.is_object() && value.get_object().empty()) ||
                     (value.is_array() && value.get_array().empty());
  if (value.is_null() || empty) {
    error(at, "an empty block would match everything; write a condition or remove the key");
    return std::nullopt;
  }
  auto text = to_json(value);
  if (const auto known = compiled.find(text); known != compiled.end()) return known->second;
  const auto before = faults.size();
  check_quotes(value, at, faults);
  auto detection = match::Detection::compile(value, faults, at);
  if (!detection) {
    if (faults.size() == before) error(at, "not a detection block");
    return std::nullopt;
  }
  for (const auto& field : detection->fields()) check_field(field, at);
  if (faults.size() == before) compiled.emplace(std::move(text), *detection);
  return detection;
}

std::optional<HeldTargets> PolicyReader::held(const json::value& value, const std::string& at) {
  auto detection = block(value, at);
  if (!detection) return std::nullopt;
  HeldTargets result{.block = *std::move(detection), .besides = {}, .text = to_json(value)};
  // Keywords are looked for in every value.
  result.of_value = looks_at_value(result.block) || result.block.fields().empty();
  if (const auto rest = besides_value(value); rest && result.of_value) {
    Faults said_before;
    result.besides = match::Detection::compile(*rest, said_before, at);
  }
  return result;
}

void PolicyReader::read(const json::value& document, Policy& policy) {
  for (const auto& [name, verb] : catalogue.verbs()) policy.radii_.emplace(name, verb.blast_radius);
  const auto* root = map_of(document, "");
  if (!root) return;
  for (const auto& item : *root) {
    const std::string_view key{item.key()};
    const auto at = child("", key);
    if (item.value().is_null()) continue;
    if (key == "kill_switch") {
      kill_switch(item.value(), at, policy.kill_);
    } else if (key == "tenants") {
      const auto* tenants = map_of(item.value(), at);
      if (!tenants) continue;
      for (const auto& one : *tenants) {
        const std::string_view name{one.key()};
        if (!one.value().is_null())
          tenant(one.value(), child(at, name), policy.tenants_[std::string{name}]);
      }
    } else {
      detail::unknown_key(faults, "", key, {"tenants", "kill_switch"});
    }
  }
  if (!root->contains("tenants"))
    warning("", "no tenants are named, so every tenant is at L0 and everything waits for a person");
}

void PolicyReader::tenant(const json::value& value, const std::string& at, Tenant& into) {
  const auto* object = map_of(value, at);
  if (!object) return;
  for (const auto& item : *object) {
    const std::string_view key{item.key()};
    const auto where = child(at, key);
    const auto& inner = item.value();
    if (inner.is_null()) continue;  // said by map_of
    if (key == "tier") {
      read_json(inner, into.tier, faults, where);
    } else if (key == "authority") {
      authority(inner, where, into);
    } else if (key == "overrides") {
      by_verb(inner, where, into, &PolicyReader::override_block);
    } else if (key == "whitelist") {
      whitelist(inner, where, into);
    } else if (key == "protected") {
      protected_targets(inner, where, into);
    } else if (key == "limits") {
      by_verb(inner, where, into, &PolicyReader::limit);
    } else if (key == "freezes") {
      freezes(inner, where, into);
    } else if (key == "kill_switch") {
      kill_switch(inner, where, into.kill);
    } else {
      detail::unknown_key(faults, at, key, words(tenant_keys));
    }
  }
}

void PolicyReader::authority(const json::value& value, const std::string& at, Tenant& into) {
  if (!map_of(value, at)) return;
  AuthorityKeys keys;
  read_json(value, keys, faults, at);
  into.owner = std::move(keys.owner);
  into.review_by = keys.review_by;
  if (keys.approved && keys.review_by && *keys.review_by <= *keys.approved)
    error(child(at, "review_by"), "the review is due before the approval was given");
}

void PolicyReader::override_block(const json::value& value,
                                  const std::string& at,
                                  VerbTerms& into) {
  const auto* object = map_of(value, at);
  if (!object) return;
  OverrideKeys keys;
  const auto before = faults.size();
  read_json(value, keys, faults, at);
  if (keys.block && keys.force_auto)
    error(at, "block and force_auto contradict each other; write two overrides as a list");
  if (!keys.block && !keys.force_auto)
    warning(at, "this override does nothing; write block: true or force_auto: true");
  Override result{.reason = std::move(keys.reason)};
  const auto condition = [&](const char* name, const json::value& from, auto& to) {
    if (!object->contains(name) || from.is_null()) return;
    to = block(from, child(at, std::string_view{name}));
    if (!result.text.empty()) result.text += ' ';
    result.text += fmt::format("{} {}", name, to_json(from));
  };
  condition("when", keys.when, result.when);
  condition("unless", keys.unless, result.unless);
  result.of_value = looks_at_value(result.when) || looks_at_value(result.unless);
  // With a fault in a condition the whole policy is refused; a half-read one must not be kept.
  if (std::any_of(faults.begin() + static_cast<std::ptrdiff_t>(before),
                  faults.end(),
                  [](const Fault& fault) { return !fault.warning; }))
    return;
  if (keys.block) into.blocks.push_back(result);
  if (keys.force_auto) into.forces.push_back(result);
}

void PolicyReader::by_verb(const json::value& value,
                           const std::string& at,
                           Tenant& into,
                           ReadTerms read_terms) {
  const auto* object = map_of(value, at);
  if (!object) return;
  for (const auto& item : *object) {
    const std::string_view verb{item.key()};
    const auto where = child(at, verb);
    if (item.value().is_null()) continue;
    check_verb(verb, where);
    auto& terms = into.verbs[std::string{verb}];
    if (const auto* list = item.value().if_array()) {
      for (std::size_t i = 0; i < list->size(); ++i)
        (this->*read_terms)((*list)[i], child(where, i), terms);
    } else {
      (this->*read_terms)(item.value(), where, terms);
    }
    // Which of several is named must not depend on their order.
    const auto key = [](const auto& one) { return std::pair{one.text, one.reason}; };
    std::ranges::sort(terms.blocks, {}, key);
    std::ranges::sort(terms.forces, {}, key);
    std::ranges::sort(terms.closed, {}, key);
  }
}

void PolicyReader::protected_targets(const json::value& value,
                                     const std::string& at,
                                     Tenant& into) {
  const auto* list = value.if_array();
  if (!list) return detail::wrong_type(faults, at, "a list of detection blocks", value);
  for (std::size_t i = 0; i < list->size(); ++i) {
    if (auto one = held((*list)[i], child(at, i)))
      into.protected_targets.push_back(*std::move(one));
  }
  std::ranges::sort(into.protected_targets, {}, &HeldTargets::text);
}

void PolicyReader::rate(const Windowed& written, const std::string& at, Rate& into) {
  for (const auto window : windows) {
    const auto& [name, most] = written.at(static_cast<std::size_t>(window));
    if (!most) continue;
    into.at_most.at(static_cast<std::size_t>(window)) = *most;
    if (*most > largest_limit)
      error(child(at, name), fmt::format("at most {} can be counted", largest_limit));
  }
}

void PolicyReader::limit(const json::value& value, const std::string& at, VerbTerms& into) {
  const auto* object = map_of(value, at);
  if (!object) return;
  LimitKeys keys;
  read_json(value, keys, faults, at);
  Rate read;
  rate({{{"per_minute", keys.per_minute}, {"per_hour", keys.per_hour}, {"per_day", keys.per_day}}},
       at,
       read);
  if (!read.limited()) warning(at, "limits nothing; write per_minute, per_hour or per_day");
  if (object->contains("when")) {
    // How many ran is counted per verb, not per condition: "some of these" could not be kept.
    if (read.limited() && !read.closed())
      error(at, "a limit with `when` says what waits for a person: its number must be 0");
    auto targets = held(keys.when, child(at, std::string_view{"when"}));
    if (!targets) return;
    targets->reason = std::move(keys.reason);
    if (read.closed()) into.closed.push_back(*std::move(targets));
    return;
  }
  if (into.limit.limited() && read.limited())
    error(at, "a second limit of the verb without `when`; write one");
  into.limit = read;
  into.limit_reason = std::move(keys.reason);
}

void PolicyReader::freezes(const json::value& value, const std::string& at, Tenant& into) {
  const auto* list = value.if_array();
  if (!list) return detail::wrong_type(faults, at, "a list of freezes", value);
  for (std::size_t i = 0; i < list->size(); ++i) {
    const auto where = child(at, i);
    if (!map_of((*list)[i], where)) continue;
    FreezeKeys keys;
    const auto before = faults.size();
    read_json((*list)[i], keys, faults, where);
    if (faults.size() != before) continue;  // what could not be read is not compared
    if (!keys.from || !keys.to || !keys.tier) {
      error(where, "a freeze needs from, to and tier");
    } else if (*keys.from >= *keys.to) {
      error(child(where, "to"), "the freeze ends before it begins");
    } else {
      into.freezes.push_back({.from = *keys.from,
                              .to = *keys.to,
                              .tier = *keys.tier,
                              .reason = std::move(keys.reason)});
    }
  }
  std::ranges::sort(into.freezes, [](const Freeze& a, const Freeze& b) {
    return std::tie(a.tier, b.to, a.from, a.reason) < std::tie(b.tier, a.to, b.from, b.reason);
  });
}

void PolicyReader::kill_switch(const json::value& value, const std::string& at, KillSwitch& into) {
  if (value.is_bool()) {
    into.all = value.get_bool();
    return;
  }
  if (!map_of(value, at)) return;
  KillKeys keys;
  read_json(value, keys, faults, at);
  into = {.all = keys.all,
          .verbs = std::move(keys.verbs),
          .connectors = std::move(keys.connectors),
          .reason = std::move(keys.reason)};
  for (std::size_t i = 0; i < into.verbs.size(); ++i)
    check_verb(into.verbs[i], child(child(at, "verbs"), i));
}

std::shared_ptr<const Policy> Policy::compile(const json::value& document,
                                              const model::Catalogue& catalogue,
                                              PolicyVersion version,
                                              Faults& faults) {
  const std::shared_ptr<Policy> policy{new Policy};
  policy->version_ = std::move(version);
  Faults found;
  PolicyReader{.catalogue = catalogue, .faults = found, .compiled = {}}.read(document, *policy);
  const bool refused = has_errors(found);
  std::ranges::move(found, std::back_inserter(faults));
  return refused ? nullptr : policy;
}

}  // namespace sallyport::gate
