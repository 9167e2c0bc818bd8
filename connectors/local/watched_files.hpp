#pragma once

#include "engine/base/result.hpp"

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace sallyport::connectors::local {

/// Files, and folders whose files count, and what they looked like when they were last looked at.
///
/// Not thread-safe.
class WatchedFiles {
 public:
  /// `extensions` (with the dot) choose the files of a folder; a file that is named itself always
  /// counts.
  WatchedFiles(std::vector<std::filesystem::path> paths, std::vector<std::string> extensions);

  /// Whether the set of files, their sizes or times differ from the last call; true the first time.
  [[nodiscard]] bool changed();

  /// The files as of the last call of changed(), by path. Errors: not_found, when a path that was
  /// given does not exist.
  [[nodiscard]] Result<std::vector<std::filesystem::path>> files() const;

 private:
  struct Seen {
    std::filesystem::path path;
    std::filesystem::file_time_type modified;
    std::uintmax_t size = 0;
    bool there = false;

    friend bool operator==(const Seen&, const Seen&) = default;
  };

  [[nodiscard]] std::vector<Seen> look() const;

  std::vector<std::filesystem::path> paths_;
  std::vector<std::string> extensions_;
  std::vector<Seen> seen_;
  bool looked_ = false;
};

}  // namespace sallyport::connectors::local
