#include "connectors/manifest/tree.hpp"

#include <algorithm>

namespace sallyport::connectors::manifest {

Tree Tree::compile(const json::value& value,
                   std::string_view pointer,
                   Faults& faults,
                   const MakeTemplate& make) {
  Tree tree;
  if (const auto* text = value.if_string()) {
    tree.kind_ = Kind::text;
    tree.text_ = make({text->data(), text->size()}, pointer);
  } else if (const auto* list = value.if_array()) {
    tree.kind_ = Kind::list;
    for (std::size_t i = 0; i < list->size(); ++i)
      tree.children_.emplace_back("", compile((*list)[i], child(pointer, i), faults, make));
  } else if (const auto* map = value.if_object()) {
    tree.kind_ = Kind::map;
    for (const auto& [key, item] : *map) {
      const std::string name{key.data(), key.size()};
      tree.children_.emplace_back(name, compile(item, child(pointer, name), faults, make));
    }
    const bool set = map->contains("$union") || map->contains("$without");
    if (set && map->size() == 1) {
      const bool merged = map->contains("$union");
      auto operands = std::move(tree.children_.front().second);
      if (operands.kind_ != Kind::list || operands.children_.size() < 2) {
        faults.push_back({.pointer = std::string{pointer},
                          .message = "takes a list: the place of a list, then the items"});
      }
      tree.children_ = std::move(operands.children_);
      tree.kind_ = merged ? Kind::merged : Kind::without;
    } else if (set) {
      faults.push_back({.pointer = std::string{pointer},
                        .message = "$union and $without stand alone in their map"});
    }
  } else {
    tree.literal_ = value;
  }
  return tree;
}

Result<json::value> Tree::render_set(const json::value& facts) const {
  auto base = children_.front().second.render(facts);
  if (!base) return std::unexpected{base.error()};
  json::array set;
  if (*base && (*base)->is_array()) {
    set = (*base)->get_array();
  } else if (*base && !(*base)->is_null()) {
    set.push_back(**base);  // one value is what a list of one is read as
  }
  for (std::size_t i = 1; i < children_.size(); ++i) {
    const auto item = children_[i].second.render(facts);
    if (!item) return std::unexpected{item.error()};
    if (!*item) continue;
    const auto found = std::ranges::find(set, **item);
    if (kind_ == Kind::merged && found == set.end()) set.push_back(**item);
    if (kind_ == Kind::without && found != set.end()) set.erase(found);
  }
  return json::value(std::move(set));
}

Result<std::optional<json::value>> Tree::render(const json::value& facts) const {
  switch (kind_) {
    case Kind::literal:
      return std::optional{literal_};
    case Kind::text:
      return text_.value(facts);
    case Kind::merged:
    case Kind::without: {
      auto set = render_set(facts);
      if (!set) return std::unexpected{set.error()};
      return std::optional{*std::move(set)};
    }
    case Kind::list: {
      json::array list;
      for (const auto& [name, item] : children_) {
        auto made = item.render(facts);
        if (!made) return made;
        if (*made) list.push_back(**std::move(made));
      }
      return std::optional{json::value(std::move(list))};
    }
    case Kind::map: {
      json::object map;
      for (const auto& [name, item] : children_) {
        auto made = item.render(facts);
        if (!made) return made;
        if (*made) map.emplace(name, **std::move(made));
      }
      return std::optional{json::value(std::move(map))};
    }
  }
  return std::optional<json::value>{};
}

}  // namespace sallyport::connectors::manifest
