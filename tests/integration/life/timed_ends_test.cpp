#include "connectors/native/ldap/ldap.hpp"
#include "connectors/native/nftables/nftables.hpp"
#include "connectors/native/ssh/ssh.hpp"
#include "tests/integration/life/deed.hpp"
#include "tests/integration/life/house.hpp"
#include "tests/store/temporary_directory.hpp"
#include "tools/lab/lab.hpp"

#include <gtest/gtest.h>

#include <set>

/// A timed action on a real product whose time is over, killed by SIGKILL at each place that its
/// end passes: before and after each read, each durable step and, where the engine ends it, each
/// request. After each kill a new process takes up what was left.
namespace sallyport::testing {

namespace {

using enum model::ActionState;

class Ending {
 public:
  /// `lets_go`: what the product does by itself when the time is over; empty: nothing, so that the
  /// engine ends it.
  explicit Ending(Deed deed, std::function<bool()> lets_go = {})
      : deed_{std::move(deed)}, lets_go_{std::move(lets_go)} {
    if (std::filesystem::is_directory("/dev/shm")) ::setenv("TMPDIR", "/dev/shm", 0);
  }

  /// Kills its end at the first place, at the second, and so on, until it comes to its end. Returns
  /// the places, in their order.
  std::vector<std::string> kill_everywhere() {
    std::vector<std::string> places;
    for (int at = 1; at < most; ++at) {
      const TemporaryDirectory data;
      auto& points = Points::shared();
      points.begin_story();
      points.go_ahead(std::chrono::seconds{0});
      EXPECT_EQ(in_house(data.path(), 0, [&](House& house) { return begin(house); }), 0);
      EXPECT_TRUE(deed_.in_effect());
      if (lets_go_) EXPECT_TRUE(lets_go_());
      points.go_ahead(std::chrono::hours{1});
      const auto ended = in_house(data.path(), at, [&](House& house) {
        house.end_what_is_due();
        return 0;
      });
      const auto where =
          fmt::format("killed at place {}: {}", at, ended == SIGKILL ? points.place() : "none");
      const auto recovered = in_house(data.path(), 0, [&](House& house) { return recover(house); });
      EXPECT_EQ(recovered, 0) << where;
      EXPECT_FALSE(deed_.in_effect()) << where;
      EXPECT_EQ(points.sent(), lets_go_ ? 1 : 2) << where;
      points.go_ahead(std::chrono::seconds{0});
      if (ended == 0 || recovered != 0) return places;
      EXPECT_EQ(ended, SIGKILL);
      places.push_back(points.place());
    }
    ADD_FAILURE() << "it never came to its end";
    return places;
  }

 private:
  static constexpr int most = 100;
  static constexpr int most_rounds = 4;

  int in_house(const std::filesystem::path& data,
               int kill_at,
               const std::function<int(House&)>& work) {
    return in_child([&] {
      Points::shared().begin(0);
      asio::thread_pool pool{1};
      const SystemClock clock;
      House house{data, pool, deed_.product(pool, clock), furniture_};
      Points::shared().begin(kill_at);
      return work(house);
    });
  }

  int begin(House& house) const {
    house.act(deed_.request);
    const auto done = house.all().front();
    return done.state == verified && done.ends_at ? 0 : 1;
  }

  /// A start, and the bell as often as it takes: what failed is tried again later.
  [[nodiscard]] int recover(House& house) const {
    const auto wanted = lets_go_ ? released : rolled_back;
    house.resume();
    for (int round = 0; round < most_rounds; ++round) {
      house.end_what_is_due();
      if (house.all().front().state == wanted) break;
      Points::shared().go_ahead(Points::shared().ahead() + std::chrono::minutes{20});
    }
    auto wrong = wrong_in_ledger(house.store());
    const auto all = house.all();
    if (all.front().state != wanted)
      wrong.push_back(fmt::format("it is {}: {}", name_of(all.front().state), all.front().detail));
    std::size_t undone = 0;
    for (const auto& action : all)
      if (!action.reverses.empty() && action.state == verified) ++undone;
    if (undone != (lets_go_ ? 0U : 1U))
      wrong.push_back(fmt::format("{} rollbacks are verified", undone));
    for (const auto& what : wrong) fmt::print(stderr, "{}\n", what);
    return wrong.empty() ? 0 : 1;
  }

