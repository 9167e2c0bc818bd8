#pragma once

#include "engine/base/time.hpp"
#include "engine/serve/endpoint.hpp"

#include <chrono>
#include <functional>
#include <string>
#include <unordered_set>

namespace sallyport::serve {

/// Gives a repeated POST with the same Idempotency-Key the answer of the first one.
///
/// Keys belong to the token that sent them and hold for `lifetime`. The same key with another
/// request is refused (422), one whose first request is still under way too (409). Answers of 500
/// and more are not kept: trying again is what they ask for.
///
/// Not thread-safe: used on the server's executor. What it is given must outlive it.
class Idempotency {
 public:
  Idempotency(Backend& backend, const Clock& clock, std::chrono::hours lifetime)
      : backend_{backend}, clock_{clock}, lifetime_{lifetime} {}

  /// Answers `asked` out of memory, or by `handle`.
  Task<http::Response> once(std::function<Task<http::Response>(Asked)> handle, Asked asked);

 private:
  Task<http::Response> first_time(std::function<Task<http::Response>(Asked)> handle,
                                  Asked asked,
                                  std::string key);

  Backend& backend_;
  const Clock& clock_;
  std::chrono::hours lifetime_;
  std::unordered_set<std::string> under_way_;
};

}  // namespace sallyport::serve
