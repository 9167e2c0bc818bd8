#include "engine/ingest/grouping_rules.hpp"

#include "engine/base/ascii.hpp"
#include "engine/base/digest.hpp"
#include "engine/base/json.hpp"

#include <fmt/compile.h>

#include <algorithm>
#include <cstring>
#include <set>
#include <span>
#include <string_view>
#include <utility>

namespace sallyport::ingest {

namespace {

using Parts = std::vector<std::string>;

/// One rule as it is written.
struct WrittenRule {
  std::string name;
  std::vector<json::value> same;
  std::vector<std::string> also;
  std::uint32_t window_s = 900;
  std::uint32_t lasts_s = 14400;
  std::uint64_t cap = 10000;
};
BOOST_DESCRIBE_STRUCT(WrittenRule, (), (name, same, also, window_s, lasts_s, cap))

struct WrittenFile {
  std::uint32_t remembered = 100000;
  std::uint32_t reopenings = 8;
  std::vector<WrittenRule> rules;
};
BOOST_DESCRIBE_STRUCT(WrittenFile, (), (remembered, reopenings, rules))

constexpr std::size_t most_rules = 32;
constexpr std::size_t most_fields = 16;
constexpr std::uint32_t longest_s = 7 * 24 * 3600;
constexpr std::uint32_t most_remembered = 10'000'000;
constexpr std::uint32_t most_reopenings = 1000;

Parts split(std::string_view path) {
  Parts parts;
  for (;;) {
    const auto dot = path.find('.');
    parts.emplace_back(path.substr(0, dot));
    if (dot == std::string_view::npos) return parts;
    path.remove_prefix(dot + 1);
  }
}

bool is_path(std::string_view path) {
  return !path.empty() && path.front() != '.' && path.back() != '.' && !path.contains("..");
}

/// Host and user names differ in case from product to product.
std::string folded(std::string_view text) {
  return ascii::lowered(text);
}

/// Adds what stands at `parts`; a list on the way stands for each of its elements.
void collect(const json::value& value,
             std::span<const std::string> parts,
             std::vector<std::string>& into) {
  if (into.size() >= GroupingRules::most_keys) return;
  const auto add = [&](std::string text) {
    const auto place = std::ranges::lower_bound(into, text);
    if (place == into.end() || *place != text) into.insert(place, std::move(text));
  };
  if (const auto* list = value.if_array()) {
    for (const auto& item : *list) collect(item, parts, into);
    return;
  }
  if (parts.empty()) {
    if (const auto* text = value.if_string()) {
      if (!text->empty()) add(folded(*text));
    } else if (value.is_number() || value.is_bool()) {
      add(to_json(value));
    }
    return;
  }
  const auto* object = value.if_object();
  if (const auto* found = object ? object->if_contains(parts.front()) : nullptr)
    collect(*found, parts.subspan(1), into);
}

/// Each once, in their order.
std::vector<std::string> values_at(const json::object& finding, const Parts& path) {
  std::vector<std::string> values;
  if (const auto* found = finding.if_contains(path.front()))
    collect(*found, std::span{path}.subspan(1), values);
  return values;
}

/// So that no two lists of values write the same text.
void append_part(std::string& text, std::string_view part) {
  fmt::format_to(std::back_inserter(text), FMT_COMPILE("{}:"), part.size());
  text += part;
}

GroupKey key_of(std::string_view text) {
  const auto digest = sha256(text);
  GroupKey key;
  static_assert(sizeof(key) <= sizeof(digest));
  std::memcpy(key.data(), digest.data(), sizeof(key));
  return key;
}

}  // namespace

struct GroupingRules::Rule {
  std::vector<std::vector<Parts>> same;  ///< Of each the first that is there.
  std::vector<Parts> also;
  std::string prefix;  ///< Of the text of its keys: what the rule is.
};

GroupingRules::GroupingRules() = default;
GroupingRules::~GroupingRules() = default;

std::shared_ptr<const GroupingRules> GroupingRules::read(const json::value& document,
                                                         Faults& faults) {
  Faults own;
  WrittenFile file;
  read_json(document, file, own);
  const auto refuse = [&](std::string at, std::string why) {
    own.push_back({std::move(at), std::move(why)});
  };
  if (file.remembered == 0 || file.remembered > most_remembered)
    refuse("/remembered", fmt::format("from 1 to {}", most_remembered));
  if (file.reopenings > most_reopenings)
    refuse("/reopenings", fmt::format("at most {}", most_reopenings));
  if (file.rules.size() > most_rules) refuse("/rules", fmt::format("at most {}", most_rules));

  auto rules = std::make_shared<GroupingRules>();
  std::set<std::string> names;
  for (std::size_t i = 0; i < file.rules.size(); ++i) {
    const auto& written = file.rules[i];
    const auto at = child("/rules", i);
    const auto path = [&](const std::string& text, const std::string& where) {
      if (!is_path(text)) refuse(where, fmt::format("'{}' is no dotted path of a field", text));
      return split(text);
    };
    if (written.name.empty()) refuse(at, "name is missing");
    if (!names.insert(written.name).second)
      refuse(child(at, "name"), fmt::format("there is another rule '{}'", written.name));
    if (written.same.empty())
      refuse(at, "same is missing: a rule that asks for nothing would join everything");
    if (written.same.size() > most_fields || written.also.size() > most_fields)
      refuse(at, fmt::format("at most {} fields", most_fields));
    if (written.window_s == 0 || written.window_s > longest_s)
      refuse(child(at, "window_s"), fmt::format("from 1 to {}", longest_s));
    if (written.lasts_s < written.window_s || written.lasts_s > longest_s)
      refuse(child(at, "lasts_s"), fmt::format("from window_s to {}", longest_s));
    if (written.cap < 2) refuse(child(at, "cap"), "at least 2");

    Rule rule;
    for (std::size_t j = 0; j < written.same.size(); ++j) {
      const auto where = child(child(at, "same"), j);
      std::vector<std::string> choice;
      if (const auto* one = written.same[j].if_string()) {
        choice.emplace_back(*one);
      } else {
        read_json(written.same[j], choice, own, where);
        if (choice.empty()) refuse(where, "a field, or a list of fields");
      }
      auto& paths = rule.same.emplace_back();
      for (const auto& text : choice) paths.push_back(path(text, where));
    }
    for (std::size_t j = 0; j < written.also.size(); ++j)
      rule.also.push_back(path(written.also[j], child(child(at, "also"), j)));
    // A rule that asks for something else gives other keys: what is open by the old one runs out.
    append_part(rule.prefix, written.name);
    append_part(rule.prefix, to_json(written.same));
    append_part(rule.prefix, to_json(written.also));
    rules->rules_.push_back(std::move(rule));
    rules->bounds_.push_back({.rule = written.name,
                              .window = std::chrono::seconds{written.window_s},
                              .lasts = std::chrono::seconds{written.lasts_s},
                              .cap = written.cap});
  }
  rules->remembered_ = file.remembered;
  rules->reopenings_ = file.reopenings;
  const bool broken = has_errors(own);
  faults.insert(faults.end(), own.begin(), own.end());
  if (broken) return nullptr;
  return rules;
}

std::vector<KeyOfRule> GroupingRules::keys_of(const model::Alert& alert) const {
  std::vector<KeyOfRule> keys;
  for (std::uint32_t r = 0; r < rules_.size(); ++r) {
    const auto& rule = rules_[r];
    std::string head;
    append_part(head, alert.tenant);
    head += rule.prefix;
    std::vector<std::string> texts{std::move(head)};
    for (const auto& choice : rule.same) {
      std::vector<std::string> values;
      for (const auto& path : choice) {
        values = values_at(alert.finding, path);
        if (!values.empty()) break;
      }
      std::vector<std::string> longer;
      for (const auto& text : texts) {
        for (const auto& value : values) {
          if (longer.size() == most_keys) break;
          append_part(longer.emplace_back(text), value);
        }
      }
      texts = std::move(longer);
      if (texts.empty()) break;
    }
    for (auto& text : texts) {
      for (const auto& path : rule.also) {
        const auto values = values_at(alert.finding, path);
        fmt::format_to(std::back_inserter(text), FMT_COMPILE("{};"), values.size());
        for (const auto& value : values) append_part(text, value);
      }
      keys.push_back({.rule = r, .key = key_of(text)});
    }
  }
  return keys;
}

std::chrono::seconds GroupingRules::longest() const {
  std::chrono::seconds most{0};
  for (const auto& bounds : bounds_) most = std::max(most, bounds.lasts);
  return most;
}

}  // namespace sallyport::ingest
