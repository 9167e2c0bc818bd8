#pragma once

#include "tools/benchmarks/forked.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sallyport::benchmarks {

/// A model server that does one thing wrong.
struct BadModel {
  std::string name;     ///< What it does.
  std::string outcome;  ///< What a call to it has to come to: a reason::CallOutcome.
  std::uint16_t port = 0;
};

/// Model servers that do everything wrong (Chat Completions over HTTP, each on a port of
/// 127.0.0.1), in a process of their own.
///
/// Made before the program has threads. Ends with its owner.
class BadModels {
 public:
  /// Throws std::runtime_error when they cannot be started.
  BadModels();

  [[nodiscard]] const std::vector<BadModel>& all() const { return all_; }

 private:
  std::vector<BadModel> all_;
  Forked servers_;
};

}  // namespace sallyport::benchmarks