  Deed deed_;
  std::function<bool()> lets_go_;
  Furniture furniture_;
};

void expect_places(const std::vector<std::string>& places, const std::vector<std::string>& wanted) {
  const std::set<std::string> seen{places.begin(), places.end()};
  for (const auto& place : wanted) EXPECT_TRUE(seen.contains(place)) << "never killed " << place;
  ::testing::Test::RecordProperty("places", static_cast<int>(places.size()));
}

/// The engine's own end: the look, and the rollback with all its arrows.
void expect_all_of_a_rollback(const std::vector<std::string>& places, const std::string& verb) {
  expect_places(places,
                {"before a read",
                 "after a read",
                 "before a step is written",
                 "after decided is durable",
                 "after intended is durable",
                 "after executing is durable",
                 "before " + verb,
                 "after " + verb,
                 "after executed is durable",
                 "after rolled_back is durable",
                 "after verified is durable"});
}

}  // namespace

TEST(TimedEnds, NftablesBlockThatTheKernelEndsIsReleasedOnceWhereverThatIsKilled) {
  const auto lab = lab::Lab::start({.directory = false, .workstation = false});
  ASSERT_TRUE(lab) << lab.error().detail;
  const auto there = [&](std::vector<std::string> command) {
    command.insert(command.begin(), {"ip", "netns", "exec", lab->networks().gateway});
    return lab::must_run(command);
  };
  Ending ending{{.request = request("block_ip", "ip", "203.0.113.7", {{"duration_s", 600}}),
                 .product =
                     [&](asio::thread_pool& pool, const Clock& clock) {
                       return std::shared_ptr{connectors::nftables::Nftables::make(
                                                  lab->firewall(), clock, pool.get_executor())
                                                  .value()};
                     },
                 .in_effect =
                     [&] {
                       const auto rules = there({"nft", "list", "ruleset"});
                       return rules && rules->contains("203.0.113.7");
                     }},
                [&] { return there({"nft", "flush", "ruleset"}).has_value(); }};
  expect_places(
      ending.kill_everywhere(),
      {"before a read", "after a read", "before a step is written", "after released is durable"});
}

TEST(TimedEnds, LdapLockThatTheEngineEndsIsUndoneOnceWhereverThatIsKilled) {
  const auto lab = lab::Lab::start({.networks = false, .workstation = false});
  ASSERT_TRUE(lab) << lab.error().detail;
  Ending ending{{.request = request("disable_user", "user", "alice", {{"duration_s", 600}}),
                 .product =
                     [&](asio::thread_pool& pool, const Clock&) {
                       return std::shared_ptr{connectors::ldap::Ldap::make(
                                                  lab->directory().config(), pool.get_executor())
                                                  .value()};
                     },
                 .in_effect = [&] { return lab->directory().log_in("alice").value() != 0; }}};
  expect_all_of_a_rollback(ending.kill_everywhere(), "enable_user");
}

TEST(TimedEnds, SshIsolationThatTheEngineEndsIsUndoneOnceWhereverThatIsKilled) {
  auto lab = lab::Lab::start({.directory = false});
  ASSERT_TRUE(lab) << lab.error().detail;
  Ending ending{{.request = request("isolate_host", "host", "WKS-0042", {{"duration_s", 600}}),
                 .product =
                     [&](asio::thread_pool& pool, const Clock&) {
                       return std::shared_ptr{connectors::ssh::Ssh::make(
                                                  lab->workstation().config(), pool.get_executor())
                                                  .value()};
                     },
                 .in_effect =
                     [&] {
                       const auto rules = lab->workstation().run_there({"nft", "list", "ruleset"});
                       return rules && rules->printed.contains("sallyport_isolation");
                     }}};
  expect_all_of_a_rollback(ending.kill_everywhere(), "release_host");
}

}  // namespace sallyport::testing
