#pragma once

#include "connectors/native/syslog/config.hpp"
#include "engine/base/time.hpp"

#include <string>
#include <string_view>

namespace sallyport::connectors::syslog {

/// What is told, before it is text. Values may be any UTF-8; the id is one word.
struct Event {
  std::string id;    ///< The same for each attempt: a collector tells repeats by it.
  std::string verb;  ///< notify, create_notable_event
  std::string title;
  std::string body;
  std::string severity;  ///< informational, low, medium, high or critical.
  std::string target_kind;
  std::string target;
  Time at;
};

/// RFC 5424's severity: 2 (critical) to 6 (informational).
[[nodiscard]] int syslog_severity(std::string_view severity);

/// The event as one message of the format: one line, whatever is in the event, of at most
/// `limit_bytes`; a longer text is cut at a character and ends in `...`.
[[nodiscard]] std::string message_of(const Event& event,
                                     const Config& config,
                                     std::size_t limit_bytes);

}  // namespace sallyport::connectors::syslog
