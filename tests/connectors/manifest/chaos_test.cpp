#include "tests/connectors/manifest/world.hpp"
#include "tests/store/temporary_directory.hpp"

#include <gmock/gmock.h>

#include <map>
#include <random>
#include <set>

/// A thousand actions on a product that does everything wrong that a product can.
namespace sallyport::connectors::manifest::testing {

namespace {

using namespace std::chrono_literals;
using model::ActionState;
using ::testing::IsEmpty;

constexpr unsigned seed = 20261128;
constexpr int actions = 1'000;

constexpr std::string_view manifest = R"(manifest: 1
connector:
  id: moody
  title: Moody
  product: firewall
  versions: any
  sources: [this test]
endpoints: { api: {} }
auth: { kind: none }
limits: [{ requests: 100000, per_s: 1 }]
concurrency: 16
errors:
  - { when: { status: 429 }, means: rate_limited, retry_after: header.x-retry-ms, milliseconds: true }
operations:
  block_ip:
    summary: Make one more block of an address
    targets: { ip: { type: ip } }
    state:
      steps: &look
        - id: look
          request: { path: '/blocks/${{ target.value }}' }
          save: { blocks: body.blocks }
      in_effect: { state.blocks|gt: 0 }
    act:
      steps:
        - id: block
          request: { method: POST, path: '/blocks/${{ target.value }}' }
      repeat: once
    undo: { verb: unblock_ip }
  unblock_ip:
    summary: Take all blocks of an address away
    targets: { ip: { type: ip } }
    state:
      steps: *look
      in_effect: { state.blocks: 0 }
    act:
      steps:
        - id: unblock
          request: { method: DELETE, path: '/blocks/${{ target.value }}' }
      repeat: safe
    undo: { verb: block_ip }
)";

/// Every POST makes one more block: who sends twice is found out. Of ten requests three fail, one
/// of which was done nevertheless; some are slow; some are too many.
class Moody final : public lab::Vendor {
 public:
  http::Response answer(const lab::VendorRequest& request) override {
    if (request.path.size() != 2) return lab::json_answer(404, json::object{});
    auto& blocks = blocks_[request.path[1]];
    if (one_in(50)) std::this_thread::sleep_for(5ms);
    if (one_in(20)) {
      auto busy = lab::json_answer(429, json::object{});
      busy.headers.emplace_back("X-Retry-Ms", "20");
      return busy;
    }
    if (one_in(5)) return lab::json_answer(503, json::object{{"message", "out of mood"}});
    if (request.method == "POST") ++blocks;
    if (request.method == "DELETE") blocks = 0;
    if (one_in(10)) return lab::json_answer(500, json::object{{"message", "did I?"}});
    return lab::json_answer(200, json::object{{"blocks", blocks}});
  }

  std::map<std::string, int> blocks_;

 private:
  bool one_in(unsigned n) { return chance_() % n == 0; }

  std::mt19937 chance_{seed};
};

/// None is the beginning of another.
std::string address(int i) {
  return fmt::format("203.0.{}.{}", 100 + i / 100, 100 + i % 100);
}

/// A moody product with its connector, and an engine's room around it.
struct ManyActions {
  ManyActions() {
    const auto document = config::Document::parse(manifest, "moody.yaml").value();
    Faults faults;
    const auto plan = compile(document, catalogue(), faults);
    EXPECT_TRUE(plan) << document.render(faults);
    auto made = Connector::make(plan, lab_config(*vendor, {}), places, clock, loop.executor());
    EXPECT_TRUE(made) << made.error().detail;
    executor.emplace(
        book,
        gate,
        clock,
        std::vector<std::shared_ptr<act::Actuator>>{*std::move(made)},
        act::ExecutorOptions{.product = {.request_timeout = 5s,
                                         .attempts = 3,
                                         .at_once = 16,
                                         .breaker = {.failures = 5, .open_for = 10ms},
                                         .wait_for = 2s},
                             .verify = {.verify_for = 300ms}},
        [](store::Batch&, const model::Action&) {},
        [](store::Batch&, const model::Action&, act::Notice) {},
        [this](const act::Product& product) {
          opened = std::max(opened, product.health().opened);
        });
  }

