#pragma once

#include <string>
#include <utility>
#include <vector>

namespace sallyport::act {

/// A request as a person may see it: every credential in it is `***`.
struct Sent {
  std::string method;
  std::string url;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
};

/// A request as it would be sent. What only the product's answers can tell stands in it as the
/// place `${{ state.NAME }}`.
struct Planned {
  std::string phase;         ///< login, state, act, wait, finally
  std::string step;          ///< What it is called there.
  bool conditional = false;  ///< Only where `when` holds.
  Sent request;
  std::string when{};  ///< In words; empty: it says so itself, or the step's manifest does.
};

}  // namespace sallyport::act
