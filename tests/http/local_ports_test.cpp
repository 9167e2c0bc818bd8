#include "engine/http/socket.hpp"
#include "tests/base/run.hpp"

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>
#include <sys/utsname.h>

#include <cstdlib>
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

asio::awaitable<void> open(const std::string& port, std::vector<std::unique_ptr<Transport>>& all) {
  auto transport = co_await connect(
      co_await asio::this_coro::executor, {.host = "127.0.0.1", .port = port}, nullptr);
  EXPECT_TRUE(transport);
  if (transport) all.push_back(*std::move(transport));
}

TEST(LocalPorts, ConnectionsToOneServerTakeOddAndEvenOnes) {
  utsname system{};
  ::uname(&system);
  if (!kernel_gives_every_port(system.release))
    GTEST_SKIP() << "Linux " << system.release << " leaves every other port out; 6.14 does not";
  asio::io_context loop;
  tcp::acceptor acceptor{loop, {asio::ip::make_address("127.0.0.1"), 0}};
  const auto port = std::to_string(acceptor.local_endpoint().port());
  std::vector<std::unique_ptr<Transport>> connections;
  int odd = 0;
  constexpr int many = 64;
  for (int i = 0; i < many; ++i) {
    testing::run(open(port, connections));
    odd += acceptor.accept().remote_endpoint().port() % 2;
  }
  EXPECT_GT(odd, 0);
  EXPECT_LT(odd, many);
}

}  // namespace
}  // namespace sallyport::http
