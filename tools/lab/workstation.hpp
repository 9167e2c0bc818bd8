#pragma once

#include "connectors/native/ssh/config.hpp"
#include "engine/base/result.hpp"
#include "tools/lab/networks.hpp"
#include "tools/lab/process.hpp"

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

namespace sallyport::lab {

/// A machine to respond on: a real sshd as the first process of its own network, process and mount
/// namespaces. Its files are this machine's.
class Workstation {
 public:
  /// Returns once it answers on 10.77.0.20 port 22. Errors: unavailable.
  [[nodiscard]] static Result<Workstation> start(const Networks& networks,
                                                 const std::filesystem::path& folder);

  /// How the engine reaches it, from the gateway's namespace, as `WKS-0042`.
  [[nodiscard]] connectors::ssh::Config config() const;

  /// Starts a program there whose process is called `name` and does nothing for an hour. Returns
  /// its process id as that machine counts. Errors: unavailable.
  [[nodiscard]] Result<pid_t> start_idle(const std::string& name);

  /// Runs a program there to its end. Errors: unavailable.
  [[nodiscard]] Result<Finished> run_there(std::vector<std::string> arguments) const;

 private:
  [[nodiscard]] std::vector<std::string> enter() const;

  Process process_;
  pid_t first_ = -1;  ///< sshd, as this machine counts.
  Networks networks_;
  std::filesystem::path folder_;
  std::string fingerprint_;
};

}  // namespace sallyport::lab
