#pragma once

#include "engine/model/alert.hpp"

#include <boost/json/object.hpp>
#include <boost/json/value_ref.hpp>

#include <concepts>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace sallyport::model {

/// What was read: one JSON object, kept as its text, for it is hashed, stored and shown far more
/// often than anybody looks into it. A value, made whole and replaced whole.
class Facts {
 public:
  using Members = std::initializer_list<std::pair<json::string_view, json::value_ref>>;

  Facts() = default;
  Facts(const json::object& tree);  // NOLINT(google-explicit-constructor): they are the same facts

  Facts(Members members) : Facts{json::object(members)} {}

  /// The members of a described struct, written without a tree in between.
  template <class T>
  [[nodiscard]] static Facts of(const T& described) {
    Facts facts;
    auto& draft = empty_draft();
    sallyport::append_json(draft, described);
    facts.text_ = draft;
    if constexpr (requires { described.entity; })
      facts.about_.emplace(std::string{described.entity.kind}, std::string{described.entity.value});
    return facts;
  }

  [[nodiscard]] bool empty() const noexcept { return text_.empty(); }

  /// Compact JSON.
  [[nodiscard]] std::string_view text() const noexcept {
    return empty() ? std::string_view{"{}"} : std::string_view{text_};
  }

  /// Whether a member, at whatever depth, is called `name` (an identifier).
  [[nodiscard]] bool mentions(std::string_view name) const;

  /// In `memory`. Costs a parse, each time.
  [[nodiscard]] json::object tree(json::storage_ptr memory = {}) const;

  /// The entity that they are about, which their member `entity` names; nullptr: none.
  [[nodiscard]] const Entity* about() const noexcept { return about_ ? &*about_ : nullptr; }

  void append_json(std::string& out) const { out += text(); }

  void read_json(const json::value& value, Faults& faults, std::string_view pointer);

  friend bool operator==(const Facts&, const Facts&) = default;

 private:
  /// Of this thread. What grows in it grows once, and what is kept is as large as it must be.
  static std::string& empty_draft();

  std::string text_;  ///< Empty: no members.
  std::optional<Entity> about_;
};

}  // namespace sallyport::model
