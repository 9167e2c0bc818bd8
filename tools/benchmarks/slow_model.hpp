#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <string>

namespace sallyport::benchmarks {

/// A model server of the bench's own, in a process of its own: Chat Completions over HTTP on a port
/// of 127.0.0.1, answered as a stream when `after` has passed since the question was all there.
///
/// Made before the program has threads. Ends with its owner.
class SlowModel {
 public:
  /// Throws std::runtime_error when it cannot be started.
  SlowModel(std::chrono::milliseconds after, std::string answer);
  ~SlowModel();
  SlowModel(const SlowModel&) = delete;
  SlowModel& operator=(const SlowModel&) = delete;

  [[nodiscard]] std::uint16_t port() const { return port_; }

 private:
  ::pid_t child_ = 0;
  std::uint16_t port_ = 0;
};

}  // namespace sallyport::benchmarks
