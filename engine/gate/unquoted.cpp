#include "engine/gate/unquoted.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace sallyport::gate {

namespace {

bool is_among(std::string_view word, const auto& words) {
  return std::ranges::find(words, word) != words.end();
}

/// Whether what stands at `key` is compared as text: by a part of it, or with a field of the
/// request that is text.
bool is_of_text(std::string_view key) {
  constexpr std::array<std::string_view, 3> of_parts{"startswith", "endswith", "contains"};
  constexpr std::array<std::string_view, 7> text_fields{"tenant",
                                                        "action",
                                                        "target.kind",
                                                        "target.value",
                                                        "target.tags",
                                                        "requested_by.kind",
                                                        "requested_by.id"};
  const auto bar = key.find('|');
  if (is_among(key.substr(0, bar), text_fields)) return true;
  while (key.contains('|')) {
    key.remove_prefix(key.find('|') + 1);
    if (is_among(key.substr(0, key.find('|')), of_parts)) return true;
  }
  return false;
}

}  // namespace

void check_quotes(const json::value& block, const std::string& at, Faults& faults) {
  if (const auto* list = block.if_array()) {
    for (std::size_t i = 0; i < list->size(); ++i) check_quotes((*list)[i], child(at, i), faults);
    return;
  }
  const auto* object = block.if_object();
  if (!object) return;
  const auto check = [&](const json::value& value, std::string where) {
    if (value.is_double())
      faults.push_back({.pointer = std::move(where),
                        .message = "a number where a text is compared: YAML has not kept how it "
                                   "was written; put it in quotes"});
  };
  for (const auto& item : *object) {
    const std::string_view key{item.key()};
    const auto where = child(at, key);
    const auto* list = item.value().if_array();
    if (is_of_text(key)) {
      check(item.value(), where);
      for (std::size_t i = 0; list && i < list->size(); ++i) check((*list)[i], child(where, i));
    }
    check_quotes(item.value(), where, faults);  // a selection, or a list of them
  }
}

}  // namespace sallyport::gate
