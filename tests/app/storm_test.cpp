#include "engine/app/api_backend.hpp"
#include "engine/app/loading.hpp"
#include "engine/http/client.hpp"
#include "engine/serve/service.hpp"
#include "tests/serve/harness.hpp"
#include "tests/store/temporary_directory.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <fstream>
#include <future>
#include <numeric>
#include <random>
#include <thread>
#include <unordered_set>

/// The dial is turned, or the kill switch thrown, while thousands of actions are on their way: as
/// the engine's rooms are wired, over a real socket, with a connector that records what is sent.
namespace sallyport::app::testing {

namespace {

using model::ActionState;
using std::chrono_literals::operator""us;

constexpr std::size_t storm_size = 10'000;
constexpr std::size_t askers = 100;

/// By blast radius: MINIMAL, LOW, MEDIUM, HIGH.
constexpr std::array<std::string_view, 4> verbs{"notify", "add_ioc", "block_ip", "isolate_host"};
using Sent = std::array<std::size_t, verbs.size()>;

std::size_t forbidden_at_l1(const Sent& sent) {
  return sent[1] + sent[2] + sent[3];
}

/// Does at once what it is asked, and counts it.
class Recorder final : public act::Actuator {
 public:
  [[nodiscard]] std::string_view name() const override { return "recorder"; }

  [[nodiscard]] const std::vector<std::string>& verbs() const override { return verbs_; }

  [[nodiscard]] Result<> check(const act::Operation&) const override { return {}; }

  [[nodiscard]] Result<std::vector<act::Planned>> preview(const act::Operation&) const override {
    return {};
  }

  Task<act::Reading> read(act::Operation operation, Deadline) override {
    co_return act::Reading{.in_effect = done_.contains(operation.verb + operation.target.value),
                           .state = {},
                           .detail = {}};
  }

  Task<model::Outcome> execute(act::Operation operation, Deadline) override {
    ++sent_.at(
        static_cast<std::size_t>(std::ranges::find(verbs_, operation.verb) - verbs_.begin()));
    done_.insert(operation.verb + operation.target.value);
    co_return model::Outcome{
        .status = model::OutcomeStatus::succeeded, .detail = {}, .product = {}};
  }

  [[nodiscard]] act::Inverse inverse(const act::Operation&, const act::Reading&) const override {
    return {.operation = {}, .why = "a recorder undoes nothing"};
  }

  /// Asked from any thread.
  [[nodiscard]] Sent sent() const {
    Sent sent{};
    std::ranges::transform(sent_, sent.begin(), [](const auto& n) { return n.load(); });
    return sent;
  }

