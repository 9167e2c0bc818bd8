#include "connectors/native/nftables/nftables.hpp"

#include "connectors/native/base/network_namespace.hpp"
#include "tests/integration/connectors/real_product.hpp"

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>

namespace sallyport::testing {

using connectors::nftables::Nftables;
using model::OutcomeStatus;

namespace {

constexpr auto patience = 300ms;  ///< On a veth pair an answer takes microseconds.

/// A TCP service on the gateway, and one connection from outside to it.
class Service {
 public:
  Service(const lab::Networks& networks) {
    const auto there = connectors::in_network_namespace(networks.gateway, [&] {
      listener_ = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
      sockaddr_in6 any{};
      any.sin6_family = AF_INET6;
      socklen_t size = sizeof any;
      auto* raw = reinterpret_cast<sockaddr*>(&any);
      bind(listener_, raw, size);
      listen(listener_, 64);
      getsockname(listener_, raw, &size);
      port_ = ntohs(any.sin6_port);
    });
    EXPECT_TRUE(there);
  }

  ~Service() {
    for (const int fd : {listener_, here_, there_})
      if (fd >= 0) close(fd);
  }

  [[nodiscard]] std::uint16_t port() const { return port_; }

  void open_flow(const lab::Networks& networks) {
    const auto there = connectors::in_network_namespace(networks.outside, [&] {
      here_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
      sockaddr_in to{};
      to.sin_family = AF_INET;
      to.sin_port = htons(port_);
      to.sin_addr.s_addr = htonl(0xCB007101);  // 203.0.113.1
      EXPECT_EQ(connect(here_, reinterpret_cast<sockaddr*>(&to), sizeof to), 0);
    });
    EXPECT_TRUE(there);
    there_ = accept(listener_, nullptr, nullptr);
  }

  /// Whether a byte that is sent now arrives on the open connection.
  [[nodiscard]] bool flows() const {
    std::array<char, 8> byte{'x'};
    if (send(here_, byte.data(), 1, MSG_NOSIGNAL) != 1) return false;
    pollfd readable{.fd = there_, .events = POLLIN, .revents = 0};
    return poll(&readable, 1, 300) == 1 && recv(there_, byte.data(), byte.size(), 0) > 0;
  }

 private:
  int listener_ = -1;
  int here_ = -1;
  int there_ = -1;
  std::uint16_t port_ = 0;
};

act::Operation block(std::string value, json::object parameters = {}, std::string key = "a-1") {
  return {.verb = "block_ip",
          .target = {.kind = "ip", .value = std::move(value), .tags = {}},
          .parameters = std::move(parameters),
          .idempotency_key = std::move(key),
          .restore = {}};
}

act::Operation unblock(std::string value) {
  auto operation = block(std::move(value));
  operation.verb = "unblock_ip";
  return operation;
}

}  // namespace

/// The firewall of the lab's gateway, with nothing of these tests blocked.
class NftablesFirewall : public RealProduct<NftablesFirewall> {
 public:
  static lab::Options parts() { return {.directory = false, .workstation = false}; }

 protected:
  NftablesFirewall() {
    firewall_ = make(the_lab().firewall());
    for (const auto* address : {"203.0.113.7", "203.0.113.8", "203.0.113.64/26", "2001:db8:66::7"})
      (void)execute(*firewall_, unblock(address));
  }

  [[nodiscard]] std::unique_ptr<Nftables> make(connectors::nftables::Config config) {
    auto made = Nftables::make(std::move(config), clock_, pool().get_executor());
    if (!made) throw std::runtime_error{made.error().detail};
    return *std::move(made);
  }

  /// From outside to the gateway's own service.
  [[nodiscard]] bool arrives(std::string_view from = "203.0.113.7",
                             std::string_view to = lab::gateway_outside) const {
    return lab::reaches(the_lab().networks().outside, from, to, service_.port(), patience);
  }

  /// Rolls `operation` back as the room `act` does.
  Result<model::Outcome> undo(const act::Operation& operation, const act::Reading& before) {
    return execute(*firewall_, firewall_->inverse(operation, before).operation);
  }

