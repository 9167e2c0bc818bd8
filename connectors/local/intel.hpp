#pragma once

#include "connectors/local/indicators.hpp"
#include "connectors/local/reloading.hpp"
#include "engine/investigate/enricher.hpp"

#include <filesystem>
#include <vector>

namespace sallyport::connectors::local {

/// Threat-intelligence lists in files (indicator_files.hpp says which).
///
/// Evidence `intel`: one item for each entity that a list names, with its lists and the highest
/// confidence. Signals: `intel.known_bad` and `intel.known_bad.<kind>`, as strong as the
/// confidence; `intel.known_good`, where a list of reputable things names it. Thread-safe.
class Intel final : public investigate::Enricher {
 public:
  /// `paths` are files and folders; none: evidence is `not_collected`. Reads nothing yet.
  explicit Intel(std::vector<std::filesystem::path> paths);

  /// Call it at start and then every second. Errors: not_found, invalid_input, unavailable: what
  /// was known stays; the detail names file and line.
  [[nodiscard]] Result<bool> reload_if_changed() { return lists_.reload_if_changed(); }

  [[nodiscard]] std::size_t size() const { return lists_.current()->size(); }

  [[nodiscard]] std::string_view name() const override { return "intel"; }

  [[nodiscard]] std::optional<Answer> answer_now(const model::Alert& alert) const override;
  Task<std::vector<model::Evidence>> enrich(std::shared_ptr<const model::Alert> alert,
                                            Deadline deadline) override;

 private:
  bool configured_;
  Reloading<IndicatorSet> lists_;
};

}  // namespace sallyport::connectors::local
