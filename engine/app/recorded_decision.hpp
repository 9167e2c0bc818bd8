#pragma once

#include "engine/model/decision.hpp"
#include "engine/model/ledger_entry.hpp"
#include "engine/model/request.hpp"

#include <string>
#include <vector>

namespace sallyport::app {

/// What the ledger keeps of a decision that nothing follows from: no connector runs it, or an
/// action like it is open.
struct DecidedBody {
  std::string investigation;
  model::ActionRequest request;
  std::string request_hash;
  model::Decision decision;
  std::vector<std::string> evidence;
  std::string connector;  ///< That would run it; empty: none.
  std::string detail;
};

BOOST_DESCRIBE_STRUCT(DecidedBody,
                      (),
                      (investigation, request, request_hash, decision, evidence, connector, detail))

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
