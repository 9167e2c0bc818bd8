#pragma once

#include "connectors/manifest/address_guard.hpp"
#include "connectors/manifest/config.hpp"
#include "connectors/manifest/pace.hpp"
#include "connectors/manifest/plan.hpp"
#include "connectors/native/base/known_places.hpp"
#include "engine/base/deadline.hpp"
#include "engine/http/client.hpp"

#include <chrono>
#include <map>
#include <memory>
#include <string>

namespace sallyport::connectors::manifest {

/// What became of a request.
struct Exchange {
  Result<http::Response> answer = fail(Errc::unavailable, "not tried");
  bool sent = false;  ///< Its first byte may have left.
};

/// Carries requests to one product's endpoints: at its pace, over addresses that may be connected
/// to, with its own trust and proxy. Follows no redirect.
///
/// Not thread-safe: used on one executor that runs one handler at a time. Outlives its exchanges.
class Wire {
 public:
  /// Errors: invalid_input, naming the option.
  [[nodiscard]] static Result<std::unique_ptr<Wire>> make(const Plan& plan,
                                                          const Config& config,
                                                          std::shared_ptr<KnownPlaces> places,
                                                          asio::any_io_executor executor);

  /// The URL of an endpoint of the plan.
  [[nodiscard]] const http::Url& base(const std::string& endpoint) const {
    return bases_.at(endpoint);
  }

  /// Errors: unavailable, expired, when its turn does not come before `deadline`; cancelled.
  Task<Exchange> exchange(std::string endpoint,
                          http::Request request,
                          std::chrono::milliseconds timeout,
                          Deadline deadline);

  void hold_for(std::chrono::milliseconds delay) { pace_.hold_until(Pace::Clock::now() + delay); }

 private:
  Wire(std::map<std::string, http::Url> bases,
       const std::vector<LimitSpec>& limits,
       std::uint32_t concurrency,
       http::Pool::Connect connect);

  std::map<std::string, http::Url> bases_;
  Pace pace_;
  http::Client client_;
};

}  // namespace sallyport::connectors::manifest
