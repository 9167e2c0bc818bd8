#include "engine/ingest/path.hpp"

#include "engine/base/ascii.hpp"

#include <algorithm>
#include <charconv>

namespace sallyport::ingest {

bool Path::passes(const Step& step, const json::value& item) {
  const auto* object = item.if_object();
  const auto* value = object ? object->if_contains(step.filter_key) : nullptr;
  const auto* text = value ? value->if_string() : nullptr;
  return text != nullptr && std::ranges::equal(*text, step.filter_value, {}, ascii::lower);
}

std::optional<Path> Path::parse(std::string_view text, bool dotted) {
  Path path;
  path.text_ = text;
  if (text == ".") return path;
  std::string key;
  for (std::size_t at = 0; at <= text.size(); ++at) {
    if (at < text.size() && text[at] == '\\' && at + 1 < text.size() && text[at + 1] == '.') {
      key += '.';
      ++at;
    } else if (at < text.size() && text[at] != '.') {
      key += text[at];
    } else {
      Step step;
      if (const auto open = key.find('['); key.ends_with(']') && open != std::string::npos) {
        const auto inner = std::string_view{key}.substr(open + 1, key.size() - open - 2);
        const auto equals = inner.find('=');
        if (equals == std::string_view::npos || equals == 0) return std::nullopt;
        step.filter_key = inner.substr(0, equals);
        step.filter_value = inner.substr(equals + 1);
        std::ranges::transform(step.filter_value, step.filter_value.begin(), ascii::lower);
        key.resize(open);
      }
      if (key.empty()) return std::nullopt;
      step.key = std::move(key);
      std::size_t index = 0;
      const auto* const last = step.key.data() + step.key.size();
      if (std::from_chars(step.key.data(), last, index).ptr == last) step.index = index;
      path.steps_.push_back(std::move(step));
      key.clear();
    }
  }
  if (dotted) {
    for (std::size_t i = 0; i < path.steps_.size(); ++i) {
      auto joined = path.steps_[i].key;
      for (std::size_t j = i + 1; j < path.steps_.size(); ++j) {
        joined += '.' + path.steps_[j].key;
        path.steps_[i].joined.push_back(joined);
      }
    }
  }
  return path;
}

void Path::reroot(const Path& prefix, std::size_t root) {
  if (root_ != 0 || prefix.steps_.size() > steps_.size()) return;
  for (std::size_t i = 0; i < prefix.steps_.size(); ++i)
    if (steps_[i].key != prefix.steps_[i].key) return;
  // The condition on the field itself holds for the elements of its value.
  if (!prefix.steps_.empty() && !steps_[prefix.steps_.size() - 1].filter_key.empty())
    entry_ = steps_[prefix.steps_.size() - 1];
  steps_.erase(steps_.begin(), steps_.begin() + static_cast<std::ptrdiff_t>(prefix.steps_.size()));
  root_ = root;
}

const json::value* Path::find(Scope scope) const {
  if (root_ >= scope.size() || scope[root_] == nullptr) return nullptr;
  const auto* value = scope[root_];
  for (std::size_t at = 0; at < steps_.size(); ++at) {
    const auto& step = steps_[at];
    if (const auto* list = value->if_array()) {
      if (!step.index || *step.index >= list->size()) return nullptr;
      value = &(*list)[*step.index];
      continue;
    }
    const auto* object = value->if_object();
    if (object == nullptr) return nullptr;
    const auto* next = object->if_contains(step.key);
    for (std::size_t more = 0; next == nullptr && more < step.joined.size(); ++more) {
      next = object->if_contains(step.joined[more]);
      if (next != nullptr) at += more + 1;
    }
    if (next == nullptr) return nullptr;
    value = next;
  }
  return value->is_null() ? nullptr : value;
}

}  // namespace sallyport::ingest
