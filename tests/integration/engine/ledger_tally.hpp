#pragma once

#include "engine/model/action.hpp"
#include "engine/model/ledger_entry.hpp"

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace sallyport::testing {

/// What the store of an engine says of alerts and actions.
struct LedgerTally {
  std::uint64_t entries = 0;
  std::map<std::string, int> received;         ///< Alert uid -> entries.
  std::map<std::string, int> verdicts;         ///< Alert uid -> investigations of it that ended.
  std::map<std::string, std::string> belongs;  ///< Alert uid -> investigation, as it was received.
  /// Investigation -> the versions of its verdict, in the order of the ledger.
  std::map<std::string, std::vector<std::int64_t>> versions;
  /// Action id -> kind of entry -> how many.
  std::map<std::string, std::map<model::EntryKind, int>> steps;
  std::map<std::string, std::string> targets;        ///< Action id -> verb and target.
  std::map<std::string, model::ActionState> states;  ///< Action id -> where its record stands.

  /// What has not exactly one investigation with exactly one verdict per version, of `uids` and
  /// beyond them; at most ten, with the count. An alert that no verdict names belongs to the
  /// investigation that it joined.
  [[nodiscard]] std::vector<std::string> not_investigated_once(
      const std::set<std::string>& uids) const;

  /// How many actions are in effect, as the records say, by verb and target.
  [[nodiscard]] std::map<std::string, int> in_effect() const;

  /// How many actions are on their way: permitted, and not known to have ended well or badly.
  [[nodiscard]] int under_way() const;

  /// Whether an action of this verb and target was being sent when the engine was killed, and the
  /// product did not do it.
  [[nodiscard]] bool was_cut_off(const std::string& verb_and_target) const;

  /// The actions on a target and their entries, for the message of a test that failed.
  [[nodiscard]] std::string story_of(const std::string& verb_and_target) const;
};

/// Reads all tenants, also while the engine runs. Throws when the store cannot be read.
[[nodiscard]] LedgerTally tally_ledger(const std::filesystem::path& data);

}  // namespace sallyport::testing
