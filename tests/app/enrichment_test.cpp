#include "engine/app/api_client.hpp"
#include "engine/app/engine.hpp"
#include "engine/http/client.hpp"
#include "tests/base/run.hpp"
#include "tests/store/temporary_directory.hpp"
#include "tools/lab/vendors/intel.hpp"
#include "tools/lab/vendors/taxii.hpp"
#include "tools/lab/vendors/vendor_server.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/this_coro.hpp>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <functional>
#include <thread>

namespace sallyport::app::testing {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

namespace {

constexpr auto token = "alice-token-0123456789";

/// The engine as `sallyport run` makes it, with VirusTotal of the lab among its connectors.
struct EnrichedEngine {
  explicit EnrichedEngine(
      const std::function<void(EnrichedEngine&, config::Settings&)>& besides = {}) {
    write("policy.yaml", "tenants: { default: { tier: L0 } }\n");
    write("token", token);
    write("vt", "lab-intel-key");
    start(vendor->url(), besides);
  }

  void start(const std::string& url,
             const std::function<void(EnrichedEngine&, config::Settings&)>& besides = {}) {
    config::Settings settings;
    settings.data_dir = folder.path() / "data";
    settings.policy = folder.path() / "policy.yaml";
    settings.reasoner = SALLYPORT_SOURCE_DIR "/config/reasoner.yaml";
    settings.schemas = SALLYPORT_SOURCE_DIR "/schemas";
    settings.http.listen = "127.0.0.1:0";
    settings.http.tokens = {{.name = "alice",
                             .secret = secret("token"),
                             .tenant = "default",
                             .roles = {"ingest", "viewer"}}};
    settings.connectors["vt"] = {
        {"type", "manifest"},
        {"manifest", SALLYPORT_SOURCE_DIR "/connectors/intel/virustotal.yaml"},
        {"base_url", url},
        {"allow", json::array{"127.0.0.1"}},
        {"secrets", json::object{{"api_key", secret("vt")}}}};
    if (besides) besides(*this, settings);
    auto made = Engine::make(std::move(settings), observe::Log::silent());
    if (!made) throw std::runtime_error{made.error().detail};
    engine = *std::move(made);
    if (const auto started = engine->start(); !started)
      throw std::runtime_error{started.error().detail};
    client = ApiClient::make({.url = fmt::format("http://127.0.0.1:{}", engine->http_port()),
                              .token = token,
                              .ca_file = {}})
                 .value();
  }

  void write(const std::string& name, std::string_view text) const {
    std::ofstream{folder.path() / name, std::ios::trunc} << text;
  }

  [[nodiscard]] std::string secret(const std::string& name) const {
    return "file:" + (folder.path() / name).string();
  }

  void send(const std::string& id, std::string_view address) {
    const auto sent = client->post({"v1", "alerts"},
                                   {{"id", id},
                                    {"title", "Connection to a rare address " + id},
                                    {"severity", "high"},
                                    {"dst_ip", address}});
    EXPECT_TRUE(sent) << sent.error().detail;
  }

  /// Sends an alert that names the address, and waits for its verdict; empty: there was none.
  std::string verdict_on(const std::string& id, std::string_view address) {
    send(id, address);
    return verdict_of(id);
  }

  std::string verdict_of(const std::string& id) {
    const auto until = std::chrono::steady_clock::now() + 20s;
    while (std::chrono::steady_clock::now() < until) {
      const auto all = client->list({"v1", "investigations"}, {}, 100);
      if (all)
        for (const auto& one : *all)
          if (shown(one, "title").ends_with(id)) {
            const auto whole =
                client->get({"v1", "investigations", shown(one, "investigation")}, {});
            return whole ? to_json(*whole) : std::string{};
          }
      std::this_thread::sleep_for(20ms);
    }
    return {};
  }

  [[nodiscard]] std::string metrics() const {
    std::string text;
    auto ask = [&]() -> asio::awaitable<void> {
      http::Client http{co_await asio::this_coro::executor, nullptr, http::PoolLimits{}};
      http::Call call{.origin = {.tls = false,
                                 .host = "127.0.0.1",
                                 .port = std::to_string(engine->http_port())},
                      .request = {.method = "GET", .target = "/metrics", .headers = {}, .body = {}},
                      .header_limit_bytes = 16384,
                      .body_limit_bytes = 1 << 20};
      const auto answer = co_await http.send(std::move(call), Deadline::in(10s));
      EXPECT_TRUE(answer) << answer.error().detail;
      if (answer) text = answer->body;
    };
    sallyport::testing::run(ask());
    return text;
  }

