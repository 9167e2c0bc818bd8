#include "engine/investigate/gathering.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <deque>
#include <exception>
#include <optional>
#include <utility>

namespace sallyport::investigate {

namespace {

/// Shared with every enricher that is still running, also after the gathering has ended.
struct Round {
  explicit Round(const asio::any_io_executor& executor, Deadline deadline)
      : all_in{executor, deadline.at()} {}

  std::vector<std::shared_ptr<Enricher>> enrichers;
  std::vector<std::optional<Enricher::Answer>> answers;
  std::deque<asio::cancellation_signal> cancels;  // a deque: signals do not move
  asio::steady_timer all_in;                      ///< Cancelled when the last has answered.
  std::size_t running = 0;
};

Enricher::Answer settled(std::exception_ptr thrown, Enricher::Answer answer) {
  if (!thrown) return answer;
  try {
    std::rethrow_exception(thrown);
  } catch (const std::exception& e) {
    return fail(Errc::unavailable, e.what());
  } catch (...) {
    return fail(Errc::unavailable, "it threw what is no exception");
  }
}

void start(const std::shared_ptr<Round>& round,
           std::size_t i,
           const asio::any_io_executor& executor,
           std::shared_ptr<const model::Alert> alert,
           Deadline deadline) {
  ++round->running;
  auto task = round->enrichers[i]->enrich(std::move(alert), deadline);
  asio::co_spawn(
      executor,
      std::move(task),
      asio::bind_cancellation_slot(
          round->cancels[i].slot(), [round, i](std::exception_ptr thrown, Enricher::Answer answer) {
            if (!round->answers[i])
              round->answers[i] = settled(std::move(thrown), std::move(answer));
            if (--round->running == 0) round->all_in.cancel();
          }));
}

}  // namespace

Task<std::vector<Enricher::Answer>> gather(std::vector<std::shared_ptr<Enricher>> enrichers,
                                           std::shared_ptr<const model::Alert> alert,
                                           Deadline deadline) {
  const auto executor = co_await asio::this_coro::executor;
  auto round = std::make_shared<Round>(executor, deadline);
  round->enrichers = std::move(enrichers);
  round->answers.resize(round->enrichers.size());
  for (std::size_t i = 0; i < round->enrichers.size(); ++i) {
    round->cancels.emplace_back();
    if (auto now = round->enrichers[i]->answer_now(*alert)) {
      round->answers[i] = std::move(now);
    } else {
      start(round, i, executor, alert, deadline);
    }
  }
  bool cancelled = false;
  if (round->running > 0) {
    const auto [ec] = co_await round->all_in.async_wait(asio::as_tuple(asio::use_awaitable));
    cancelled = ec && round->running > 0;
  }
  std::vector<Enricher::Answer> answers;
  answers.reserve(round->answers.size());
  for (std::size_t i = 0; i < round->answers.size(); ++i) {
    if (round->answers[i]) {
      answers.push_back(*std::move(round->answers[i]));
      continue;
    }
    answers.push_back(fail(Errc::expired, "timed out"));
    round->answers[i] = fail(Errc::expired, "timed out");
    round->cancels[i].emit(asio::cancellation_type::terminal);
  }
  if (cancelled) co_return fail(Errc::cancelled, "the investigation was cancelled");
  co_return answers;
}

}  // namespace sallyport::investigate
