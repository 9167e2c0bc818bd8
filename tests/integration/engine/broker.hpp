#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace sallyport::testing {

/// A record of a topic, as a stranger reads it.
struct Received {
  std::string key;
  std::string value;
  std::map<std::string, std::string> headers;
  std::int32_t partition = 0;
  std::int64_t offset = 0;
};

/// The real broker that SALLYPORT_KAFKA names, spoken to with librdkafka and none of the engine's
/// own code. Throws std::runtime_error when the broker is not there: a failure, not a skip.
class Broker {
 public:
  Broker();
  ~Broker();
  Broker(const Broker&) = delete;
  Broker& operator=(const Broker&) = delete;

  [[nodiscard]] const std::string& address() const;

  /// A name that no other topic or group has: this run's, this test's.
  [[nodiscard]] std::string unique(const std::string& what);

  void create_topic(const std::string& name, int partitions);

  /// Sends `values` round the partitions and returns when the broker has them all.
  void send(const std::string& topic, const std::vector<std::string>& values);

  /// What the topic holds at this moment, partition by partition.
  [[nodiscard]] std::vector<Received> read(const std::string& topic);

  /// Reads until `enough` says so of all that the topic held, at most `patience`; returns what
  /// there was.
  [[nodiscard]] std::vector<Received> await(
      const std::string& topic,
      std::chrono::seconds patience,
      const std::function<bool(const std::vector<Received>&)>& enough);

  /// How many messages the topic ever got.
  [[nodiscard]] std::int64_t end(const std::string& topic);

  /// The sum of the offsets that `group` has committed.
  [[nodiscard]] std::int64_t committed(const std::string& group, const std::string& topic);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sallyport::testing
