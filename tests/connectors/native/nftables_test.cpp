#include "connectors/native/nftables/nftables.hpp"

#include <boost/asio/system_executor.hpp>
#include <gtest/gtest.h>

namespace sallyport::connectors::nftables {

namespace {

act::Operation block(std::string value, json::object parameters = {}) {
  return {.verb = "block_ip",
          .target = {.kind = "ip", .value = std::move(value), .tags = {}},
          .parameters = std::move(parameters),
          .idempotency_key = "01J",
          .restore = {}};
}

class NftablesChecks : public ::testing::Test {
 protected:
  NftablesChecks() {
    Config config;
    config.never_block = {"192.0.2.0/24", "2001:db8:1::/48"};
    firewall_ = Nftables::make(config, clock_, asio::system_executor{}).value();
  }

  Errc refusal(const act::Operation& operation) const {
    const auto ok = firewall_->check(operation);
    EXPECT_FALSE(ok) << operation.target.value << " was let through";
    if (ok) return Errc::corrupt;
    EXPECT_FALSE(ok.error().detail.empty());
    return ok.error().code;
  }

  SystemClock clock_;
  std::unique_ptr<Nftables> firewall_;
};

}  // namespace

TEST_F(NftablesChecks, AcceptAddressesAndNarrowNetworks) {
  for (const auto* value : {"203.0.113.7",
                            "203.0.113.0/24",
                            "203.0.113.7/32",
                            "2001:db8::1",
                            "2001:db8:5::/64",
                            "::ffff:203.0.113.7"})
    EXPECT_TRUE(firewall_->check(block(value))) << value;
}

TEST_F(NftablesChecks, RefuseWhatIsNotAnAddress) {
  using namespace std::string_literals;
  for (const auto& value : {""s,
                            "example.com"s,
                            "localhost"s,
                            "10.0.0.1 or 1=1"s,
                            "10.0.0.1;reboot"s,
                            "010.0.0.1"s,
                            "0x7f.1"s,
                            "203.0.113"s,
                            "203.0.113.7\r\nadd"s,
                            "203.0.113.7\n"s,
                            " 203.0.113.7"s,
                            "203.0.113.7 }"s,
                            "203.0.113.7\", \"x"s,
                            "<ip>203.0.113.7</ip>"s,
                            "../../etc/passwd"s,
                            "${{ target.value }}"s,
                            "{{7*7}}"s,
                            "203.0.113.7\0x"s,
                            "fe80::1%eth0"s,
                            "203.0.113.7/33"s,
                            "203.0.113.7/-1"s,
                            "203.0.113.7/024"s,
                            "203.0.113.7/24"s,
                            "203.0.113.1-203.0.113.9"s,
                            "@blocked_hosts_v4"s,
                            "２０３.0.113.7"s,
                            "203.0.113.7/"s,
                            "::ffff:0.0.0.0/80"s,
                            std::string(5000, '1')})
    EXPECT_EQ(refusal(block(value)), Errc::invalid_input) << value;
}

TEST_F(NftablesChecks, RefuseWhatWouldBlockEverybodyOrOurselves) {
  for (const auto* value : {"0.0.0.0/0",
                            "::/0",
                            "128.0.0.0/1",
                            "203.0.112.0/23",
                            "2001:db8::/32",
                            "0.0.0.0",
                            "::",
                            "127.0.0.1",
                            "::1",
                            "127.9.9.9",
                            "169.254.169.254",
                            "fe80::1",
                            "224.0.0.1",
                            "ff02::1",
                            "255.255.255.255",
                            "192.0.2.9",
                            "192.0.2.0/25",
                            "2001:db8:1:2::/64",
                            "::ffff:127.0.0.1"})
    EXPECT_EQ(refusal(block(value)), Errc::denied) << value;
}

TEST_F(NftablesChecks, RefuseParametersOutOfBounds) {
  for (const auto& parameters :
       std::initializer_list<json::object>{{{"duration_s", -1}},
                                           {{"duration_s", 31 * 86400}},
                                           {{"duration_s", "1h"}},
                                           {{"duration_s", 1.5}},
                                           {{"duration_s", true}},
                                           {{"duration", 60}},
                                           {{"direction", "inbound"}},
                                           {{"reason", "x\"; flush ruleset"}},
                                           {{"comment", "a\r\nb"}},
                                           {{"reason", 7}},
                                           {{"reason", ""}},
                                           {{"comment", "${{ x }}"}},
                                           {{"comment", std::string(300, 'a')}}})
    EXPECT_EQ(refusal(block("203.0.113.7", parameters)), Errc::invalid_input)
        << to_json(json::value{parameters});
  EXPECT_EQ(refusal(block("203.0.113.7", {{"duration_s", 0}})), Errc::denied);
  EXPECT_TRUE(firewall_->check(block("203.0.113.7", {{"duration_s", 60}, {"reason", "scan #7"}})));
}

TEST_F(NftablesChecks, RefuseOtherKindsAndVerbs) {
  auto operation = block("203.0.113.7");
  operation.target.kind = "domain";
  EXPECT_EQ(refusal(operation), Errc::invalid_input);
  operation = block("203.0.113.7");
  operation.verb = "isolate_host";
  EXPECT_EQ(refusal(operation), Errc::invalid_input);
}

TEST_F(NftablesChecks, LetWhatIsNeverBlockedBeUnblocked) {
  auto operation = block("192.0.2.9");
  operation.verb = "unblock_ip";
  EXPECT_TRUE(firewall_->check(operation));
}

TEST(NftablesConfig, RefusesNamesThatAreNotNames) {
  const SystemClock clock;
  Config config;
  config.table = "x; flush ruleset";
  EXPECT_FALSE(Nftables::make(config, clock, asio::system_executor{}));
  config = {};
  config.never_block = {"office.example.com"};
  EXPECT_FALSE(Nftables::make(config, clock, asio::system_executor{}));
  config = {};
  config.default_duration_s = 0;
  EXPECT_FALSE(Nftables::make(config, clock, asio::system_executor{}));
}

TEST(NftablesRuleset, KnowsARuleThatDropsFromOneThatDoesNot) {
  const Config config;
  const auto network = Network::parse("203.0.113.7").value();
  const auto listing = [](std::string_view verdict) {
    return parse_json(R"({"nftables":[{"set":{"name":"blocked_hosts_v4","elem":["203.0.113.7"]}},
        {"rule":{"expr":[{"match":{"right":"@blocked_hosts_v4"}},{")" +
                      std::string{verdict} + R"(":null}]}}]})")
        .value();
  };
  EXPECT_TRUE(find_in(listing("drop"), config, network, {}).enforced);
  EXPECT_FALSE(find_in(listing("accept"), config, network, {}).enforced);
  EXPECT_TRUE(find_in(listing("drop"), config, network, {}).element);
}

TEST(NftablesRuleset, RestoresNothingOfABlockThatWouldHaveEnded) {
  const auto network = Network::parse("203.0.113.7").value();
  const json::object state{{"present", true}, {"ends_at", "2026-01-01T00:00:10Z"}};
  const auto before = parse_rfc3339("2026-01-01T00:00:00Z").value();
  EXPECT_EQ(restored(state, network, before).duration_s, 10);
  EXPECT_TRUE(restored(state, network, before).blocked);
  EXPECT_FALSE(restored(state, network, before + std::chrono::seconds{11}).blocked);
}

}  // namespace sallyport::connectors::nftables
