#include "engine/http/socket.hpp"
#include "tests/base/run.hpp"

#include <boost/asio/this_coro.hpp>
#include <gtest/gtest.h>
#include <sys/utsname.h>

#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

namespace sallyport::http {
namespace {

using asio::ip::tcp;

/// Whether connect() takes any port of a socket's own range: Linux 6.14 or newer.
bool kernel_gives_every_port(const std::string& release) {
  char* rest = nullptr;
  const auto major = std::strtol(release.c_str(), &rest, 10);
  const auto minor = *rest == '.' ? std::strtol(rest + 1, nullptr, 10) : 0;
  return major > 6 || (major == 6 && minor >= 14);
}

/// Of so many connections to one server, all open at a time, how many have an odd local port.
asio::awaitable<void> connect_to_one(int many, int& odd) {
  const auto executor = co_await asio::this_coro::executor;
  tcp::acceptor acceptor{executor, {asio::ip::make_address("127.0.0.1"), 0}};
  const auto port = std::to_string(acceptor.local_endpoint().port());
  std::vector<std::unique_ptr<Transport>> connections;
  for (int i = 0; i < many; ++i) {
    auto transport = co_await connect(executor, {.host = "127.0.0.1", .port = port}, nullptr);
    EXPECT_TRUE(transport);
    if (!transport) co_return;
    connections.push_back(*std::move(transport));
    odd += acceptor.accept().remote_endpoint().port() % 2;
  }
}

TEST(LocalPorts, ConnectionsToOneServerTakeOddAndEvenOnes) {
  constexpr int many = 64;
  int odd = 0;
  sallyport::testing::run(
      connect_to_one(many, odd));  // a kernel that does not know the option connects too
  utsname system{};
  ::uname(&system);
  if (!kernel_gives_every_port(system.release))
    GTEST_SKIP() << "Linux " << system.release << " leaves every other port out; 6.14 does not";
  EXPECT_GT(odd, 0);
  EXPECT_LT(odd, many);
}

}  // namespace
}  // namespace sallyport::http
