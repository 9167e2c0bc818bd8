#include "engine/observe/metrics.hpp"

#include <gmock/gmock.h>

namespace sallyport::observe {

using testing::HasSubstr;

TEST(Metrics, AreWrittenInPrometheusText) {
  Metrics metrics;
  metrics.counter("sallyport_alerts_total", "Alerts", {{"source", "wazuh"}}).add(2);
  metrics.counter("sallyport_alerts_total", "Alerts", {{"source", "wazuh"}}).add();
  metrics.histogram("sallyport_seconds", "Time", {0.1, 1}).observe(0.5);
  double depth = 4;
  metrics.gauge("sallyport_depth", "Depth", [&] { return depth; });
  depth = 5;
  const auto text = metrics.text();
  EXPECT_THAT(text, HasSubstr("# TYPE sallyport_alerts_total counter"));
  EXPECT_THAT(text, HasSubstr("sallyport_alerts_total{source=\"wazuh\"} 3"));
  EXPECT_THAT(text, HasSubstr("sallyport_seconds_bucket{le=\"0.1\"} 0"));
  EXPECT_THAT(text, HasSubstr("sallyport_seconds_bucket{le=\"1\"} 1"));
  EXPECT_THAT(text, HasSubstr("sallyport_depth 5"));
}

}  // namespace sallyport::observe
