#pragma once

#include "engine/base/result.hpp"
#include "engine/ingest/groups.hpp"

#include <filesystem>
#include <memory>

namespace sallyport::app {

/// config/grouping.yaml as the engine uses it: read at the start, and again when it changes.
///
/// Used by one thread.
class GroupingFile {
 public:
  /// `file` empty: there are no rules, and each alert has an investigation of its own. Errors:
  /// not_found, invalid_input (every fault, one a line, by file:line:column).
  [[nodiscard]] static Result<GroupingFile> load(std::filesystem::path file);

  [[nodiscard]] const std::shared_ptr<const ingest::GroupingRules>& rules() const noexcept {
    return rules_;
  }

  /// Gives `groups` other rules where the file changed: whether it did. A faulty file changes
  /// nothing. Errors: as load().
  [[nodiscard]] Result<bool> reload_if_changed(ingest::Groups& groups);

 private:
  explicit GroupingFile(std::filesystem::path file) : file_{std::move(file)} {}

  [[nodiscard]] Result<> read();

  std::filesystem::path file_;
  std::filesystem::file_time_type changed_;
  std::shared_ptr<const ingest::GroupingRules> rules_;
};

}  // namespace sallyport::app
