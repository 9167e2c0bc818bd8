#pragma once

#include "engine/store/store.hpp"

#include <cstddef>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace sallyport::app {

/// Ledger entries on their way from the commit thread to who folds them. Bounded: who does not
/// fetch them in time is told that some are missing, and reads the ledger. Thread-safe.
class LedgerMailbox {
 public:
  explicit LedgerMailbox(std::size_t most) : most_{most} {}

  /// For the store. Must not outlive the mailbox.
  [[nodiscard]] store::LedgerListener listener(std::vector<model::EntryKind> kinds);

  /// What came since the last call, in order; nothing when some of it is missing.
  [[nodiscard]] std::optional<std::vector<std::string>> take();

 private:
  void put(std::string_view line);

  const std::size_t most_;
  std::mutex mutex_;
  std::vector<std::string> lines_;
  bool missing_ = false;
};

}  // namespace sallyport::app
