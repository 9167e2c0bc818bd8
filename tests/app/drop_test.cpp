#include "engine/app/policy_desk.hpp"
#include "engine/http/client.hpp"
#include "engine/serve/service.hpp"
#include "tests/act/world.hpp"
#include "tests/serve/fake_backend.hpp"
#include "tests/serve/harness.hpp"

#include <boost/asio/post.hpp>
#include <gmock/gmock.h>

#include <deque>
#include <fstream>
#include <random>

namespace sallyport::app::testing {

namespace {

using act::testing::World;
using model::ActionState;

constexpr std::size_t at_once = 300;

/// The API's policy endpoints over the real keeper and gate.
class PolicyBackend final : public serve::testing::FakeBackend {
 public:
  PolicyBackend(PolicyKeeper& keeper, gate::Gate& gate) : keeper_{keeper}, gate_{gate} {}

  Task<serve::PolicyDocument> policy(serve::PolicyChoice choice) override {
    co_return show_policy(keeper_, choice);
  }

  Task<serve::PolicyDocument> set_tier(std::string tenant,
                                       model::Tier tier,
                                       serve::PolicyAuthor author) override {
    co_return change_tier(keeper_, gate_, std::move(tenant), tier, std::move(author));
  }

  Task<serve::PolicyDocument> kill_switch(serve::KillSwitchOrder order,
                                          serve::PolicyAuthor author) override {
    co_return change_kill_switch(keeper_, gate_, std::move(order), std::move(author));
  }

 private:
  PolicyKeeper& keeper_;
  gate::Gate& gate_;
};

/// Thousands of actions on their way, and the dial is turned in the middle of them.
struct Storm {
  explicit Storm(std::size_t storm_size) : size{storm_size} {
    std::ofstream{file} << "tenants:\n  acme: { tier: L3 }\n";
    world.gate.adopt(keeper.open().value());
    store::Batch batch;
    for (std::size_t i = 0; i < size; ++i) add(batch, i);
    EXPECT_TRUE(world.store->commit_and_wait(std::move(batch)));
  }

  /// Every fifth has to be asked about.
  void add(store::Batch& batch, std::size_t i) {
    model::ActionRequest request{
        .tenant = "acme",
        .action = "block_ip",
        .target = {.kind = "ip", .value = fmt::format("203.0.{}.{}", i / 250, i % 250)},
        .confidence = 0.9,
        .requested_by = {.kind = "agent", .id = "investigation:1"},
        .grounded = i % 5 != 0};
    auto answer = world.gate.judge(request, world.clock.now(), "fake");
    model::Action action{.id = ActionId::parse(world.ids.next(world.clock.now())).value(),
                         .tenant = "acme",
                         .request = request,
                         .request_hash = model::request_hash(request),
                         .decision = gate::decision_of(answer),
                         .state = ActionState::queued,
                         .connector = "fake",
                         .created_at = world.clock.now(),
                         .updated_at = world.clock.now()};
    auto* permit = std::get_if<gate::Permit>(&answer);
    if (permit) action.state = ActionState::permitted;
    EXPECT_TRUE(world.actions->add(batch, action));
    if (!permit) world.approvals->ask(batch, action);
    if (permit) {
      permitted.emplace_back(action, std::move(*permit));
    } else {
      queued.push_back(action);
    }
  }

  /// Carries out what is permitted, one after the other, as one of many.
  asio::awaitable<void> work() {
    while (!permitted.empty()) {
      auto [action, permit] = std::move(permitted.front());
      permitted.pop_front();
      const auto ran = co_await world.executor->run(std::move(action), std::move(permit));
      EXPECT_TRUE(ran) << ran.error().detail;
      if (ran) ++ended[ran->state];
    }
    --working;
  }

  /// A person who approves all that waits.
  asio::awaitable<void> approve() {
    while (!queued.empty()) {
      const auto action = std::move(queued.front());
      queued.pop_front();
      approve::Answer answer{.request_hash = action.request_hash,
                             .by = {.kind = "analyst", .id = "alice"},
                             .comment = "yes"};
      auto approved = co_await world.approvals->approve(action.id.text(), std::move(answer));
      if (!approved) {
        EXPECT_EQ(approved.error().code, Errc::denied) << approved.error().detail;
        ++refused;
        continue;
      }
      const auto ran =
          co_await world.executor->run(std::move(approved->action), std::move(approved->permit));
      if (ran) ++ended[ran->state];
    }
    --working;
  }

