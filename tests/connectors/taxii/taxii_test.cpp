#include "tools/lab/vendors/taxii.hpp"

#include "connectors/local/intel.hpp"
#include "connectors/taxii/feed.hpp"
#include "tests/base/run.hpp"
#include "tests/store/temporary_directory.hpp"
#include "tools/lab/vendors/vendor_server.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <gmock/gmock.h>

#include <cstdlib>
#include <fstream>

namespace sallyport::connectors::taxii {

using lab::TaxiiLab;
using ::testing::HasSubstr;

namespace {

class FakeClock final : public Clock {
 public:
  [[nodiscard]] Time now() const override { return at; }

  Time at = *parse_rfc3339("2026-11-20T12:00:00Z");
};

/// A server of the lab, and the feed that reads it into a folder.
struct Taxii : ::testing::Test {
  Taxii() {
    ::setenv("SALLYPORT_TEST_TAXII", "lab-password", 1);
    server = lab::VendorServer::start(std::make_unique<TaxiiLab>()).value();
    config = {.name = "feed",
              .url = server->url() + "/api1/",
              .user = "lab-user",
              .password = "env:SALLYPORT_TEST_TAXII",
              .allow = {"127.0.0.1"}};
  }

  ~Taxii() override { pool.join(); }

  void lab(const std::function<void(TaxiiLab&)>& work) { server->with<TaxiiLab>(work); }

  void add(const std::string& id, const std::string& ip, const std::string& added) {
    lab([&](TaxiiLab& one) { one.add(id, fmt::format("[ipv4-addr:value = '{}']", ip), added); });
  }

  /// A feed as after a start of the engine.
  Result<Report> poll() {
    Result<Report> report = fail(Errc::cancelled, "did not end");
    auto feed = Feed::make(config,
                           directory.path(),
                           std::make_shared<KnownPlaces>(),
                           clock,
                           loop.get_executor(),
                           pool.get_executor());
    EXPECT_TRUE(feed) << feed.error().detail;
    if (!feed) return report;
    auto work = [&]() -> asio::awaitable<void> {
      report = co_await (*feed)->poll(Deadline::in(std::chrono::seconds{10}));
    };
    loop.restart();
    asio::co_spawn(loop, work, [](const std::exception_ptr&) {});
    loop.run();
    return report;
  }

  /// What the enricher of local lists says of an address.
  model::Evidence intel(const std::string& ip) {
    local::Intel lists{{directory.path()}};
    const auto read = lists.reload_if_changed();
    EXPECT_TRUE(read) << read.error().detail;
    model::Alert alert;
    alert.received_at = clock.at;
    alert.entities = {{{"ip", ip}, "src", true}};
    return lists.answer_now(alert)->value().front();
  }

  bool is_listed(const std::string& ip) { return intel(ip).status == model::EvidenceStatus::found; }

