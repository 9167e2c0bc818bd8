#pragma once

#include "engine/base/json.hpp"

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sallyport::ingest {

/// What paths are looked up in: the native alert first, then the values of its fields that held
/// JSON as text. Refers to all of them.
using Scope = std::span<const json::value* const>;

/// Where something stands in a native alert: `alert.signature`. A list on the way stands for each
/// of its elements, unless a number picks one (`hits.0.id`) or a condition some
/// (`Entities[Type=host].HostName`, without case); `.` is the alert itself; a dot that belongs to a
/// key is written `\.`. Immutable.
class Path {
 public:
  /// With `dotted`, a key of the alert may also hold several parts at once ("kibana.alert.rule"
  /// beside "kibana": {"alert": ...}). Nothing when `text` is no path.
  [[nodiscard]] static std::optional<Path> parse(std::string_view text, bool dotted);

  [[nodiscard]] const std::string& text() const noexcept { return text_; }

  /// Paths that begin with `prefix` (the path of parsed field number `root`) continue in its value.
  void reroot(const Path& prefix, std::size_t root);

  /// Gives each value that is there and not null to `visit` until it answers false. A list at the
  /// end is given element by element.
  template <class Visit>
  void each(Scope scope, Visit&& visit) const {
    if (root_ >= scope.size() || scope[root_] == nullptr) return;
    const auto& root = *scope[root_];
    const auto* items = entry_ ? root.if_array() : nullptr;
    if (items == nullptr) {
      if (!entry_ || passes(*entry_, root)) walk(root, 0, visit);
      return;
    }
    for (const auto& item : *items)
      if (passes(*entry_, item) && !walk(item, 0, visit)) return;
  }

  /// The value itself, lists not crossed at the end; nullptr when it is not there.
  [[nodiscard]] const json::value* find(Scope scope) const;

 private:
  struct Step {
    std::string key;
    std::optional<std::size_t> index;
    std::string filter_key;           // of `[key=value]`; empty: all elements
    std::string filter_value;         // in lower case
    std::vector<std::string> joined;  // this and the next 1, 2, ... steps as one key
  };

  static bool passes(const Step& step, const json::value& item);

  template <class Visit>
  bool walk(const json::value& value, std::size_t at, Visit& visit) const {
    if (const auto* list = value.if_array()) {
      if (at < steps_.size() && steps_[at].index) {
        const auto index = *steps_[at].index;
        return index >= list->size() || walk((*list)[index], at + 1, visit);
      }
      for (const auto& item : *list)
        if (!walk(item, at, visit)) return false;
      return true;
    }
    if (at == steps_.size()) return value.is_null() || visit(value);
    const auto* object = value.if_object();
    if (object == nullptr) return true;
    const auto& step = steps_[at];
    if (const auto* found = object->if_contains(step.key)) {
      if (step.filter_key.empty()) {
        if (!walk(*found, at + 1, visit)) return false;
      } else if (const auto* items = found->if_array()) {
        for (const auto& item : *items)
          if (passes(step, item) && !walk(item, at + 1, visit)) return false;
      } else if (passes(step, *found) && !walk(*found, at + 1, visit)) {
        return false;
      }
    }
    for (std::size_t more = 0; more < step.joined.size(); ++more)
      if (const auto* found = object->if_contains(step.joined[more]))
        if (!walk(*found, at + more + 2, visit)) return false;
    return true;
  }

  std::string text_;
  std::size_t root_ = 0;
  std::optional<Step> entry_;  // the condition on the elements of a parsed field
  std::vector<Step> steps_;
};

}  // namespace sallyport::ingest