  /// Proposes it and begins to run it.
  ActionId begin(asio::io_context& own, const std::string& target) {
    model::ActionRequest request{.tenant = "lab",
                                 .action = "block_ip",
                                 .target = {.kind = "ip", .value = target},
                                 .confidence = 1,
                                 .requested_by = {.kind = "analyst", .id = "alice"}};
    auto answer = gate.judge(request, clock.now(), "product");
    model::Action action{.id = ActionId::parse(ids.next(clock.now())).value(),
                         .tenant = "lab",
                         .request = request,
                         .request_hash = model::request_hash(request),
                         .decision = gate::decision_of(answer),
                         .state = ActionState::permitted,
                         .connector = "product",
                         .created_at = clock.now(),
                         .updated_at = clock.now()};
    store::Batch batch;
    EXPECT_TRUE(book.add(batch, action));
    EXPECT_TRUE(store->commit_and_wait(std::move(batch)));
    auto id = action.id;
    asio::co_spawn(own,
                   executor->run(std::move(action), std::get<gate::Permit>(std::move(answer))),
                   [](const std::exception_ptr& thrown, const Result<model::Action>& ran) {
                     if (thrown) std::rethrow_exception(thrown);
                     EXPECT_TRUE(ran) << ran.error().detail;
                   });
    return id;
  }

  [[nodiscard]] std::map<std::string, int> blocks() {
    return vendor->with<Moody>([](Moody& moody) { return moody.blocks_; });
  }

  SystemClock clock;
  Loop loop;
  std::unique_ptr<lab::VendorServer> vendor =
      lab::VendorServer::start(std::make_unique<Moody>()).value();
  std::shared_ptr<KnownPlaces> places = std::make_shared<KnownPlaces>();
  sallyport::testing::TemporaryDirectory folder;
  UlidSource ids{7};
  std::unique_ptr<store::Store> store = store::Store::open({.directory = folder.path()}).value();
  gate::Gate gate{conformance::anything_goes(catalogue()).policy};
  act::Actions book{*store, clock, 0s};
  std::optional<act::Executor> executor;
  std::uint64_t opened = 0;
};

}  // namespace

TEST(Chaos, OfAThousandActionsNoneIsLostAndNoneIsDoneTwice) {
  ManyActions many;
  std::mt19937 chance{seed};
  std::map<std::string, std::string> targets;  // by action
  asio::io_context own{1};
  std::size_t lost = 0;
  for (int i = 0; i < actions; ++i) {
    const auto target = address(i);
    if (chance() % 10 == 0) {  // it acts, and the answer never arrives
      many.vendor->befall(
          {.kind = lab::Mishap::Kind::lost_answer, .method = "POST", .path = target});
      ++lost;
    }
    targets.emplace(many.begin(own, target).text(), target);
  }
  own.run();

  // What nobody knew is looked at again, as the engine does from time to time.
  const auto states = [&] {
    std::map<std::string, model::ActionState> all;
    for (const auto& [id, target] : targets) all[id] = many.book.get(id)->state;
    return all;
  };
  std::size_t unclear = 0;
  for (int round = 0; round < 50; ++round) {
    std::size_t open = 0;
    for (const auto& [id, state] : states()) {
      if (state != ActionState::unknown) continue;
      ++open;
      EXPECT_TRUE(wait(many.executor->look_again(id)));
    }
    if (round == 0) unclear = open;
    if (open == 0) break;
  }

  const auto blocks = many.blocks();
  std::map<model::ActionState, int> count;
  std::vector<std::string> wrong;
  for (const auto& [id, state] : states()) {
    ++count[state];
    const auto& target = targets.at(id);
    const auto found = blocks.find(target);
    const int times = found == blocks.end() ? 0 : found->second;
    const auto action = many.book.get(id).value();
    const bool agrees = state == ActionState::verified    ? times == 1
                        : state == ActionState::succeeded ? times == 1
                        : state == ActionState::failed    ? times == 0 && !action.detail.empty()
                        : state == ActionState::queued    ? times == 0 && !action.detail.empty()
                                                          : false;
    if (!agrees)
      wrong.push_back(fmt::format(
          "{} {}: {}, {} blocks ({})", id, target, name_of(state), times, action.detail));
  }
  EXPECT_THAT(wrong, IsEmpty());
  EXPECT_EQ(targets.size(), static_cast<std::size_t>(actions));
  // Else it was no chaos.
  EXPECT_GT(lost, 50U);
  // On a loaded machine the circuit opens more often, and more wait for a person.
  EXPECT_GT(count[ActionState::verified], actions / 4);
  EXPECT_GT(count[ActionState::failed], 10);
  for (const auto& [state, n] : count) RecordProperty(std::string{name_of(state)}, n);
  RecordProperty("unclear", static_cast<int>(unclear));
  RecordProperty("opened", static_cast<int>(many.opened));
}

}  // namespace sallyport::connectors::manifest::testing
