#pragma once

#include "engine/base/fault.hpp"
#include "engine/ingest/expression.hpp"
#include "engine/ingest/ocsf_field.hpp"
#include "engine/match/detection.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sallyport::ingest {

/// What entities an alert names beyond those in the OCSF fields: one rule of `entities`.
struct EntityRule {
  struct Take {
    std::string kind;
    std::string role;
    bool grounded = true;
    Expression from;
  };

  std::optional<Path> each;  ///< The list to go through; without it the alert itself.
  std::optional<match::Detection> when;
  std::vector<Take> take;
};

/// One attribute of the finding and where it comes from.
struct FieldRule {
  const OcsfField* field = nullptr;
  OcsfPath path;
  Expression from;
};

/// One file of schemas/alerts, compiled. Immutable.
struct Mapping {
  std::string name;
  std::int64_t order = 100;  ///< The smallest is asked first whether it knows an alert.
  std::string product_name;
  std::string vendor_name;
  std::vector<Path> unwrap;    ///< Envelopes: where the alert itself may stand.
  std::vector<Path> lists;     ///< Batches: where several may stand side by side.
  std::vector<Path> required;  ///< What every alert of this source has.
  std::optional<match::Detection> detection;
  std::vector<Path> parsed;  ///< Fields that hold JSON as text.
  bool keep = false;         ///< The alert is OCSF already: the finding begins as its copy.

  Expression uid;
  Expression title;
  Expression description;
  Expression time;
  Expression severity;
  Expression status;
  Expression detection_id;
  Expression detection_name;
  std::int64_t detection_type = 1;  ///< OCSF analytic.type_id
  Expression techniques;
  Expression tactics;
  std::vector<FieldRule> fields;
  std::vector<EntityRule> entities;

  /// Every fault is appended; nothing is returned when one is an error.
  [[nodiscard]] static std::optional<Mapping> compile(const json::value& document, Faults& faults);
};

}  // namespace sallyport::ingest
