#pragma once

#include "engine/base/fault.hpp"
#include "engine/base/json.hpp"
#include "engine/base/result.hpp"
#include "engine/base/time.hpp"
#include "engine/model/alert.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sallyport::ingest {

struct Mapping;

/// A file of schemas/alerts as a tree; `name` is for messages.
struct NamedDocument {
  std::string name;
  json::value root;
};

/// Where an alert came from and when.
struct Arrival {
  std::optional<std::string> source;  ///< The mapping to use; without it the alert is recognised.
  std::string tenant;
  Time received_at;
};

/// Makes OCSF Detection Findings of native alerts, by the mappings of schemas/alerts (their
/// language is documented there).
///
/// What an alert does not say is absent in the finding: nothing is filled with a word such as
/// "unknown". An alert without a title cannot be used. The uid is the product's own, else the
/// content hash of the bytes, so that a redelivery has the same one.
///
/// Thread-safe: immutable after compile(). Cheap to copy.
class Normalizer {
 public:
  /// Compiles one mapping per document. `faults` gets one list per document, in their order;
  /// nothing is returned when one of them holds an error, or when two mappings have one name.
  [[nodiscard]] static std::optional<Normalizer> compile(
      const std::vector<NamedDocument>& documents, std::vector<Faults>& faults);

  /// The alert of `native`, which was decoded from `raw_bytes`.
  ///
  /// Errors: invalid_input when no mapping recognises it, when the named one does not fit, or when
  /// it has no title: the detail says what is missing; or when it is a batch of several, which
  /// apart() takes apart. not_found when the named source is unknown.
  [[nodiscard]] Result<model::Alert> normalize(const json::value& native,
                                               std::string_view raw_bytes,
                                               const Arrival& arrival) const;

  /// The alerts of a batch, each as JSON: what stands in a list that a mapping names (`lists`), when
  /// `native` is no alert itself and the list holds two or more. Otherwise empty.
  [[nodiscard]] std::vector<std::string> apart(const json::value& native,
                                               const std::optional<std::string>& source) const;

  /// The name of the mapping that reads `native`; nothing when none does.
  [[nodiscard]] std::optional<std::string> recognise(const json::value& native) const;

  /// The names of all mappings, in order.
  [[nodiscard]] std::vector<std::string> sources() const;

 private:
  struct Batch;

  Normalizer() = default;

  [[nodiscard]] Batch batch_in(const json::value& native,
                               const std::optional<std::string>& source) const;

  std::vector<std::shared_ptr<const Mapping>> mappings_;  // the most specific first
};

}  // namespace sallyport::ingest
