#pragma once

#include "engine/act/actuator.hpp"
#include "engine/base/deadline.hpp"
#include "tools/lab/lab.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_future.hpp>
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

namespace sallyport::testing {

using namespace std::chrono_literals;

inline Deadline soon() {
  return Deadline::in(10s);
}

/// Runs `task` to its end.
template <class T>
Result<T> await(Task<T> task) {
  asio::io_context loop{1};
  auto future = asio::co_spawn(loop, std::move(task), asio::use_future);
  loop.run();
  return future.get();
}

inline Result<act::Reading> read(act::Actuator& product, act::Operation operation) {
  return await(product.read(std::move(operation), soon()));
}

inline Result<model::Outcome> execute(act::Actuator& product, act::Operation operation) {
  return await(product.execute(std::move(operation), soon()));
}

inline std::string trouble(const auto& result) {
  return result ? std::string{"no error"} : result.error().detail;
}

/// True once `holds` does, looked at for at most `patience`.
inline bool comes_true(std::chrono::milliseconds patience, const std::function<bool()>& holds) {
  const auto end = std::chrono::steady_clock::now() + patience;
  while (!holds()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(20ms);
  }
  return true;
}

/// A suite that runs against a part of the lab, started once for all its tests.
template <class Derived>
class RealProduct : public ::testing::Test {
 public:
  static void SetUpTestSuite() {
    auto started = lab::Lab::start(Derived::parts());
    if (!started) throw std::runtime_error{"the lab does not start: " + started.error().detail};
    lab_ = std::make_unique<lab::Lab>(*std::move(started));
  }

  static void TearDownTestSuite() { lab_.reset(); }

 protected:
  static lab::Lab& the_lab() { return *lab_; }

  asio::thread_pool& pool() { return pool_; }

 private:
  inline static std::unique_ptr<lab::Lab> lab_;
  asio::thread_pool pool_{2};
};

}  // namespace sallyport::testing
