#pragma once

#include "engine/base/result.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sallyport::http {

/// One server-sent event (WHATWG HTML, 9.2).
struct ServerSentEvent {
  std::string id{};     ///< Encoder: empty leaves it out. Parser: the last id seen.
  std::string event{};  ///< Empty: `message`.
  std::string data{};

  friend bool operator==(const ServerSentEvent&, const ServerSentEvent&) = default;
};

/// `event` as it goes over the wire; data of several lines becomes several fields.
/// Errors: invalid_input when id or event hold a line break or NUL.
[[nodiscard]] Result<std::string> encode(const ServerSentEvent& event);

/// A comment: what keeps a quiet connection alive. Line breaks in `text` become spaces.
[[nodiscard]] std::string encode_comment(std::string_view text);

/// Reads a stream of server-sent events that comes in pieces cut anywhere.
///
/// Lines end with CRLF, LF or CR. An event that the stream's end cuts off is dropped, as the
/// standard says. Not thread-safe. After an error the parser is spent.
class SseParser {
 public:
  /// `event_limit_bytes` bounds one event with all its lines.
  explicit SseParser(std::size_t event_limit_bytes) : limit_{event_limit_bytes} {}

  /// The events that `bytes` completes. Errors: invalid_input when an event is over the limit.
  [[nodiscard]] Result<std::vector<ServerSentEvent>> push(std::string_view bytes);

  /// What the server asked to be the wait before a reconnect, in milliseconds.
  [[nodiscard]] std::optional<unsigned> retry_ms() const noexcept { return retry_ms_; }

 private:
  void line_ended(std::vector<ServerSentEvent>& events);

  std::size_t limit_;
  std::string line_;
  ServerSentEvent event_;
  std::optional<unsigned> retry_ms_;
  bool has_data_ = false;
  bool after_cr_ = false;
  bool at_start_ = true;
};

}  // namespace sallyport::http
