#include "connectors/manifest/connector.hpp"
#include "tests/integration/life/deed.hpp"
#include "tests/integration/life/house.hpp"
#include "tests/store/temporary_directory.hpp"
#include "tools/lab/vendors/desks.hpp"
#include "tools/lab/vendors/vendor_server.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <set>

/// A product that takes a key per event (PagerDuty's `dedup_key`), reached over HTTP as its
/// manifest says, and two actions on it, killed at each place of their lives.
namespace sallyport::testing {

namespace {

using ::testing::ElementsAre;

class Pager {
 public:
  Pager() {
    ::setenv("SALLYPORT_LAB_ROUTING_KEY", "lab-routing-key", 1);
    // The first event arrives and its answer does not: it is sent again.
    server_->befall(
        {.kind = lab::Mishap::Kind::lost_answer, .method = "POST", .path = "/v2/enqueue"});
  }

  [[nodiscard]] std::shared_ptr<act::Actuator> connector(asio::thread_pool& pool,
                                                         const Clock& clock,
                                                         const Furniture& furniture) const {
    const auto plan = connectors::manifest::load(
        SALLYPORT_SOURCE_DIR "/connectors/paging/pagerduty.yaml", furniture.catalogue);
    return connectors::manifest::Connector::make(
               plan.value(),
               {.name = "pager",
                .base_url = server_->url(),
                .secrets = {{"routing_key", "env:SALLYPORT_LAB_ROUTING_KEY"}},
                .allow = {"127.0.0.1"}},
               std::make_shared<connectors::KnownPlaces>(),
               clock,
               pool.get_executor())
        .value();
  }

  /// The key of every event, as they came.
  [[nodiscard]] std::vector<std::string> keys() const {
    return server_->with<lab::PagerDutyLab>([](auto& lab) { return lab.keys; });
  }

 private:
  std::unique_ptr<lab::VendorServer> server_ =
      lab::VendorServer::start(std::make_unique<lab::PagerDutyLab>()).value();
};

/// Runs `work` in a house of a process of its own, which leaves the ids of its actions in `ids`.
int in_house(const Pager& pager,
             const Furniture& furniture,
             const std::filesystem::path& data,
             int kill_at,
             const std::function<void(House&)>& work) {
  return in_child([&] {
    Points::shared().begin(0);
    asio::thread_pool pool{1};
    const SystemClock clock;
    House house{data / "store", pool, pager.connector(pool, clock, furniture), furniture};
    Points::shared().begin(kill_at);
    work(house);
    Points::shared().begin(0);
    std::ofstream ids{data / "ids"};
    for (const auto& action : house.all()) ids << action.id.text() << '\n';
    return 0;
  });
}

std::vector<std::string> ids_in(const std::filesystem::path& data) {
  std::ifstream file{data / "ids"};
  return {std::istream_iterator<std::string>{file}, {}};
}

}  // namespace

TEST(IdempotencyKeys, AnActionHasOneAndTwoHaveTwoWhereverTheEngineIsKilled) {
  const Furniture furniture;
  const auto live = [](House& house) {
    house.act(request("page", "service", "payments", {{"message", "card data leaves"}}));
    house.act(request("page", "service", "identity", {{"message", "card data leaves"}}));
  };
  std::set<std::string> places;
  for (int at = 1; at < 200; ++at) {
    const TemporaryDirectory data;
    const Pager pager;
    Points::shared().begin_story();
    const auto ended = in_house(pager, furniture, data.path(), at, live);
    if (ended == 0) {
      const auto ids = ids_in(data.path());
      ASSERT_EQ(ids.size(), 2U);
      EXPECT_THAT(pager.keys(), ElementsAre(ids[0], ids[0], ids[1]));
      EXPECT_NE(ids[0], ids[1]);
      for (const auto* place : {"after intended is durable", "before page", "after page"})
        EXPECT_TRUE(places.contains(place)) << "never killed " << place;
      return;
    }
    ASSERT_EQ(ended, SIGKILL);
    places.insert(Points::shared().place());
    ASSERT_EQ(in_house(pager, furniture, data.path(), 0, [](House& house) { house.resume(); }), 0);
    const auto ids = ids_in(data.path());
    const auto keys = pager.keys();
    const std::set<std::string> different{keys.begin(), keys.end()};
    for (const auto& key : different)
      EXPECT_TRUE(std::ranges::find(ids, key) != ids.end())
          << "killed at place " << at << ": " << key << " is no action's";
    EXPECT_LE(different.size(), ids.size());
    // What was killed before it was sent is sent by the next process, under the key of its intent.
    if (Points::shared().place() == std::string{"after intended is durable"})
      EXPECT_EQ(different.size(), ids.size()) << "killed at place " << at;
    EXPECT_LE(Points::shared().sent(), 2) << "killed at place " << at;
  }
  ADD_FAILURE() << "it never came to its end";
}

}  // namespace sallyport::testing
