#pragma once

#include "engine/base/deadline.hpp"
#include "engine/base/fair_queue.hpp"

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>

namespace sallyport {

/// The one owner of something scarce: lets so many through at once, and so much in a minute.
/// Whoever has to wait is served in the order of FairQueue, until it is of no use to it any more.
///
/// Thread-safe; a waiting coroutine's executor runs one handler at a time. Outlives its passes.
class Turnstile {
 public:
  struct Limits {
    std::size_t at_once = 0;
    std::int64_t per_minute = 0;  ///< Of the claims' cost; 0: no limit. It refills steadily.
  };

  /// Given back by its end.
  class Pass {
   public:
    Pass(Pass&& other) noexcept;
    ~Pass();
    Pass& operator=(Pass&&) = delete;

    /// What it really took of what flows in a minute, where the claim could only guess.
    void settle(std::int64_t cost);

   private:
    friend Turnstile;

    Pass(Turnstile& owner, std::int64_t cost) : owner_{&owner}, cost_{cost} {}

    Turnstile* owner_;
    std::int64_t cost_;
  };

  explicit Turnstile(Limits limits);
  ~Turnstile();
  Turnstile(const Turnstile&) = delete;
  Turnstile& operator=(const Turnstile&) = delete;

  /// Waits for its turn, until `claim.until` at the latest.
  /// Errors: expired (its turn did not come in time), cancelled.
  Task<Pass> enter(Claim claim);

  /// Whether somebody who came now would not have to wait.
  [[nodiscard]] bool has_room() const;

  [[nodiscard]] std::size_t inside() const;
  [[nodiscard]] std::size_t waiting() const;

 private:
  struct Waiter;
  using Queue = FairQueue<std::shared_ptr<Waiter>>;
  using Moment = Claim::Moment;

  /// Lets through whoever's turn it is, as far as there is room. Under the mutex, as all below.
  void open(Moment now);
  void refill(Moment now);
  /// When there is enough for `cost`; a moment that has passed: now.
  [[nodiscard]] Moment enough_for(std::int64_t cost, Moment now) const;
  [[nodiscard]] std::int64_t bounded(std::int64_t cost) const;
  void take(std::int64_t cost);
  void leave();

  Limits limits_;
  mutable std::mutex mutex_;
  Queue queue_;
  std::size_t inside_ = 0;
  double left_ = 0;  ///< Of a minute's amount; below zero where more was taken than was claimed.
  Moment refilled_;
};

}  // namespace sallyport
