#pragma once

#include "tools/benchmarks/forked.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sallyport::benchmarks {

/// A model server of the bench's own, in a process of its own: Chat Completions over HTTP on a port
/// of 127.0.0.1, answered as a stream when `after` has passed since the question was all there.
///
/// It says itself how long it held each question, in place of held_place in the answer: from when
/// the kernel had the question's last byte for it until it handed over the answer. Where it does
/// not get a core for itself that is more than `after`, and none of it is the engine's.
///
/// Made before the program has threads. Ends with its owner.
class SlowModel {
 public:
  /// Where an answer has this, the server writes how long it held the question.
  static constexpr std::string_view held_place = "held for 00000000000000000 ns";

  /// Throws std::runtime_error when it cannot be started.
  SlowModel(std::chrono::milliseconds after, const std::string& answer);

  [[nodiscard]] std::uint16_t port() const { return port_; }

  /// What the server said in `text` of how long it held the question; nothing: it says nothing.
  [[nodiscard]] static std::optional<std::chrono::nanoseconds> held(std::string_view text);

 private:
  std::uint16_t port_ = 0;
  Forked server_;
};

}  // namespace sallyport::benchmarks
