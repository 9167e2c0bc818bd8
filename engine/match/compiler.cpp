#include "engine/match/compiler.hpp"

#include "engine/base/spelling.hpp"
#include "engine/match/text.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/string.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <ranges>
#include <utility>

namespace sallyport::match {

namespace {

constexpr std::size_t max_nodes = 2'000'000;
constexpr std::size_t max_name_bytes = 1024;

FieldPath split(std::string_view name) {
  FieldPath path{.whole = std::string{name}, .parts = {}};
  for (const auto part : std::views::split(name, '.'))
    path.parts.emplace_back(std::string_view{part.begin(), part.end()});
  if (path.parts.empty()) path.parts.emplace_back();
  return path;
}

}  // namespace

Program Compiler::compile(const json::value& value, std::string_view pointer) {
  const auto* map = value.if_object();
  program_.root = map != nullptr && map->contains("condition") ? full_detection(*map, pointer)
                                                               : block(value, pointer);
  return std::move(program_);
}

std::uint32_t Compiler::full_detection(const json::object& map, std::string_view pointer) {
  for (const auto& [key, value] : map) {
    const std::string_view name{key.data(), key.size()};
    if (name == "condition") continue;
    if (name == "timeframe") {
      fault(child(pointer, name), "'timeframe' is not looked at: a detection sees one event", true);
      continue;
    }
    identifiers_.emplace(name, block(value, child(pointer, name)));
  }
  if (identifiers_.empty()) {
    return fault(pointer, "the detection has a condition and no search identifier to speak of");
  }
  const auto root = condition(map.at("condition"), child(pointer, "condition"));
  warn_of_unused(pointer);
  return root;
}

std::uint32_t Compiler::block(const json::value& value, std::string_view pointer) {
  if (const auto* items = value.if_object()) return map(*items, pointer);
  if (const auto* items = value.if_array()) return list(*items, pointer);
  if (value.is_null())
    return fault(pointer, "nothing stands here; a map of fields or a list of keywords is expected");
  Test keyword;
  values_.add_keyword(value, pointer, keyword.values);
  return test(std::move(keyword));
}

std::uint32_t Compiler::list(const json::array& items, std::string_view pointer) {
  if (items.empty())
    return fault(pointer, "the list is empty and would match nothing; fill it or take it out");
  std::vector<std::uint32_t> children;
  Test keywords;
  bool has_keywords = false;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (const auto* fields = items[i].if_object()) {
      children.push_back(map(*fields, child(pointer, i)));
    } else {
      values_.add_keyword(items[i], child(pointer, i), keywords.values);
      has_keywords = true;
    }
  }
  if (has_keywords) children.push_back(test(std::move(keywords)));
  return group(Node::Op::any, std::move(children));
}

std::uint32_t Compiler::map(const json::object& items, std::string_view pointer) {
  if (items.empty())
    return fault(pointer, "the map is empty and would match everything; fill it or take it out");
  std::vector<std::uint32_t> children;
  for (const auto& [key, value] : items) {
    const std::string_view name{key.data(), key.size()};
    children.push_back(item(name, value, child(pointer, name)));
  }
  return group(Node::Op::all, std::move(children));
}

std::uint32_t Compiler::item(std::string_view key,
                             const json::value& value,
                             std::string_view pointer) {
  if (key.size() > max_name_bytes)
    return fault(pointer, fmt::format("a field has a name of at most {} bytes", max_name_bytes));
  const auto bar = key.find('|');
  const auto name = key.substr(0, bar);
  Modifiers modifiers;
  if (bar != std::string_view::npos) {
    auto parsed = parse_modifiers(key.substr(bar + 1), faults_, pointer);
    if (!parsed) return 0;
    modifiers = *std::move(parsed);
  }
  const bool keyword = name.empty();
  if (keyword) {
    if (bar == std::string_view::npos)
      return fault(pointer, "the name of a field is missing; keywords stand in a list");
    if (modifiers.field_reference || modifiers.comparison == Comparison::exists)
      return fault(pointer, "'exists' and 'fieldref' ask about a field; write its name before '|'");
    if (modifiers.comparison == Comparison::equals && !modifiers.part)
      modifiers.comparison = Comparison::contains;
  }
  const auto number = keyword ? 0 : field(name);

  const auto* items = value.if_array();
  if (modifiers.comparison == Comparison::exists) return exists_test(number, value, pointer);
  if (items != nullptr && items->empty())
    return fault(pointer, "the list is empty and would match nothing; fill it or take it out");
  if (modifiers.field_reference) return reference_test(number, modifiers, value, pointer);
  if (!modifiers.all) return value_test(number, modifiers, value, pointer);
  if (items == nullptr || items->size() == 1)
    fault(pointer, "'all' has no meaning with a single value; leave it out", true);
  if (items == nullptr) return value_test(number, modifiers, value, pointer);
  std::vector<std::uint32_t> children;
  for (std::size_t i = 0; i < items->size(); ++i)
    children.push_back(value_test(number, modifiers, (*items)[i], child(pointer, i)));
  return group(Node::Op::all, std::move(children));
}

