#include "engine/gate/contradictions.hpp"

#include "engine/gate/glob.hpp"
#include "engine/gate/network.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <initializer_list>

namespace sallyport::gate {

namespace {

using Texts = std::vector<std::string_view>;

std::string lower(std::string_view text) {
  std::string result{text};
  std::ranges::transform(result, result.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return result;
}

/// One line of a bare block: all of them must match.
struct Line {
  std::string_view field;
  std::string_view modifier;  ///< Empty: is equal. Several: as they are written.
  const json::value* value = nullptr;

  /// The texts that are wanted, one of which is enough; empty: something else is wanted.
  [[nodiscard]] Texts wanted() const {
    Texts result;
    if (const auto* text = value->if_string()) return {std::string_view{*text}};
    if (const auto* list = value->if_array()) {
      for (const auto& item : *list) {
        if (!item.is_string()) return {};
        result.push_back(std::string_view{item.get_string()});
      }
    }
    return result;
  }
};

/// Adds the lines of a block that is a map of fields; of another, nothing can be said.
void add_lines(const json::value* block, std::vector<Line>& into) {
  const auto* object = block ? block->if_object() : nullptr;
  if (!object || object->contains("condition")) return;
  for (const auto& item : *object) {
    const std::string_view key{item.key()};
    const auto bar = key.find('|');
    into.push_back({.field = key.substr(0, bar),
                    .modifier = bar == std::string_view::npos ? "" : key.substr(bar + 1),
                    .value = &item.value()});
  }
}

/// A number that is asked to be above one bound and below a smaller one.
std::string impossible_number(const std::vector<Line>& lines) {
  for (const auto& low : lines) {
    if (!low.value->is_number() || (low.modifier != "gte" && low.modifier != "gt")) continue;
    for (const auto& high : lines) {
      if (high.field != low.field || !high.value->is_number() ||
          (high.modifier != "lte" && high.modifier != "lt"))
        continue;
      const auto least = low.value->to_number<double>();
      const auto most = high.value->to_number<double>();
      const bool strict = low.modifier == "gt" || high.modifier == "lt";
      if (least > most || (strict && least == most))
        return fmt::format(
            "no {} is {} {} and {} {}", low.field, low.modifier, least, high.modifier, most);
    }
  }
  return {};
}

bool begins(std::string_view text, std::string_view with) {
  return text.starts_with(with);
}

/// Whether a text could begin with both.
bool go_together(std::string_view a, std::string_view b) {
  return begins(a, b) || begins(b, a);
}

bool may_begin_an_address(std::string_view text) {
  return text.find_first_not_of("0123456789abcdefABCDEF.:") == std::string_view::npos;
}

/// The keys by which an entry names targets.
struct Keys {
  Texts exact;
  Texts prefixes;
  Texts globs;
  Texts networks;

  explicit Keys(const json::object& entry)
      : exact{texts(entry, "target")},
        prefixes{texts(entry, "target_prefix")},
        globs{texts(entry, "target_glob")},
        networks{texts(entry, "target_cidr")} {}

  /// Some key of this kind, if there are any, is met.
  template <class Meets>
  static bool met(const Texts& keys, const Meets& meets) {
    return keys.empty() || std::ranges::any_of(keys, meets);
  }

  [[nodiscard]] bool take(std::string_view value) const {
    const auto address = parse_address(value);
    return met(prefixes, [&](auto key) { return begins(value, key); }) &&
           met(globs, [&](auto key) { return glob_matches(key, value); }) &&
           met(networks, [&](auto key) {
             const auto network = parse_network(key);
             return !network || (address && network->contains(*address));
           });
  }

  /// Whether some value may meet a key of each kind.
  [[nodiscard]] bool take_something() const {
    if (!exact.empty())
      return std::ranges::any_of(exact, [this](std::string_view value) { return take(value); });
    const auto of_an_address = [this](std::string_view begin) {
      return networks.empty() || may_begin_an_address(begin);
    };
    const auto with_a_glob = [&](std::string_view begin) {
      return of_an_address(begin) && met(globs, [&](std::string_view glob) {
               const auto literal = literal_prefix(glob);
               return go_together(literal, begin) && of_an_address(literal);
             });
    };
    if (prefixes.empty()) return with_a_glob("");
    return std::ranges::any_of(prefixes, with_a_glob);
  }

  /// The same of a value that is asked for in a block, whatever its case.
  [[nodiscard]] bool take_what_begins(std::string_view wanted) const {
    const auto small = lower(wanted);
    const auto fits = [&](std::string_view key) { return go_together(lower(key), small); };
    return met(exact, [&](auto key) { return begins(lower(key), small); }) && met(prefixes, fits) &&
           met(globs, [&](auto key) { return fits(literal_prefix(key)); });
  }
};

/// A line that every request meets.
bool holds_always(const Line& line) {
  // What each request has, and what is never empty.
  const bool there = line.field == "confidence" || line.field == "target.value" ||
                     line.field == "target.kind" || line.field == "action" ||
                     line.field == "tenant";
  if (!there) return false;
  if (line.modifier == "exists") return line.value->is_bool() && line.value->get_bool();
  if (line.field == "confidence") {
    if (!line.value->is_number()) return false;
    const auto bound = line.value->to_number<double>();
    return (line.modifier == "gte" && bound <= 0) || (line.modifier == "lte" && bound >= 1);
  }
  const auto any = [&](std::initializer_list<std::string_view> everything) {
    const auto wanted = line.wanted();
    return std::ranges::any_of(wanted, [&](std::string_view one) {
      return std::ranges::find(everything, one) != everything.end();
    });
  };
  if (line.modifier.empty()) return any({"*", "**", "?*", "*?"});
  return line.modifier == "re" && any({".*", ".+", ".", "^.*", "^.*$", "^.+$", "^"});
}

/// A line that excludes what the entry itself speaks of.
std::string against_the_entry(const Line& line,
                              const json::object& entry,
                              const Keys& keys,
                              const model::Verb* verb) {
  const auto wanted = line.wanted();
  const auto none = [&](const auto& holds) {
    return !wanted.empty() && std::ranges::none_of(wanted, holds);
  };
  // A plain text may hold wildcards.
  const auto is = [](std::string_view text) {
    return [text](std::string_view one) {
      return one.find_first_of("*?\\") != std::string_view::npos || lower(one) == lower(text);
    };
  };
  if (line.field == "target.kind" && line.modifier.empty() && verb && !verb->targets.empty()) {
    const bool other = none([&](std::string_view one) {
      return std::ranges::any_of(verb->targets, [&](const auto& kind) { return is(kind)(one); });
    });
    if (other)
      return fmt::format("the verb takes no {} (its targets: {})",
                         fmt::join(wanted, ", "),
                         fmt::join(verb->targets, ", "));
  }
  if (line.field == "action" && line.modifier.empty()) {
    const auto action = texts(entry, "action");
    if (action.size() == 1 && none(is(action.front())))
      return fmt::format("it asks for the action {}", fmt::join(wanted, ", "));
  }
  if (line.field == "target.value" && line.modifier == "startswith" &&
      none([&](std::string_view one) { return keys.take_what_begins(one); }))
    return fmt::format("no target that it names begins with {}", fmt::join(wanted, ", "));
  return {};
}

}  // namespace

Texts texts(const json::object& object, std::string_view key) {
  Texts result;
  const auto* value = object.if_contains(key);
  if (!value) return result;
  if (const auto* text = value->if_string()) result.push_back(std::string_view{*text});
  if (const auto* list = value->if_array()) {
    for (const auto& item : *list) {
      if (const auto* text = item.if_string()) result.push_back(std::string_view{*text});
    }
  }
  return result;
}

std::string why_never(const json::object& entry, const model::Verb* verb) {
  const Keys keys{entry};
  if (!keys.take_something())
    return keys.exact.empty() ? "no target meets all its target keys"
                              : "its target does not meet its other target keys";
  std::vector<Line> lines;
  add_lines(entry.if_contains("when"), lines);
  add_lines(entry.if_contains("constraints"), lines);
  for (const auto& line : lines) {
    if (auto why = against_the_entry(line, entry, keys, verb); !why.empty()) return why;
  }
  return impossible_number(lines);
}

std::string why_never(const json::value& block) {
  if (const auto* list = block.if_array()) {
    // One of them is enough.
    std::string why;
    for (const auto& one : *list) {
      why = why_never(one);
      if (why.empty()) break;
    }
    return why;
  }
  std::vector<Line> lines;
  add_lines(&block, lines);
  return impossible_number(lines);
}

bool is_always(const json::value& block) {
  if (const auto* list = block.if_array()) return std::ranges::any_of(*list, is_always);
  std::vector<Line> lines;
  add_lines(&block, lines);
  return !lines.empty() && std::ranges::all_of(lines, holds_always);
}

}  // namespace sallyport::gate
