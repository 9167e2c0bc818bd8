#include "engine/app/api_client.hpp"
#include "engine/app/engine.hpp"
#include "tests/app/shipped_settings.hpp"
#include "tests/store/temporary_directory.hpp"
#include "tools/lab/vendors/firewalls.hpp"
#include "tools/lab/vendors/vendor_server.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <thread>

namespace sallyport::app::testing {

using namespace std::chrono_literals;

namespace {

constexpr auto token = "analyst-token-0123456789";

template <class Condition>
bool comes_true(const Condition& holds) {
  const auto until = std::chrono::steady_clock::now() + 20s;
  while (!holds()) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::sleep_for(20ms);
  }
  return true;
}

/// The engine, at L3, with a firewall that keeps no time: an OPNsense of the lab.
struct Timed {
  Timed() {
    write("policy.yaml", "tenants: { acme: { tier: L3 } }\n");
    write("token", token);
    write("key", "lab-key");
    write("secret", "lab-secret");
    start();
  }

  void write(const std::string& name, std::string_view text) const {
    std::ofstream{folder.path() / name, std::ios::trunc} << text;
  }

  [[nodiscard]] std::string file(const std::string& name) const {
    return "file:" + (folder.path() / name).string();
  }

  void start() {
    auto settings = shipped_settings(folder.path());
    settings.http.tokens = {
        {.name = "alice", .secret = file("token"), .tenant = "acme", .roles = {"admin"}}};
    settings.connectors["perimeter"] = {
        {"type", "manifest"},
        {"manifest", SALLYPORT_SOURCE_DIR "/connectors/firewall/opnsense.yaml"},
        {"base_url", firewall->url()},
        {"allow", {"127.0.0.1"}},
        {"options", {{"alias", "soc_block"}}},
        {"secrets", {{"key", file("key")}, {"secret", file("secret")}}}};
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

  [[nodiscard]] std::string block(const std::string& address, std::int64_t seconds) const {
    const auto action = client->post({"v1", "actions"},
                                     {{"action", "block_ip"},
                                      {"target", {{"kind", "ip"}, {"value", address}}},
                                      {"parameters", {{"duration_s", seconds}}}});
    if (!action) throw std::runtime_error{action.error().detail};
    return shown(*action, "id");
  }

  [[nodiscard]] json::value action(const std::string& id) const {
    return client->get({"v1", "actions", id}, {}).value();
  }

  [[nodiscard]] bool comes_to(const std::string& id, std::string_view state) const {
    return comes_true([&] { return shown(action(id), "state") == state; });
  }

  [[nodiscard]] std::size_t blocked() const {
    return firewall->with<lab::OpnsenseLab>([](auto& lab) { return lab.addresses.size(); });
  }

  sallyport::testing::TemporaryDirectory folder;
  std::unique_ptr<lab::VendorServer> firewall =
      lab::VendorServer::start(std::make_unique<lab::OpnsenseLab>()).value();
  std::unique_ptr<Engine> engine;
  std::unique_ptr<ApiClient> client;
};

}  // namespace

TEST(Timed, ABlockThatTheProductCannotTimeIsUndoneByTheEngineAlsoAfterARestart) {
  Timed house;
  const auto lasting = house.block("203.0.113.8", 86400);
  const auto id = house.block("203.0.113.7", 2);
  ASSERT_TRUE(house.comes_to(id, "verified")) << to_json(house.action(id));
  ASSERT_TRUE(house.comes_to(lasting, "verified")) << to_json(house.action(lasting));
  EXPECT_FALSE(shown(house.action(id), "ends_at").empty());
  EXPECT_EQ(house.blocked(), 2U);

  house.engine.reset();
  house.start();
  EXPECT_TRUE(house.comes_to(id, "rolled_back")) << to_json(house.action(id));
  EXPECT_EQ(house.blocked(), 1U);
  EXPECT_EQ(shown(house.action(lasting), "state"), "verified");
  const auto rollback = house.action(shown(house.action(id), "reversed_by"));
  EXPECT_EQ(shown(rollback.at("request").at("requested_by"), "kind"), "engine");
}

}  // namespace sallyport::app::testing
