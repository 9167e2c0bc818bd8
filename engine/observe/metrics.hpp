#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace sallyport::observe {

using Labels = std::map<std::string, std::string>;

/// The engine's numbers, in Prometheus' text format. Thread-safe; handles live as long as the
/// Metrics.
class Metrics {
 public:
  class Counter {
   public:
    void add(double n = 1) const;

   private:
    friend class Metrics;

    explicit Counter(void* counter) : counter_{counter} {}

    void* counter_;
  };

  class Histogram {
   public:
    void observe(double value) const;

   private:
    friend class Metrics;

    explicit Histogram(void* histogram) : histogram_{histogram} {}

    void* histogram_;
  };

  Metrics();
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  /// Finds or makes. Costs a lock: keep the handle where it is hot.
  [[nodiscard]] Counter counter(const std::string& name,
                                const std::string& help,
                                const Labels& labels = {});
  [[nodiscard]] Histogram histogram(const std::string& name,
                                    const std::string& help,
                                    const std::vector<double>& buckets);

  /// `read` is called at every scrape; it must not block.
  void gauge(const std::string& name,
             const std::string& help,
             std::function<double()> read,
             const Labels& labels = {});

  /// Everything, as GET /metrics answers it.
  [[nodiscard]] std::string text() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sallyport::observe
