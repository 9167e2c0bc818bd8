#pragma once

#include "engine/base/result.hpp"

#include <sys/types.h>

#include <filesystem>
#include <string>

namespace sallyport::lab {

/// Removes what the lab made on this machine when it is destroyed, and also when this process is
/// killed: a small process of its own waits for the end of a pipe.
class Janitor {
 public:
  /// Errors: unavailable.
  [[nodiscard]] static Result<Janitor> start();
  Janitor() = default;
  ~Janitor();
  Janitor(const Janitor&) = delete;
  Janitor& operator=(const Janitor&) = delete;
  Janitor(Janitor&& other) noexcept;
  Janitor& operator=(Janitor&& other) noexcept;

  /// Say it before making the thing. Errors: unavailable (the janitor is gone).
  [[nodiscard]] Result<> will_remove_namespace(const std::string& name);
  /// Makes a directory under the system's temporary one. Errors: unavailable.
  [[nodiscard]] Result<std::filesystem::path> make_folder();

 private:
  [[nodiscard]] Result<> note(const std::string& line);

  pid_t pid_ = -1;
  int pipe_ = -1;
};

}  // namespace sallyport::lab