  asio::awaitable<void> turn_after(int sent, bool kill) {
    const auto loop = co_await asio::this_coro::executor;
    PolicyBackend backend{keeper, world.gate};
    auto service = serve::Service::start(loop,
                                         {},
                                         backend,
                                         serve::Access::make(serve::testing::tokens()).value(),
                                         world.clock,
                                         [](std::exception_ptr) { ADD_FAILURE(); })
                       .value();
    http::Client client{loop, nullptr, http::PoolLimits{}};
    const auto spawn = [&](asio::awaitable<void> task) {
      ++working;
      asio::co_spawn(loop, std::move(task), [](const std::exception_ptr& thrown) {
        if (thrown) std::rethrow_exception(thrown);
      });
    };
    for (std::size_t i = 0; i < at_once; ++i) spawn(work());
    for (std::size_t i = 0; kill && i < at_once / 5; ++i) spawn(approve());
    while (world.product->executions < sent) co_await asio::post(loop, asio::use_awaitable);

    http::Call call{
        .origin = {.tls = false, .host = "127.0.0.1", .port = std::to_string(service->port())},
        .request = {.method = "POST",
                    .target = kill ? "/v1/policy/kill-switch" : "/v1/policy/tier",
                    .headers = {{"Authorization", "Bearer " + serve::testing::admin}},
                    .body = kill ? R"({"scope":"verb","verb":"block_ip","on":true,)"
                                   R"("tenant":"acme","reason":"drill"})"
                                 : R"({"tenant":"acme","tier":"L1","reason":"drill"})"},
        .header_limit_bytes = 16384,
        .body_limit_bytes = 1 << 20};
    const auto answer =
        co_await client.send(std::move(call), Deadline::in(std::chrono::seconds{30}));
    sent_at_the_answer = world.product->executions;
    EXPECT_EQ(serve::testing::status_of(answer), 200);
    under_way_at_the_answer = working;
    while (working > 0) co_await asio::post(loop, asio::use_awaitable);
    co_await service->stop(Deadline::in(std::chrono::seconds{1}));
  }

  std::size_t size;
  World world;
  std::filesystem::path file = world.directory.string() + ".yaml";
  model::Catalogue catalogue = World::catalogue();
  PolicyKeeper keeper{*world.store, catalogue, world.clock, file};
  std::deque<std::pair<model::Action, gate::Permit>> permitted;
  std::deque<model::Action> queued;
  std::map<ActionState, int> ended;
  std::size_t working = 0;
  std::size_t under_way_at_the_answer = 0;
  int refused = 0;
  int sent_at_the_answer = -1;

  ~Storm() { std::filesystem::remove(file); }
};

}  // namespace

TEST(Drop, FromTheAnswerOnNothingIsSentThatIsForbiddenByThen) {
  if (std::filesystem::is_directory("/dev/shm")) ::setenv("TMPDIR", "/dev/shm", 0);
  std::minstd_rand chance{4711};
  for (int round = 0; round < 22; ++round) {
    const bool kill = round % 2 == 1;
    // Two of full size, one of each kind; the others to be turned at many moments.
    Storm storm{round < 2 ? 10'000U : 1'500U};
    const int turned_after = static_cast<int>(chance() % 700);
    sallyport::testing::run(storm.turn_after(turned_after, kill));
    SCOPED_TRACE(fmt::format("round {}, turned after {} of {} were sent",
                             round,
                             turned_after,
                             storm.sent_at_the_answer));
    EXPECT_GE(storm.sent_at_the_answer, turned_after);
    EXPECT_GT(storm.under_way_at_the_answer, 0U);
    EXPECT_EQ(storm.world.product->executions, storm.sent_at_the_answer);
    // Nothing got lost: each was done, or waits for a person, or is blocked.
    const auto held = storm.ended[kill ? ActionState::blocked : ActionState::queued];
    EXPECT_EQ(storm.ended[ActionState::verified], storm.world.product->executions);
    const auto asked = static_cast<int>(storm.size / 5);
    EXPECT_EQ(storm.ended[ActionState::verified] + held + (kill ? storm.refused : asked),
              static_cast<int>(storm.size));
  }
}

}  // namespace sallyport::app::testing
