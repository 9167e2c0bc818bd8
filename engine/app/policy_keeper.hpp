#pragma once

#include "engine/app/policy_versions.hpp"
#include "engine/gate/gate.hpp"
#include "engine/model/catalogue.hpp"
#include "engine/store/store.hpp"

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace sallyport::app {

/// What somebody wants to be changed in the policy, and why.
struct PolicyEdit {
  /// The new text of the file, made of the text in force.
  std::function<Result<std::string>(const std::string& text)> make;
  model::Actor by;
  std::string reason;
  /// The version or the hash that its author saw; empty: whichever is in force.
  std::string expected;
  /// Writes into the batch of the new version what becomes durable with it; may be empty.
  std::function<void(store::Batch& batch)> also{};
  /// It holds also while the file cannot be written: by its record, across restarts. The file
  /// follows when it can; who edits it in the meantime has the last word.
  bool without_file = false;
};

/// Keeps the policy file and the gate in step: every text that was ever in force has a version, an
/// author, a reason and a ledger entry with the difference for each tenant it names or named.
///
/// The file is the one source of truth. A change over the API is written into it, so that it
/// outlives a restart and whoever edits the file next sees it. Not thread-safe. What it is given
/// must outlive it.
class PolicyKeeper {
 public:
  PolicyKeeper(store::Store& store,
               const model::Catalogue& catalogue,
               const Clock& clock,
               std::filesystem::path file);

  /// The file's policy, for the gate to begin with; a text that the store does not know as its
  /// latest becomes a new version. Errors: not_found, invalid_input (every fault, one a line),
  /// unavailable.
  [[nodiscard]] Result<std::shared_ptr<const gate::Policy>> open();

  /// Looks at the file; when its text changed and is sound, the gate adopts it. Returns whether it
  /// did. A change that the file has yet to follow is written into it. Errors: as open(). A faulty
  /// file changes nothing, and is reported once per text.
  [[nodiscard]] Result<bool> reload(gate::Gate& gate);

  /// Makes a version of `edit`: durable with its ledger entries, in the file, and what the gate
  /// decides by when this returns. An edit that changes nothing makes no version.
  ///
  /// Errors: invalid_input (no reason; every fault of the new text, one a line), conflict (another
  /// version than the expected one is in force; the file cannot be written; somebody left it
  /// faulty), those of `edit.make`, unavailable.
  [[nodiscard]] Result<StoredPolicy> change(gate::Gate& gate, const PolicyEdit& edit);

  /// The version in force. Errors: corrupt, unavailable.
  [[nodiscard]] Result<StoredPolicy> current() const;

  /// True while a change is in force that could not be written into the file yet.
  [[nodiscard]] bool ahead_of_file() const noexcept { return !superseded_.empty(); }

  [[nodiscard]] const store::Store& store() const noexcept { return store_; }

  [[nodiscard]] const std::string& warnings() const noexcept { return warnings_; }

 private:
  struct Compiled {
    std::shared_ptr<const gate::Policy> policy;
    std::string hash;
    json::value document;
    std::string warnings;
  };

  [[nodiscard]] Result<Compiled> compile(const std::string& text) const;
  [[nodiscard]] Result<std::shared_ptr<const gate::Policy>> adopt(const std::string& text);
  /// Writes down the next version; where the file is yet to follow, that too.
  [[nodiscard]] Result<StoredPolicy> record(const Compiled& compiled,
                                            const std::string& text,
                                            const model::Actor& by,
                                            const std::string& reason,
                                            store::Batch batch,
                                            bool file_follows);
  /// Whether the file holds what a recorded change superseded: the record is in force then, and is
  /// written into it where that can be done.
  [[nodiscard]] Result<bool> finish(const std::string& file_hash);
  Result<> forget_pending();

  store::Store& store_;
  const model::Catalogue& catalogue_;
  const Clock& clock_;
  std::filesystem::path file_;
  std::uint64_t version_ = 0;
  std::string hash_;        ///< In force.
  std::string refused_;     ///< Hash of a faulty text that was reported.
  std::string superseded_;  ///< Hash of the file's text that a recorded change has yet to replace.
  std::string warnings_;
};

}  // namespace sallyport::app
