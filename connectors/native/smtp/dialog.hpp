#pragma once

#include "engine/base/deadline.hpp"
#include "engine/http/transport.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace sallyport::connectors::smtp {

/// An answer of the server: its code, and its lines without it.
struct Reply {
  int code = 0;
  std::vector<std::string> lines;

  [[nodiscard]] bool is_good() const { return code / 100 == 2; }

  /// The first line, fit for a log.
  [[nodiscard]] std::string text() const;

  /// Whether one of the lines is the extension of that name, with what follows it.
  [[nodiscard]] bool offers(std::string_view extension, std::string_view with = {}) const;
};

/// Speaks SMTP (RFC 5321) with one server, a command at a time.
///
/// Not thread-safe. A wait is cut off by cancelling it; the dialog is good for nothing then.
class Dialog {
 public:
  explicit Dialog(std::unique_ptr<http::Transport> transport) : transport_{std::move(transport)} {}

  /// The next answer. Errors: unavailable (the connection broke, no SMTP), cancelled.
  Task<Reply> reply();

  /// Sends `line` and reads the answer. Errors: as reply(); invalid_input (a line in the line).
  Task<Reply> ask(std::string line);

  /// Sends `bytes` as they are.
  Task<> send(std::string bytes);

  /// The transport, where nothing more was read from it than the last answer. Errors: unavailable
  /// (somebody spoke in between).
  [[nodiscard]] Result<std::unique_ptr<http::Transport>> release();

 private:
  Task<std::string> line();

  std::unique_ptr<http::Transport> transport_;
  std::string read_;
};

}  // namespace sallyport::connectors::smtp