  SystemClock clock_;
  Service service_{the_lab().networks()};
  std::unique_ptr<Nftables> firewall_;
};

TEST_F(NftablesFirewall, DropsWhatComesFromABlockedAddressUntilTheBlockIsRolledBack) {
  const auto operation = block("203.0.113.7", {{"duration_s", 3600}});
  ASSERT_TRUE(arrives());
  const auto before = read(*firewall_, operation);
  ASSERT_TRUE(before) << trouble(before);
  EXPECT_EQ(before->in_effect, false);

  const auto done = execute(*firewall_, operation);
  ASSERT_TRUE(done) << trouble(done);
  EXPECT_EQ(done->status, OutcomeStatus::succeeded);
  EXPECT_FALSE(arrives());
  EXPECT_TRUE(arrives("203.0.113.8")) << "only the blocked address";
  EXPECT_EQ(read(*firewall_, operation)->in_effect, true);

  const auto undone = undo(operation, *before);
  ASSERT_TRUE(undone) << trouble(undone);
  EXPECT_EQ(undone->status, OutcomeStatus::succeeded);
  EXPECT_TRUE(arrives());
  EXPECT_EQ(read(*firewall_, operation)->in_effect, false);
}

TEST_F(NftablesFirewall, LetsATimedBlockEndByItself) {
  const auto done = execute(*firewall_, block("203.0.113.7", {{"duration_s", 2}}));
  ASSERT_TRUE(done) << trouble(done);
  EXPECT_FALSE(arrives());
  EXPECT_TRUE(comes_true(5s, [&] { return arrives(); }));
  EXPECT_EQ(read(*firewall_, block("203.0.113.7", {{"duration_s", 2}}))->in_effect, false);
}

TEST_F(NftablesFirewall, CutsAConnectionThatIsOpen) {
  service_.open_flow(the_lab().networks());
  ASSERT_TRUE(service_.flows());
  ASSERT_TRUE(execute(*firewall_, block("203.0.113.7")));
  ASSERT_TRUE(execute(*firewall_, block("203.0.113.8")));
  ASSERT_TRUE(execute(*firewall_, block("203.0.113.66")));
  EXPECT_FALSE(service_.flows());
  for (const auto* address : {"203.0.113.7", "203.0.113.8", "203.0.113.66"})
    ASSERT_TRUE(execute(*firewall_, unblock(address)));
}

TEST_F(NftablesFirewall, BlocksIPv6) {
  ASSERT_TRUE(arrives("2001:db8:66::7", "2001:db8:66::1"));
  ASSERT_TRUE(execute(*firewall_, block("2001:db8:66::7")));
  EXPECT_FALSE(arrives("2001:db8:66::7", "2001:db8:66::1"));
  ASSERT_TRUE(execute(*firewall_, unblock("2001:db8:66::7")));
  EXPECT_TRUE(arrives("2001:db8:66::7", "2001:db8:66::1"));
}

TEST_F(NftablesFirewall, BlocksANetwork) {
  ASSERT_TRUE(arrives("203.0.113.66"));
  ASSERT_TRUE(execute(*firewall_, block("203.0.113.64/26")));
  EXPECT_FALSE(arrives("203.0.113.66"));
  EXPECT_TRUE(arrives("203.0.113.7"));
  ASSERT_TRUE(execute(*firewall_, unblock("203.0.113.64/26")));
  EXPECT_TRUE(arrives("203.0.113.66"));
}

TEST_F(NftablesFirewall, TakesTheMappedFormForTheIPv4Address) {
  ASSERT_TRUE(execute(*firewall_, block("::ffff:203.0.113.7")));
  EXPECT_FALSE(arrives());
  EXPECT_EQ(read(*firewall_, block("203.0.113.7"))->in_effect, true);
}

TEST_F(NftablesFirewall, KnowsABlockThatWasThereBeforeAndDoesNotUndoIt) {
  ASSERT_TRUE(execute(*firewall_, block("203.0.113.7", {{"duration_s", 3600}}, "earlier")));
  const auto operation = block("203.0.113.7", {{"duration_s", 60}}, "later");
  const auto before = read(*firewall_, operation);
  ASSERT_TRUE(before);
  EXPECT_EQ(before->in_effect, true);
  const auto done = execute(*firewall_, operation);
  ASSERT_TRUE(done);
  EXPECT_EQ(done->status, OutcomeStatus::already_done);
  const auto inverse = firewall_->inverse(operation, *before);
  EXPECT_TRUE(inverse.operation.verb.empty());
  EXPECT_FALSE(inverse.why.empty());
}

TEST_F(NftablesFirewall, ExtendsAShorterBlockAndRollsBackToIt) {
  ASSERT_TRUE(execute(*firewall_, block("203.0.113.7", {{"duration_s", 60}}, "earlier")));
  const auto operation = block("203.0.113.7", {{"duration_s", 3600}}, "later");
  const auto before = read(*firewall_, operation);
  ASSERT_TRUE(before);
  EXPECT_EQ(before->in_effect, false);
  ASSERT_TRUE(execute(*firewall_, operation));
  EXPECT_EQ(read(*firewall_, operation)->in_effect, true);
  const auto undone = undo(operation, *before);
  ASSERT_TRUE(undone) << trouble(undone);
  EXPECT_FALSE(arrives()) << "it was blocked before";
  const auto after = read(*firewall_, block("203.0.113.7", {{"duration_s", 60}}, "earlier"));
  ASSERT_TRUE(after);
  EXPECT_EQ(after->in_effect, true);
  EXPECT_LE(after->state.at("timeout_s").to_number<int>(), 60);
}

TEST_F(NftablesFirewall, LeavesABlockThatAnotherActionMadeMeanwhile) {
  const auto operation = block("203.0.113.7", {{"duration_s", 60}}, "first");
  const auto before = read(*firewall_, operation);
  ASSERT_TRUE(execute(*firewall_, operation));
  ASSERT_TRUE(execute(*firewall_, block("203.0.113.7", {{"duration_s", 3600}}, "second")));
  const auto undone = undo(operation, *before);
  ASSERT_FALSE(undone);
  EXPECT_EQ(undone.error().code, Errc::conflict);
  EXPECT_FALSE(arrives());
}

TEST_F(NftablesFirewall, DoesTheSameOnceMoreWithoutHarm) {
  const auto operation = block("203.0.113.7");
  const auto before = read(*firewall_, operation);
  ASSERT_TRUE(execute(*firewall_, operation));
  const auto again = execute(*firewall_, operation);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->status, OutcomeStatus::already_done);
  ASSERT_TRUE(undo(operation, *before));
  const auto undone = undo(operation, *before);
  ASSERT_TRUE(undone);
  EXPECT_EQ(undone->status, OutcomeStatus::already_done);
}

