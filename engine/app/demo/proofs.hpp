#pragma once

#include "engine/app/demo/story.hpp"
#include "tools/lab/lab.hpp"

#include <string>

namespace sallyport::app::demo {

/// What was seen of a proof.
struct Sight {
  bool holds = false;  ///< It connects, logs in, runs, exists.
  std::string words;   ///< `does not connect`, `bind refused (49)`, ...
};

/// What the proof is about, in words: `203.0.113.66 -> 10.77.0.20:22`.
[[nodiscard]] std::string subject_of(const Proof& proof);

/// Looks, from outside of the engine: opens a connection, binds, lists processes, looks for a file.
/// `expected` tells how long a connection is waited for.
[[nodiscard]] Sight look(lab::Lab& lab, const Proof& proof, bool expected);

}  // namespace sallyport::app::demo