 private:
  const std::vector<std::string> verbs_{testing::verbs.begin(), testing::verbs.end()};
  std::array<std::atomic<std::size_t>, testing::verbs.size()> sent_{};
  std::unordered_set<std::string> done_;  // on the loop alone
};

const model::Catalogue& catalogue() {
  static const auto shipped = load_catalogue(SALLYPORT_SOURCE_DIR "/schemas").value();
  return shipped;
}

const ingest::Normalizer& normalizer() {
  static const auto shipped = load_normalizer(SALLYPORT_SOURCE_DIR "/schemas").value();
  return shipped;
}

const std::shared_ptr<const investigate::Rules>& rules() {
  static const auto shipped =
      load_rules(SALLYPORT_SOURCE_DIR "/config/reasoner.yaml", catalogue()).value();
  return shipped;
}

/// Memory where there is some: a storm writes tens of megabytes.
void use_memory_for_files() {
  if (std::filesystem::is_directory("/dev/shm")) ::setenv("TMPDIR", "/dev/shm", 0);
}

/// The rooms from the API to the connector, wired as Engine wires them, with its three kinds of
/// threads: the workers that propose, the loop of API and executor, the store's own.
class House {
 public:
  House() {
    std::ofstream{folder_.path() / "policy.yaml"} << R"(tenants:
  acme:
    tier: L4
    whitelist:
      - { id: all-workstations, action: isolate_host, target_prefix: WKS-, expires: 2099-01-01 }
)";
    gate_.emplace(policy_.open().value());
    executor_.emplace(
        actions_,
        *gate_,
        clock_,
        std::vector<std::shared_ptr<act::Actuator>>{recorder_},
        act::ExecutorOptions{},
        [this](store::Batch& batch, const model::Action& action) {
          approvals_->ask(batch, action);
        },
        [](store::Batch&, const model::Action&, act::Notice) {});
    approvals_.emplace(*store_, actions_, *gate_, clock_, std::chrono::hours{4}, [](const auto&) {
      return Result<>{};
    });
    const Rooms rooms{.store = *store_,
                      .graph = graph_,
                      .intake = intake_,
                      .groups = groups_,
                      .investigator = investigator_,
                      .gate = *gate_,
                      .actions = actions_,
                      .executor = *executor_,
                      .approvals = *approvals_,
                      .outbox = outbox_,
                      .clock = clock_,
                      .ids = ids_,
                      .metrics = metrics_,
                      .log = observe::Log::silent()};
    dispatcher_.emplace(
        rooms,
        loop_.get_executor(),
        Dispatcher::Told{
            .queued = [](const model::Action&) {},
            .action = [this](const model::Action& action) { ++ended_[action.state]; }});
    pipeline_.emplace(rooms,
                      *dispatcher_,
                      workers_.get_executor(),
                      Pipeline::Told{.verdict = [](const auto&, auto) {}});
    backend_.emplace(rooms,
                     *pipeline_,
                     *dispatcher_,
                     policy_,
                     catalogue(),
                     loop_.get_executor(),
                     storm_size);
    on_loop([this] {
      service_ = serve::Service::start(loop_.get_executor(),
                                       {},
                                       *backend_,
                                       serve::Access::make(serve::testing::tokens()).value(),
                                       clock_,
                                       [](const std::exception_ptr&) { ADD_FAILURE(); })
                     .value();
    });
  }

  ~House() {
    workers_.join();
    std::promise<void> closed;
    asio::co_spawn(
        loop_,
        [this]() -> asio::awaitable<void> {
          co_await service_->stop(Deadline::in(std::chrono::seconds{1}));
          co_await dispatcher_->close();
        },
        [&closed](const std::exception_ptr&) { closed.set_value(); });
    closed.get_future().wait();
    keep_loop_.reset();
    thread_.join();
  }

  House(const House&) = delete;
  House& operator=(const House&) = delete;

  /// Calls `work` on the loop and waits for its end.
  template <class Work>
  void on_loop(Work work) {
    std::promise<void> done;
    asio::post(loop_, [&] {
      work();
      done.set_value();
    });
    done.get_future().wait();
  }

  /// A person with every role.
  Result<http::Response> post(std::string target, std::string body) {
    Result<http::Response> answer = fail(Errc::cancelled, "not asked");
    http::Call call{
        .origin = {.tls = false, .host = "127.0.0.1", .port = std::to_string(service_->port())},
        .request = {.method = "POST",
                    .target = std::move(target),
                    .headers = {{"Authorization", "Bearer " + serve::testing::admin}},
                    .body = std::move(body)},
        .header_limit_bytes = 16384,
        .body_limit_bytes = 1 << 20};
    sallyport::testing::run(
        [](http::Call asked, Result<http::Response>& into) -> asio::awaitable<void> {
          http::Client client{co_await asio::this_coro::executor, nullptr, http::PoolLimits{}};
          into = co_await client.send(std::move(asked), Deadline::in(std::chrono::minutes{1}));
        }(std::move(call), answer));
    return answer;
  }

  [[nodiscard]] Dispatcher& dispatcher() { return *dispatcher_; }

  [[nodiscard]] ApiBackend& backend() { return *backend_; }

  [[nodiscard]] asio::any_io_executor workers() { return workers_.get_executor(); }

  [[nodiscard]] asio::any_io_executor loop() { return loop_.get_executor(); }

  [[nodiscard]] Sent sent() const { return recorder_->sent(); }

  /// What was run, by where it came to rest. On the loop, or when nothing runs.
  [[nodiscard]] std::size_t ended(ActionState state) { return ended_[state]; }

