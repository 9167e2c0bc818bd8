#pragma once

#include "engine/base/result.hpp"
#include "engine/http/server.hpp"
#include "tools/lab/vendors/paging.hpp"
#include "tools/lab/vendors/vendor.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace sallyport::lab {

/// What goes wrong with a request instead of, or after, what the vendor would do.
struct Mishap {
  enum class Kind : std::uint8_t {
    answer,       ///< `answer` instead of the vendor's; the vendor does nothing.
    lost_answer,  ///< The vendor does it, and the answer breaks off.
    done_before,  ///< Somebody else does the very same first; the answer is the second one's.
  };

  Kind kind = Kind::answer;
  http::Response answer{};
  std::string method;  ///< Empty: any.
  std::string path;    ///< Part of the target that it befalls; empty: any.
  std::string body{};  ///< Part of the body; empty: any.
  unsigned times = 1;
};

/// Serves a vendor on a free port of 127.0.0.1, from a thread of its own. Thread-safe.
class VendorServer {
 public:
  /// With `tls` over https, for `localhost`. Errors: unavailable.
  [[nodiscard]] static Result<std::unique_ptr<VendorServer>> start(
      std::unique_ptr<Vendor> vendor, std::shared_ptr<http::TlsContext> tls = nullptr);
  ~VendorServer();
  VendorServer(const VendorServer&) = delete;
  VendorServer& operator=(const VendorServer&) = delete;

  [[nodiscard]] std::string url() const;

  /// Looks at the vendor's state, or changes it as somebody else would.
  template <class Kind, class Work>
  auto with(Work work) {
    const std::scoped_lock lock{mutex_};
    return work(dynamic_cast<Kind&>(*vendor_));
  }

  void befall(Mishap mishap);

  /// From now on these answers come in pages.
  void page(Paging paging);

  /// What was asked for of each paging, in their order.
  [[nodiscard]] std::vector<std::vector<Pager::Asked>> pages_asked() const;

  /// Method and target of every request so far: `POST /oauth2/token`.
  [[nodiscard]] std::vector<std::string> requests() const;

  /// How many of them begin so.
  [[nodiscard]] std::size_t count(std::string_view beginning) const;

 private:
  explicit VendorServer(std::unique_ptr<Vendor> vendor) : vendor_{std::move(vendor)} {}

  [[nodiscard]] http::Response answer(http::Request request);

  std::unique_ptr<Vendor> vendor_;
  mutable std::mutex mutex_;
  std::vector<std::string> seen_;
  std::vector<Mishap> mishaps_;
  std::vector<Pager> pagers_;
  asio::io_context loop_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_{loop_.get_executor()};
  std::unique_ptr<http::Server> server_;
  bool tls_ = false;
  std::thread thread_;
};

}  // namespace sallyport::lab