  sallyport::testing::TemporaryDirectory folder;
  std::unique_ptr<lab::VendorServer> vendor =
      lab::VendorServer::start(std::make_unique<lab::VirusTotalLab>()).value();
  std::unique_ptr<Engine> engine;
  std::unique_ptr<ApiClient> client;
};

/// While it lives, this process can open nothing more.
class NoDescriptors {
 public:
  NoDescriptors() {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    auto low = before_;
    low.rlim_cur = std::min<rlim_t>(before_.rlim_cur, 4'096);
    ::setrlimit(RLIMIT_NOFILE, &low);
    for (int fd = 0; (fd = ::open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0;) taken_.push_back(fd);
  }

  ~NoDescriptors() {
    for (const int fd : taken_) ::close(fd);
    ::setrlimit(RLIMIT_NOFILE, &before_);
  }

  NoDescriptors(const NoDescriptors&) = delete;
  NoDescriptors& operator=(const NoDescriptors&) = delete;

 private:
  rlimit before_{};
  std::vector<int> taken_;
};

}  // namespace

TEST(Enrichment, AVerdictHoldsWhatAProductSaysOfTheAlertsEntities) {
  EnrichedEngine watch;
  const auto verdict = watch.verdict_on("first", lab::KnownBad::ip);
  EXPECT_THAT(verdict, HasSubstr(R"("source":"intel.vt")"));
  EXPECT_THAT(verdict, HasSubstr("12 engines call it malicious"));
  EXPECT_THAT(verdict, HasSubstr("intel.known_bad"));
  EXPECT_EQ(watch.vendor->requests().size(), 1U);

  const auto again = watch.verdict_on("second", lab::KnownBad::ip);
  EXPECT_THAT(again, HasSubstr("12 engines call it malicious"));
  EXPECT_EQ(watch.vendor->requests().size(), 1U) << "the answer was kept";
  EXPECT_THAT(watch.metrics(), HasSubstr("\nsallyport_product_questions 1\n"));
  EXPECT_THAT(watch.metrics(),
              ::testing::Not(HasSubstr("\nsallyport_product_questions_shared 0\n")));
}

TEST(Enrichment, WhereNothingCanBeOpenedAnyMoreThereIsAVerdictThatSaysWhatIsMissing) {
  EnrichedEngine watch;
  ASSERT_TRUE(watch.client->list({"v1", "investigations"}, {}, 1));  // its connection stays open
  const NoDescriptors none;
  EXPECT_THAT(watch.verdict_on("first", lab::KnownBad::ip), HasSubstr(R"("missing":["intel.vt)"));
  EXPECT_TRUE(watch.vendor->requests().empty());
}

TEST(Enrichment, AProductThatFailsIsNamedAsMissingAndTheVerdictStands) {
  EnrichedEngine watch;
  watch.vendor->befall({.answer = {.status = 403}, .times = 99});
  const auto verdict = watch.verdict_on("first", lab::KnownBad::ip);
  EXPECT_THAT(verdict, HasSubstr(R"("missing":["intel.vt: address: )"));
}

TEST(Enrichment, AnAlertThatWaitsForAProductWhenTheEngineStopsIsTakenUpAtTheNextStart) {
  asio::io_context loop;
  const asio::ip::tcp::acceptor silent{loop, {asio::ip::make_address("127.0.0.1"), 0}};
  EnrichedEngine watch;
  watch.engine.reset();
  watch.start(fmt::format("http://127.0.0.1:{}", silent.local_endpoint().port()));
  watch.send("first", lab::KnownBad::ip);
  const auto begun = std::chrono::steady_clock::now();
  watch.engine.reset();
  EXPECT_LT(std::chrono::steady_clock::now() - begun, 5s) << "the product is not waited for";
  watch.start(watch.vendor->url());
  const auto verdict = watch.verdict_of("first");
  EXPECT_THAT(verdict, HasSubstr("12 engines call it malicious"));
  EXPECT_THAT(verdict, HasSubstr(R"("missing":[])"));
}

TEST(Enrichment, WhatAFeedBringsIsAListThatVerdictsCite) {
  const auto server = lab::VendorServer::start(std::make_unique<lab::TaxiiLab>()).value();
  server->with<lab::TaxiiLab>([](lab::TaxiiLab& feed) {
    feed.add("1", "[ipv4-addr:value = '203.0.113.99']", "2026-11-19T00:00:01Z");
  });
  EnrichedEngine watch{[&](EnrichedEngine& self, config::Settings& settings) {
    self.write("taxii", "lab-password");
    settings.taxii["feed"] = {{"url", server->url() + "/api1/"},
                              {"user", "lab-user"},
                              {"password", self.secret("taxii")},
                              {"allow", json::array{"127.0.0.1"}},
                              {"from_days", 0}};
  }};
  // The list is read a moment after the feed was.
  std::string verdict;
  for (int n = 0; n < 20 && !verdict.contains("known bad"); ++n) {
    verdict = watch.verdict_on(fmt::format("number {}", n), "203.0.113.99");
    std::this_thread::sleep_for(200ms);
  }
  EXPECT_THAT(verdict, HasSubstr("203.0.113.99 is on feed-91a7b528"));
}

}  // namespace sallyport::app::testing
