#include "engine/app/commands/event_reader.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <system_error>

namespace sallyport::app {

namespace {

/// Each costs a look at all that follows.
constexpr std::size_t max_broken_values = 100;
constexpr std::string_view white_space = " \t\r\n";

/// Where the object or list at the front of `text` ends; none: it does not end, or a string in it
/// holds a line break, which no JSON string does.
std::optional<std::size_t> end_of_value(std::string_view text) {
  std::size_t depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') {
        ++i;
      } else if (c == '"') {
        in_string = false;
      } else if (c == '\n') {
        return std::nullopt;
      }
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      ++depth;
    } else if ((c == '}' || c == ']') && (depth == 0 || --depth == 0)) {
      return i + 1;
    }
  }
  return std::nullopt;
}

/// `event` on one line: as it is, or without the white space between its tokens.
std::string on_one_line(std::string_view event) {
  std::string line;
  bool in_string = false;
  for (std::size_t i = 0; i < event.size(); ++i) {
    const char c = event[i];
    if (in_string && c == '\\' && i + 1 < event.size()) {
      line += c;
      line += event[++i];
      continue;
    }
    if (c == '"') in_string = !in_string;
    if (in_string || white_space.find(c) == std::string_view::npos) line += c;
  }
  return line;
}

std::string_view without_mark(std::string_view text) {
  constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
  if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
  return text;
}

std::string_view trimmed_front(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(white_space), text.size()));
  return text;
}

bool begins_a_value(std::string_view text) {
  return text.starts_with('{') || text.starts_with('[');
}

/// Where, after a fault, the next line begins that could begin an event.
std::size_t next_beginning(std::string_view text) {
  const auto next = std::min(text.find("\n{"), text.find("\n["));
  return std::min(next, text.size() - 1) + 1;
}

/// Passes on one value, or the elements of a list. Returns false when the sink wants no more.
bool pass_on(EventSink& sink, std::string_view value, std::size_t line) {
  const auto one = [&sink](std::string_view event, std::size_t at) {
    if (event.find('\n') == std::string_view::npos) return sink.event(event, at);
    return sink.event(on_one_line(event), at);
  };
  if (!value.starts_with('[')) return one(value, line);
  auto rest = value.substr(1, value.size() - 2);
  for (bool first = true;; first = false) {
    const auto begin = std::min(rest.find_first_not_of(white_space), rest.size());
    line += static_cast<std::size_t>(std::ranges::count(rest.substr(0, begin), '\n'));
    rest.remove_prefix(begin);
    if (rest.empty()) return true;
    if (!first) {
      if (!rest.starts_with(',')) {
        sink.broken(line, "not JSON: ',' is missing between the elements of the list");
        return true;
      }
      rest.remove_prefix(1);
      const auto gap = std::min(rest.find_first_not_of(white_space), rest.size());
      line += static_cast<std::size_t>(std::ranges::count(rest.substr(0, gap), '\n'));
      rest.remove_prefix(gap);
    }
    const auto end = begins_a_value(rest) ? end_of_value(rest) : std::nullopt;
    if (!end) {
      sink.broken(line, "an element of the list is no JSON object");
      return true;
    }
    if (!one(rest.substr(0, *end), line)) return false;
    line += static_cast<std::size_t>(std::ranges::count(rest.substr(0, *end), '\n'));
    rest.remove_prefix(*end);
  }
}

}  // namespace

bool EventReader::read(EventSink& sink) {
  std::string line;
  bool first = true;
  for (auto state = next_line(sink, line); state != Line::end; state = next_line(sink, line)) {
    if (state == Line::too_long) {
      sink.broken(line_number_, fmt::format("longer than {} bytes", max_event_bytes_));
      continue;
    }
    const auto value = trimmed_front(first ? without_mark(line) : std::string_view{line});
    if (value.empty()) continue;
    const auto end = begins_a_value(value) ? end_of_value(value) : std::nullopt;
    if (first && begins_a_value(value) && !end) {
      std::string second;
      const auto begin = line_number_;
      const auto after = next_line(sink, second);
      const auto next = trimmed_front(second);
      // An object does not go on with a complete object: that is a broken line among others.
      if (value.starts_with('{') && next.starts_with('{') && end_of_value(next)) {
        sink.broken(begin, "not JSON: the line ends within an object");
        if (!pass_on(sink, second, line_number_)) return !failed_;
        first = false;
        continue;
      }
      std::string all{value};
      if (after == Line::complete) all.append("\n").append(second);
      read_whole(sink, std::move(all), begin);
      return !failed_;
    }
    first = false;
    const bool list = end && value.starts_with('[') && trimmed_front(value.substr(*end)).empty();
    if (!(list ? pass_on(sink, value.substr(0, *end), line_number_)
               : sink.event(line, line_number_)))
      return !failed_;
  }
  return !failed_;
}

void EventReader::read_whole(EventSink& sink, std::string all, std::size_t line) {
  all += '\n';
  while (all.size() <= max_event_bytes_ && fill(sink)) {
    all += unread_;
    unread_ = {};
  }
  if (all.size() > max_event_bytes_) {
    sink.broken(
        line, fmt::format("longer than {} bytes in all; give it as JSON Lines", max_event_bytes_));
    return;
  }

  std::string_view rest = all;
  std::size_t broken = 0;
  while (true) {
    const auto gap = std::min(rest.find_first_not_of(white_space), rest.size());
    line += static_cast<std::size_t>(std::ranges::count(rest.substr(0, gap), '\n'));
    rest.remove_prefix(gap);
    if (rest.empty()) return;
    const auto end = begins_a_value(rest) ? end_of_value(rest) : std::nullopt;
    if (!end) {
      sink.broken(line,
                  begins_a_value(rest) ? "not JSON: what begins here does not end"
                                       : "not JSON: an object or a list is expected");
      if (++broken == max_broken_values) {
        sink.broken(line, "too much of this is broken; the rest is not read");
        return;
      }
      const auto next = next_beginning(rest);
      line += static_cast<std::size_t>(std::ranges::count(rest.substr(0, next), '\n'));
      rest.remove_prefix(next);
      continue;
    }
    if (!pass_on(sink, rest.substr(0, *end), line)) return;
    line += static_cast<std::size_t>(std::ranges::count(rest.substr(0, *end), '\n'));
    rest.remove_prefix(*end);
  }
}

EventReader::Line EventReader::next_line(EventSink& sink, std::string& line) {
  line.clear();
  bool any = false;
  bool too_long = false;
  while (!unread_.empty() || fill(sink)) {
    any = true;
    const auto end = unread_.find('\n');
    const auto part = unread_.substr(0, end);
    too_long |= line.size() + part.size() > max_event_bytes_;
    if (too_long) {
      line.clear();
    } else {
      line += part;
    }
    unread_.remove_prefix(std::min(part.size() + 1, unread_.size()));
    if (end != std::string_view::npos) break;
  }
  if (!any) return Line::end;
  ++line_number_;
  return too_long ? Line::too_long : Line::complete;
}

bool EventReader::fill(EventSink& sink) {
  if (!unread_.empty()) return true;
  if (ended_) return false;
  sink.waiting();
  while (true) {
    const auto n = ::read(descriptor_, chunk_.data(), chunk_.size());
    if (n > 0) {
      unread_ = {chunk_.data(), static_cast<std::size_t>(n)};
      return true;
    }
    if (n < 0 && errno == EINTR) continue;
    ended_ = true;
    if (n < 0) {
      failed_ = true;
      sink.broken(line_number_ + 1, std::generic_category().message(errno));
    }
    return false;
  }
}

}  // namespace sallyport::app