std::uint32_t Compiler::value_test(std::uint32_t field,
                                   const Modifiers& modifiers,
                                   const json::value& value,
                                   std::string_view pointer) {
  Test result{.differs = modifiers.differs, .field = field};
  const auto* items = modifiers.all ? nullptr : value.if_array();
  if (items == nullptr) {
    values_.add(value, modifiers, pointer, result.values);
  } else {
    for (std::size_t i = 0; i < items->size(); ++i)
      values_.add((*items)[i], modifiers, child(pointer, i), result.values);
    if (result.values.null)
      fault(pointer, "null in a list: here it means 'or the field is absent'", true);
  }
  return test(std::move(result));
}

std::uint32_t Compiler::reference_test(std::uint32_t field_number,
                                       const Modifiers& modifiers,
                                       const json::value& value,
                                       std::string_view pointer) {
  const auto one = [&](const json::value& name, std::string_view at) {
    const auto* text = name.if_string();
    if (text == nullptr || text->empty() || text->size() > max_name_bytes)
      return fault(at, "the name of another field is expected here");
    Test result{.kind = Test::Kind::reference,
                .differs = modifiers.differs,
                .field = field_number,
                .reference = field(std::string_view{*text})};
    result.values.cased = modifiers.cased;
    if (modifiers.comparison == Comparison::contains) result.relation = Pattern::Kind::contains;
    if (modifiers.comparison == Comparison::startswith) result.relation = Pattern::Kind::prefix;
    if (modifiers.comparison == Comparison::endswith) result.relation = Pattern::Kind::suffix;
    return test(std::move(result));
  };
  const auto* items = value.if_array();
  if (items == nullptr) return one(value, pointer);
  std::vector<std::uint32_t> children;
  for (std::size_t i = 0; i < items->size(); ++i)
    children.push_back(one((*items)[i], child(pointer, i)));
  return group(modifiers.differs ? Node::Op::all : Node::Op::any, std::move(children));
}

std::uint32_t Compiler::exists_test(std::uint32_t field,
                                    const json::value& value,
                                    std::string_view pointer) {
  const auto* wanted = value.if_bool();
  if (wanted == nullptr) return fault(pointer, "'exists' takes true or false");
  return test({.kind = Test::Kind::exists, .exists = *wanted, .field = field});
}

std::uint32_t Compiler::condition(const json::value& value, std::string_view pointer) {
  if (const auto* items = value.if_array()) {
    if (items->empty()) return fault(pointer, "the condition is empty");
    std::vector<std::uint32_t> children;
    for (std::size_t i = 0; i < items->size(); ++i) {
      if ((*items)[i].is_array()) return fault(child(pointer, i), "a condition is text");
      children.push_back(condition((*items)[i], child(pointer, i)));
    }
    return group(Node::Op::any, std::move(children));
  }
  const auto* text = value.if_string();
  if (text == nullptr)
    return fault(pointer, "a condition is text, such as 'selection and not filter'");
  const auto parsed = parse_condition(std::string_view{*text});
  if (!parsed) return fault(pointer, parsed.error().detail);
  return condition(*parsed, pointer);
}

std::uint32_t Compiler::condition(const Condition& condition, std::string_view pointer) {
  switch (condition.kind) {
    case Condition::Kind::name:
      return identifier(condition.name, pointer);
    case Condition::Kind::quantified:
      return quantified(condition, pointer);
    default:
      break;
  }
  std::vector<std::uint32_t> children;
  for (const auto& part : condition.parts) children.push_back(this->condition(part, pointer));
  return group(condition.kind == Condition::Kind::all   ? Node::Op::all
               : condition.kind == Condition::Kind::any ? Node::Op::any
                                                        : Node::Op::negation,
               std::move(children));
}

