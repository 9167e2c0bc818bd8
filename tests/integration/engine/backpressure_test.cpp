#include "tests/integration/engine/alerts.hpp"
#include "tests/integration/engine/broker.hpp"
#include "tests/integration/engine/engine.hpp"
#include "tests/integration/engine/ledger_tally.hpp"

#include <gmock/gmock.h>

namespace sallyport::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::IsEmpty;

constexpr int alerts_sent = 1'500;
constexpr std::size_t alert_bytes = 100'000;  ///< 150 MB in all.
constexpr int most_in_flight = 100;
/// It takes 300 to 345; without the limits 590 to 680.
constexpr std::size_t memory_bound_mb = 420;

TEST(Backpressure, WithLittleInFlightNothingIsDroppedAndMemoryStaysBounded) {
  Broker broker;
  const EngineSetup setup{
      .broker = broker.address(),
      .topic = broker.unique("alerts"),
      .group = broker.unique("group"),
      .ingest = {{"max_in_flight", most_in_flight}, {"max_in_flight_bytes", 8'000'000}}};
  broker.create_topic(setup.topic, 2);
  const auto alerts = make_alerts("big", alerts_sent, alert_bytes);
  broker.send(setup.topic, alerts.bytes);  // all of it waits when the engine comes

  Engine engine{setup};
  engine.start();
  double in_flight = 0;
  EXPECT_TRUE(comes_true(120s, [&] {
    for (int i = 0; i < 20; ++i)
      in_flight = std::max(in_flight, engine.metric("sallyport_in_flight").value_or(0));
    return broker.committed(setup.group, setup.topic) == alerts_sent || !engine.running();
  })) << engine.log_end();
  const auto memory = engine.peak_memory_mb();
  RecordProperty("peak_memory_mb", static_cast<int>(memory));
  EXPECT_GT(memory, 0U);
#if !__has_feature(address_sanitizer)  // which keeps what was freed
  EXPECT_LT(memory, memory_bound_mb);
#endif
  EXPECT_GT(in_flight, 0) << "nothing was ever seen in flight";
  EXPECT_LE(in_flight, most_in_flight);
  EXPECT_EQ(engine.stop(), 0) << engine.log_end();
  EXPECT_THAT(tally_ledger(engine.data()).not_investigated_once(alerts.uids), IsEmpty());
}

}  // namespace
}  // namespace sallyport::testing
