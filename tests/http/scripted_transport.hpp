#pragma once

#include "engine/http/transport.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <deque>
#include <memory>
#include <string>

namespace sallyport::http::testing {

/// What both ends of a scripted stream see.
struct Script {
  std::deque<std::string> reads;  ///< One read each; cut if it is longer than the buffer.
  bool hangs_at_end = false;      ///< With nothing left to read: wait (else: the peer closed).
  bool write_fails = false;
  std::string written;
  int reads_done = 0;
  bool aborted = false;
  bool closed = false;
  bool finished = false;
};

/// A Transport that reads from a script and remembers what was written.
class ScriptedTransport final : public Transport {
 public:
  explicit ScriptedTransport(std::shared_ptr<Script> script) : script_{std::move(script)} {}

  Task<std::size_t> read_some(std::span<char> into) override {
    if (script_->aborted) co_return fail(Errc::unavailable, "closed");
    if (script_->reads.empty() && script_->hangs_at_end) {
      asio::steady_timer never{co_await asio::this_coro::executor,
                               asio::steady_timer::time_point::max()};
      waiting_ = &never;
      const auto [error] = co_await never.async_wait(asio::as_tuple(asio::use_awaitable));
      (void)error;
      waiting_ = nullptr;
      if (script_->aborted) co_return fail(Errc::unavailable, "closed");
      co_return fail(Errc::cancelled, "cancelled");
    }
    if (script_->reads.empty()) co_return 0;
    auto& next = script_->reads.front();
    const auto n = std::min(next.size(), into.size());
    std::ranges::copy(next.substr(0, n), into.begin());
    next.erase(0, n);
    if (next.empty()) script_->reads.pop_front();
    ++script_->reads_done;
    co_return n;
  }

  Task<> write(std::string bytes) override {
    if (script_->write_fails || script_->aborted) co_return fail(Errc::unavailable, "broken pipe");
    script_->written += bytes;
    co_return Result<>{};
  }

  Task<> finish() override {
    script_->finished = true;
    co_return Result<>{};
  }

  Task<> close() override {
    script_->closed = true;
    script_->aborted = true;
    co_return Result<>{};
  }

  void abort() noexcept override {
    script_->aborted = true;
    if (waiting_) waiting_->cancel();
  }

  bool quiet() noexcept override { return script_->reads.empty() && script_->hangs_at_end; }

 private:
  std::shared_ptr<Script> script_;
  asio::steady_timer* waiting_ = nullptr;
};

}  // namespace sallyport::http::testing