 private:
  sallyport::testing::TemporaryDirectory folder_;
  SystemClock clock_;
  UlidSource ids_;
  observe::Metrics metrics_;
  std::unique_ptr<store::Store> store_ =
      store::Store::open({.directory = folder_.path() / "data"}).value();
  approve::Outbox outbox_{*store_, clock_, ids_, {}};
  asio::io_context loop_{1};
  asio::executor_work_guard<asio::io_context::executor_type> keep_loop_{loop_.get_executor()};
  asio::thread_pool workers_{2};
  PolicyKeeper policy_{*store_, catalogue(), clock_, folder_.path() / "policy.yaml"};
  std::optional<gate::Gate> gate_;
  graph::EntityGraph graph_{*store_};
  ingest::Groups groups_{std::make_shared<const ingest::GroupingRules>(),
                         [this](Time at) { return ids_.next(at); },
                         [](const model::Alert&) { return std::vector<std::string>{}; }};
  ingest::Intake intake_{*store_, graph_, groups_, normalizer(), {}};
  investigate::Investigator investigator_{rules(), {}, &graph_, clock_, ids_};
  act::Actions actions_{*store_, clock_, std::chrono::hours{1}};
  std::shared_ptr<Recorder> recorder_ = std::make_shared<Recorder>();
  std::optional<act::Executor> executor_;
  std::optional<approve::Approvals> approvals_;
  std::optional<Dispatcher> dispatcher_;
  std::optional<Pipeline> pipeline_;
  std::optional<ApiBackend> backend_;
  std::unique_ptr<serve::Service> service_;
  std::map<ActionState, std::size_t> ended_;
  std::thread thread_{[this] { loop_.run(); }};
};

/// 10,000 actions: one in twenty MINIMAL, the others LOW, MEDIUM and HIGH in turn. Half of all wait
/// for a person, because only an attacker's text names their target; the rest run by themselves.
class Storm {
 public:
  /// Proposes them from the workers, as investigations do, while people approve every second one
  /// that waits.
  void begin() {
    for (std::size_t i = 0; i < askers; ++i) spawn(house_.workers(), propose());
  }

  [[nodiscard]] std::size_t proposed() const { return proposed_; }

  /// When this returns nobody approves anything any more.
  void send_people_home() {
    house_.on_loop([this] { people_here_ = false; });
  }

  void wait_for_the_end() {
    while (under_way_ > 0 || house_.dispatcher().running() > 0) std::this_thread::sleep_for(100us);
  }

  [[nodiscard]] House& house() { return house_; }

  [[nodiscard]] std::size_t approved() const { return approved_; }

  /// What the gate sent to people when it was proposed, or blocked.
  [[nodiscard]] std::size_t not_permitted() const { return not_permitted_; }

 private:
  static model::ActionRequest request(std::size_t n) {
    const auto verb = n % 20 == 0 ? 0 : 1 + n % 3;
    const bool host = verb == 0 || verb == 3;
    return {.tenant = "acme",
            .action = std::string{verbs.at(verb)},
            .target = {.kind = host ? "host" : "ip",
                       .value = host ? fmt::format("WKS-{:05}", n)
                                     : fmt::format("203.{}.{}.{}", n % 3, n / 250, n % 250)},
            .confidence = 0.9,
            .requested_by = {.kind = "agent", .id = "investigation:1"},
            .grounded = n % 2 == 0 || verb == 0};
  }

  void spawn(asio::any_io_executor where, asio::awaitable<void> task) {
    ++under_way_;
    asio::co_spawn(where, std::move(task), [this](const std::exception_ptr& thrown) {
      --under_way_;
      if (thrown) std::rethrow_exception(thrown);
    });
  }

  asio::awaitable<void> propose() {
    for (auto n = proposed_++; n < storm_size; n = proposed_++) {
      const auto action = co_await house_.dispatcher().propose(request(n));
      EXPECT_TRUE(action) << action.error().detail;
      if (!action || action->decision.decision == model::Ruling::auto_) continue;
      ++not_permitted_;
      if (action->state == ActionState::queued && n % 4 == 1) {
        asio::post(house_.loop(), [this, asked = *action] {
          if (people_here_) spawn(house_.loop(), approve(asked));
        });
      }
    }
  }

