#pragma once

#include "engine/http/message.hpp"
#include "engine/serve/access.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace sallyport::serve {

struct EventHubOptions {
  std::size_t kept = 1024;      ///< For listeners that come back with Last-Event-ID.
  std::size_t queued = 1024;    ///< For one listener; then it misses some and is told.
  std::size_t listeners = 256;  ///< At once.
  std::chrono::milliseconds heartbeat{15'000};
};

/// Tells what happens to whoever listens at /v1/stream, as server-sent events. Each listener hears
/// of its own tenants. Whoever misses events gets one named `gap` and should read the lists again.
///
/// publish() is thread-safe; everything else is called on `executor`, which runs one handler at a
/// time. Outlives its streams.
class EventHub {
 public:
  /// `run` tells this run of the engine from others in the ids of events: visible characters
  /// without a dot.
  EventHub(asio::any_io_executor executor, EventHubOptions options, std::string run);
  ~EventHub();
  EventHub(const EventHub&) = delete;
  EventHub& operator=(const EventHub&) = delete;

  /// Tells that `name` (verdict, action, ...) happened to `tenant`. `data` is called, to
  /// make the JSON on one line, only when somebody listens.
  void publish(std::string tenant, std::string name, const std::function<std::string()>& data);

  /// What `principal` hears from now on, or after `last_event_id` where it names an event.
  /// Errors: unavailable when too many listen or the hub is closed.
  [[nodiscard]] Result<http::BodySource> listen(Principal principal,
                                                std::string_view last_event_id);

  /// Ends all streams and admits no more.
  void close();

  [[nodiscard]] std::size_t listeners() const noexcept { return listening_; }

 private:
  struct Event {
    std::uint64_t number = 0;
    std::string tenant;
    std::string bytes;  ///< As it goes over the wire.
  };

  struct Listener;
  using Shared = std::shared_ptr<const Event>;

  /// The number in an id that this run gave out.
  [[nodiscard]] std::optional<std::uint64_t> number_of(std::string_view id) const;
  void tell(Shared event);
  void hear(Listener& listener, const Shared& event) const;
  Task<std::optional<std::string>> next(std::shared_ptr<Listener> listener);

  asio::any_io_executor executor_;
  EventHubOptions options_;
  std::string run_;
  std::deque<Shared> kept_;
  std::list<std::weak_ptr<Listener>> listeners_;
  std::atomic<std::size_t> listening_ = 0;
  std::atomic<std::uint64_t> number_ = 0;  ///< Counts also what nobody heard, so that it is missed.
  bool closed_ = false;
  std::shared_ptr<const bool> alive_ = std::make_shared<bool>(true);  ///< For what is posted.
};

}  // namespace sallyport::serve
