#pragma once

#include "engine/base/json.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sallyport::connectors::manifest {

/// What a value of a request is. All but text, prose and url are closed: none of their characters
/// is syntax in a path, a query language, a header, JSON or XML.
enum class ValueType : std::uint8_t {
  text,   ///< One line, without control or invisible characters.
  prose,  ///< Text of several lines.
  id,     ///< ASCII letters, digits and `._:-`, not beginning with a dot.
  uuid,
  hostname,  ///< ASCII letters, digits, `.`, `-`, `_`.
  domain,    ///< At least two labels; an international name only as its A-label (`xn--`).
  ip,        ///< One address, in its canonical form.
  network,   ///< An address or a CIDR of at most 65,536 (IPv6: 2^96) addresses.
  login,     ///< ASCII letters, digits and `._@+-`.
  email,
  url,  ///< http or https, without user information.
  sha256,
  sha1,
  md5,
  hash,  ///< Any of the three.
  integer,
  boolean,
  choice,  ///< One of `values`.
};

/// What a manifest says of a target, a parameter, an option or a value out of an answer.
struct ValueSpec {
  ValueType type = ValueType::text;
  std::string about;
  std::string pattern;                ///< A regular expression (RE2) that the whole text matches.
  json::value values;                 ///< Of a choice: a list, or a map to the product's words.
  std::optional<std::int64_t> least;  ///< Of an integer; of text: its length.
  std::optional<std::int64_t> most;
  json::value fallback;  ///< Where none is given.
  bool needed = false;
};

BOOST_DESCRIBE_ENUM(ValueType,
                    text,
                    prose,
                    id,
                    uuid,
                    hostname,
                    domain,
                    ip,
                    network,
                    login,
                    email,
                    url,
                    sha256,
                    sha1,
                    md5,
                    hash,
                    integer,
                    boolean,
                    choice)
BOOST_DESCRIBE_STRUCT(ValueSpec, (), (type, about, pattern, values, least, most, fallback, needed))

/// Whether a value of this type may stand inside other text.
[[nodiscard]] bool is_closed(ValueType type);

/// What is wrong with `spec` itself.
void check_spec(const ValueSpec& spec, Faults& faults, std::string_view pointer);

/// `value` in its one canonical form, as the product is told it (a choice in the product's words).
/// Errors: invalid_input (is not what `spec` says; `what` names it), denied (an address that is
/// never somebody outside, a network that is too wide).
[[nodiscard]] Result<json::value> checked(std::string_view what,
                                          const ValueSpec& spec,
                                          const json::value& value);

}  // namespace sallyport::connectors::manifest