  asio::awaitable<void> approve(model::Action action) {
    serve::Ruling yes{.request_hash = action.request_hash,
                      .by = {.kind = "analyst", .id = "alice"},
                      .comment = "yes"};
    const auto done = co_await house_.backend().approve(action.id.text(), std::move(yes));
    EXPECT_TRUE(done) << done.error().detail;
    ++approved_;
  }

  House house_;
  std::atomic<std::size_t> proposed_ = 0;
  std::atomic<std::size_t> under_way_ = 0;
  std::atomic<std::size_t> not_permitted_ = 0;
  std::atomic<std::size_t> approved_ = 0;
  bool people_here_ = true;  // on the loop alone
};

/// A process's share of the runs.
class StormTest : public ::testing::TestWithParam<unsigned> {
 protected:
  StormTest() { use_memory_for_files(); }

  static constexpr std::size_t runs = 4;

  /// After how many proposals the dial is turned.
  std::size_t moment() { return std::uniform_int_distribution<std::size_t>{0, 6'000}(chance_); }

 private:
  std::minstd_rand chance_{4711 + GetParam()};
};

TEST_P(StormTest, FromTheAnswerToATierDropOnNothingIsSentThatTheNewTierForbids) {
  std::size_t held_back = 0;
  std::size_t sent_after = 0;
  for (std::size_t run = 0; run < runs; ++run) {
    Storm storm;
    auto& house = storm.house();
    const auto turned_after = moment();
    SCOPED_TRACE(fmt::format("run {}, turned after {} proposals", run, turned_after));
    storm.begin();
    while (storm.proposed() < turned_after) std::this_thread::sleep_for(100us);
    // Whoever approves after the drop knows of it, and what they approve is sent.
    storm.send_people_home();

    const auto answer =
        house.post("/v1/policy/tier", R"({"tenant":"acme","tier":"L1","reason":"drill"})");
    const auto at_the_answer = house.sent();
    ASSERT_EQ(serve::testing::status_of(answer), 200);
    storm.wait_for_the_end();

    const auto in_the_end = house.sent();
    EXPECT_EQ(forbidden_at_l1(in_the_end), forbidden_at_l1(at_the_answer));
    // The storm went on: what L1 lets through was sent to the last, and nothing got lost.
    EXPECT_EQ(in_the_end[0], storm_size / 20);
    const auto sent = std::reduce(in_the_end.begin(), in_the_end.end());
    EXPECT_EQ(house.ended(ActionState::verified), sent);
    EXPECT_EQ(sent + house.ended(ActionState::queued) + storm.not_permitted(),
              storm_size + storm.approved());
    held_back += house.ended(ActionState::queued);
    sent_after += in_the_end[0] - at_the_answer[0];
  }
  // Else the drop met nothing, and the test shows nothing.
  EXPECT_GT(held_back, 0U);
  EXPECT_GT(sent_after, 0U);
  RecordProperty("held_back", std::to_string(held_back));
  RecordProperty("sent_after", std::to_string(sent_after));
}

INSTANTIATE_TEST_SUITE_P(HundredRuns, StormTest, ::testing::Range(0U, 25U));

class KillStormTest : public StormTest {};

TEST_P(KillStormTest, FromTheAnswerToAKillSwitchOnNothingIsSentThatItBlocks) {
  Storm storm;
  auto& house = storm.house();
  const auto turned_after = moment();
  storm.begin();
  while (storm.proposed() < turned_after) std::this_thread::sleep_for(100us);
  storm.send_people_home();
  const auto answer = house.post(
      "/v1/policy/kill-switch", R"({"scope":"tenant","tenant":"acme","on":true,"reason":"drill"})");
  const auto at_the_answer = house.sent();
  ASSERT_EQ(serve::testing::status_of(answer), 200);
  storm.wait_for_the_end();
  EXPECT_EQ(house.sent(), at_the_answer);
  EXPECT_EQ(house.ended(ActionState::verified) + house.ended(ActionState::blocked) +
                storm.not_permitted(),
            storm_size + storm.approved());
}

INSTANTIATE_TEST_SUITE_P(SomeRuns, KillStormTest, ::testing::Range(0U, 3U));

}  // namespace

}  // namespace sallyport::app::testing
