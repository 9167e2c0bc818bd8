#pragma once

#include "engine/base/json.hpp"
#include "engine/http/message.hpp"

#include <boost/json/object.hpp>

#include <string>

namespace sallyport::http {

/// A problem document (RFC 9457): what went wrong, for a program and for a person.
struct Problem {
  int status = 500;
  std::string detail;  ///< One sentence; never a secret.
  std::string type =
      "about:blank";    ///< A URI that names the kind, where the status does not say it.
  std::string title{};  ///< Empty: the status' own phrase.
  json::object more{};  ///< Further members.
};

/// `application/problem+json`.
[[nodiscard]] Response to_response(const Problem& problem);

/// The status that says what `code` means: invalid_input 400, not_found 404, conflict 409, denied
/// 403, expired 504, cancelled and unavailable 503, corrupt 500.
[[nodiscard]] int status_of(Errc code);

/// The answer to a failed request. The detail of an Errc::corrupt stays inside.
[[nodiscard]] Response to_response(const Error& error);

}  // namespace sallyport::http
