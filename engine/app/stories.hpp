#pragma once

#include "engine/base/result.hpp"
#include "engine/investigate/story.hpp"
#include "engine/store/store.hpp"

#include <cstddef>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

namespace sallyport::app {

/// The stories that alerts join: what the store says of them, the newest few kept in memory, for a
/// storm asks for one of them again and again.
///
/// Thread-safe. Lifetime: the store outlives it.
class Stories {
 public:
  explicit Stories(const store::Store& store, std::size_t kept = 64) : store_{store}, kept_{kept} {}

  /// Errors: not_found (no verdict yet), corrupt, unavailable.
  [[nodiscard]] Result<std::shared_ptr<const investigate::Story>> find(
      const std::string& investigation);

  /// The verdict has a new version, or is about to: it is read again.
  void forget(std::string_view investigation);

 private:
  const store::Store& store_;
  const std::size_t kept_;
  std::mutex mutex_;
  std::list<std::pair<std::string, std::shared_ptr<const investigate::Story>>> stories_;
};

}  // namespace sallyport::app
