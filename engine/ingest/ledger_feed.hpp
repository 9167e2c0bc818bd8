#pragma once

#include "engine/ingest/kafka.hpp"
#include "engine/model/catalogue.hpp"
#include "engine/store/store.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace sallyport::ingest {

/// What goes where; an empty name: not published.
struct LedgerTopics {
  std::string verdicts;
  std::string actions;
  std::string ledger;

  [[nodiscard]] bool none() const noexcept {
    return verdicts.empty() && actions.empty() && ledger.empty();
  }
};

struct LedgerFeedOptions {
  LedgerTopics topics;
  std::size_t max_in_flight = 20'000;  ///< Records; past it the feed waits.
  std::size_t max_in_flight_bytes = 32ULL << 20U;
};

/// Turns what the ledgers of all tenants hold into records and remembers how far the broker has
/// them. No thread and no clock of its own: Publisher drives it.
///
/// Promise: each entry reaches its topics at least once, across crashes too, and first in the order
/// of its chain; the cursor (in Table::meta) never passes an entry that the broker has not
/// acknowledged. What can never be sent (larger than the topic takes) is logged and passed. A topic
/// that gets a name later begins at the cursor. One thread calls it; acknowledgements may come from
/// any. `store` and `catalogue` must outlive it.
class LedgerFeed {
 public:
  /// KafkaSink::send, or what stands for it.
  using Send = std::function<void(KafkaRecord, KafkaSink::Delivered)>;

  LedgerFeed(const store::Store& store,
             const model::Catalogue& catalogue,
             LedgerFeedOptions options,
             Send send,
             KafkaLog log);
  ~LedgerFeed();

  enum class Round : std::uint8_t {
    idle,     ///< Nothing is new.
    more,     ///< Something was sent, and there may be more.
    full,     ///< Nothing more fits in flight: see wait_for_room().
    refused,  ///< The broker or the store cannot now; what it refused is sent again later.
  };

  /// Sends what is new, a bounded piece.
  [[nodiscard]] Round round();

  /// The cursors that moved since they were last saved. Empty: none.
  [[nodiscard]] store::Batch moved();

  /// Waits until half of what may be in flight is acknowledged, at most `patience`.
  void wait_for_room(std::chrono::milliseconds patience);

  /// Waits until nothing is in flight, at most `patience`. False: something still is.
  bool settle(std::chrono::milliseconds patience);

  struct Status {
    std::size_t in_flight = 0;
    std::uint64_t delivered = 0;
    std::uint64_t refused = 0;  ///< Sent again later.
    std::uint64_t skipped = 0;  ///< Can never be sent.
  };

  [[nodiscard]] Status status() const;

 private:
  struct Tenant;
  struct Shared;
  struct Line;

  Round feed(const std::string& name, Tenant& tenant);
  /// Nothing is published: what there is counts as seen, so that a topic named later begins there.
  Round pass_by(const std::string& name, Tenant& tenant);
  void publish(const std::string& name, Tenant& tenant, std::uint64_t seq, std::string_view line);
  void send(const std::shared_ptr<Line>& line, KafkaRecord record);
  /// Why nothing more of `tenant` can be sent now.
  [[nodiscard]] std::optional<Round> obstacle(const Tenant& tenant) const;

  const store::Store& store_;
  const model::Catalogue& catalogue_;
  LedgerFeedOptions options_;
  Send send_;
  KafkaLog log_;
  std::shared_ptr<Shared> shared_;  ///< With the acknowledgements, which may outlive the feed.
};

/// Where Table::meta keeps the number of the first entry of `tenant` that is not known to be
/// published, in decimal.
[[nodiscard]] std::string feed_cursor_key(std::string_view tenant);

}  // namespace sallyport::ingest
