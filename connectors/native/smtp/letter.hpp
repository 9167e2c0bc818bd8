#pragma once

#include "engine/base/time.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace sallyport::connectors::smtp {

/// One mail, before it is text. Addresses are mail addresses; the rest may be any UTF-8.
struct Letter {
  std::string from;
  std::vector<std::string> to;
  std::string subject;
  std::string text;
  std::string id;  ///< What the Message-ID is made of: the same for each attempt.
  Time at;
};

/// `<ID@DOMAIN>`, the domain being that of the sender.
[[nodiscard]] std::string message_id(const Letter& letter);

/// The mail as it goes after DATA, without the dot that ends it: RFC 5322 with MIME, every line
/// ends with CRLF, none is longer than 76 bytes but those of addresses, none begins with a dot.
/// Text is base64: nothing of it is syntax.
[[nodiscard]] std::string mail_of(const Letter& letter);

}  // namespace sallyport::connectors::smtp
