#include "engine/investigate/shared_answers.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <exception>
#include <utility>

namespace sallyport::investigate {

namespace {

using Evidence = std::vector<model::Evidence>;

/// The same evidence, for one who did not ask for it.
Evidence without_cost(Evidence evidence) {
  for (auto& item : evidence) {
    auto data = item.data.tree();
    if (!data.contains("cost")) continue;
    data["cost"] = json::object{{"shared", true}};
    item.data = data;
  }
  return evidence;
}

Result<SharedAnswers::Answer> settled(const std::exception_ptr& thrown,
                                      Result<SharedAnswers::Answer> answer) {
  if (!thrown) return answer;
  try {
    std::rethrow_exception(thrown);
  } catch (const std::exception& e) {
    return fail(Errc::unavailable, e.what());
  } catch (...) {
    return fail(Errc::unavailable, "it threw what is no exception");
  }
}

}  // namespace

/// One who waits. Its timer is touched on its own executor only.
struct SharedAnswers::Waiter {
  Waiter(const asio::any_io_executor& executor, Deadline deadline)
      : timer{executor, deadline.at()} {}

  asio::steady_timer timer;  ///< Cancelled when there is an answer.
  std::optional<Result<Evidence>> answer;
  bool joined = false;
};

/// One call, and who waits for it.
struct SharedAnswers::Flight {
  std::string key;
  Call call;
  Clock::time_point until;
  std::vector<std::shared_ptr<Waiter>> waiters;
  bool begun = false;
  std::uint64_t ticket = 0;          ///< In the queue.
  asio::cancellation_signal cancel;  ///< Touched on the executor only.
};

/// A place among those who wait, given up however the waiting ends.
class SharedAnswers::Place {
 public:
  Place(SharedAnswers& all, std::shared_ptr<Flight> flight, std::shared_ptr<Waiter> waiter)
      : all_{all}, flight_{std::move(flight)}, waiter_{std::move(waiter)} {}

  ~Place() { all_.leave(flight_, waiter_); }

  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;

