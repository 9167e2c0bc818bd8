#include "engine/app/recorded_decision.hpp"

#include <utility>

namespace sallyport::app {

namespace {

/// Of both bodies that a `decided` entry may have (act/actions.cpp, and DecidedBody) what a replay
/// needs.
struct DecidedKeys {
  std::string action;  ///< Empty: nothing followed from it.
  model::ActionRequest request;
  model::Decision decision;
  std::string connector;
  std::string detail;
};

BOOST_DESCRIBE_STRUCT(DecidedKeys, (), (action, request, decision, connector, detail))

}  // namespace

Result<RecordedDecision> recorded_decision(const model::LedgerEntry& entry) {
  DecidedKeys keys;
  Faults faults;
  read_json(json::value(entry.body), keys, faults, "", UnknownKeys::ignored);
  if (!faults.empty()) {
    return fail(Errc::corrupt,
                fmt::format("ledger entry {} of {}: {}", entry.seq, entry.tenant, summary(faults)));
  }
  RecordedDecision decision{.seq = entry.seq,
                            .at = entry.at,
                            .subject = entry.subject,
                            .asking = Asking::first,
                            .request = std::move(keys.request),
                            .decision = std::move(keys.decision),
                            .connector = std::move(keys.connector)};
  if (keys.action.empty()) {
    decision.asking = keys.detail.starts_with("joins") ? Asking::joined : Asking::preview;
  } else if (entry.actor != decision.request.requested_by) {
    // Whoever proposes something is never the one who approves or holds it back.
    decision.asking = Asking::again;
  }
  return decision;
}

}  // namespace sallyport::app
