#pragma once

#include "engine/app/ledger_mailbox.hpp"
#include "engine/base/time.hpp"
#include "engine/investigate/lessons.hpp"
#include "engine/model/verdict.hpp"
#include "engine/store/store.hpp"

#include <array>
#include <map>
#include <memory>
#include <string>

namespace sallyport::app {

/// How what people say comes to the investigations: their verdicts, what they denied or
/// changed, and what they took back, from the ledger into `lessons`.
///
/// What was learned is a view of the ledger: it is read from there at the start and heard of since.
/// Used on one thread, but for `lessons`, which is thread-safe.
class Feedback {
 public:
  /// What it is given outlives it; the mailbox hears of `kinds`.
  Feedback(store::Store& store, LedgerMailbox& mailbox, const Clock& clock)
      : store_{store}, mailbox_{mailbox}, clock_{clock} {}

  static constexpr std::array kinds{model::EntryKind::judged,
                                    model::EntryKind::denied,
                                    model::EntryKind::approved,
                                    model::EntryKind::unlearned};

  [[nodiscard]] const std::shared_ptr<investigate::Lessons>& lessons() const noexcept {
    return lessons_;
  }

  /// Reads the ledgers. Errors: corrupt, unavailable.
  [[nodiscard]] Result<> load();

  /// Takes in what the ledger had since. Errors: corrupt, unavailable.
  [[nodiscard]] Result<> hear();

  /// A person's verdict on an investigation that is over: into the ledger, and learned from.
  /// Errors: not_found, invalid_input (no reason given), corrupt, unavailable.
  Task<> judge(std::string investigation,
               model::Judgement verdict,
               std::string comment,
               model::Actor by);

  /// Takes back what was learned of a detection. Errors: not_found (nothing was), invalid_input
  /// (no reason given), unavailable.
  Task<> unlearn(investigate::LearnedClass of, std::string reason, model::Actor by);

 private:
  [[nodiscard]] Result<> learn(const model::LedgerEntry& entry);

  store::Store& store_;
  LedgerMailbox& mailbox_;
  const Clock& clock_;
  std::shared_ptr<investigate::Lessons> lessons_ = std::make_shared<investigate::Lessons>();
  std::map<std::string, std::uint64_t> loaded_to_;  ///< Tenant -> entry.
};

}  // namespace sallyport::app
