#include "engine/approve/courier.hpp"

#include <algorithm>
#include <utility>

namespace sallyport::approve {

namespace {

constexpr std::size_t at_once = 100;

}  // namespace

std::chrono::milliseconds wait_after(std::uint32_t failures, const CourierOptions& options) {
  constexpr std::uint32_t most_doublings = 20;
  const auto doublings = std::min(std::max(failures, 1U) - 1U, most_doublings);
  return std::min(options.first_wait * (std::int64_t{1} << doublings), options.longest_wait);
}

Courier::Courier(Outbox& outbox,
                 std::string channel,
                 std::shared_ptr<Channel> through,
                 const Clock& clock,
                 CourierOptions options,
                 CourierEvents events)
    : outbox_{outbox},
      channel_{std::move(channel)},
      through_{std::move(through)},
      clock_{clock},
      options_{options},
      events_{std::move(events)} {}

Task<std::chrono::milliseconds> Courier::round() {
  const auto waiting = outbox_.waiting(channel_, at_once);
  if (!waiting) co_return std::unexpected{waiting.error()};
  // Also what has to wait for others before it is seen at once where people look by themselves.
  for (const auto& one : *waiting)
    if (told_.insert(one.id).second) events_.told(one);

  for (const auto& one : *waiting) {
    Delivery delivery{.status = DeliveryStatus::logged, .attempts = 0, .detail = {}};
    if (through_) {
      const auto sent = co_await through_->deliver(one);
      if (!sent && sent.error().code == Errc::cancelled) co_return std::unexpected{sent.error()};
      delivery.attempts = failures_ + 1;
      delivery.status = DeliveryStatus::delivered;
      if (!sent) {
        ++failures_;
        const bool too_old = clock_.now() - one.at >= options_.give_up_after;
        events_.failed(one,
                       {.channel = channel_,
                        .why = sent.error().detail,
                        .attempts = failures_,
                        .last = too_old});
        if (!too_old) co_return wait_after(failures_, options_);
        delivery.status = DeliveryStatus::given_up;
        delivery.detail = sent.error().detail;
      }
    }
    const auto settled = co_await outbox_.settle(channel_, one, delivery);
    if (!settled) co_return std::unexpected{settled.error()};
    told_.erase(one.id);
    failures_ = 0;
  }
  co_return waiting->size() < at_once ? options_.look_every : std::chrono::milliseconds{0};
}

}  // namespace sallyport::approve
