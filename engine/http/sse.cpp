#include "engine/http/sse.hpp"

#include <charconv>

namespace sallyport::http {

namespace {

constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
constexpr std::string_view breaks{"\r\n\0", 3};

/// Takes one line off `text`, whichever way it ends.
std::string_view take_line(std::string_view& text) {
  const auto end = text.find_first_of("\r\n");
  const auto line = text.substr(0, end);
  if (end == std::string_view::npos) {
    text = {};
    return line;
  }
  text.remove_prefix(text.substr(end).starts_with("\r\n") ? end + 2 : end + 1);
  return line;
}

}  // namespace

Result<std::string> encode(const ServerSentEvent& event) {
  if (event.id.find_first_of(breaks) != std::string::npos ||
      event.event.find_first_of(breaks) != std::string::npos)
    return fail(Errc::invalid_input, "line break in the id or name of an event");
  std::string bytes;
  bytes.reserve(event.id.size() + event.event.size() + event.data.size() + 32);
  if (!event.id.empty()) bytes.append("id: ").append(event.id).append("\n");
  if (!event.event.empty()) bytes.append("event: ").append(event.event).append("\n");
  std::string_view rest = event.data;
  bool more = true;
  while (more) {
    more = rest.find_first_of("\r\n") != std::string_view::npos;
    bytes.append("data: ").append(take_line(rest)).append("\n");
  }
  bytes += '\n';
  return bytes;
}

std::string encode_comment(std::string_view text) {
  std::string bytes{": "};
  for (const char c : text) bytes += c == '\r' || c == '\n' ? ' ' : c;
  return bytes + "\n\n";
}

Result<std::vector<ServerSentEvent>> SseParser::push(std::string_view bytes) {
  std::vector<ServerSentEvent> events;
  while (!bytes.empty()) {
    if (after_cr_) {
      after_cr_ = false;
      if (bytes.front() == '\n') {
        bytes.remove_prefix(1);
        continue;
      }
    }
    const auto end = bytes.find_first_of("\r\n");
    const auto part = bytes.substr(0, end);
    if (line_.size() + event_.data.size() + part.size() > limit_)
      return fail(Errc::invalid_input, "an event is over the limit");
    line_ += part;
    if (end == std::string_view::npos) break;
    after_cr_ = bytes[end] == '\r';
    bytes.remove_prefix(end + 1);
    line_ended(events);
  }
  return events;
}

void SseParser::line_ended(std::vector<ServerSentEvent>& events) {
  std::string_view line = line_;
  if (at_start_ && line.starts_with(byte_order_mark)) line.remove_prefix(byte_order_mark.size());
  at_start_ = false;

  if (line.empty()) {
    if (has_data_) events.push_back(event_);
    event_.event.clear();
    event_.data.clear();
    has_data_ = false;
    line_.clear();
    return;
  }
  const auto colon = line.find(':');
  const auto field = line.substr(0, colon);
  auto value = colon == std::string_view::npos ? std::string_view{} : line.substr(colon + 1);
  if (value.starts_with(' ')) value.remove_prefix(1);

  if (field == "data") {
    if (has_data_) event_.data += '\n';
    event_.data += value;
    has_data_ = true;
  } else if (field == "event") {
    event_.event = value;
  } else if (field == "id") {
    if (value.find('\0') == std::string_view::npos) event_.id = value;
  } else if (field == "retry") {
    unsigned ms = 0;
    const auto [rest, error] = std::from_chars(value.data(), value.data() + value.size(), ms);
    if (error == std::errc{} && rest == value.data() + value.size()) retry_ms_ = ms;
  }
  line_.clear();
}

}  // namespace sallyport::http
