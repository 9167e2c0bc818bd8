#include "connectors/models/chain.hpp"

#include "connectors/models/waiting.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace sallyport::connectors::models {

namespace {

using reason::CallOutcome;
using reason::ModelAnswer;
using Steady = Deadline::Clock;

constexpr std::chrono::seconds least_for_another{1};
constexpr double most_hedges_at_once = 10;

/// The cost of `other` on top of that of `answer`.
void add_cost(ModelAnswer& answer, const ModelAnswer& other) {
  answer.usage.tokens_in += other.usage.tokens_in;
  answer.usage.tokens_out += other.usage.tokens_out;
  answer.usage.tokens_cached += other.usage.tokens_cached;
  const bool free = other.usage.tokens_in + other.usage.tokens_out == 0;
  if (!free) answer.usage.measured = answer.usage.measured && other.usage.measured;
  if (answer.usd && other.usd) {
    *answer.usd += *other.usd;
  } else if (!free) {
    answer.usd.reset();
  }
  answer.attempts += other.attempts;
  answer.took += other.took;
}

}  // namespace

/// Two providers side by side, on one executor.
struct Chain::Race {
  explicit Race(const asio::any_io_executor& executor)
      : changed{executor, Steady::time_point::max()} {}

  struct Lane {
    std::optional<ModelAnswer> answer;
    asio::cancellation_signal cancel;
    bool running = false;
    bool speaks = false;
  };

  std::array<Lane, 2> lanes;
  asio::steady_timer changed;  ///< Cancelled when a lane speaks or ends.

  [[nodiscard]] bool running() const { return lanes[0].running || lanes[1].running; }
};

Chain::Chain(std::vector<std::shared_ptr<reason::LanguageModel>> providers,
             std::shared_ptr<Allowance> allowance,
             Hedging hedging)
    : providers_{std::move(providers)},
      allowance_{std::move(allowance)},
      hedging_{hedging},
      name_{providers_.front()->name()} {}

void Chain::start(const std::shared_ptr<Race>& race,
                  std::size_t lane,
                  std::shared_ptr<reason::LanguageModel> provider,
                  const asio::any_io_executor& executor,
                  std::shared_ptr<const reason::ModelRequest> request,
                  Deadline deadline) {
  race->lanes[lane].running = true;
  auto task = provider->ask(std::move(request), deadline, [race, lane] {
    race->lanes[lane].speaks = true;
    race->changed.cancel();
  });
  asio::co_spawn(executor,
                 std::move(task),
                 asio::bind_cancellation_slot(
                     race->lanes[lane].cancel.slot(),
                     [race, lane, provider](const std::exception_ptr& thrown, ModelAnswer answer) {
                       if (thrown) {
                         answer.outcome = CallOutcome::cancelled;
                         answer.model = provider->name();
                       }
                       race->lanes[lane].answer = std::move(answer);
                       race->lanes[lane].running = false;
                       race->changed.cancel();
                     }));
}

