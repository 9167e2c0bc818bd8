#pragma once

#include "engine/base/result.hpp"

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

namespace sallyport::lab {

/// A program that was started and dies with this object, and with the thread that started it.
///
/// Not thread-safe. Movable.
class Process {
 public:
  Process() = default;
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  Process(Process&& other) noexcept;
  Process& operator=(Process&& other) noexcept;

  /// Starts `arguments` (no shell; the first is the program, looked up in PATH) in a session of its
  /// own with what it prints appended to `log`. Errors: unavailable.
  [[nodiscard]] static Result<Process> start(const std::vector<std::string>& arguments,
                                             const std::filesystem::path& log);

  [[nodiscard]] pid_t pid() const noexcept { return pid_; }

  [[nodiscard]] bool running();

  /// Kills it, with all its session where it has one of its own, and waits for its end.
  void stop();

 private:
  pid_t pid_ = -1;
};

/// What a program printed (standard output and error in one) and how it ended.
struct Finished {
  int status = 0;  ///< Exit status; 128 and more: ended by a signal, or could not be started.
  std::string printed;
};

/// Runs `arguments` (no shell) to their end, at most for a minute. Errors: unavailable (could not
/// be started, too slow).
[[nodiscard]] Result<Finished> run(const std::vector<std::string>& arguments,
                                   const std::string& input = {});

/// The same, where anything but exit status 0 is an error too.
[[nodiscard]] Result<std::string> must_run(const std::vector<std::string>& arguments,
                                           const std::string& input = {});

}  // namespace sallyport::lab
