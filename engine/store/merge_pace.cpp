#include "engine/store/merge_pace.hpp"

#include <algorithm>
#include <chrono>
#include <ctime>
#include <thread>

namespace sallyport::store {

namespace {

using std::chrono::nanoseconds;

constexpr std::chrono::milliseconds piece{1};
constexpr std::chrono::milliseconds longest_rest{20};

nanoseconds worked_by_this_thread() {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return std::chrono::seconds{time.tv_sec} + nanoseconds{time.tv_nsec};
}

}  // namespace

void MergePace::Request(std::int64_t /*bytes*/,
                        rocksdb::Env::IOPriority priority,
                        rocksdb::Statistics* /*statistics*/) {
  if (priority != rocksdb::Env::IO_LOW) return;
  thread_local nanoseconds rested_at{0};
  const auto worked = worked_by_this_thread() - rested_at;
  if (worked < piece) return;
  rested_at += worked;
  ++rests_;
  std::this_thread::sleep_for(std::min<nanoseconds>(worked, longest_rest));
}

}  // namespace sallyport::store
