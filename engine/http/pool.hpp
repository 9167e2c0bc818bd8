#pragma once

#include "engine/base/deadline.hpp"
#include "engine/http/tls.hpp"
#include "engine/http/transport.hpp"
#include "engine/http/url.hpp"

#include <chrono>
#include <cstddef>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

namespace sallyport::http {

struct PoolLimits {
  std::size_t connections_per_origin = 32;  ///< Whoever comes next waits until its deadline.
  std::size_t idle_per_origin = 8;
  std::chrono::milliseconds idle{20'000};  ///< Shorter than what servers usually allow.
};

/// Connections by origin, kept open between exchanges.
///
/// Thread-safe. A waiting coroutine's executor runs one handler at a time. Outlives its leases.
class Pool {
 public:
  /// One connection, for one exchange. Closed at the end unless keep() was called.
  class Lease {
   public:
    Lease(Pool& pool, Origin origin, std::unique_ptr<Transport> transport, bool reused);
    ~Lease();
    Lease(Lease&& other) noexcept;
    Lease(Lease&& place, std::unique_ptr<Transport> connected) noexcept;
    Lease& operator=(Lease&&) = delete;

    [[nodiscard]] Transport& transport() const noexcept { return *transport_; }

    /// True: it may have been closed by the peer in the meantime.
    [[nodiscard]] bool reused() const noexcept { return reused_; }

    /// Gives the connection back for the next exchange. The lease is spent.
    void keep();

   private:
    Pool* pool_;
    Origin origin_;
    std::unique_ptr<Transport> transport_;
    bool reused_;
  };

  /// `connect` makes the transports; sockets in production, scripts in tests.
  using Connect = std::function<Task<std::unique_ptr<Transport>>(Origin)>;

  Pool(Connect connect, PoolLimits limits);
  ~Pool();
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  /// An idle connection to `origin` (unless `fresh`), or a new one, once there is room.
  /// Errors: those of connect; cancelled.
  Task<Lease> acquire(Origin origin, bool fresh);

  /// Sees to it that there is an idle connection to `origin` which can be used: closes those that
  /// are too old, and makes one where none is left and there is room.
  /// Errors: those of connect; cancelled.
  Task<> warm(Origin origin);

  [[nodiscard]] std::size_t idle() const;

 private:
  struct Waiter;

  struct Idle {
    std::unique_ptr<Transport> transport;
    std::chrono::steady_clock::time_point until;
  };

  struct Slot {
    std::size_t busy = 0;  ///< Leased, or being connected.
    std::vector<Idle> idle;
    std::list<std::shared_ptr<Waiter>> waiters;
  };

  /// Takes a place for a connection; with an idle transport where there is one.
  bool admit(const Origin& origin, bool fresh, std::unique_ptr<Transport>& transport);
  /// Takes a place for a connection where there is no idle one that can be used.
  bool lacks_idle(const Origin& origin);
  Task<> wait_for_room(Origin origin);
  void leave(const Origin& origin, std::unique_ptr<Transport> transport);
  static void wake_next(Slot& slot);

  Connect connect_;
  PoolLimits limits_;
  mutable std::mutex mutex_;
  std::map<Origin, Slot> slots_;
};

}  // namespace sallyport::http
