#include "engine/app/engine.hpp"
#include "engine/config/settings.hpp"
#include "tests/app/shipped_settings.hpp"
#include "tests/store/temporary_directory.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <gtest/gtest.h>

#include <fstream>

namespace sallyport::app::testing {

namespace asio = boost::asio;
using asio::ip::tcp;
using namespace std::chrono_literals;

TEST(WarmModels, AnEngineConnectsToItsModelsBeforeThereIsAnyAlert) {
  asio::io_context loop{1};
  tcp::acceptor acceptor{loop, {asio::ip::make_address("127.0.0.1"), 0}};
  std::vector<tcp::socket> accepted;
  acceptor.async_accept([&](boost::system::error_code error, tcp::socket socket) {
    if (!error) accepted.push_back(std::move(socket));
  });

  const sallyport::testing::TemporaryDirectory folder;
  std::ofstream{folder.path() / "policy.yaml"} << "tenants: {}\n";
  auto settings = shipped_settings(folder.path());
  settings.models.use = {"local"};
  settings.models.providers["local"] = {
      {"kind", "vllm"},
      {"url", fmt::format("http://127.0.0.1:{}/v1", acceptor.local_endpoint().port())},
      {"model", "m"}};
  auto engine = Engine::make(std::move(settings), observe::Log::silent());
  ASSERT_TRUE(engine) << engine.error().detail;
  ASSERT_TRUE((*engine)->start());
  loop.run_for(10s);  // until it has connected
  EXPECT_EQ(accepted.size(), 1U);
  (*engine)->stop(1s);
}

}  // namespace sallyport::app::testing
