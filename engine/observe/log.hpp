#pragma once

#include "engine/base/result.hpp"

#include <boost/describe.hpp>
#include <fmt/format.h>

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>

namespace sallyport::observe {

enum class Level : std::uint8_t { trace, debug, info, warn, error };

BOOST_DESCRIBE_ENUM(Level, trace, debug, info, warn, error)

/// A named value of a log line.
struct Field {
  std::string_view name;
  std::string value;

  Field(std::string_view field, std::string_view text) : name{field}, value{text} {}

  template <class Number>
    requires std::integral<Number> || std::floating_point<Number>
  Field(std::string_view field, Number number) : name{field}, value{fmt::to_string(number)} {}
};

/// One event a line on standard error: `2026-11-01T10:00:00.123Z info alert received tenant=acme`,
/// or the same as JSON. Control characters in values are escaped, so that what an attacker wrote
/// stays on its line.
///
/// Thread-safe; copies share the output.
class Log {
 public:
  /// `format` is `text` or `json`. Errors: invalid_input.
  [[nodiscard]] static Result<Log> make(std::string_view level, std::string_view format);

  /// Writes nothing: for tests and for commands that speak for themselves.
  [[nodiscard]] static Log silent();

  void write(Level level, std::string_view event, std::initializer_list<Field> fields = {}) const;

  void debug(std::string_view event, std::initializer_list<Field> fields = {}) const {
    write(Level::debug, event, fields);
  }

  void info(std::string_view event, std::initializer_list<Field> fields = {}) const {
    write(Level::info, event, fields);
  }

  void warn(std::string_view event, std::initializer_list<Field> fields = {}) const {
    write(Level::warn, event, fields);
  }

  void error(std::string_view event, std::initializer_list<Field> fields = {}) const {
    write(Level::error, event, fields);
  }

 private:
  struct Impl;

  explicit Log(std::shared_ptr<Impl> impl) : impl_{std::move(impl)} {}

  std::shared_ptr<Impl> impl_;  ///< Empty: silent.
};

}  // namespace sallyport::observe