  FakeClock clock;
  sallyport::testing::TemporaryDirectory directory;
  std::unique_ptr<lab::VendorServer> server;
  asio::io_context loop{1};
  asio::thread_pool pool{1};
  Config config;
};

}  // namespace

TEST_F(Taxii, AllPagesOfACollectionBecomeAList) {
  for (int i = 1; i <= 5; ++i)
    add(fmt::format("{}", i),
        fmt::format("203.0.113.{}", i),
        fmt::format("2026-11-19T00:00:0{}Z", i));
  const auto report = poll();
  ASSERT_TRUE(report) << report.error().detail;
  EXPECT_EQ(report->new_or_changed, 5U);
  EXPECT_EQ(report->collections, 1U);
  for (int i = 1; i <= 5; ++i) EXPECT_TRUE(is_listed(fmt::format("203.0.113.{}", i)));
  EXPECT_FALSE(is_listed("203.0.113.9"));
  EXPECT_EQ(server->count("GET /api1/collections/91a7b528"), 3U);
}

TEST_F(Taxii, AfterARestartOnlyWhatIsNewIsAskedFor) {
  add("1", "203.0.113.1", "2026-11-19T00:00:01Z");
  ASSERT_TRUE(poll());
  add("2", "203.0.113.2", "2026-11-19T00:00:02Z");
  const auto report = poll();
  ASSERT_TRUE(report);
  EXPECT_EQ(report->new_or_changed, 1U);
  EXPECT_EQ(report->held, 2U);
  EXPECT_TRUE(is_listed("203.0.113.1"));
  EXPECT_TRUE(is_listed("203.0.113.2"));
  EXPECT_THAT(server->requests().back(), HasSubstr("added_after=2026-11-19T00%3A00%3A01Z"));
}

TEST_F(Taxii, TheFirstPollGoesBackOnlySoFar) {
  add("1", "203.0.113.1", "2026-01-01T00:00:00Z");
  add("2", "203.0.113.2", "2026-11-19T00:00:00Z");
  ASSERT_TRUE(poll());
  EXPECT_FALSE(is_listed("203.0.113.1"));
  EXPECT_TRUE(is_listed("203.0.113.2"));
}

TEST_F(Taxii, WhatIsRevokedGoesAndWhatIsNewerReplaces) {
  add("1", "203.0.113.1", "2026-11-19T00:00:01Z");
  add("2", "203.0.113.2", "2026-11-19T00:00:02Z");
  ASSERT_TRUE(poll());
  lab([](TaxiiLab& one) {
    one.add("1", "[ipv4-addr:value = '203.0.113.1']", "2026-11-19T00:00:03Z", true);
    one.add("2", "[ipv4-addr:value = '203.0.113.22']", "2026-11-19T00:00:04Z");
  });
  const auto report = poll();
  ASSERT_TRUE(report);
  EXPECT_EQ(report->revoked, 1U);
  EXPECT_FALSE(is_listed("203.0.113.1"));
  EXPECT_FALSE(is_listed("203.0.113.2"));
  EXPECT_TRUE(is_listed("203.0.113.22"));
}

TEST_F(Taxii, AFaultyObjectKeepsNoOtherOut) {
  lab([](TaxiiLab& one) {
    one.add("1", "[ipv4-addr:value = 'not an address']", "2026-11-19T00:00:01Z");
    one.add("2", "[[[ no pattern", "2026-11-19T00:00:02Z");
    one.add("3", "[ipv4-addr:value = '203.0.113.3']", "2026-11-19T00:00:03Z");
  });
  const auto report = poll();
  ASSERT_TRUE(report) << report.error().detail;
  EXPECT_EQ(report->unused, 2U);
  EXPECT_TRUE(is_listed("203.0.113.3"));
}

TEST_F(Taxii, APollThatBreaksOffChangesNothingAndTheNextBeginsWhereItBegan) {
  for (int i = 1; i <= 4; ++i)
    add(fmt::format("{}", i),
        fmt::format("203.0.113.{}", i),
        fmt::format("2026-11-19T00:00:0{}Z", i));
  server->befall(
      {.answer = {.status = 404, .headers = {{"Content-Type", "application/taxii+json"}}},
       .path = "next="});
  EXPECT_FALSE(poll());
  EXPECT_TRUE(std::filesystem::is_empty(directory.path()));
  ASSERT_TRUE(poll());
  EXPECT_TRUE(is_listed("203.0.113.1"));
  EXPECT_TRUE(is_listed("203.0.113.4"));
}

TEST_F(Taxii, AServerThatPagesByTimeAloneIsReadToItsEnd) {
  lab([](TaxiiLab& one) { one.gives_next = false; });
  for (int i = 1; i <= 5; ++i)
    add(fmt::format("{}", i),
        fmt::format("203.0.113.{}", i),
        fmt::format("2026-11-19T00:00:0{}Z", i));
  ASSERT_TRUE(poll());
  EXPECT_TRUE(is_listed("203.0.113.5"));
}

TEST_F(Taxii, AWrongPasswordIsDenied) {
  lab([](TaxiiLab& one) { one.authorization = "Basic b3RoZXI="; });
  const auto report = poll();
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, Errc::denied);
  EXPECT_THAT(report.error().detail, HasSubstr("Unauthorized"));
}

