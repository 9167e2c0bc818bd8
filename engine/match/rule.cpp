#include "engine/match/rule.hpp"

#include "engine/base/spelling.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/string.hpp>
#include <fmt/format.h>

#include <utility>

namespace sallyport::match {

namespace {

void read_text(const json::object& from,
               std::string_view key,
               std::string& into,
               Faults& faults,
               std::string_view pointer) {
  const auto* value = from.if_contains(key);
  if (value == nullptr || value->is_null()) return;
  if (const auto* text = value->if_string()) {
    into = std::string_view{*text};
  } else {
    faults.push_back({.pointer = child(pointer, key), .message = "text is expected here"});
  }
}

void read_logsource(const json::object& document, LogSource& into, Faults& faults) {
  const auto* value = document.if_contains("logsource");
  if (value == nullptr) return;
  const auto* map = value->if_object();
  if (map == nullptr) {
    faults.push_back({.pointer = "/logsource",
                      .message = "a map with category, product or service is expected"});
    return;
  }
  read_text(*map, "category", into.category, faults, "/logsource");
  read_text(*map, "product", into.product, faults, "/logsource");
  read_text(*map, "service", into.service, faults, "/logsource");
}

void read_tags(const json::object& document, std::vector<std::string>& into, Faults& faults) {
  const auto* value = document.if_contains("tags");
  if (value == nullptr || value->is_null()) return;
  const auto* list = value->if_array();
  if (list == nullptr) {
    faults.push_back({.pointer = "/tags", .message = "a list of tags is expected"});
    return;
  }
  for (std::size_t i = 0; i < list->size(); ++i) {
    if (const auto* text = (*list)[i].if_string()) {
      into.emplace_back(std::string_view{*text});
    } else {
      faults.push_back({.pointer = child("/tags", i), .message = "a tag is text"});
    }
  }
}

const json::value* find_detection(const json::object& document, Faults& faults) {
  if (const auto* detection = document.if_contains("detection")) return detection;
  if (document.contains("correlation") || document.contains("filter")) {
    faults.push_back({.pointer = document.contains("filter") ? "/filter" : "/correlation",
                      .message = "this document relates rules to each other; a rule with a "
                                 "detection over one event is expected"});
    return nullptr;
  }
  std::string meant;
  for (const auto& [key, value] : document)
    if (likely_meant(std::string_view{key.data(), key.size()}, {"detection"}))
      meant =
          fmt::format("; did you mean to write '{}' so?", std::string_view{key.data(), key.size()});
  faults.push_back({.pointer = "", .message = "the rule has no 'detection'" + meant});
  return nullptr;
}

}  // namespace

std::optional<Rule> compile_rule(const json::value& document,
                                 Faults& faults,
                                 const Placeholders& placeholders) {
  const auto* map = document.if_object();
  if (map == nullptr) {
    faults.push_back({.pointer = "", .message = "a Sigma rule is a map with a 'detection'"});
    return std::nullopt;
  }
  const auto* block = find_detection(*map, faults);
  if (block == nullptr) return std::nullopt;
  if (const auto* detection = block->if_object(); detection && !detection->contains("condition")) {
    faults.push_back({.pointer = "/detection",
                      .message = "the detection has no 'condition': say which of its search "
                                 "identifiers must match"});
    return std::nullopt;
  }

  Faults own;
  auto detection = Detection::compile(*block, own, "/detection", placeholders);
  std::optional<Rule> rule;
  if (detection) {
    rule.emplace(Rule{.id = {},
                      .title = {},
                      .status = {},
                      .level = {},
                      .tags = {},
                      .logsource = {},
                      .detection = *std::move(detection)});
    read_text(*map, "id", rule->id, own, "");
    read_text(*map, "title", rule->title, own, "");
    read_text(*map, "status", rule->status, own, "");
    read_text(*map, "level", rule->level, own, "");
    read_tags(*map, rule->tags, own);
    read_logsource(*map, rule->logsource, own);
    if (has_errors(own)) rule.reset();
  }
  faults.insert(faults.end(), own.begin(), own.end());
  return rule;
}

}  // namespace sallyport::match
