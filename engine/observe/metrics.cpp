#include "engine/observe/metrics.hpp"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <mutex>
#include <utility>

namespace sallyport::observe {

struct Metrics::Impl {
  prometheus::Registry registry;
  mutable std::mutex mutex;
  std::map<std::string, prometheus::Family<prometheus::Counter>*> counters;
  std::map<std::string, prometheus::Family<prometheus::Gauge>*> gauge_families;
  std::vector<std::pair<prometheus::Gauge*, std::function<double()>>> gauges;
};

Metrics::Metrics() : impl_{std::make_unique<Impl>()} {}

Metrics::~Metrics() = default;

void Metrics::Counter::add(double n) const {
  static_cast<prometheus::Counter*>(counter_)->Increment(n);
}

void Metrics::Histogram::observe(double value) const {
  static_cast<prometheus::Histogram*>(histogram_)->Observe(value);
}

Metrics::Counter Metrics::counter(const std::string& name,
                                  const std::string& help,
                                  const Labels& labels) {
  const std::scoped_lock lock{impl_->mutex};
  auto& family = impl_->counters[name];
  if (!family) family = &prometheus::BuildCounter().Name(name).Help(help).Register(impl_->registry);
  return Counter{&family->Add(labels)};
}

Metrics::Histogram Metrics::histogram(const std::string& name,
                                      const std::string& help,
                                      const std::vector<double>& buckets) {
  auto& family = prometheus::BuildHistogram().Name(name).Help(help).Register(impl_->registry);
  return Histogram{&family.Add({}, buckets)};
}

void Metrics::gauge(const std::string& name,
                    const std::string& help,
                    std::function<double()> read,
                    const Labels& labels) {
  const std::scoped_lock lock{impl_->mutex};
  auto& family = impl_->gauge_families[name];
  if (!family) family = &prometheus::BuildGauge().Name(name).Help(help).Register(impl_->registry);
  impl_->gauges.emplace_back(&family->Add(labels), std::move(read));
}

std::string Metrics::text() const {
  {
    const std::scoped_lock lock{impl_->mutex};
    for (const auto& [gauge, read] : impl_->gauges) gauge->Set(read());
  }
  return prometheus::TextSerializer{}.Serialize(impl_->registry.Collect());
}

}  // namespace sallyport::observe
