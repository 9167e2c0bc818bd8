#pragma once

#include "engine/act/actuator.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace sallyport::act::testing {

/// A product in memory that blocks and unblocks addresses, and does wrong what it is told to do
/// wrong.
class FakeProduct final : public Actuator {
 public:
  [[nodiscard]] std::string_view name() const override { return "fake"; }

  [[nodiscard]] const std::vector<std::string>& verbs() const override {
    static const std::vector<std::string> verbs{"block_ip", "unblock_ip"};
    return verbs;
  }

  [[nodiscard]] Result<> check(const Operation& operation) const override {
    if (operation.target.value == "0.0.0.0/0") return fail(Errc::denied, "would block everybody");
    return {};
  }

  [[nodiscard]] Result<std::vector<Planned>> preview(const Operation&) const override { return {}; }

  Task<Reading> read(Operation operation, Deadline) override {
    ++reads;
    if (on_read) on_read();
    if (read_error) co_return std::unexpected{*read_error};
    const bool blocked = blocked_.contains(operation.target.value);
    const bool wanted = operation.verb == "block_ip";
    co_return Reading{.in_effect = tells ? std::optional{blocked == wanted} : std::nullopt,
                      .state = {{"blocked", blocked}},
                      .detail = blocked ? "is blocked" : "is not blocked"};
  }

  Task<model::Outcome> execute(Operation operation, Deadline) override {
    ++executions;
    sent.push_back(operation.verb + ' ' + operation.target.value);
    if (on_execute) on_execute(operation);
    if (takes.count() > 0) {
      ++at_once_;
      most_at_once = std::max(most_at_once, at_once_);
      asio::steady_timer timer{co_await asio::this_coro::executor, takes};
      co_await timer.async_wait(asio::use_awaitable);
      --at_once_;
    }
    if (!execute_errors.empty()) {
      const auto error = execute_errors.front();
      execute_errors.erase(execute_errors.begin());
      co_return std::unexpected{error};
    }
    if (does_it) {
      if (operation.verb == "block_ip") {
        blocked_[operation.target.value] = true;
      } else {
        blocked_.erase(operation.target.value);
      }
    }
    co_return model::Outcome{.status = answers, .detail = "as told", .product = product};
  }

  [[nodiscard]] Inverse inverse(const Operation& operation, const Reading& before) const override {
    if (before.in_effect == true) return {.operation = {}, .why = "was so before"};
    return {.operation = {.verb = operation.verb == "block_ip" ? "unblock_ip" : "block_ip",
                          .target = operation.target},
            .why = {}};
  }

  void block(const std::string& address) { blocked_[address] = true; }

  void unblock(const std::string& address) { blocked_.erase(address); }

  [[nodiscard]] bool blocks(const std::string& address) const { return blocked_.contains(address); }

  bool does_it = true;  ///< False: says it did, and did not.
  bool tells = true;    ///< False: its state cannot be read back.
  model::OutcomeStatus answers = model::OutcomeStatus::succeeded;
  json::object product;
  std::vector<Error> execute_errors;  ///< Answered one after the other, before anything is done.
  std::optional<Error> read_error;
  std::chrono::milliseconds takes{0};
  std::function<void()> on_read;
  std::function<void(const Operation&)> on_execute;
  int reads = 0;
  int executions = 0;
  int most_at_once = 0;
  std::vector<std::string> sent;

 private:
  std::map<std::string, bool> blocked_;
  int at_once_ = 0;
};

}  // namespace sallyport::act::testing
