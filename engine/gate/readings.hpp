#pragma once

#include "engine/model/request.hpp"

#include <string>
#include <vector>

namespace sallyport::gate {

/// What a target's value may be to the product that acts on it, besides what is written.
struct Readings {
  /// The same target in other words: `10.0.0.1` for `::ffff:10.0.0.1`, for the NAT64 address
  /// `64:ff9b::a00:1` and for `012.0.0.1`; `dc01` for `dc01.`.
  std::vector<std::string> others;
  /// It stands for more than can be listed: a range of addresses, or characters beyond ASCII, of
  /// which some look like others or are taken for them (`ＤＣ01` is DC01 to a directory).
  bool open = false;
};

[[nodiscard]] Readings readings_of(const model::Target& target);

}  // namespace sallyport::gate
