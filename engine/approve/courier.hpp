#pragma once

#include "engine/approve/outbox.hpp"
#include "engine/base/deadline.hpp"
#include "engine/model/notification.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <unordered_set>

namespace sallyport::approve {

/// A way to people: the port that adapters implement.
class Channel {
 public:
  virtual ~Channel() = default;

  /// Returns once they have it; it may have come before. Its waiting is bounded by a timeout of its
  /// own. Errors: any means that it is not known to have arrived.
  virtual Task<> deliver(model::Notification notification) = 0;
};

struct CourierOptions {
  std::chrono::milliseconds look_every{250};
  std::chrono::milliseconds first_wait{1'000};      ///< After a failure; doubled with each.
  std::chrono::milliseconds longest_wait{300'000};  ///< Between two attempts.
  std::chrono::seconds give_up_after{86'400};       ///< Counted from when it was written.
};

/// How long to wait after so many failures in a row (from 1).
[[nodiscard]] std::chrono::milliseconds wait_after(std::uint32_t failures,
                                                   const CourierOptions& options);

/// An attempt that failed.
struct Failure {
  std::string channel;
  std::string why;
  std::uint32_t attempts = 0;  ///< So far.
  bool last = false;           ///< It is given up.
};

/// What somebody may want to hear of a courier. Must not block or throw.
struct CourierEvents {
  /// It is new; after a restart again, if it still waits.
  std::function<void(const model::Notification& notification)> told;
  std::function<void(const model::Notification& notification, const Failure& failure)> failed;
};

/// Carries what waits in the outbox for one channel to it: at least once, in order, again and again
/// until it arrives or is too old. A channel that takes nothing keeps no other waiting.
///
/// Not thread-safe: one round at a time. What it is given must outlive it.
class Courier {
 public:
  /// `through` nullptr: there is no such channel, and telling is all.
  Courier(Outbox& outbox,
          std::string channel,
          std::shared_ptr<Channel> through,
          const Clock& clock,
          CourierOptions options,
          CourierEvents events);

  /// Delivers in order until nothing waits or an attempt fails. Returns how long to wait before the
  /// next round. Errors: corrupt, unavailable (the store); cancelled.
  Task<std::chrono::milliseconds> round();

  [[nodiscard]] const CourierOptions& options() const noexcept { return options_; }

 private:
  Outbox& outbox_;
  std::string channel_;
  std::shared_ptr<Channel> through_;
  const Clock& clock_;
  CourierOptions options_;
  CourierEvents events_;
  std::unordered_set<std::string> told_;  ///< Of those that wait.
  std::uint32_t failures_ = 0;            ///< In a row, of the one at the head.
};

}  // namespace sallyport::approve
