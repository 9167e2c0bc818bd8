#include "connectors/models/chain.hpp"
#include "connectors/models/provider.hpp"
#include "tests/connectors_models/investigation_parts.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

// A smaller run in real time and over real sockets: a budget of a second and a half.
namespace sallyport::connectors::models {
namespace {

using namespace testing;
using namespace std::chrono_literals;
using asio::ip::tcp;
using boost::system::error_code;
using Steady = Deadline::Clock;

/// What a server does with a question.
enum class Way : std::uint8_t { hangs, drips, resets, closes };

constexpr std::array ways{Way::hangs, Way::drips, Way::resets, Way::closes};

/// One connection of a server that treats its clients badly.
class Talk : public std::enable_shared_from_this<Talk> {
 public:
  Talk(tcp::socket socket, Way way)
      : socket_{std::move(socket)}, timer_{socket_.get_executor()}, way_{way} {}

  void listen() {
    socket_.async_read_some(asio::buffer(buffer_),
                            [self = shared_from_this()](error_code error, std::size_t) {
                              if (!error) self->answer();
                            });
  }

 private:
  void answer() {
    switch (way_) {
      case Way::hangs:
        return listen();  // until the client goes
      case Way::drips:
        return drip();
      case Way::resets:
        socket_.set_option(asio::socket_base::linger{true, 0});
        [[fallthrough]];
      case Way::closes:
        socket_.close();
    }
  }

  void drip() {
    timer_.expires_after(100ms);
    timer_.async_wait([self = shared_from_this()](error_code) {
      const auto at = self->dripped_++ % header.size();
      asio::async_write(
          self->socket_, asio::buffer(header.substr(at, 1)), [self](error_code error, std::size_t) {
            if (!error) self->drip();
          });
    });
  }

  static constexpr std::string_view header =
      "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nX-Filler: aaaaaaaaaaaaaaaaaaaaaaaaaaa";

  tcp::socket socket_;
  asio::steady_timer timer_;
  Way way_;
  std::array<char, 16384> buffer_;
  std::size_t dripped_ = 0;
};

void accept(tcp::acceptor& acceptor, std::size_t n) {
  acceptor.async_accept([&acceptor, n](error_code error, tcp::socket socket) {
    if (error) return;
    std::make_shared<Talk>(std::move(socket), ways[n % ways.size()])->listen();
    accept(acceptor, n + 1);
  });
}

std::size_t open_descriptors() {
  const std::filesystem::directory_iterator all{"/proc/self/fd"};
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

TEST(RealTime, InvestigationsConcludeAtTheirDeadlineAndCloseTheirSockets) {
  constexpr std::size_t investigations = 60;
  constexpr auto budget = 1500ms;
  const investigate::Slices slices{
      .context = 250ms, .enrich = 250ms, .reason = 500ms, .buffer = 500ms};
  const auto descriptors = open_descriptors();
  {
    asio::io_context loop{1};
    tcp::acceptor acceptor{loop, {asio::ip::make_address("127.0.0.1"), 0}};
    accept(acceptor, 0);
    const SystemClock clock;
    UlidSource ids{7};
    auto provider =
        Provider::make(
            "bad",
            {.kind = Dialect::openai,
             .url = fmt::format("http://127.0.0.1:{}/v1", acceptor.local_endpoint().port()),
             .model = "m"},
            std::make_shared<http::Client>(loop.get_executor(), nullptr, http::PoolLimits{64, 64}),
            clock,
            [] { return 0.5; })
            .value();
    auto counsel = std::make_shared<investigate::Counsel>();
    counsel->judge =
        std::make_shared<Chain>(std::vector<std::shared_ptr<reason::LanguageModel>>{provider},
                                std::make_shared<Allowance>(DailyLimits{}, clock),
                                Hedging{});
    counsel->reader = counsel->judge;
    const investigate::Investigator investigator{shipped_rules(), {}, nullptr, clock, ids, slices};
    std::size_t ended = 0;
    for (std::size_t i = 0; i < investigations; ++i) {
      const auto deadline = Deadline::in(budget);
      asio::co_spawn(
          loop,
          investigator.investigate(alert(), deadline, {}, counsel),
          [&, deadline](const std::exception_ptr& thrown, const Result<model::Verdict>& verdict) {
            EXPECT_FALSE(thrown);
            EXPECT_LE(Steady::now(), deadline.at() + 100ms);
            ASSERT_TRUE(verdict);
            EXPECT_EQ(verdict->reasoner, "embedded");
            EXPECT_FALSE(verdict->missing.empty());
            if (++ended == investigations) acceptor.close();
          });
    }
    loop.run_for(10s);
    EXPECT_EQ(ended, investigations);
  }
  EXPECT_EQ(open_descriptors(), descriptors);
}

}  // namespace
}  // namespace sallyport::connectors::models
