#pragma once

#include "engine/base/json.hpp"
#include "engine/base/result.hpp"

#include <boost/json/object.hpp>

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

namespace sallyport::connectors {

/// Errors: invalid_input, naming `what`, unless `text` is 1 to `limit_bytes` bytes of UTF-8 without
/// control characters, without invisible or direction-changing characters, and without something
/// that looks like an unfilled template (`${`, `{{`, `{%`).
[[nodiscard]] Result<> check_text(std::string_view what,
                                  std::string_view text,
                                  std::size_t limit_bytes);

/// Errors: invalid_input unless `text` is check_text() and only letters and digits of ASCII, space
/// and `._:@/#,+-`: what may stand in a comment on any product.
[[nodiscard]] Result<> check_comment(std::string_view what,
                                     std::string_view text,
                                     std::size_t limit_bytes);

/// Refuses a parameter that is not in `known`: a misspelt one would be ignored. `reason` and
/// `comment` are always known, and checked. Errors: invalid_input.
[[nodiscard]] Result<> check_parameters(const json::object& parameters,
                                        std::initializer_list<std::string_view> known);

/// The parameter as text; empty where it is absent. Errors: invalid_input.
[[nodiscard]] Result<std::optional<std::string>> text_parameter(const json::object& parameters,
                                                                std::string_view key);

/// The parameter as a whole number, also when written as decimal text. Errors: invalid_input.
[[nodiscard]] Result<std::optional<std::int64_t>> integer_parameter(const json::object& parameters,
                                                                    std::string_view key);

/// The text member of a document that this engine wrote; empty where it is absent.
[[nodiscard]] std::string text_of(const json::object& object, std::string_view key);

}  // namespace sallyport::connectors
