#pragma once

#include "connectors/native/ssh/config.hpp"
#include "connectors/native/ssh/job.hpp"
#include "engine/base/deadline.hpp"
#include "engine/base/secret.hpp"

#include <memory>

namespace sallyport::connectors::ssh {

/// One authenticated connection to one host. Blocks; every call ends by the deadline of open().
///
/// Not thread-safe. Movable.
class Session {
 public:
  /// Connects, checks the host's key against the known one, and logs in. Errors: denied (another
  /// host key, or our key is not accepted), unavailable, expired, invalid_input (a key file that
  /// cannot be read).
  [[nodiscard]] static Result<Session> open(const Config& config,
                                            const Host& host,
                                            const Secret& passphrase,
                                            Deadline deadline);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  Session(Session&&) noexcept;
  Session& operator=(Session&&) noexcept;

  /// Runs the script with `job`. An answer whose `word` is empty was cut off after the script was
  /// sent. Errors: unavailable, expired (nothing ran), denied (the host does not run it for us).
  [[nodiscard]] Result<Answer> run(const Job& job, bool sudo);

 private:
  struct Connection;
  explicit Session(std::unique_ptr<Connection> connection);

  std::unique_ptr<Connection> connection_;
};

}  // namespace sallyport::connectors::ssh
