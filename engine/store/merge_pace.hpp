#pragma once

#include <rocksdb/rate_limiter.h>

#include <atomic>
#include <cstdint>
#include <limits>

namespace sallyport::store {

/// Makes RocksDB's merging rest as long as it worked, in pieces of a millisecond, so that whoever
/// waits for its core soon has it: a thread of low priority alone keeps one busy until the kernel
/// next balances its queues, tens of milliseconds later. Flushes, and merging that writes already
/// wait for, do not rest. Thread-safe.
class MergePace final : public rocksdb::RateLimiter {
 public:
  MergePace() : RateLimiter{Mode::kAllIo} {}

  void Request(std::int64_t bytes,
               rocksdb::Env::IOPriority priority,
               rocksdb::Statistics* statistics) override;

  void SetBytesPerSecond(std::int64_t) override {}

  [[nodiscard]] std::int64_t GetSingleBurstBytes() const override { return unlimited; }

  [[nodiscard]] std::int64_t GetBytesPerSecond() const override { return unlimited; }

  /// Not counted: it is time that is measured here.
  [[nodiscard]] std::int64_t GetTotalBytesThrough(rocksdb::Env::IOPriority) const override {
    return 0;
  }

  /// How often there was a rest.
  [[nodiscard]] std::int64_t GetTotalRequests(rocksdb::Env::IOPriority) const override {
    return rests_;
  }

 private:
  static constexpr auto unlimited = std::numeric_limits<std::int64_t>::max();

  std::atomic<std::int64_t> rests_ = 0;
};

}  // namespace sallyport::store
