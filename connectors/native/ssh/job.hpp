#pragma once

#include "connectors/native/ssh/config.hpp"
#include "engine/act/actuator.hpp"
#include "engine/base/result.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// What is asked of a host and how its answer is read: no I/O.
namespace sallyport::connectors::ssh {

/// One order for the script.
struct Job {
  std::string host;  ///< As the target or the parameter `host` names it.
  std::string kind;  ///< process, file, network
  std::string mode;  ///< What to do; `look` reads.
  std::vector<std::string> arguments;

  [[nodiscard]] Job looking() const;
};

/// What the script answered.
struct Answer {
  std::map<std::string, std::string> facts;
  std::string word;  ///< `done`, `already`, `unknown` or an error code; empty: cut off.
  std::string text;
  bool begun = false;

  [[nodiscard]] std::string fact(const std::string& key) const;
};

/// `text` as one word for a POSIX shell, whatever it holds.
[[nodiscard]] std::string quote(std::string_view text);

/// The command line that runs the script with `job`.
[[nodiscard]] std::string command_line(const Job& job, bool sudo);

/// Checks `operation` and makes its job. Errors: invalid_input, denied.
[[nodiscard]] Result<Job> job_of(const Config& config, const act::Operation& operation);

/// The host that `name` means, whatever the case. Errors: not_found.
[[nodiscard]] Result<Host> host_of(const Config& config, std::string_view name);

[[nodiscard]] Answer parse_answer(std::string_view printed);

/// The error that `answer` tells of; empty where it tells of none.
[[nodiscard]] std::optional<Error> error_of(const Answer& answer);

/// What a look for `operation` showed. Errors: not_found, corrupt.
[[nodiscard]] Result<act::Reading> reading_of(const act::Operation& operation,
                                              const Answer& answer);

}  // namespace sallyport::connectors::ssh
