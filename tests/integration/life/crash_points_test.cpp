#include "connectors/native/ldap/ldap.hpp"
#include "connectors/native/nftables/nftables.hpp"
#include "connectors/native/ssh/ssh.hpp"
#include "engine/store/ledger.hpp"
#include "tests/integration/life/house.hpp"
#include "tests/store/temporary_directory.hpp"
#include "tools/lab/lab.hpp"

#include <boost/asio/thread_pool.hpp>
#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>
#include <set>

/// An action and its rollback on a real product, killed by SIGKILL at each place that they pass:
/// before and after each durable step, each read and each request. After each kill a new process
/// takes up what was left.
namespace sallyport::testing {

namespace {

using enum model::ActionState;

/// One verb on one real product.
struct Deed {
  model::ActionRequest request;
  std::function<std::shared_ptr<act::Actuator>(asio::thread_pool& pool, const Clock& clock)>
      product;
  /// Whether it is in effect, seen without the connector.
  std::function<bool()> in_effect;
};

model::ActionRequest request(std::string verb, std::string kind, std::string value) {
  return {.tenant = "acme",
          .action = std::move(verb),
          .target = {.kind = std::move(kind), .value = std::move(value)},
          .confidence = 1,
          .requested_by = {.kind = "analyst", .id = "alice"}};
}

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
    const auto verified_chain = store::verify_ledger(house_.store(), "acme");
    expect(verified_chain && verified_chain->holds, "the ledger does not hold");
    sent_once_by_the_ledger();
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

  void sent_once_by_the_ledger() {
    std::map<std::string, int> sent;
    const auto read =
        store::read_ledger(house_.store(), "acme", 1, [&](std::uint64_t, std::string_view line) {
          const auto entry = from_json<model::LedgerEntry>(line).value();
          if (entry.kind == model::EntryKind::executing) ++sent[entry.subject];
          return true;
        });
    expect(read.has_value(), "the ledger cannot be read");
    for (const auto& [action, times] : sent)
      expect(times == 1, fmt::format("action {} was executing {} times", action, times));
  }

  const Deed& deed_;
  House& house_;
  std::vector<std::string> wrong_;
};

/// Runs `work` in a process of its own. The signal that ended it; 0: it came to its end well; -1:
/// it did not.
int in_child(const std::function<int()>& work) {
  const auto child = ::fork();
  if (child == 0) {
    int status = 1;
    try {
      status = work();
    } catch (const std::exception& error) {
      fmt::print(stderr, "{}\n", error.what());
    }
    ::_exit(status);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  if (WIFSIGNALED(status)) return WTERMSIG(status);
  return WEXITSTATUS(status) == 0 ? 0 : -1;
}

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
    House house{data, deed_.product(pool, clock), furniture_};
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
    House house{data, deed_.product(pool, clock), furniture_};
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

TEST(CrashPoints, NftablesTimedBlockEndsOnceWhereverItsEndIsKilled) {
  const auto lab = lab::Lab::start({.directory = false, .workstation = false});
  ASSERT_TRUE(lab) << lab.error().detail;
  const Furniture furniture;
  const auto in_house = [&](const std::filesystem::path& data, const auto& work) {
    asio::thread_pool pool{1};
    SystemClock clock;
    House house{data,
                std::shared_ptr{connectors::nftables::Nftables::make(
                                    lab->firewall(), clock, pool.get_executor())
                                    .value()},
                furniture};
    return work(house);
  };
  auto block = request("block_ip", "ip", "203.0.113.7");
  block.parameters = {{"duration_s", 600}};
  std::set<std::string> places;
  for (int at = 1; at < 100; ++at) {
    TemporaryDirectory data;
    Points::shared().begin_story();
    Points::shared().begin(0);
    Points::shared().go_ahead(std::chrono::seconds{0});
    ASSERT_EQ(in_child([&] {
                return in_house(data.path(), [&](House& house) {
                  house.act(block);
                  return house.all().front().ends_at ? 0 : 1;
                });
              }),
              0);
    // The time is over: the firewall lets go, and the clock says so.
    ASSERT_TRUE(
        lab::must_run({"ip", "netns", "exec", lab->networks().gateway, "nft", "flush", "ruleset"}));
    Points::shared().go_ahead(std::chrono::hours{1});
    const auto ended = in_child([&] {
      return in_house(data.path(), [&](House& house) {
        Points::shared().begin(at);
        house.end_what_is_due();
        return 0;
      });
    });
    const auto recovered = in_child([&] {
      Points::shared().begin(0);
      return in_house(data.path(), [&](House& house) {
        house.resume();
        house.end_what_is_due();
        const auto all = house.all();
        return all.size() == 1 && all.front().state == released ? 0 : 1;
      });
    });
    EXPECT_EQ(recovered, 0) << "killed at place " << at;
    EXPECT_EQ(Points::shared().sent(), 1);
    if (ended != SIGKILL) break;
    places.insert(Points::shared().place());
  }
  Points::shared().go_ahead(std::chrono::seconds{0});
  for (const auto* place :
       {"before a read", "after a read", "before a step is written", "after released is durable"})
    EXPECT_TRUE(places.contains(place)) << "never killed " << place;
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
