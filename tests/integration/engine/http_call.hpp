#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace sallyport::testing {

struct HttpAnswer {
  int status = 0;
  std::string body;
};

/// One request to 127.0.0.1 over a plain socket, none of the engine's own code. Empty: no
/// connection, or none that answered within `patience`.
[[nodiscard]] std::optional<HttpAnswer> http_call(std::uint16_t port,
                                                  const std::string& method,
                                                  const std::string& target,
                                                  const std::string& token,
                                                  const std::string& body,
                                                  std::chrono::milliseconds patience,
                                                  const std::string& type = "application/json");

}  // namespace sallyport::testing
