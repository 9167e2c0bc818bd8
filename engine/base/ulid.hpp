#pragma once

#include "engine/base/time.hpp"

#include <cstdint>
#include <mutex>
#include <string>

namespace sallyport {

/// Makes ULIDs: 26 characters that sort by the time they were made, unique across restarts.
///
/// Within one millisecond the random part counts up, so ids of one source are strictly ascending.
/// Thread-safe.
class UlidSource {
 public:
  /// `seed` fixes the random part, for simulation; without one it comes from the operating system.
  UlidSource();
  explicit UlidSource(std::uint64_t seed);

  [[nodiscard]] std::string next(Time now);

 private:
  std::mutex mutex_;
  std::uint64_t state_;  ///< splitmix64
  std::uint64_t last_ms_ = 0;
  std::uint64_t low_ = 0;  ///< the low 64 of the 80 random bits
  std::uint16_t high_ = 0;
};

}  // namespace sallyport
