#pragma once

#include "engine/base/deadline.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sallyport::http {

using Headers = std::vector<std::pair<std::string, std::string>>;

/// True when `a` and `b` are the same but for the case of ASCII letters.
[[nodiscard]] bool same_name(std::string_view a, std::string_view b) noexcept;

/// The value of the first header `name`, nullptr where there is none. Case does not matter.
[[nodiscard]] const std::string* find(const Headers& headers, std::string_view name) noexcept;

/// Gives the next piece of a body, nothing at its end. Cancelled when nobody listens any more.
using BodySource = std::function<Task<std::optional<std::string>>()>;

struct Request {
  std::string method = "GET";
  std::string target = "/";
  Headers headers;
  std::string body;
};

struct Response {
  int status = 200;
  Headers headers;
  std::string body;
  /// From a server's handler: sent after `body`, chunk by chunk, until it ends or the client goes
  /// away.
  BodySource stream{};
};

}  // namespace sallyport::http
