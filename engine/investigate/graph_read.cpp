#include "engine/investigate/graph_read.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <optional>
#include <utility>

namespace sallyport::investigate {

namespace {

/// Shared with the read, also when nobody waits for it any more.
struct Waiting {
  Waiting(asio::any_io_executor executor, Deadline deadline) : done{executor, deadline.at()} {}

  asio::steady_timer done;  ///< Ends at once when the answer is there.
  std::optional<Result<graph::Neighbourhood>> answer;
};

}  // namespace

Task<graph::Neighbourhood> read_neighbourhood(const graph::EntityGraph& graph,
                                              std::shared_ptr<const model::Alert> alert,
                                              asio::any_io_executor pool,
                                              Deadline deadline) {
  const auto executor = co_await asio::this_coro::executor;
  const auto reading = std::make_shared<Waiting>(executor, deadline);
  asio::post(pool, [&graph, alert = std::move(alert), executor, reading] {
    auto answer = graph.neighbourhood(*alert);
    asio::post(executor, [reading, answer = std::move(answer)]() mutable {
      reading->answer = std::move(answer);
      reading->done.expires_at(asio::steady_timer::time_point::min());
    });
  });
  const auto [error] = co_await reading->done.async_wait(asio::as_tuple(asio::use_awaitable));
  (void)error;  // the answer, the deadline or a cancellation: what follows tells
  if (reading->answer) co_return *std::move(reading->answer);
  const auto state = co_await asio::this_coro::cancellation_state;
  if (state.cancelled() != asio::cancellation_type::none)
    co_return fail(Errc::cancelled, "the investigation was cancelled");
  co_return fail(Errc::expired, "timed out");
}

}  // namespace sallyport::investigate
