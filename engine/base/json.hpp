#pragma once

#include "engine/base/fault.hpp"
#include "engine/base/id.hpp"
#include "engine/base/result.hpp"
#include "engine/base/time.hpp"

#include <boost/describe.hpp>
#include <boost/json/value.hpp>
#include <boost/mp11/algorithm.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <concepts>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

/// JSON of plain described values, both ways: the one document format of the house.
///
/// A struct declared with BOOST_DESCRIBE_STRUCT becomes an object with its members as keys, in
/// their order; a std::optional that is empty is left out; a described enum is the enumerator's
/// name; a Time is RFC 3339; an Id its text. What is written can be read back unchanged.
namespace sallyport {

namespace json = boost::json;

namespace detail {

template <class T>
concept described_struct = boost::describe::has_describe_members<T>::value && !std::is_union_v<T>;
template <class T>
concept described_enum = boost::describe::has_describe_enumerators<T>::value;
template <class T>
concept json_dom = std::same_as<T, json::value> || std::same_as<T, json::object> ||
                   std::same_as<T, json::array> || std::same_as<T, json::string>;

template <class T>
inline constexpr bool is_optional = false;
template <class T>
inline constexpr bool is_optional<std::optional<T>> = true;
template <class T>
inline constexpr bool is_vector = false;
template <class T>
inline constexpr bool is_vector<std::vector<T>> = true;
template <class T>
inline constexpr bool is_string_map = false;
template <class T>
inline constexpr bool is_string_map<std::map<std::string, T>> = true;
template <class T>
inline constexpr bool is_string_map<std::map<std::string, T, std::less<>>> = true;
template <class T>
inline constexpr bool is_id_type = false;
template <class Tag>
inline constexpr bool is_id_type<Id<Tag>> = true;

/// A type that says itself how it is written and read: as an object.
template <class T>
concept own_json = requires(const T& value, std::string& out) { value.append_json(out); };

template <class T>
using Members = boost::describe::
    describe_members<T, boost::describe::mod_any_access | boost::describe::mod_inherited>;

/// `,"name":` of a member, put together by the compiler: documents are mostly names.
template <class Member>
inline constexpr auto member_key = [] {
  constexpr std::string_view name{Member::name};  // an identifier: nothing to escape
  std::array<char, name.size() + 4> key{',', '"'};
  auto* end = std::ranges::copy(name, key.data() + 2).out;
  *end++ = '"';
  *end = ':';
  return key;
}();

void append_quoted(std::string& out, std::string_view text);
void append_dom(std::string& out, const json::value& value);
void append_dom(std::string& out, const json::object& value);
void append_dom(std::string& out, const json::array& value);
void append_number(std::string& out, double number);
void append_signed(std::string& out, std::int64_t number);
void append_unsigned(std::string& out, std::uint64_t number);

/// Says that `pointer` holds something else than `expected`.
void wrong_type(Faults& faults,
                std::string_view pointer,
                std::string_view expected,
                const json::value& found);
void unknown_key(Faults& faults,
                 std::string_view pointer,
                 std::string_view key,
                 const std::vector<std::string_view>& known);

}  // namespace detail

/// An enumerator's name as documents spell it: a trailing underscore (which keeps it from being a
/// keyword) is not part of it.
[[nodiscard]] constexpr std::string_view spelled(std::string_view name) {
  if (name.ends_with('_')) name.remove_suffix(1);
  return name;
}

/// The name of `value`, which must be one of the enumerators.
template <detail::described_enum E>
[[nodiscard]] constexpr std::string_view name_of(E value) {
  std::string_view name;
  boost::mp11::mp_for_each<boost::describe::describe_enumerators<E>>([&](auto d) {
    if (d.value == value) name = spelled(d.name);
  });
  return name;
}

template <detail::described_enum E>
[[nodiscard]] constexpr std::optional<E> enum_of(std::string_view name) {
  std::optional<E> value;
  boost::mp11::mp_for_each<boost::describe::describe_enumerators<E>>([&](auto d) {
    if (name == spelled(d.name)) value = d.value;
  });
  return value;
}

/// Appends `value` as compact JSON (UTF-8 in, UTF-8 out; control characters escaped).
template <class T>
void append_json(std::string& out, const T& value) {
  if constexpr (detail::own_json<T>) {
    value.append_json(out);
  } else if constexpr (std::same_as<T, bool>) {
    out += value ? "true" : "false";
  } else if constexpr (detail::described_enum<T>) {
    detail::append_quoted(out, name_of(value));
  } else if constexpr (std::signed_integral<T>) {
    detail::append_signed(out, value);
  } else if constexpr (std::unsigned_integral<T>) {
    detail::append_unsigned(out, value);
  } else if constexpr (std::floating_point<T>) {
    detail::append_number(out, value);
  } else if constexpr (std::same_as<T, json::string>) {
    detail::append_quoted(out, std::string_view{value.data(), value.size()});
  } else if constexpr (detail::json_dom<T>) {
    detail::append_dom(out, value);
  } else if constexpr (std::convertible_to<const T&, std::string_view>) {
    detail::append_quoted(out, value);
  } else if constexpr (std::same_as<T, Time>) {
    out += '"';
    append_rfc3339(out, value);
    out += '"';
  } else if constexpr (detail::is_id_type<T>) {
    detail::append_quoted(out, value.text());
  } else if constexpr (detail::is_optional<T>) {
    if (value) {
      append_json(out, *value);
    } else {
      out += "null";
    }
  } else if constexpr (detail::is_vector<T>) {
    out += '[';
    bool first = true;
    for (const auto& item : value) {
      if (!first) out += ',';
      first = false;
      append_json(out, item);
    }
    out += ']';
  } else if constexpr (detail::is_string_map<T>) {
    out += '{';
    bool first = true;
    for (const auto& [key, item] : value) {
      if (!first) out += ',';
      first = false;
      detail::append_quoted(out, key);
      out += ':';
      append_json(out, item);
    }
    out += '}';
  } else {
    static_assert(detail::described_struct<T>, "describe the struct with BOOST_DESCRIBE_STRUCT");
    out += '{';
    bool first = true;
    boost::mp11::mp_for_each<detail::Members<T>>([&](auto d) {
      const auto& member = value.*d.pointer;
      if constexpr (detail::is_optional<std::remove_cvref_t<decltype(member)>>) {
        if (!member) return;
      }
      constexpr auto& key = detail::member_key<decltype(d)>;
      out.append(key.data() + (first ? 1 : 0), key.data() + key.size());
      first = false;
      append_json(out, member);
    });
    out += '}';
  }
}

template <class T>
[[nodiscard]] std::string to_json(const T& value) {
  std::string out;
  append_json(out, value);
  return out;
}

/// The same as a tree, for what has to be matched or changed. Costs a parse.
template <class T>
[[nodiscard]] json::value to_json_value(const T& value);

/// Whether keys that the struct does not have are faults. Files that people write: refused, because
/// a misspelt option would be ignored. Documents of an older or newer engine: ignored.
enum class UnknownKeys { refused, ignored };

/// Reads `value` into `into`; keys that are absent leave what is there. Every fault is reported
/// with its JSON pointer, and reading goes on. Numbers must fit exactly.
template <class T>
void read_json(const json::value& value,
               T& into,
               Faults& faults,
               std::string_view pointer = "",
               UnknownKeys unknown = UnknownKeys::refused) {
  if constexpr (detail::own_json<T>) {
    into.read_json(value, faults, pointer);
  } else if constexpr (std::same_as<T, json::value>) {
    into = value;
  } else if constexpr (std::same_as<T, json::object>) {
    if (value.is_object()) {
      into = value.get_object();
    } else {
      detail::wrong_type(faults, pointer, "an object", value);
    }
  } else if constexpr (std::same_as<T, json::array>) {
    if (value.is_array()) {
      into = value.get_array();
    } else {
      detail::wrong_type(faults, pointer, "a list", value);
    }
  } else if constexpr (std::same_as<T, bool>) {
    if (value.is_bool()) {
      into = value.get_bool();
    } else {
      detail::wrong_type(faults, pointer, "true or false", value);
    }
  } else if constexpr (detail::described_enum<T>) {
    const auto* text = value.if_string();
    const auto parsed =
        text ? enum_of<T>(std::string_view{text->data(), text->size()}) : std::nullopt;
    if (parsed) {
      into = *parsed;
    } else {
      std::string expected = "one of";
      boost::mp11::mp_for_each<boost::describe::describe_enumerators<T>>([&](auto d) {
        expected += ' ';
        expected += spelled(d.name);
      });
      detail::wrong_type(faults, pointer, expected, value);
    }
  } else if constexpr (std::integral<T>) {
    if (value.is_int64() && std::in_range<T>(value.get_int64())) {
      into = static_cast<T>(value.get_int64());
    } else if (value.is_uint64() && std::in_range<T>(value.get_uint64())) {
      into = static_cast<T>(value.get_uint64());
    } else {
      detail::wrong_type(faults,
                         pointer,
                         fmt::format("a whole number from {} to {}",
                                     std::numeric_limits<T>::min(),
                                     std::numeric_limits<T>::max()),
                         value);
    }
  } else if constexpr (std::floating_point<T>) {
    if (value.is_number()) {
      into = value.to_number<T>();
    } else {
      detail::wrong_type(faults, pointer, "a number", value);
    }
  } else if constexpr (std::same_as<T, std::string>) {
    if (const auto* text = value.if_string()) {
      into.assign(text->data(), text->size());
    } else {
      detail::wrong_type(faults, pointer, "text", value);
    }
  } else if constexpr (std::same_as<T, Time>) {
    const auto* text = value.if_string();
    const auto parsed =
        text ? parse_rfc3339({text->data(), text->size()}) : fail(Errc::invalid_input, "");
    if (parsed) {
      into = *parsed;
    } else {
      detail::wrong_type(faults, pointer, "an RFC 3339 time such as 2026-11-01T10:00:00Z", value);
    }
  } else if constexpr (detail::is_id_type<T>) {
    const auto* text = value.if_string();
    const auto parsed = text ? T::parse({text->data(), text->size()}) : Result<T>{T{}};
    if (text && text->empty()) {
      into = T{};
    } else if (text && parsed) {
      into = *parsed;
    } else {
      detail::wrong_type(faults, pointer, "an id", value);
    }
  } else if constexpr (detail::is_optional<T>) {
    if (value.is_null()) {
      into.reset();
    } else {
      read_json(value, into.emplace(), faults, pointer, unknown);
    }
  } else if constexpr (detail::is_vector<T>) {
    const auto* list = value.if_array();
    if (!list) return detail::wrong_type(faults, pointer, "a list", value);
    into.clear();
    into.reserve(list->size());
    for (std::size_t i = 0; i < list->size(); ++i) {
      typename T::value_type item{};
      read_json((*list)[i], item, faults, child(pointer, i), unknown);
      into.push_back(std::move(item));
    }
  } else if constexpr (detail::is_string_map<T>) {
    const auto* object = value.if_object();
    if (!object) return detail::wrong_type(faults, pointer, "a map", value);
    into.clear();
    for (const auto& [key, item] : *object) {
      const std::string_view name{key.data(), key.size()};
      read_json(item, into[std::string{name}], faults, child(pointer, name), unknown);
    }
  } else {
    static_assert(detail::described_struct<T>, "describe the struct with BOOST_DESCRIBE_STRUCT");
    const auto* object = value.if_object();
    if (!object) return detail::wrong_type(faults, pointer, "a map", value);
    boost::mp11::mp_for_each<detail::Members<T>>([&](auto d) {
      if (const auto* found = object->if_contains(d.name))
        read_json(
            *found, into.*d.pointer, faults, child(pointer, std::string_view{d.name}), unknown);
    });
    if (unknown == UnknownKeys::ignored) return;
    std::vector<std::string_view> known;
    boost::mp11::mp_for_each<detail::Members<T>>([&](auto d) { known.emplace_back(d.name); });
    for (const auto& [key, item] : *object) {
      const std::string_view name{key.data(), key.size()};
      if (std::ranges::find(known, name) == known.end())
        detail::unknown_key(faults, pointer, name, known);
    }
  }
}

/// Parses JSON text that the engine itself wrote (or a peer engine): keys it does not know are
/// ignored. Errors: corrupt, with the place.
template <class T>
[[nodiscard]] Result<T> from_json(std::string_view text);

/// Parses JSON text strictly, into `memory`. Depth at most 64. Errors: invalid_input, with the byte
/// offset.
[[nodiscard]] Result<json::value> parse_json(std::string_view text, json::storage_ptr memory = {});

/// `faults` as one sentence for an Error.
[[nodiscard]] std::string summary(const Faults& faults);

template <class T>
json::value to_json_value(const T& value) {
  auto parsed = parse_json(to_json(value));
  return parsed ? *std::move(parsed) : json::value{};
}

template <class T>
Result<T> from_json(std::string_view text) {
  const auto value = parse_json(text);
  if (!value) return fail(Errc::corrupt, value.error().detail);
  T result{};
  Faults faults;
  read_json(*value, result, faults, "", UnknownKeys::ignored);
  if (!faults.empty()) return fail(Errc::corrupt, summary(faults));
  return result;
}

}  // namespace sallyport
