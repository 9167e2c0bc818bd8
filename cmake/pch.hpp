// What most sources include: compiled once. Every source still includes what it uses.
#include "engine/base/deadline.hpp"
#include "engine/base/json.hpp"
#include "engine/base/result.hpp"
#include "engine/base/time.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/describe.hpp>
#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <cstdio>
#include <deque>
#include <expected>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

namespace sallyport {

/// Never called: the compiler instantiates with this header what nearly every coroutine needs.
inline void instantiated_once(boost::asio::io_context& loop, boost::asio::any_io_executor any) {
  any = loop.get_executor();
  boost::asio::steady_timer timer{any};
  boost::asio::co_spawn(
      any,
      [](boost::asio::steady_timer& at) -> boost::asio::awaitable<void> {
        co_await at.async_wait(boost::asio::use_awaitable);
        co_await at.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
        co_await boost::asio::post(co_await boost::asio::this_coro::executor,
                                   boost::asio::use_awaitable);
      }(timer),
      [](std::exception_ptr) {});
  boost::asio::post(any, [] {});
}

}  // namespace sallyport
