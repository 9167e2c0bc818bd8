#pragma once

#include "engine/http/message.hpp"

#include <functional>
#include <string>

namespace sallyport::connectors::manifest {

/// A request as a person may see it: every credential in it is `***`.
struct Sent {
  std::string method;
  std::string url;
  http::Headers headers;
  std::string body;
};

/// Told of each request that was sent, on the executor that sends.
using Witness = std::function<void(const Sent& request)>;

/// A request as it would be sent. What only the product's answers can tell stands in it as the
/// place `${{ state.NAME }}`.
struct Planned {
  std::string phase;         ///< login, state, act, wait
  std::string step;          ///< Its id in the manifest.
  bool conditional = false;  ///< Only where the step's `when` holds.
  Sent request;
};

}  // namespace sallyport::connectors::manifest