asio::awaitable<ModelAnswer> Chain::hedged(std::shared_ptr<const reason::ModelRequest> request,
                                           Deadline deadline,
                                           FirstToken first_token) {
  const auto executor = co_await asio::this_coro::executor;
  auto race = std::make_shared<Race>(executor);
  auto& [first, second] = race->lanes;
  const auto patience = Steady::now() + hedging_.after;
  start(race, 0, providers_[0], executor, request, deadline);
  bool two = false;
  bool cancelled = false;
  co_await asio::this_coro::throw_if_cancelled(false);
  while (race->running()) {
    race->changed.expires_at(two || first.speaks ? Steady::time_point::max() : patience);
    const auto [error] = co_await race->changed.async_wait(asio::as_tuple(asio::use_awaitable));
    const auto state = co_await asio::this_coro::cancellation_state;
    if (!cancelled && state.cancelled() != asio::cancellation_type::none) {
      cancelled = true;
      for (auto& lane : race->lanes) lane.cancel.emit(asio::cancellation_type::terminal);
      co_await asio::this_coro::reset_cancellation_state();
      continue;
    }
    if (cancelled) continue;
    if (!error && !two && !first.speaks && first.running && hedges_left_ >= 1 &&
        Deadline::in(least_for_another).at() < deadline.at()) {
      hedges_left_ -= 1;
      two = true;
      start(race, 1, providers_[1], executor, request, deadline);
    } else if (!error) {
      two = true;  // nothing to hedge with: only wait
    }
    if (first.speaks && second.running && !second.speaks)
      second.cancel.emit(asio::cancellation_type::terminal);
    if (second.speaks && first.running && !first.speaks)
      first.cancel.emit(asio::cancellation_type::terminal);
  }
  co_await asio::this_coro::throw_if_cancelled(true);
  if (!second.answer) co_return *std::move(first.answer);
  // Whoever spoke counts; where nobody did, the first that was asked.
  auto& winner = second.speaks && !first.speaks ? second : first;
  auto& other = &winner == &first ? second : first;
  const bool better = !winner.speaks && other.answer->outcome == CallOutcome::stop;
  auto answer = better ? *other.answer : *winner.answer;
  add_cost(answer, better ? *winner.answer : *other.answer);
  answer.took = std::max(first.answer->took, second.answer->took);
  if (first_token && answer.first_token) first_token();
  co_return answer;
}

bool Chain::has_room() const {
  return std::ranges::any_of(providers_, [](const auto& one) { return one->has_room(); });
}

std::size_t Chain::first_choice() const {
  const auto found =
      std::ranges::find_if(providers_, [](const auto& one) { return one->has_room(); });
  return found == providers_.end() ? 0 : static_cast<std::size_t>(found - providers_.begin());
}

asio::awaitable<ModelAnswer> Chain::in_order(std::shared_ptr<const reason::ModelRequest> request,
                                             Deadline deadline,
                                             FirstToken first_token) {
  std::optional<ModelAnswer> before;
  auto next = first_choice();
  hedges_left_ = std::min(hedges_left_ + hedging_.share, most_hedges_at_once);
  for (;;) {
    const bool hedge = next == 0 && providers_.size() > 1 && hedging_.after.count() > 0;
    auto answer = hedge ? co_await hedged(request, deadline, first_token)
                        : co_await providers_[next]->ask(request, deadline, first_token);
    // A race may have asked the second already.
    next = answer.model == providers_[next]->name() ? next + 1 : next + 2;
    if (before) add_cost(answer, *before);
    if (next >= providers_.size() || !may_move_on(answer) ||
        Deadline::in(least_for_another).at() >= deadline.at())
      co_return answer;
    before = std::move(answer);
  }
}

asio::awaitable<ModelAnswer> Chain::ask(std::shared_ptr<const reason::ModelRequest> request,
                                        Deadline deadline,
                                        FirstToken first_token) {
  const auto expected = reason::estimated_tokens(*request) + request->form->max_output_tokens;
  if (auto why = allowance_->admit(request->tenant, expected)) {
    ModelAnswer answer;
    answer.outcome = CallOutcome::capped;
    answer.detail = *std::move(why);
    answer.model = name_;
    answer.usage.measured = true;
    co_return answer;
  }

  /// Also when the call is cut off by an exception: what was set aside is given back.
  struct Reservation {
    Allowance& allowance;
    const std::string& tenant;
    std::int64_t expected;
    std::int64_t tokens = 0;
    double usd = 0;

    ~Reservation() { allowance.settle(tenant, expected, tokens, usd); }
  };

  Reservation reserved{.allowance = *allowance_, .tenant = request->tenant, .expected = expected};
  auto answer = co_await in_order(request, deadline, std::move(first_token));
  reserved.tokens = answer.usage.tokens_in + answer.usage.tokens_out;
  reserved.usd = answer.usd.value_or(0);
  co_return answer;
}

}  // namespace sallyport::connectors::models
