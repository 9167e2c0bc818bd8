#pragma once

#include "tools/benchmarks/forked.hpp"

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
  SlowModel(std::chrono::milliseconds after, const std::string& answer);

  [[nodiscard]] std::uint16_t port() const { return port_; }

 private:
  std::uint16_t port_ = 0;
  Forked server_;
};

}  // namespace sallyport::benchmarks
