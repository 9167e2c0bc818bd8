#pragma once

#include "engine/base/deadline.hpp"
#include "engine/base/fair_queue.hpp"
#include "engine/model/evidence.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace sallyport::investigate {

/// The one owner of what is asked of one source of evidence: equal questions that are under way are
/// one call, answers are kept for a while, and only so many calls run at once; the rest wait, the
/// nearest deadline first and fair per tenant (base/fair_queue.hpp).
///
/// A call ends with the last who waits for it: it is cancelled then, down to its socket. A failure
/// is told to all who wait and never kept. What is kept is bounded in number and bytes; what was
/// not asked for the longest goes first.
///
/// Thread-safe: callers wait on their own executors, each of which runs one handler at a time;
/// calls run on the executor given here. Held by shared_ptr; who waits keeps it alive.
class SharedAnswers : public std::enable_shared_from_this<SharedAnswers> {
 public:
  using Clock = Deadline::Clock;

  struct Limits {
    std::size_t at_once = 4;
    std::size_t waiting = 1000;  ///< Calls that have not begun; past it a question is refused.
    std::size_t kept = 10'000;
    std::size_t kept_bytes = 16U << 20U;
  };

  struct Answer {
    std::vector<model::Evidence> evidence;
    std::chrono::seconds keep_for{0};  ///< 0: not kept.
  };

  /// For whom a question is asked, where it has to wait for its turn. One that others join keeps
  /// the turn of whoever asked it first.
  struct Asker {
    std::string tenant;
    int urgency = 0;  ///< reason::urgency_of() the alert.
  };

  /// Asks the source; must be cancellable. The deadline is that of the most patient of those who
  /// waited when it began.
  using Call = std::function<Task<Answer>(Deadline deadline)>;

  struct Counters {
    std::uint64_t calls = 0;
    std::uint64_t joined = 0;  ///< Questions answered by a call that was under way.
    std::uint64_t kept = 0;    ///< Questions answered by what was kept.
    std::size_t under_way = 0;
    std::size_t entries = 0;
    std::size_t bytes = 0;
  };

  /// `executor` runs one handler at a time; `now` says how old what is kept is.
  [[nodiscard]] static std::shared_ptr<SharedAnswers> make(
      asio::any_io_executor executor,
      Limits limits,
      std::function<Clock::time_point()> now = &Clock::now);

  /// The answer that is kept for `key`; empty: it has to be asked for.
  [[nodiscard]] std::optional<std::vector<model::Evidence>> kept(std::string_view key);

  /// The answer to the question that `key` names. Evidence that another had asked for says so in
  /// its cost. Errors: those of `call`; expired; cancelled; unavailable (too many questions wait).
  Task<std::vector<model::Evidence>> ask(std::string key,
                                         Call call,
                                         Asker asker,
                                         Deadline deadline);

  [[nodiscard]] Counters counters() const;

  /// Takes no more questions, cancels the calls and waits for their end. Once, on the executor.
  asio::awaitable<void> close();

 private:
  struct Waiter;
  struct Flight;
  class Place;

  struct Kept {
    std::string key;
    std::shared_ptr<const std::vector<model::Evidence>> evidence;
    Clock::time_point until;
    std::size_t bytes = 0;
  };

  SharedAnswers(asio::any_io_executor executor,
                Limits limits,
                std::function<Clock::time_point()> now);

  // These are called with the mutex held.
  [[nodiscard]] std::optional<std::vector<model::Evidence>> find_kept(std::string_view key);
  void keep(const std::string& key, const Answer& answer);
  void forget(std::list<Kept>::iterator entry);
  void start_what_fits();

  void start(const std::shared_ptr<Flight>& flight);
  void ended(const std::shared_ptr<Flight>& flight, Result<Answer> answer);
  void leave(const std::shared_ptr<Flight>& flight, const std::shared_ptr<Waiter>& waiter);

  asio::any_io_executor executor_;
  Limits limits_;
  std::function<Clock::time_point()> now_;

  mutable std::mutex mutex_;
  std::list<Kept> kept_;  ///< The one last asked for comes first.
  std::unordered_map<std::string_view, std::list<Kept>::iterator> by_key_;
  std::unordered_map<std::string, std::shared_ptr<Flight>> flights_;  ///< Waiting and under way.
  FairQueue<std::shared_ptr<Flight>> queue_;
  std::vector<std::shared_ptr<Flight>> under_way_;
  std::function<void()> on_idle_;
  Counters counters_;
  bool closed_ = false;
};

}  // namespace sallyport::investigate
