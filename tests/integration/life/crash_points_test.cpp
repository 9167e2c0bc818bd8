#include "connectors/native/ldap/ldap.hpp"
#include "connectors/native/nftables/nftables.hpp"
#include "connectors/native/ssh/ssh.hpp"
#include "tests/integration/life/deed.hpp"
#include "tests/integration/life/house.hpp"
#include "tests/store/temporary_directory.hpp"
#include "tools/lab/lab.hpp"

#include <gmock/gmock.h>

#include <set>

/// An action and its rollback on a real product, killed by SIGKILL at each place that they pass:
/// before and after each durable step, each read and each request. After each kill a new process
/// takes up what was left.
namespace sallyport::testing {

namespace {

using enum model::ActionState;

/// What a recovered life looks like, and what is wrong with it.
class Inspection {
 public:
  Inspection(const Deed& deed, House& house) : deed_{deed}, house_{house} {}

  std::vector<std::string> wrong() {
    const auto found = house_.all();
    expect(Points::shared().sent() <= 2, "something was sent more than once");
    if (found.empty()) {
      expect(!deed_.in_effect(), "it is in effect, and no record says so");
      return std::move(wrong_);
    }
    const auto& action = found.front();
    agrees(action);
    const bool in_force = action.state == verified || action.state == rollback_failed;
    if (in_force) {
      const auto before = Points::shared().sent();
      house_.roll_back(action);
      expect(Points::shared().sent() == before + 1, "the rollback was not sent once");
      const auto undone = house_.all();
      expect(undone.front().state == rolled_back,
             "after the rollback it is " + std::string{name_of(undone.front().state)} + ": " +
                 undone.front().detail);
      expect(undone.back().state == verified,
             "the rollback is " + std::string{name_of(undone.back().state)});
    }
    expect(!deed_.in_effect(), "it is in effect after the rollback");
    for (auto& what : wrong_in_ledger(house_.store())) wrong_.push_back(std::move(what));
    return std::move(wrong_);
  }

 private:
  void expect(bool holds, std::string otherwise) {
    if (!holds) wrong_.push_back(std::move(otherwise));
  }

  void agrees(const model::Action& action) {
    const bool real = deed_.in_effect();
    const bool recorded = action.state == verified || action.state == rollback_failed;
    const bool ended = recorded || action.state == failed || action.state == rolled_back;
    expect(ended, fmt::format("it is {}: {}", name_of(action.state), action.detail));
    expect(real == recorded,
           fmt::format("it is {}, and {}in effect: {}",
                       name_of(action.state),
                       real ? "" : "not ",
                       action.detail));
    expect(action.state != failed || !action.detail.empty(), "it failed without a reason");
  }

  const Deed& deed_;
  House& house_;
  std::vector<std::string> wrong_;
};

/// Until the process ends: children do not clean up, a killed one cannot.
class Story {
 public:
  explicit Story(Deed deed) : deed_{std::move(deed)} {
    if (std::filesystem::is_directory("/dev/shm")) ::setenv("TMPDIR", "/dev/shm", 0);
  }

  /// Kills it at its first place, at its second, and so on, until it comes to its end. Returns the
  /// places where it was killed, in their order.
  std::vector<std::string> kill_everywhere() {
    std::vector<std::string> places;
    for (int at = 1; at < most; ++at) {
      TemporaryDirectory data;
      Points::shared().begin_story();
      const auto ended = in_child([&] { return live(data.path(), at); });
      if (ended == 0) {
        EXPECT_FALSE(deed_.in_effect());
        return places;
      }
      EXPECT_EQ(ended, SIGKILL);
      places.push_back(Points::shared().place());
      const auto recovered = in_child([&] { return recover(data.path()); });
      EXPECT_EQ(recovered, 0) << "killed at place " << at << ": " << places.back();
      EXPECT_FALSE(deed_.in_effect()) << "killed at place " << at << ": " << places.back();
      if (recovered != 0) break;  // what follows would begin on another ground
    }
    ADD_FAILURE() << "it never came to its end";
    return places;
  }

 private:
  static constexpr int most = 500;

