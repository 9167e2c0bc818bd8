#pragma once

#include "engine/base/deadline.hpp"
#include "engine/base/ulid.hpp"
#include "engine/model/notification.hpp"
#include "engine/store/store.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sallyport::approve {

/// Where a notification goes that has no channel: the log, the stream and the ledger, which every
/// other one reaches as well.
inline constexpr std::string_view log_channel = "log";

/// Where one goes whose own channel is not configured, if this one is.
inline constexpr std::string_view default_channel = "default";

enum class DeliveryStatus : std::uint8_t {
  delivered,  ///< The channel took it.
  logged,     ///< There is no channel for it.
  given_up,   ///< The channel did not take it for too long.
};

/// How it went with one notification.
struct Delivery {
  DeliveryStatus status = DeliveryStatus::delivered;
  std::uint32_t attempts = 0;  ///< Since the engine started.
  std::string detail;          ///< What the channel said last, where it did not take it.
};

BOOST_DESCRIBE_ENUM(DeliveryStatus, delivered, logged, given_up)

/// What people are yet to be told, in the store: written together with what it tells of, gone
/// together with the ledger entry that says how it was delivered.
///
/// Thread-safe. What it is given must outlive it.
class Outbox {
 public:
  /// `channels` are those that are configured.
  Outbox(store::Store& store,
         const Clock& clock,
         UlidSource& ids,
         std::vector<std::string> channels);

  /// Writes it into `batch`. Gives it its id and time.
  void put(store::Batch& batch, model::Notification notification) const;

  /// What waits for `channel`, oldest first, at most `limit`. Errors: corrupt, unavailable.
  [[nodiscard]] Result<std::vector<model::Notification>> waiting(std::string_view channel,
                                                                 std::size_t limit) const;

  /// The configured channels, log_channel, and channels of a former configuration for which
  /// something waits. Errors: unavailable.
  [[nodiscard]] Result<std::vector<std::string>> channels() const;

  /// Ends one that waited for `channel`: a `notified` entry in its tenant's ledger.
  /// Errors: unavailable.
  Task<> settle(std::string channel, model::Notification notification, Delivery delivery);

 private:
  /// The channel for whom the policy names.
  [[nodiscard]] std::string_view route(std::string_view to) const;

  store::Store& store_;
  const Clock& clock_;
  UlidSource& ids_;
  std::vector<std::string> channels_;
};

}  // namespace sallyport::approve
