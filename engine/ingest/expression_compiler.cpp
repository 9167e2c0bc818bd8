#include "engine/base/ascii.hpp"
#include "engine/base/spelling.hpp"
#include "engine/ingest/expression.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <functional>
#include <utility>

namespace sallyport::ingest {

/// Reads the forms of an expression and says what is wrong with them.
struct ExpressionCompiler {
  const MappingContext& context;
  Faults& faults;

  static std::string_view view(const json::string& text) { return {text.data(), text.size()}; }

  void fault(std::string_view pointer, std::string message) const {
    faults.push_back({.pointer = std::string{pointer}, .message = std::move(message)});
  }

  std::optional<Path> path(std::string_view text, std::string_view pointer) const {
    auto parsed = Path::parse(text, context.dotted_keys);
    if (!parsed) {
      fault(pointer, fmt::format("'{}' is no path: write keys with dots between them", text));
      return std::nullopt;
    }
    if (!context.in_each)
      for (std::size_t n = 0; n < context.parsed.size(); ++n)
        parsed->reroot(context.parsed[n], n + 1);
    return parsed;
  }

  void compile(const json::value& value, std::string_view pointer, Expression& into) const {
    if (const auto* list = value.if_array()) {
      if (list->empty()) fault(pointer, "an empty list names nothing: give at least one path");
      for (std::size_t i = 0; i < list->size(); ++i) {
        if ((*list)[i].is_array()) {
          fault(child(pointer, i), "a list in a list: write the paths one after the other");
          continue;
        }
        compile((*list)[i], child(pointer, i), into);
      }
      return;
    }
    if (const auto* text = value.if_string()) {
      if (auto parsed = path(view(*text), pointer))
        into.alternatives_.push_back({.source = *std::move(parsed)});
      return;
    }
    if (const auto* object = value.if_object()) return alternative(*object, pointer, into);
    fault(pointer, "expected a path, a list of paths, or a map with 'from', 'const' or 'text'");
  }

  void alternative(const json::object& object, std::string_view pointer, Expression& into) const {
    Expression::Alternative made;
    static const std::vector<std::string_view> known{
        "from", "const", "text", "when", "transform", "map", "ranges", "default", "grounded"};
    int sources = 0;
    for (const auto& [key, value] : object) {
      const std::string_view name{key.data(), key.size()};
      const auto at = child(pointer, name);
      if (std::ranges::find(known, name) == known.end()) {
        fault(at, fmt::format("'{}' is not known here{}", name, suggestion(name, known)));
      } else if (name == "from") {
        ++sources;
        from(value, at, made);
      } else if (name == "const") {
        ++sources;
        if (auto text = scalar_text(value)) {
          made.source = Expression::Literal{*std::move(text)};
        } else {
          fault(at, "expected text or a number");
        }
      } else if (name == "text") {
        ++sources;
        made.source = shape(value, at);
      } else if (name == "transform") {
        transforms(value, at, made);
      } else if (name == "map") {
        table(value, at, made);
      } else if (name == "ranges") {
        ranges(value, at, made);
      } else if (name == "default") {
        made.otherwise = scalar_text(value);
        if (!made.otherwise) fault(at, "expected text or a number");
      } else if (name == "when") {
        made.when = match::Detection::compile(value, faults, at);
      } else if (value.is_bool()) {
        made.grounded = value.get_bool();
      } else {
        fault(at, "expected true or false");
      }
    }
    if (sources != 1) fault(pointer, "wants exactly one of 'from', 'const' and 'text'");
    into.alternatives_.push_back(std::move(made));
  }

  void from(const json::value& value,
            std::string_view pointer,
            Expression::Alternative& made) const {
    if (const auto* text = value.if_string()) {
      if (auto parsed = path(view(*text), pointer)) made.source = *std::move(parsed);
      return;
    }
    Expression inner;
    compile(value, pointer, inner);
    std::vector<Expression> nested;
    nested.push_back(std::move(inner));
    made.source = std::move(nested);
  }

