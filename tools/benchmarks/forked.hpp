#pragma once

#include <boost/asio/io_context.hpp>
#include <sys/types.h>

#include <functional>

namespace sallyport::benchmarks {

/// A server of the bench's own, in a process of its own: it has its own descriptors and its own
/// share of the cores.
///
/// Made before the program has threads. Ends with its owner.
class Forked {
 public:
  using Serve = std::function<void()>;

  /// Calls `listen` here, so that the port is known; what it returns is called in the new process,
  /// before its loop runs. Throws std::runtime_error when it cannot be started.
  explicit Forked(const std::function<Serve(boost::asio::io_context& loop)>& listen);
  ~Forked();
  Forked(const Forked&) = delete;
  Forked& operator=(const Forked&) = delete;

 private:
  ::pid_t child_ = 0;
};

}  // namespace sallyport::benchmarks
