#include "engine/observe/log.hpp"

#include "engine/base/json.hpp"
#include "engine/base/time.hpp"

#include <spdlog/logger.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <algorithm>

namespace sallyport::observe {

namespace {

/// As it is when it is one plain word, else quoted with JSON's escapes.
void append_value(std::string& line, std::string_view value) {
  const bool plain = !value.empty() && std::ranges::all_of(value, [](unsigned char c) {
    return c > 0x20 && c != '"' && c != '=' && c != '\\' && c != 0x7f;
  });
  if (plain) {
    line += value;
  } else {
    detail::append_quoted(line, value);
  }
}

std::string text_line(Level level, std::string_view event, std::initializer_list<Field> fields) {
  std::string line =
      fmt::format("{} {:5} {}", to_rfc3339(SystemClock{}.now()), name_of(level), event);
  for (const auto& field : fields) {
    line += ' ';
    line += field.name;
    line += '=';
    append_value(line, field.value);
  }
  return line;
}

std::string json_line(Level level, std::string_view event, std::initializer_list<Field> fields) {
  std::string line = "{\"time\":";
  detail::append_quoted(line, to_rfc3339(SystemClock{}.now()));
  line += ",\"level\":";
  detail::append_quoted(line, name_of(level));
  line += ",\"event\":";
  detail::append_quoted(line, event);
  for (const auto& field : fields) {
    line += ',';
    detail::append_quoted(line, field.name);
    line += ':';
    detail::append_quoted(line, field.value);
  }
  return line + '}';
}

}  // namespace

struct Log::Impl {
  spdlog::logger logger{"sallyport", std::make_shared<spdlog::sinks::stderr_sink_mt>()};
  Level least = Level::info;
  bool json = false;
};

Result<Log> Log::make(std::string_view level, std::string_view format) {
  const auto least = enum_of<Level>(level);
  if (!least) return fail(Errc::invalid_input, fmt::format("no log level '{}'", level));
  auto impl = std::make_shared<Impl>();
  impl->logger.set_pattern("%v");
  impl->logger.set_level(spdlog::level::trace);
  impl->least = *least;
  impl->json = format == "json";
  return Log{std::move(impl)};
}

Log Log::silent() {
  return Log{nullptr};
}

void Log::write(Level level, std::string_view event, std::initializer_list<Field> fields) const {
  if (!impl_ || level < impl_->least) return;
  const auto line = impl_->json ? json_line(level, event, fields) : text_line(level, event, fields);
  impl_->logger.log(spdlog::level::info, spdlog::string_view_t{line.data(), line.size()});
}

}  // namespace sallyport::observe
