#pragma once

#include "engine/app/pipeline.hpp"
#include "engine/base/fault.hpp"
#include "engine/config/settings.hpp"
#include "engine/model/catalogue.hpp"
#include "engine/observe/log.hpp"
#include "engine/store/store.hpp"

#include <chrono>
#include <memory>

namespace sallyport::app {

/// The engine's Kafka side: alerts in through the pipeline, dead letters and the ledger's topics
/// out.
///
/// A message's offset passes when its alert has a durable verdict, was known, or lies in the
/// dead-letter topic.
class KafkaIntake {
 public:
  /// Appends what start() would refuse of the settings, and reaches no broker.
  static void check(const config::Settings& settings, Faults& faults);

  /// Errors: invalid_input (a property), not_found (a secret).
  [[nodiscard]] static Result<std::unique_ptr<KafkaIntake>> start(const config::Settings& settings,
                                                                  Pipeline& pipeline,
                                                                  store::Store& store,
                                                                  const model::Catalogue& catalogue,
                                                                  const Clock& clock,
                                                                  observe::Log log);
  ~KafkaIntake();

  /// Takes no more messages, waits for those in flight, commits their offsets.
  void stop_reading(std::chrono::milliseconds patience);

  /// Sends what the ledger still holds for its topics, as far as `patience` allows; the rest goes
  /// at the next start.
  void stop_publishing(std::chrono::milliseconds patience);

  /// The group gave us partitions.
  [[nodiscard]] bool ready() const;

 private:
  struct Impl;
  explicit KafkaIntake(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace sallyport::app
