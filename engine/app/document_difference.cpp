#include "engine/app/document_difference.hpp"

#include <algorithm>

namespace sallyport::app {

namespace {

class Comparison {
 public:
  explicit Comparison(std::size_t most) : most_{most} {}

  void compare(const json::value& recorded, const json::value& replayed, const std::string& path) {
    if (found.size() >= most_) return;
    const auto* object = recorded.if_object();
    const auto* other_object = replayed.if_object();
    const auto* list = recorded.if_array();
    const auto* other_list = replayed.if_array();
    if (object && other_object) {
      objects(*object, *other_object, path);
    } else if (list && other_list) {
      lists(*list, *other_list, path);
    } else if (recorded != replayed) {
      add({.path = path, .recorded = recorded, .replayed = replayed});
    }
  }

  std::vector<DocumentDifference> found;

 private:
  void add(DocumentDifference difference) {
    if (found.size() < most_) found.push_back(std::move(difference));
  }

  void objects(const json::object& recorded,
               const json::object& replayed,
               const std::string& path) {
    for (const auto& item : recorded) {
      const std::string_view key{item.key()};
      if (const auto* other = replayed.if_contains(item.key())) {
        compare(item.value(), *other, child(path, key));
      } else {
        add({.path = child(path, key), .recorded = item.value(), .replayed = std::nullopt});
      }
    }
    for (const auto& item : replayed) {
      if (!recorded.contains(item.key()))
        add({.path = child(path, std::string_view{item.key()}),
             .recorded = std::nullopt,
             .replayed = item.value()});
    }
  }

  void lists(const json::array& recorded, const json::array& replayed, const std::string& path) {
    const auto both = std::min(recorded.size(), replayed.size());
    for (std::size_t i = 0; i < both; ++i) compare(recorded[i], replayed[i], child(path, i));
    for (std::size_t i = both; i < recorded.size(); ++i)
      add({.path = child(path, i), .recorded = recorded[i], .replayed = std::nullopt});
    for (std::size_t i = both; i < replayed.size(); ++i)
      add({.path = child(path, i), .recorded = std::nullopt, .replayed = replayed[i]});
  }

  std::size_t most_;
};

}  // namespace

std::vector<DocumentDifference> differences(const json::value& recorded,
                                            const json::value& replayed,
                                            std::size_t most) {
  Comparison comparison{most};
  comparison.compare(recorded, replayed, "");
  return std::move(comparison.found);
}

}  // namespace sallyport::app