std::uint32_t Compiler::identifier(std::string_view name, std::string_view pointer) {
  const auto found = identifiers_.find(name);
  if (found != identifiers_.end()) {
    used_.emplace(name);
    return found->second;
  }
  std::vector<std::string_view> names;
  for (const auto& known : std::views::keys(identifiers_)) names.emplace_back(known);
  return fault(
      pointer,
      fmt::format("'{:.60}' is no search identifier{:.400}", name, suggestion(name, names)));
}

std::uint32_t Compiler::quantified(const Condition& condition, std::string_view pointer) {
  std::vector<std::uint32_t> children;
  for (const auto& [name, node] : identifiers_) {
    if (!selects(condition.name, name)) continue;
    used_.insert(name);
    children.push_back(node);
  }
  if (children.empty())
    return fault(pointer, fmt::format("no search identifier is meant by '{:.60}'", condition.name));
  if (condition.at_least > children.size()) {
    return fault(pointer,
                 fmt::format("'{} of {:.60}' can never hold: there are only {}",
                             condition.at_least,
                             condition.name,
                             children.size()));
  }
  if (condition.at_least == 0) return group(Node::Op::all, std::move(children));
  if (condition.at_least == 1) return group(Node::Op::any, std::move(children));
  return group(
      Node::Op::at_least, std::move(children), static_cast<std::uint32_t>(condition.at_least));
}

void Compiler::warn_of_unused(std::string_view pointer) {
  for (const auto& [name, node] : identifiers_) {
    if (used_.contains(name) || name.starts_with('_')) continue;
    fault(child(pointer, name), "the condition does not use this search identifier", true);
  }
}

std::uint32_t Compiler::field(std::string_view name) {
  const auto [at, added] = field_numbers_.try_emplace(
      std::string{name}, static_cast<std::uint32_t>(program_.fields.size() + 1));
  if (added) program_.fields.push_back(split(name));
  return at->second;
}

std::uint32_t Compiler::test(Test test) {
  ValueReader::finish(test.values);
  costs_.push_back(cost(test));
  program_.nodes.push_back(
      {.op = Node::Op::test, .first = static_cast<std::uint32_t>(program_.tests.size())});
  program_.tests.push_back(std::move(test));
  return static_cast<std::uint32_t>(program_.nodes.size() - 1);
}

std::uint32_t Compiler::group(Node::Op op,
                              std::vector<std::uint32_t> children,
                              std::uint32_t need) {
  // After a fault children may name nodes that were never made; the program is not used then.
  if (children.size() == 1 && op != Node::Op::negation) return children[0];
  std::ranges::sort(children, {}, [this](std::uint32_t node) {
    return std::pair{node < costs_.size() ? costs_[node] : 0U, node};
  });
  unsigned total = 1;
  for (const auto node : children)
    total += std::min(node < costs_.size() ? costs_[node] : 0U, 1'000'000U / 16);
  if (program_.nodes.size() == max_nodes)
    fault("", fmt::format("a detection has at most {} parts", max_nodes));
  costs_.push_back(std::min(total, 1'000'000U));
  program_.nodes.push_back({.op = op,
                            .first = static_cast<std::uint32_t>(program_.edges.size()),
                            .count = static_cast<std::uint32_t>(children.size()),
                            .need = need});
  program_.edges.insert(program_.edges.end(), children.begin(), children.end());
  return static_cast<std::uint32_t>(program_.nodes.size() - 1);
}

unsigned Compiler::cost(const Test& test) const {
  const auto& values = test.values;
  const auto searches = std::ranges::count_if(values.patterns, [](const Pattern& pattern) {
    return pattern.kind() >= Pattern::Kind::contains;
  });
  const auto cost = 1 + values.texts.size() / 4 + values.patterns.size() +
                    4 * static_cast<std::size_t>(searches) + 20 * values.regexes.size() +
                    values.networks.size() + values.bounds.size();
  const std::size_t whole_record = test.field == 0 && test.kind == Test::Kind::values ? 50 : 1;
  return static_cast<unsigned>(std::min<std::size_t>(cost * whole_record, 1'000'000));
}

std::uint32_t Compiler::fault(std::string_view pointer, std::string message, bool warning) {
  faults_.push_back(
      {.pointer = std::string{pointer}, .message = std::move(message), .warning = warning});
  return 0;
}

}  // namespace sallyport::match
