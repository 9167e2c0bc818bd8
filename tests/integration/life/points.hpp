#pragma once

#include "engine/act/actuator.hpp"
#include "engine/base/time.hpp"
#include "engine/store/store.hpp"

#include <sys/mman.h>

#include <array>
#include <atomic>
#include <csignal>
#include <cstring>
#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <utility>

namespace sallyport::testing {

/// The places that an action's life passes, counted in memory that this process shares with its
/// children, so that one of them can be killed at the n-th and what it had done is known
/// afterwards.
class Points {
 public:
  static Points& shared() {
    static auto* points = [] {
      void* memory = ::mmap(
          nullptr, sizeof(Points), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
      return new (memory) Points;
    }();
    return *points;
  }

  /// A new life; killed at its `kill_at`-th place, 0: nowhere.
  void begin(int kill_at) {
    passed_ = 0;
    kill_at_ = kill_at;
  }

  void begin_story() { sent_ = 0; }

  void pass(std::string_view place) {
    if (++passed_ != kill_at_) return;
    std::strncpy(place_.data(), std::string{place}.c_str(), place_.size() - 1);
    ::raise(SIGKILL);
  }

  void sends() { ++sent_; }

  [[nodiscard]] int sent() const { return sent_; }

  /// The machine's clock goes ahead by this from now on.
  void go_ahead(std::chrono::seconds by) { ahead_s_ = by.count(); }

  [[nodiscard]] std::chrono::seconds ahead() const { return std::chrono::seconds{ahead_s_}; }

  /// Where the last child was killed.
  [[nodiscard]] std::string place() const { return place_.data(); }

 private:
  std::atomic<int> passed_ = 0;
  std::atomic<int> kill_at_ = 0;
  std::atomic<int> sent_ = 0;
  std::atomic<std::chrono::seconds::rep> ahead_s_ = 0;
  std::array<char, 64> place_{};
};

/// The machine's clock. Every step of a record asks it for the time right before the step is
/// written: a place before each durable step.
class PointClock final : public Clock {
 public:
  [[nodiscard]] Time now() const override {
    Points::shared().pass("before a step is written");
    return clock_.now() + Points::shared().ahead();
  }

 private:
  SystemClock clock_;
};

/// A place after each step that became durable, before anybody was told.
inline store::LedgerListener point_listener() {
  using enum model::EntryKind;
  return {.kinds = {decided,
                    intended,
                    executing,
                    executed,
                    verified,
                    rolled_back,
                    rollback_failed,
                    held,
                    released},
          .hear = [](model::EntryKind kind, std::string_view) {
            Points::shared().pass("after " + std::string{name_of(kind)} + " is durable");
          }};
}

/// A product, with a place before and after each read and each request.
class PointActuator final : public act::Actuator {
 public:
  explicit PointActuator(std::shared_ptr<act::Actuator> product) : product_{std::move(product)} {}

  [[nodiscard]] std::string_view name() const override { return product_->name(); }

  [[nodiscard]] const std::vector<std::string>& verbs() const override { return product_->verbs(); }

  [[nodiscard]] Result<> check(const act::Operation& operation) const override {
    return product_->check(operation);
  }

  [[nodiscard]] Result<std::vector<act::Planned>> preview(
      const act::Operation& operation) const override {
    return product_->preview(operation);
  }

  Task<act::Reading> read(act::Operation operation, Deadline deadline) override {
    Points::shared().pass("before a read");
    auto reading = co_await product_->read(std::move(operation), deadline);
    Points::shared().pass("after a read");
    co_return reading;
  }

  Task<model::Outcome> execute(act::Operation operation, Deadline deadline) override {
    const auto verb = operation.verb;
    Points::shared().pass("before " + verb);
    Points::shared().sends();
    auto outcome = co_await product_->execute(std::move(operation), deadline);
    Points::shared().pass("after " + verb);
    co_return outcome;
  }

  [[nodiscard]] act::Inverse inverse(const act::Operation& operation,
                                     const act::Reading& before) const override {
    return product_->inverse(operation, before);
  }

 private:
  std::shared_ptr<act::Actuator> product_;
};

}  // namespace sallyport::testing
