#pragma once

#include "engine/audit/signing.hpp"
#include "engine/base/deadline.hpp"
#include "engine/base/time.hpp"
#include "engine/store/ledger.hpp"

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>

namespace sallyport::audit {

/// The body of a `checkpoint` entry: that the chain was at `seq` with `head`, signed.
struct Checkpoint {
  std::uint64_t seq = 0;
  std::string head;
  Time time;
  std::string key;        ///< PublicKey::id() of who signed.
  std::string signature;  ///< Of signed_bytes(), base64.
};

BOOST_DESCRIBE_STRUCT(Checkpoint, (), (seq, head, time, key, signature))

/// What the signature is over: everything that the checkpoint says, and whose chain it is.
[[nodiscard]] std::string signed_bytes(std::string_view tenant, const Checkpoint& checkpoint);

/// When a chain gets its next checkpoint; only what has grown gets one.
struct CheckpointRule {
  std::uint64_t entries = 10'000;
  std::chrono::seconds every{60};
};

/// Signs the end of every tenant's chain again and again, so that what was signed cannot be
/// rewritten, not even by who can write the whole store.
///
/// One thread at a time. `store` must outlive it.
class Checkpointer {
 public:
  Checkpointer(store::Store& store, SigningKey key, CheckpointRule rule);

  /// Commits a checkpoint for each chain that is due. Errors: corrupt, unavailable.
  Task<> sign_due(Time now);

  /// For each chain that has grown, due or not: the last act of an engine that stops.
  /// Errors: corrupt, unavailable.
  [[nodiscard]] Result<> sign_all(Time now);

 private:
  struct Last {
    std::uint64_t seq = 0;  ///< That was signed; 0: none.
    Time at;
  };

  [[nodiscard]] Result<Last> last_of(const std::string& tenant, Time now);
  [[nodiscard]] Result<store::Batch> draft(Time now, bool all);

  store::Store& store_;
  SigningKey key_;
  CheckpointRule rule_;
  std::map<std::string, Last> last_;
  std::map<std::string, Last> drafted_;  ///< Becomes last_ once it is durable.
};

/// Checks the checkpoints of one chain while it is walked, entry by entry (see store::EntryCheck).
class CheckpointCheck {
 public:
  /// `before` is where the walk begins.
  explicit CheckpointCheck(PublicKey key, store::LedgerHead before = {});

  /// Empty when the entry is no checkpoint, or a good one; else why it does not hold.
  [[nodiscard]] std::string operator()(const store::LedgerHead& entry, std::string_view line);

  /// The last entry that a good signature covers; 0: none does.
  [[nodiscard]] std::uint64_t signed_to() const noexcept { return signed_to_; }

  [[nodiscard]] std::uint64_t checkpoints() const noexcept { return checkpoints_; }

 private:
  PublicKey key_;
  std::uint64_t first_;             ///< The number of what stands first in hashes_.
  std::deque<std::string> hashes_;  ///< Of the entries that a checkpoint may still name.
  std::uint64_t signed_to_ = 0;
  std::uint64_t checkpoints_ = 0;
};

}  // namespace sallyport::audit
