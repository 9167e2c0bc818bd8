#pragma once

#include "engine/base/fault.hpp"
#include "engine/base/json.hpp"
#include "engine/gate/policy.hpp"
#include "engine/gate/terms.hpp"
#include "engine/model/catalogue.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace sallyport::gate {

/// Reads the tree of a policy file into a Policy; every fault with the place it is at.
struct PolicyReader {
  const model::Catalogue& catalogue;
  Faults& faults;
  /// Blocks that read the same are one program: a file of many entries repeats its constraints.
  std::unordered_map<std::string, match::Detection> compiled;

  void read(const json::value& document, Policy& policy);

  void error(std::string pointer, std::string message);
  void warning(std::string pointer, std::string message);

  void tenant(const json::value& value, const std::string& at, Tenant& into);
  void authority(const json::value& value, const std::string& at, Tenant& into);
  /// A map of verbs, each with one entry or a list of them, that `read_terms` reads.
  using ReadTerms = void (PolicyReader::*)(const json::value&, const std::string&, VerbTerms&);
  void by_verb(const json::value& value, const std::string& at, Tenant& into, ReadTerms read_terms);
  void override_block(const json::value& value, const std::string& at, VerbTerms& into);
  void protected_targets(const json::value& value, const std::string& at, Tenant& into);
  void limit(const json::value& value, const std::string& at, VerbTerms& into);
  void freezes(const json::value& value, const std::string& at, Tenant& into);
  void whitelist(const json::value& value, const std::string& at, Tenant& into);
  void kill_switch(const json::value& value, const std::string& at, KillSwitch& into);

  /// A number per window with the name of its key; what could not be counted is a fault.
  using Windowed = std::array<std::pair<std::string_view, std::optional<std::uint32_t>>, 3>;
  void rate(const Windowed& written, const std::string& at, Rate& into);

  /// What an entry says besides its action. Empty: it has faults.
  std::optional<WhitelistEntry> entry(const json::value& value,
                                      const std::string& at,
                                      std::string& action);
  void keys(const json::value& value,
            const std::string& at,
            TargetKey::Kind kind,
            WhitelistEntry& into);

  /// A block that holds targets back.
  std::optional<HeldTargets> held(const json::value& value, const std::string& at);

  /// A detection block over the request.
  std::optional<match::Detection> block(const json::value& value, const std::string& at);
  /// Names a field that no request can have.
  void check_field(const match::FieldPath& field, const std::string& at);
  /// A misspelt verb is an error: a block that blocks nothing must not look like one. A verb that
  /// is far from every other is a warning: requests for it wait for a person in any case.
  void check_verb(std::string_view verb, const std::string& at);
  /// The map at `at`; nothing in it may be empty. nullptr: it is not a map.
  const json::object* map_of(const json::value& value, const std::string& at);
};

}  // namespace sallyport::gate