TEST_F(Taxii, ATokenAndAKeyLetInToo) {
  add("1", "203.0.113.1", "2026-11-19T00:00:01Z");
  config.user.clear();
  config.password.clear();
  config.token = "env:SALLYPORT_TEST_TAXII";
  lab([](TaxiiLab& one) { one.authorization = "Bearer lab-password"; });
  EXPECT_TRUE(poll());
  config.token.clear();
  config.key = "env:SALLYPORT_TEST_TAXII";
  config.key_header = "X-Api-Key";
  lab([](TaxiiLab& one) {
    one.header = "X-Api-Key";
    one.authorization = "lab-password";
  });
  EXPECT_TRUE(poll());
}

TEST_F(Taxii, WhatIsNoTaxiiIsAFailureAndNotAnEmptyFeed) {
  add("1", "203.0.113.1", "2026-11-19T00:00:01Z");
  ASSERT_TRUE(poll());
  lab([](TaxiiLab& one) { one.content_type = "application/json"; });
  const auto report = poll();
  ASSERT_FALSE(report);
  EXPECT_THAT(report.error().detail, HasSubstr("no application/taxii+json"));
  EXPECT_TRUE(is_listed("203.0.113.1"));
}

TEST_F(Taxii, ACollectionThatIsNotThereIsSaid) {
  config.collections = {"00000000-0000-0000-0000-000000000000"};
  const auto report = poll();
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, Errc::denied);
}

TEST_F(Taxii, NoMoreThanTheBoundIsKeptAndTheOldestGoFirst) {
  config.most = 3;
  for (int i = 1; i <= 5; ++i)
    add(fmt::format("{}", i),
        fmt::format("203.0.113.{}", i),
        fmt::format("2026-11-19T00:00:0{}Z", i));
  const auto report = poll();
  ASSERT_TRUE(report);
  EXPECT_EQ(report->held, 3U);
  EXPECT_FALSE(is_listed("203.0.113.2"));
  EXPECT_TRUE(is_listed("203.0.113.3"));
}

TEST_F(Taxii, AFileThatWasBrokenIsFetchedAgain) {
  add("1", "203.0.113.1", "2026-11-19T00:00:01Z");
  ASSERT_TRUE(poll());
  for (const auto& entry : std::filesystem::directory_iterator{directory.path()})
    std::ofstream{entry.path()} << "{\"type\": \"bundle\", \"obj";
  ASSERT_TRUE(poll());
  EXPECT_TRUE(is_listed("203.0.113.1"));
}

TEST_F(Taxii, OptionsThatContradictEachOtherAreRefused) {
  const auto refused = [&](Config wrong) {
    const auto feed = Feed::make(std::move(wrong),
                                 directory.path(),
                                 std::make_shared<KnownPlaces>(),
                                 clock,
                                 loop.get_executor(),
                                 pool.get_executor());
    return feed ? std::string{} : feed.error().detail;
  };
  auto wrong = config;
  wrong.token = "env:SALLYPORT_TEST_TAXII";
  EXPECT_THAT(refused(wrong), HasSubstr("one of user, token and key"));
  wrong = config;
  wrong.password.clear();
  EXPECT_THAT(refused(wrong), HasSubstr("go together"));
  wrong = config;
  wrong.collections = {"../../etc"};
  EXPECT_THAT(refused(wrong), HasSubstr("is no id"));
  wrong = config;
  wrong.allow.clear();
  EXPECT_THAT(refused(wrong), HasSubstr("https"));
}

}  // namespace sallyport::connectors::taxii
