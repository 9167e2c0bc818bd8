#include "tools/lab/vendors/vendor_server.hpp"

#include <boost/asio/co_spawn.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <future>

namespace sallyport::lab {

namespace {

Task<std::optional<std::string>> broken_off() {
  co_return fail(Errc::unavailable, "the answer is lost");
}

}  // namespace

http::Response VendorServer::answer(http::Request request) {
  const std::scoped_lock lock{mutex_};
  seen_.push_back(request.method + ' ' + request.target);
  auto target = http::parse_target(request.target);
  if (!target) return {.status = 400};
  const VendorRequest decoded{.method = request.method,
                              .path = std::move(target->segments),
                              .query = std::move(target->query),
                              .headers = std::move(request.headers),
                              .body = std::move(request.body)};
  const auto mishap = std::ranges::find_if(mishaps_, [&](const Mishap& one) {
    return one.times > 0 && (one.method.empty() || one.method == decoded.method) &&
           request.target.contains(one.path) && decoded.body.contains(one.body);
  });
  if (mishap == mishaps_.end()) {
    const auto pager = std::ranges::find_if(
        pagers_, [&](const Pager& one) { return one.concerns(decoded.method, request.target); });
    return pager == pagers_.end() ? vendor_->answer(decoded) : pager->answer(*vendor_, decoded);
  }
  --mishap->times;
  if (mishap->kind == Mishap::Kind::answer) return mishap->answer;
  auto response = vendor_->answer(decoded);
  if (mishap->kind == Mishap::Kind::done_before) return vendor_->answer(decoded);
  response.body.clear();
  response.stream = broken_off;
  return response;
}

Result<std::unique_ptr<VendorServer>> VendorServer::start(std::unique_ptr<Vendor> vendor,
                                                          std::shared_ptr<http::TlsContext> tls) {
  std::unique_ptr<VendorServer> made{new VendorServer{std::move(vendor)}};
  auto* self = made.get();
  self->tls_ = tls != nullptr;
  auto handler = [self](http::Request request, http::ConnectionInfo) -> Task<http::Response> {
    co_return self->answer(std::move(request));
  };
  auto listening = http::Server::listen(self->loop_.get_executor(),
                                        {.tls = std::move(tls), .limits = {}},
                                        std::move(handler),
                                        [](const std::exception_ptr&) {});
  if (!listening) return std::unexpected{listening.error()};
  self->server_ = *std::move(listening);
  self->thread_ = std::thread{[self] { self->loop_.run(); }};
  return made;
}

VendorServer::~VendorServer() {
  if (!thread_.joinable()) return;
  std::promise<void> stopped;
  asio::co_spawn(
      loop_,
      [this]() -> asio::awaitable<void> {
        co_await server_->stop(Deadline::in(std::chrono::milliseconds{100}));
        server_.reset();
      },
      [&stopped](const std::exception_ptr&) { stopped.set_value(); });
  stopped.get_future().wait();
  work_.reset();
  thread_.join();
}

std::string VendorServer::url() const {
  return tls_ ? fmt::format("https://localhost:{}", server_->port())
              : fmt::format("http://127.0.0.1:{}", server_->port());
}

void VendorServer::befall(Mishap mishap) {
  const std::scoped_lock lock{mutex_};
  mishaps_.push_back(std::move(mishap));
}

void VendorServer::page(Paging paging) {
  const std::scoped_lock lock{mutex_};
  pagers_.emplace_back(std::move(paging));
}

std::vector<std::vector<Pager::Asked>> VendorServer::pages_asked() const {
  const std::scoped_lock lock{mutex_};
  std::vector<std::vector<Pager::Asked>> all;
  for (const auto& pager : pagers_) all.push_back(pager.asked());
  return all;
}

std::vector<std::string> VendorServer::requests() const {
  const std::scoped_lock lock{mutex_};
  return seen_;
}

std::size_t VendorServer::count(std::string_view beginning) const {
  const std::scoped_lock lock{mutex_};
  return static_cast<std::size_t>(std::ranges::count_if(
      seen_, [&](const auto& request) { return request.starts_with(beginning); }));
}

}  // namespace sallyport::lab