 private:
  SharedAnswers& all_;
  std::shared_ptr<Flight> flight_;
  std::shared_ptr<Waiter> waiter_;
};

SharedAnswers::SharedAnswers(asio::any_io_executor executor,
                             Limits limits,
                             std::function<Clock::time_point()> now)
    : executor_{std::move(executor)}, limits_{limits}, now_{std::move(now)} {}

std::shared_ptr<SharedAnswers> SharedAnswers::make(asio::any_io_executor executor,
                                                   Limits limits,
                                                   std::function<Clock::time_point()> now) {
  return std::shared_ptr<SharedAnswers>{
      new SharedAnswers{std::move(executor), limits, std::move(now)}};
}

std::optional<Evidence> SharedAnswers::kept(std::string_view key) {
  const std::scoped_lock lock{mutex_};
  return find_kept(key);
}

std::optional<Evidence> SharedAnswers::find_kept(std::string_view key) {
  const auto found = by_key_.find(key);
  if (found == by_key_.end()) return std::nullopt;
  const auto entry = found->second;
  if (now_() >= entry->until) {
    forget(entry);
    return std::nullopt;
  }
  kept_.splice(kept_.begin(), kept_, entry);
  ++counters_.kept;
  return without_cost(*entry->evidence);
}

void SharedAnswers::forget(std::list<Kept>::iterator entry) {
  by_key_.erase(entry->key);
  counters_.bytes -= entry->bytes;
  kept_.erase(entry);
}

void SharedAnswers::keep(const std::string& key, const Answer& answer) {
  if (answer.keep_for <= std::chrono::seconds{0}) return;
  const auto bytes = key.size() + to_json(answer.evidence).size();
  if (bytes > limits_.kept_bytes || limits_.kept == 0) return;
  if (const auto old = by_key_.find(key); old != by_key_.end()) forget(old->second);
  kept_.push_front({.key = key,
                    .evidence = std::make_shared<const Evidence>(answer.evidence),
                    .until = now_() + answer.keep_for,
                    .bytes = bytes});
  by_key_.emplace(kept_.front().key, kept_.begin());
  counters_.bytes += bytes;
  while (kept_.size() > limits_.kept || counters_.bytes > limits_.kept_bytes)
    forget(std::prev(kept_.end()));
}

Task<Evidence> SharedAnswers::ask(std::string key, Call call, Asker asker, Deadline deadline) {
  const auto self = shared_from_this();  // also when nobody else holds it any more
  const auto executor = co_await asio::this_coro::executor;
  for (;;) {
    auto waiter = std::make_shared<Waiter>(executor, deadline);
    std::shared_ptr<Flight> flight;
    {
      const std::scoped_lock lock{mutex_};
      if (auto evidence = find_kept(key)) co_return *std::move(evidence);
      if (closed_) co_return fail(Errc::cancelled, "nothing is asked any more");
      auto& known = flights_[key];
      waiter->joined = known != nullptr;
      if (!known && queue_.size() >= limits_.waiting) {
        flights_.erase(key);
        co_return fail(Errc::unavailable,
                       fmt::format("{} questions wait for it already", queue_.size()));
      }
      if (!known) {
        known = std::make_shared<Flight>();
        known->key = key;
        known->call = call;
        known->until = deadline.at();
        known->ticket = queue_.push({.party = asker.tenant,
                                     .urgency = asker.urgency,
                                     .due = deadline.at(),
                                     .until = deadline.at(),
                                     .cost = 1},
                                    known);
      }
      flight = known;
      flight->waiters.push_back(waiter);
      if (!flight->begun) flight->until = std::max(flight->until, deadline.at());
      start_what_fits();
    }
    {
      const Place place{*this, flight, waiter};
      const auto [ec] = co_await waiter->timer.async_wait(asio::as_tuple(asio::use_awaitable));
      (void)ec;  // whether there is an answer says what it means
    }
    if (!waiter->answer) {
      const auto state = co_await asio::this_coro::cancellation_state;
      if (state.cancelled() != asio::cancellation_type::none)
        co_return fail(Errc::cancelled, "cancelled while waiting for an answer");
      co_return fail(Errc::expired, "timed out");
    }
    auto answer = *std::move(waiter->answer);
    // The call had less patience than we have: it began before we came.
    const bool too_short = !answer && answer.error().code == Errc::expired && waiter->joined &&
                           flight->until < deadline.at();
    if (!too_short) co_return answer;
  }
}

void SharedAnswers::start_what_fits() {
  while (under_way_.size() < limits_.at_once && !queue_.empty()) {
    auto flight = *queue_.pop();
    flight->begun = true;
    ++counters_.calls;
    under_way_.push_back(flight);
    asio::post(executor_, [self = shared_from_this(), flight] { self->start(flight); });
  }
}

void SharedAnswers::start(const std::shared_ptr<Flight>& flight) {
  Clock::time_point until;
  bool wanted = false;
  {
    const std::scoped_lock lock{mutex_};
    until = flight->until;
    wanted = !closed_ && !flight->waiters.empty();
  }
  if (!wanted) return ended(flight, fail(Errc::cancelled, "nobody waits for it any more"));
  const auto deadline = Deadline::in(until - Clock::now());
  asio::co_spawn(
      executor_,
      flight->call(deadline),
      asio::bind_cancellation_slot(flight->cancel.slot(),
                                   [self = shared_from_this(), flight](
                                       const std::exception_ptr& thrown, Result<Answer> answer) {
                                     self->ended(flight, settled(thrown, std::move(answer)));
                                   }));
}

void SharedAnswers::ended(const std::shared_ptr<Flight>& flight, Result<Answer> answer) {
  std::vector<std::shared_ptr<Waiter>> waiters;
  std::function<void()> idle;
  {
    const std::scoped_lock lock{mutex_};
    std::erase(under_way_, flight);
    const auto known = flights_.find(flight->key);
    if (known != flights_.end() && known->second == flight) flights_.erase(known);
    if (answer) keep(flight->key, *answer);
    waiters = std::move(flight->waiters);
    flight->waiters.clear();
    for (const auto& waiter : waiters) {
      if (!answer) {
        waiter->answer = std::unexpected{answer.error()};
        continue;
      }
      if (waiter->joined) ++counters_.joined;
      waiter->answer = waiter->joined ? without_cost(answer->evidence) : answer->evidence;
    }
    if (!closed_) start_what_fits();
    if (under_way_.empty()) idle = std::exchange(on_idle_, nullptr);
  }
  for (const auto& waiter : waiters)
    asio::post(waiter->timer.get_executor(), [waiter] { waiter->timer.cancel(); });
  if (idle) idle();
}

void SharedAnswers::leave(const std::shared_ptr<Flight>& flight,
                          const std::shared_ptr<Waiter>& waiter) {
  const std::scoped_lock lock{mutex_};
  if (waiter->answer) return;
  std::erase(flight->waiters, waiter);
  if (!flight->waiters.empty()) return;
  const auto known = flights_.find(flight->key);
  if (known != flights_.end() && known->second == flight) flights_.erase(known);
  if (queue_.withdraw(flight->ticket)) return;
  asio::post(executor_, [flight] { flight->cancel.emit(asio::cancellation_type::terminal); });
}

SharedAnswers::Counters SharedAnswers::counters() const {
  const std::scoped_lock lock{mutex_};
  auto counters = counters_;
  counters.under_way = under_way_.size();
  counters.entries = kept_.size();
  return counters;
}

asio::awaitable<void> SharedAnswers::close() {
  const auto self = shared_from_this();
  asio::steady_timer idle{executor_, asio::steady_timer::time_point::max()};
  std::vector<std::shared_ptr<Waiter>> dropped;
  std::vector<std::shared_ptr<Flight>> running;
  {
    const std::scoped_lock lock{mutex_};
    closed_ = true;
    while (const auto flight = queue_.pop()) {
      flights_.erase((*flight)->key);
      for (auto& waiter : std::exchange((*flight)->waiters, {})) {
        waiter->answer = fail(Errc::cancelled, "nothing is asked any more");
        dropped.push_back(std::move(waiter));
      }
    }
    running = under_way_;
    if (!running.empty()) on_idle_ = [&idle] { idle.cancel(); };
  }
  for (const auto& waiter : dropped)
    asio::post(waiter->timer.get_executor(), [waiter] { waiter->timer.cancel(); });
  if (running.empty()) co_return;
  for (const auto& flight : running) flight->cancel.emit(asio::cancellation_type::terminal);
  co_await asio::post(executor_, asio::use_awaitable);  // those that end at once
  {
    const std::scoped_lock lock{mutex_};
    if (under_way_.empty()) co_return;
  }
  (void)co_await idle.async_wait(asio::as_tuple(asio::use_awaitable));
}

}  // namespace sallyport::investigate
