#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sallyport::benchmarks {

/// One case of a benchmark, as it is printed.
struct Figure {
  std::string_view bench;
  std::string name;
  double value = 0;
  std::string_view unit;
  std::vector<double> latencies_us{};  ///< Of each; empty: not measured one by one.
  std::optional<double> rss_mb{};      ///< Empty: as it is when this is printed.
};

/// Highest resident memory of this process so far.
[[nodiscard]] double peak_megabytes();

/// Prints a line: for people, or (`json`) as INTERFACES says.
void print(bool json, Figure figure);

/// Of this process, in MiB.
[[nodiscard]] double resident_megabytes();

/// Memory that this process holds: what is allocated, and what is resident once all that is free
/// has been given back to the system.
struct Held {
  std::optional<std::uint64_t> allocated_bytes;  ///< Empty: the allocator does not say.
  double resident_mb = 0;
};

[[nodiscard]] Held held_memory();

/// A directory of its own under the working directory (where the disk is that is meant), gone at
/// the end. Throws std::runtime_error when it cannot be made.
class WorkingFolder {
 public:
  explicit WorkingFolder(std::string_view name);
  ~WorkingFolder();
  WorkingFolder(const WorkingFolder&) = delete;
  WorkingFolder& operator=(const WorkingFolder&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace sallyport::benchmarks
