#pragma once

namespace sallyport::benchmarks {

/// How many decisions a second are made and durable, and how long each takes from the question to
/// the disk: as an entry of the ledger alone, and with the action's record and the question to a
/// person beside it. False: something failed.
[[nodiscard]] bool durable_decisions(bool json);

}  // namespace sallyport::benchmarks
