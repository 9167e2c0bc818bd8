#pragma once

#include "engine/base/result.hpp"
#include "engine/base/time.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sallyport::ingest {

/// Tells what librdkafka has to say: syslog level and text.
using KafkaLog = std::function<void(int level, std::string_view text)>;

/// One message as it came.
struct KafkaMessage {
  std::string topic;
  std::int32_t partition = 0;
  std::int64_t offset = 0;
  std::string bytes;
  bool truncated = false;  ///< Larger than 64 MiB: `bytes` holds its beginning.
  std::size_t size = 0;    ///< As it came, in bytes.
  Time received_at;
};

struct KafkaSourceOptions {
  std::string brokers;
  std::string group;
  std::vector<std::string> topics;                ///< Names, or patterns that begin with `^`.
  std::map<std::string, std::string> properties;  ///< librdkafka's own, e.g. security.protocol.
  std::size_t max_in_flight = 10'000;             ///< Messages; past it no more are taken.
  std::size_t max_in_flight_bytes = 128ULL << 20U;
  std::chrono::milliseconds commit_interval{500};
};

/// A consumer of a consumer group that commits an offset only after what the message led to is
/// durable.
///
/// Promise: a message whose `done` was not called is delivered again after a restart; none is
/// skipped. While `max_in_flight` wait, no more are taken, and partitions are paused when that
/// lasts; nothing is dropped. `handler` runs on the source's own thread and must not block; it
/// calls `done` once, from any thread, when the message's consequences are durable. start() and
/// stop() from one thread.
class KafkaSource {
 public:
  using Done = std::move_only_function<void()>;
  using Handler = std::function<void(KafkaMessage, Done)>;

  /// Errors: invalid_input, naming the property.
  [[nodiscard]] static Result<std::unique_ptr<KafkaSource>> make(KafkaSourceOptions options,
                                                                 const Clock& clock,
                                                                 Handler handler,
                                                                 KafkaLog log);
  ~KafkaSource();  ///< stop() with no patience.

  void start();

  /// Takes no more messages, waits up to `patience` for those in flight, commits, leaves the group.
  void stop(std::chrono::milliseconds patience);

  struct Status {
    bool assigned = false;  ///< The group gave us partitions (perhaps none) at least once.
    bool paused = false;
    std::size_t in_flight = 0;
    std::size_t in_flight_bytes = 0;
    std::uint64_t received = 0;
  };

  [[nodiscard]] Status status() const;

 private:
  struct Impl;
  explicit KafkaSource(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// What a topic gets.
struct KafkaRecord {
  std::string topic;
  std::string key;
  std::string value;
  std::vector<std::pair<std::string, std::string>> headers;
};

struct KafkaSinkOptions {
  std::string brokers;
  std::map<std::string, std::string> properties;
};

/// An idempotent producer. Thread-safe.
class KafkaSink {
 public:
  /// Called on the sink's own thread when the broker has the record (acks=all) or never will. Must
  /// not block.
  using Delivered = std::move_only_function<void(Result<>)>;

  /// Errors: invalid_input, naming the property.
  [[nodiscard]] static Result<std::unique_ptr<KafkaSink>> make(KafkaSinkOptions options,
                                                               KafkaLog log);
  ~KafkaSink();

  /// Errors through `delivered`: unavailable (queue full, broker gone too long), invalid_input
  /// (more than the topic takes: trying again does not help).
  void send(KafkaRecord record, Delivered delivered);

  /// Waits until all is delivered, at most `patience`. Errors: expired.
  [[nodiscard]] Result<> flush(std::chrono::milliseconds patience);

 private:
  struct Impl;
  explicit KafkaSink(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// A broker inside this process that speaks the Kafka protocol: librdkafka's mock cluster. For the
/// demo and for trying things out; it keeps everything in memory.
class KafkaInProcess {
 public:
  /// Errors: unavailable.
  [[nodiscard]] static Result<std::unique_ptr<KafkaInProcess>> start(
      const std::vector<std::string>& topics);
  ~KafkaInProcess();

  [[nodiscard]] const std::string& brokers() const noexcept;

 private:
  struct Impl;
  explicit KafkaInProcess(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace sallyport::ingest
