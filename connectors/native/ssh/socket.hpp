#pragma once

#include "engine/base/deadline.hpp"

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>

namespace sallyport::connectors::ssh {

/// Connects to `address`:`port` from a network namespace (empty: our own). The caller closes what
/// it gets. Errors: unavailable, invalid_input.
[[nodiscard]] Result<int> connect_tcp(const std::string& network_namespace,
                                      const std::string& address,
                                      std::uint16_t port,
                                      Deadline deadline);

/// Ends every wait on a socket at a deadline by shutting it down: libssh has calls without a
/// time-out of their own. `socket` must stay open until the watchdog is gone.
class Watchdog {
 public:
  Watchdog(int socket, Deadline deadline);
  ~Watchdog();
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool over_ = false;
  std::thread thread_;
};

}  // namespace sallyport::connectors::ssh