  Expression::Template shape(const json::value& value, std::string_view pointer) const {
    Expression::Template made;
    const auto* text = value.if_string();
    if (text == nullptr) {
      fault(pointer, "expected text with ${{ path }} in it");
      return made;
    }
    auto rest = view(*text);
    while (true) {
      const auto open = rest.find("${{");
      if (open == std::string_view::npos) break;
      const auto close = rest.find("}}", open);
      if (close == std::string_view::npos) {
        fault(pointer, "'${{' without '}}'");
        break;
      }
      if (open > 0) made.parts.emplace_back(std::string{rest.substr(0, open)});
      auto inner = rest.substr(open + 3, close - open - 3);
      while (inner.starts_with(' ')) inner.remove_prefix(1);
      while (inner.ends_with(' ')) inner.remove_suffix(1);
      if (auto parsed = path(inner, pointer)) made.parts.emplace_back(*std::move(parsed));
      rest.remove_prefix(close + 2);
    }
    if (!rest.empty()) made.parts.emplace_back(std::string{rest});
    return made;
  }

  void transforms(const json::value& value,
                  std::string_view pointer,
                  Expression::Alternative& made) const {
    using Transform = Expression::Transform;
    static constexpr std::array<std::pair<std::string_view, Transform>, 15> names{
        {{"lower", Transform::lower},
         {"upper", Transform::upper},
         {"trim", Transform::trim},
         {"basename", Transform::basename},
         {"dirname", Transform::dirname},
         {"path", Transform::path},
         {"user_of", Transform::user_of},
         {"domain_of", Transform::domain_of},
         {"strip_port", Transform::strip_port},
         {"port_of", Transform::port_of},
         {"first_line", Transform::first_line},
         {"spaced", Transform::spaced},
         {"md5_of", Transform::md5_of},
         {"sha1_of", Transform::sha1_of},
         {"sha256_of", Transform::sha256_of}}};
    const auto one = [&](const json::value& item, std::string_view at) {
      const auto* text = item.if_string();
      const auto found = std::ranges::find_if(
          names, [&](const auto& name) { return text && name.first == view(*text); });
      if (found != names.end()) return made.transforms.push_back(found->second);
      std::string list;
      for (const auto& name : names) list += fmt::format(" {}", name.first);
      fault(at, fmt::format("expected one of{}", list));
    };
    if (const auto* list = value.if_array()) {
      for (std::size_t i = 0; i < list->size(); ++i) one((*list)[i], child(pointer, i));
    } else {
      one(value, pointer);
    }
  }

  void table(const json::value& value,
             std::string_view pointer,
             Expression::Alternative& made) const {
    if (const auto* name = value.if_string()) {
      const auto found = context.tables.find(view(*name));
      if (found != context.tables.end()) {
        made.table = found->second;
      } else {
        fault(pointer, fmt::format("there is no table '{}' under 'tables'", view(*name)));
      }
      return;
    }
    made.table = read_table(value, pointer, faults);
  }

  static Table read_table(const json::value& value, std::string_view pointer, Faults& faults) {
    Table table;
    const auto* object = value.if_object();
    if (object == nullptr) {
      faults.push_back({.pointer = std::string{pointer},
                        .message = "expected a map of what the alert says to what we say"});
      return table;
    }
    for (const auto& [key, item] : *object) {
      auto name = ascii::lowered(key);
      auto text = scalar_text(item);
      if (!text) {
        faults.push_back({.pointer = child(pointer, std::string_view{key.data(), key.size()}),
                          .message = "expected text or a number"});
      } else {
        table.emplace(std::move(name), *std::move(text));
      }
    }
    return table;
  }

  void ranges(const json::value& value,
              std::string_view pointer,
              Expression::Alternative& made) const {
    const auto* object = value.if_object();
    if (object == nullptr || object->empty())
      return fault(pointer, "expected a map of least number to value, such as 7: high");
    for (const auto& [key, item] : *object) {
      const auto at = child(pointer, std::string_view{key.data(), key.size()});
      auto text = scalar_text(item);
      double number = 0;
      const auto* const last = key.data() + key.size();
      if (std::from_chars(key.data(), last, number).ptr != last || key.empty() || !text) {
        fault(at, "expected a number and the value from it on, such as 7: high");
        continue;
      }
      made.ranges.push_back({.from = number, .is = *std::move(text)});
    }
    std::ranges::sort(made.ranges, std::greater{}, &Expression::Range::from);
  }
};

Expression Expression::compile(const json::value& value,
                               std::string_view pointer,
                               const MappingContext& context,
                               Faults& faults) {
  Expression expression;
  ExpressionCompiler{.context = context, .faults = faults}.compile(value, pointer, expression);
  return expression;
}

Table read_table(const json::value& value, std::string_view pointer, Faults& faults) {
  return ExpressionCompiler::read_table(value, pointer, faults);
}

}  // namespace sallyport::ingest