TEST_F(NftablesFirewall, RefusesTheFirewallsOwnAddresses) {
  const auto done = execute(*firewall_, block("203.0.113.1"));
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, Errc::denied);
  EXPECT_FALSE(firewall_->check(block("203.0.113.0/24")));
}

TEST_F(NftablesFirewall, SeesANetworkThatCoversTheAddress) {
  auto config = the_lab().firewall();
  config.table = "elsewhere";
  const auto other = make(config);
  ASSERT_TRUE(execute(*other, block("198.51.100.0/24", {{"duration_s", 3600}})));
  const auto inside = block("198.51.100.9", {{"duration_s", 60}});
  EXPECT_EQ(execute(*other, inside)->status, OutcomeStatus::already_done);
  const auto freed = execute(*other, unblock("198.51.100.9"));
  ASSERT_FALSE(freed);
  EXPECT_EQ(freed.error().code, Errc::conflict);
  ASSERT_TRUE(execute(*other, unblock("198.51.100.0/24")));
  EXPECT_EQ(read(*other, inside)->in_effect, false);
}

TEST_F(NftablesFirewall, MakesItsRulesAnewWhereSomebodyFlushedThem) {
  ASSERT_TRUE(execute(*firewall_, block("203.0.113.7")));
  ASSERT_TRUE(lab::must_run({"ip",
                             "netns",
                             "exec",
                             the_lab().networks().gateway,
                             "nft",
                             "flush",
                             "chain",
                             "inet",
                             "sallyport",
                             "input"}));
  ASSERT_TRUE(lab::must_run(
      {"ip", "netns", "exec", the_lab().networks().gateway, "nft", "flush", "ruleset"}));
  EXPECT_TRUE(arrives());
  EXPECT_EQ(read(*firewall_, block("203.0.113.7"))->in_effect, false);
  ASSERT_TRUE(execute(*firewall_, block("203.0.113.7")));
  EXPECT_FALSE(arrives());
}

TEST_F(NftablesFirewall, TouchesOnlyElementsWhereItDoesNotManage) {
  auto config = the_lab().firewall();
  config.table = "theirs";
  config.manage = false;
  const auto theirs = make(config);
  const auto missing = execute(*theirs, block("203.0.113.7"));
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, Errc::unavailable);
  const auto tables =
      lab::must_run({"ip", "netns", "exec", the_lab().networks().gateway, "nft", "list", "tables"});
  ASSERT_TRUE(tables);
  EXPECT_FALSE(tables->contains("theirs"));
}

TEST_F(NftablesFirewall, SaysThatItIsUnavailableWhereTheNamespaceIsGone) {
  auto config = the_lab().firewall();
  config.network_namespace = "sallyport-no-such-namespace";
  const auto gone = make(config);
  EXPECT_EQ(read(*gone, block("203.0.113.7")).error().code, Errc::unavailable);
  EXPECT_EQ(execute(*gone, block("203.0.113.7")).error().code, Errc::unavailable);
}

}  // namespace sallyport::testing
