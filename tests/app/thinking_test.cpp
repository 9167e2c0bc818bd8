#include "engine/app/thinking.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <gmock/gmock.h>

#include <condition_variable>
#include <map>

namespace sallyport::app {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// Investigations that want a place, and what they were told.
class Waiting {
 public:
  explicit Waiting(Thinking::Options options)
      : thinking_{options, [](const std::exception_ptr&) { ADD_FAILURE() << "a task threw"; }} {}

  ~Waiting() {
    release();
    thinking_.stop();
  }

  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;

  void want(const std::string& name,
            std::chrono::milliseconds budget = 60s,
            model::Severity severity = model::Severity::medium,
            const std::string& tenant = "acme") {
    model::Alert alert;
    alert.tenant = tenant;
    alert.severity = severity;
    thinking_.submit(alert,
                     Deadline::in(budget),
                     {.task = [this, name] { return in_its_place(name); },
                      .without = [this, name](const std::string& why) { told(name, why); },
                      .dropped = [this, name] { told(name, "dropped"); }});
  }

  /// Lets everybody leave their place.
  void release() { open_ = true; }

  void stop() { thinking_.stop(); }

  /// Waits until so many have been told something.
  std::vector<std::string> after(std::size_t n) {
    std::unique_lock lock{mutex_};
    EXPECT_TRUE(changed_.wait_for(lock, 10s, [&] { return order_.size() >= n; }));
    return order_;
  }

  [[nodiscard]] std::string said_to(const std::string& name) {
    const std::scoped_lock lock{mutex_};
    return said_[name];
  }

  Thinking& thinking() { return thinking_; }

 private:
  asio::awaitable<void> in_its_place(std::string name) {
    told(name, "a place");
    asio::steady_timer timer{co_await asio::this_coro::executor};
    while (!open_) {
      timer.expires_after(1ms);
      const auto [error] = co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
      if (error) co_return;
    }
  }

  void told(const std::string& name, const std::string& what) {
    const std::scoped_lock lock{mutex_};
    order_.push_back(name);
    said_[name] = what;
    changed_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> order_;
  std::map<std::string, std::string> said_;
  std::atomic<bool> open_ = false;
  Thinking thinking_;
};

TEST(Thinking, GivesAPlaceThatIsLeftToWhoeverHasTheLeastTime) {
  Waiting waiting{{.at_once = 1, .waiting = 10, .least = 1s}};
  waiting.want("first", 60s);
  waiting.after(1);
  waiting.want("patient", 50s);
  waiting.want("pressed", 40s);
  waiting.want("urgent", 60s, model::Severity::fatal);
  EXPECT_EQ(waiting.thinking().waiting(), 3U);
  waiting.release();
  EXPECT_THAT(waiting.after(4), ElementsAre("first", "urgent", "pressed", "patient"));
}

TEST(Thinking, TellsWhoseTurnDidNotComeWhileThereWasTimeForIt) {
  Waiting waiting{{.at_once = 1, .waiting = 10, .least = 1s}};
  waiting.want("first");
  waiting.after(1);
  waiting.want("late", 1030ms);
  waiting.want("later", 1050ms);
  waiting.want("too late already", 900ms);
  EXPECT_THAT(waiting.after(4), ElementsAre("first", "too late already", "late", "later"));
  EXPECT_THAT(waiting.said_to("late"), HasSubstr("its turn did not come in time"));
  EXPECT_EQ(waiting.thinking().waiting(), 0U);
}

TEST(Thinking, SendsAwayFromAFullQueueWhomTheStormingTenantCanSpare) {
  Waiting waiting{{.at_once = 1, .waiting = 2, .least = 1s}};
  waiting.want("first");
  waiting.after(1);
  waiting.want("storm 1", 50s, model::Severity::low, "storm");
  waiting.want("storm 2", 51s, model::Severity::low, "storm");
  model::Alert alert;
  alert.tenant = "storm";
  EXPECT_THAT(waiting.thinking().would_refuse(alert, Deadline::in(99s)),
              HasSubstr("2 for a place"));
  alert.tenant = "calm";
  EXPECT_EQ(waiting.thinking().would_refuse(alert, Deadline::in(99s)), "");
  waiting.want("calm", 99s, model::Severity::low, "calm");
  EXPECT_THAT(waiting.after(2), ElementsAre("first", "storm 2"));
  waiting.release();
  EXPECT_THAT(waiting.after(4), ElementsAre("first", "storm 2", "storm 1", "calm"));
  EXPECT_EQ(waiting.said_to("calm"), "a place");
}

TEST(Thinking, DropsWhoWaitsWhenItStopsSoThatTheNextStartTakesThemUp) {
  Waiting waiting{{.at_once = 1, .waiting = 2, .least = 1s}};
  waiting.want("first");
  waiting.after(1);
  waiting.want("second");
  waiting.stop();
  EXPECT_EQ(waiting.said_to("second"), "dropped");
  waiting.want("third");
  EXPECT_EQ(waiting.said_to("third"), "dropped");
}

}  // namespace
}  // namespace sallyport::app
