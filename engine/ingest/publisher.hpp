#pragma once

#include "engine/ingest/ledger_feed.hpp"

#include <chrono>
#include <memory>

namespace sallyport::ingest {

struct PublisherOptions {
  LedgerFeedOptions feed;
  std::chrono::milliseconds poll{50};            ///< How often it looks for what is new.
  std::chrono::milliseconds save_every{1'000};   ///< Cursors; a crash publishes that much twice.
  std::chrono::milliseconds retry_after{1'000};  ///< After the broker refused something.
};

/// Publishes the ledger to Kafka on a thread of its own: see LedgerFeed for what it promises.
///
/// `store` and `catalogue` must outlive it; what `send` uses must outlive stop(). start() and
/// stop() from one thread; status() from any.
class Publisher {
 public:
  Publisher(store::Store& store,
            const model::Catalogue& catalogue,
            PublisherOptions options,
            LedgerFeed::Send send,
            KafkaLog log);
  ~Publisher();  ///< stop() with no patience.

  void start();

  /// Publishes what is in the ledger by now, waits for the broker, both at most `patience`, and
  /// saves the cursors.
  void stop(std::chrono::milliseconds patience);

  [[nodiscard]] LedgerFeed::Status status() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sallyport::ingest
