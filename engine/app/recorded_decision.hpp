#pragma once

#include "engine/model/decision.hpp"
#include "engine/model/ledger_entry.hpp"
#include "engine/model/request.hpp"

#include <string>

namespace sallyport::app {

/// How the gate was asked when it decided.
enum class Asking : std::uint8_t {
  first,    ///< Something new was proposed: an `auto` took its place in the limits.
  again,    ///< At approval or before sending.
  preview,  ///< No connector runs it: an answer without a consequence.
  joined,   ///< One like it was open: an answer without a consequence.
};

/// A `decided` entry of the ledger, read.
struct RecordedDecision {
  std::uint64_t seq = 0;
  Time at;
  std::string subject;
  Asking asking = Asking::first;
  model::ActionRequest request;
  model::Decision decision;
  std::string connector;  ///< Empty: none, or recorded by an engine that did not say.
};

/// Errors: corrupt.
[[nodiscard]] Result<RecordedDecision> recorded_decision(const model::LedgerEntry& entry);

}  // namespace sallyport::app