  /// The action and its rollback.
  int live(const std::filesystem::path& data, int kill_at) {
    asio::thread_pool pool{1};
    SystemClock clock;
    House house{data, pool, deed_.product(pool, clock), furniture_};
    Points::shared().begin(kill_at);
    house.act(deed_.request);
    const auto done = house.all();
    if (done.front().state != verified) return 1;
    house.roll_back(done.front());
    return house.all().front().state == rolled_back ? 0 : 1;
  }

  int recover(const std::filesystem::path& data) {
    Points::shared().begin(0);
    asio::thread_pool pool{1};
    SystemClock clock;
    House house{data, pool, deed_.product(pool, clock), furniture_};
    house.resume();
    const auto wrong = Inspection{deed_, house}.wrong();
    for (const auto& what : wrong) fmt::print(stderr, "{}\n", what);
    return wrong.empty() ? 0 : 1;
  }

  Deed deed_;
  Furniture furniture_;
};

/// Every arrow of the life of an action and of a rollback was among them.
void expect_all_arrows(const std::vector<std::string>& places, const std::string& verb) {
  const std::set<std::string> seen{places.begin(), places.end()};
  for (const auto& place : {std::string{"before a step is written"},
                            std::string{"before a read"},
                            std::string{"after a read"},
                            "before " + verb,
                            "after " + verb,
                            std::string{"after decided is durable"},
                            std::string{"after intended is durable"},
                            std::string{"after executing is durable"},
                            std::string{"after executed is durable"},
                            std::string{"after verified is durable"},
                            std::string{"after rolled_back is durable"}})
    EXPECT_TRUE(seen.contains(place)) << "never killed " << place;
  ::testing::Test::RecordProperty("places", static_cast<int>(places.size()));
}

}  // namespace

TEST(CrashPoints, NftablesRecordAndKernelAgreeWhereverItIsKilled) {
  const auto lab = lab::Lab::start({.directory = false, .workstation = false});
  ASSERT_TRUE(lab) << lab.error().detail;
  Story story{
      {.request = request("block_ip", "ip", "203.0.113.7"),
       .product =
           [&](asio::thread_pool& pool, const Clock& clock) {
             return std::shared_ptr{
                 connectors::nftables::Nftables::make(lab->firewall(), clock, pool.get_executor())
                     .value()};
           },
       .in_effect =
           [&] {
             const auto rules = lab::run(
                 {"ip", "netns", "exec", lab->networks().gateway, "nft", "list", "ruleset"});
             return rules && rules->printed.contains("203.0.113.7");
           }}};
  expect_all_arrows(story.kill_everywhere(), "block_ip");
}

TEST(CrashPoints, LdapRecordAndDirectoryAgreeWhereverItIsKilled) {
  const auto lab = lab::Lab::start({.networks = false, .workstation = false});
  ASSERT_TRUE(lab) << lab.error().detail;
  Story story{{.request = request("disable_user", "user", "alice"),
               .product =
                   [&](asio::thread_pool& pool, const Clock&) {
                     return std::shared_ptr{connectors::ldap::Ldap::make(lab->directory().config(),
                                                                         pool.get_executor())
                                                .value()};
                   },
               .in_effect = [&] { return lab->directory().log_in("alice").value() != 0; }}};
  expect_all_arrows(story.kill_everywhere(), "disable_user");
}

TEST(CrashPoints, SshRecordAndHostAgreeWhereverItIsKilled) {
  auto lab = lab::Lab::start({.directory = false});
  ASSERT_TRUE(lab) << lab.error().detail;
  Story story{{.request = request("isolate_host", "host", "WKS-0042"),
               .product =
                   [&](asio::thread_pool& pool, const Clock&) {
                     return std::shared_ptr{connectors::ssh::Ssh::make(lab->workstation().config(),
                                                                       pool.get_executor())
                                                .value()};
                   },
               .in_effect =
                   [&] {
                     const auto rules = lab->workstation().run_there({"nft", "list", "ruleset"});
                     return rules && rules->printed.contains("sallyport_isolation");
                   }}};
  expect_all_arrows(story.kill_everywhere(), "isolate_host");
}

}  // namespace sallyport::testing
