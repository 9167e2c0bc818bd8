#include "engine/serve/event_hub.hpp"

#include "engine/http/sse.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

#include <charconv>

namespace sallyport::serve {

struct EventHub::Listener {
  Listener(EventHub& owner, Principal who)
      : hub{owner}, principal{std::move(who)}, wake{owner.executor_} {
    ++hub.listening_;
  }

  ~Listener() { --hub.listening_; }

  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  EventHub& hub;
  Principal principal;
  std::deque<Shared> queue;
  asio::steady_timer wake;
  bool missed = false;
};

EventHub::EventHub(asio::any_io_executor executor, EventHubOptions options, std::string run)
    : executor_{std::move(executor)}, options_{options}, run_{std::move(run)} {}

EventHub::~EventHub() = default;

void EventHub::publish(std::string tenant,
                       std::string name,
                       const std::function<std::string()>& data) {
  const auto number = ++number_;
  if (listening_ == 0) return;
  const auto bytes = http::encode(http::ServerSentEvent{
      .id = fmt::format("{}.{}", run_, number), .event = std::move(name), .data = data()});
  if (!bytes) return;  // a name with a line break: none of ours
  auto event = std::make_shared<const Event>(
      Event{.number = number, .tenant = std::move(tenant), .bytes = *bytes});
  // The hub may go before the event is told.
  asio::post(executor_, [this, alive = std::weak_ptr{alive_}, event = std::move(event)] {
    if (!alive.expired()) tell(event);
  });
}

void EventHub::tell(Shared event) {
  std::erase_if(listeners_, [](const auto& weak) { return weak.expired(); });
  for (const auto& weak : listeners_) {
    if (const auto listener = weak.lock()) {
      hear(*listener, event);
      listener->wake.cancel();
    }
  }
  kept_.push_back(std::move(event));
  if (kept_.size() > options_.kept) kept_.pop_front();
}

void EventHub::hear(Listener& listener, const Shared& event) const {
  if (!listener.principal.sees(event->tenant)) return;
  if (listener.queue.size() < options_.queued) {
    listener.queue.push_back(event);
  } else {
    listener.queue.clear();
    listener.missed = true;
  }
}

std::optional<std::uint64_t> EventHub::number_of(std::string_view id) const {
  const auto dot = id.find('.');
  if (dot == std::string_view::npos || id.substr(0, dot) != run_) return std::nullopt;
  std::uint64_t number = 0;
  const auto* end = id.data() + id.size();
  const auto [rest, error] = std::from_chars(id.data() + dot + 1, end, number);
  if (error != std::errc{} || rest != end || number > number_) return std::nullopt;
  return number;
}

Result<http::BodySource> EventHub::listen(Principal principal, std::string_view last_event_id) {
  if (closed_) return fail(Errc::unavailable, "the engine is stopping");
  if (listening_ >= options_.listeners) return fail(Errc::unavailable, "too many listen already");
  auto listener = std::make_shared<Listener>(*this, std::move(principal));
  if (!last_event_id.empty()) {
    const auto last = number_of(last_event_id);
    auto expected = last.value_or(0) + 1;
    for (const auto& event : kept_) {
      if (!last || event->number < expected) continue;
      // What happened while nobody listened was not kept.
      if (event->number != expected) listener->missed = true;
      expected = event->number + 1;
      hear(*listener, event);
    }
    if (!last || expected != number_ + 1) listener->missed = true;
  }
  listeners_.push_back(listener);
  return [this, listener] { return next(listener); };
}

Task<std::optional<std::string>> EventHub::next(std::shared_ptr<Listener> listener) {
  while (true) {
    if (std::exchange(listener->missed, false)) co_return std::string{"event: gap\ndata: {}\n\n"};
    if (!listener->queue.empty()) {
      std::string bytes;
      for (const auto& event : listener->queue) bytes += event->bytes;
      listener->queue.clear();
      co_return std::move(bytes);
    }
    if (closed_) co_return std::nullopt;
    listener->wake.expires_after(options_.heartbeat);
    const auto [error] = co_await listener->wake.async_wait(asio::as_tuple(asio::use_awaitable));
    const auto state = co_await asio::this_coro::cancellation_state;
    if (state.cancelled() != asio::cancellation_type::none)
      co_return fail(Errc::cancelled, "nobody listens any more");
    if (!error) co_return http::encode_comment("still here");
  }
}

void EventHub::close() {
  closed_ = true;
  for (const auto& weak : listeners_)
    if (const auto listener = weak.lock()) listener->wake.cancel();
}

}  // namespace sallyport::serve
