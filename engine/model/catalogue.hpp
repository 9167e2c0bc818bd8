#pragma once

#include "engine/base/json.hpp"
#include "engine/model/decision.hpp"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace sallyport::model {

/// The OpenC2 pair of a verb (OpenC2 Language Specification 2.0); empty where there is no standard
/// pair.
struct OpenC2 {
  std::string action;
  std::string target;
};

/// What a verb is: one entry of schemas/actions.yaml.
struct Verb {
  std::string description;
  BlastRadius blast_radius = BlastRadius::UNKNOWN;
  std::vector<std::string> targets;  ///< The kinds of target it takes.
  json::object parameters;           ///< JSON Schema of its parameters.
  std::string reversed_by;           ///< The verb that undoes it; empty: nothing does.
  std::string verified_by;           ///< How it is verified, in words.
  std::string d3fend;                ///< D3FEND technique id.
  OpenC2 openc2;
};

/// All verbs, by name. Immutable once loaded; thread-safe.
class Catalogue {
 public:
  Catalogue() = default;

  /// Reads the document of schemas/actions.yaml (`verbs: {name: {...}}`); every fault is appended.
  [[nodiscard]] static Catalogue read(const json::value& document, Faults& faults);

  /// nullptr for a verb that is not known: ask a person.
  [[nodiscard]] const Verb* find(std::string_view name) const;

  [[nodiscard]] BlastRadius blast_radius(std::string_view name) const;

  [[nodiscard]] const std::map<std::string, Verb, std::less<>>& verbs() const noexcept {
    return verbs_;
  }

 private:
  std::map<std::string, Verb, std::less<>> verbs_;
};

BOOST_DESCRIBE_STRUCT(OpenC2, (), (action, target))
BOOST_DESCRIBE_STRUCT(
    Verb,
    (),
    (description, blast_radius, targets, parameters, reversed_by, verified_by, d3fend, openc2))

}  // namespace sallyport::model
