#include "engine/app/engine.hpp"

#include "engine/app/engine_impl.hpp"

namespace sallyport::app {

void Engine::Impl::tell(const model::Verdict& verdict) {
  if (auto* hub = events.load())
    hub->publish(verdict.tenant, "verdict", [&] { return to_json(verdict); });
  if (listener.verdict) listener.verdict(verdict);
}

void Engine::Impl::tell_waiting(const model::Action& action) {
  if (auto* hub = events.load())
    hub->publish(action.tenant, "action", [&] { return to_json(action); });
}

void Engine::Impl::tell(const model::Action& action) {
  tell_waiting(action);
  if (listener.action) listener.action(action);
}

void Engine::Impl::tell(const model::Notification& notification) {
  log.warn("notification",
           {{"kind", name_of(notification.kind)},
            {"tenant", notification.tenant},
            {"to", notification.to},
            {"text", notification.text}});
  if (auto* hub = events.load())
    hub->publish(notification.tenant, "notification", [&] { return to_json(notification); });
}

void Engine::Impl::report(const std::exception_ptr& thrown) const {
  try {
    std::rethrow_exception(thrown);
  } catch (const std::exception& bug) {
    log.error("a task ended by a fault of the program", {{"what", bug.what()}});
  }
}

Result<std::unique_ptr<Engine>> Engine::make(config::Settings settings,
                                             observe::Log log,
                                             Listener listener) {
  auto impl = std::make_unique<Impl>(std::move(settings), std::move(log), std::move(listener));
  const auto built = impl->build();
  if (!built) return std::unexpected{built.error()};
  return std::unique_ptr<Engine>{new Engine{std::move(impl)}};
}

Result<> Engine::Impl::serve_http() {
  serve::ServiceOptions options{.server = std::move(server), .api = {}, .events = {}};
  options.api.version = SALLYPORT_VERSION;
  options.api.idempotency_lifetime = std::chrono::hours{settings.retention.idempotency_hours};
  options.api.also = [this] {
    auto also = audit_endpoints({.store = *store,
                                 .catalogue = catalogue,
                                 .clock = clock,
                                 .blocking = blocking.get_executor(),
                                 .data_dir = settings.data_dir,
                                 .demotion = demotion_rule(settings.autonomy)});
    std::ranges::move(connector_endpoints(*executor), std::back_inserter(also));
    std::ranges::move(feedback_endpoints(*feedback, *backend), std::back_inserter(also));
    return also;
  };
  options.api.probes = {.metrics = [this] { return metrics.text(); },
                        .ready = [this]() -> Result<> {
                          if (kafka && !kafka->ready())
                            return fail(Errc::unavailable, "Kafka gave no partitions yet");
                          return {};
                        },
                        .metrics_need_token = settings.http.metrics_need_token};
  if (access.closed())
    log.warn("no tokens are configured: the API refuses everything but the probes");

  // The server lives on the loop, and is made there.
  std::promise<Result<>> made;
  asio::post(loop, [&] {
    auto started =
        serve::Service::start(loop.get_executor(),
                              std::move(options),
                              *backend,
                              std::move(access),
                              clock,
                              [this](const std::exception_ptr& thrown) { report(thrown); });
    if (started) {
      service = *std::move(started);
      events = &service->events();
      made.set_value({});
    } else {
      made.set_value(std::unexpected{started.error()});
    }
  });
  return made.get_future().get();
}

Engine::Engine(std::unique_ptr<Impl> impl) : impl_{std::move(impl)} {}

Engine::~Engine() {
  stop(std::chrono::milliseconds{0});
}

Result<> Engine::start() {
  auto& self = *impl_;
  self.loop_thread = std::thread{[&self] { self.loop.run(); }};
  const auto resumed = self.resume();
  if (!resumed) return resumed;
  asio::post(self.loop, [&self] {
    (void)self.tasks->spawn(self.keep_time());
    (void)self.tasks->spawn(self.keep_watch());
    (void)self.tasks->spawn(self.keep_policy());
    (void)self.tasks->spawn(self.keep_places());
    for (const auto& courier : self.couriers) (void)self.tasks->spawn(self.carry(*courier));
    for (const auto& feed : self.feeds) (void)self.tasks->spawn(keep_feed(*feed, self.log));
  });
  if (!self.settings.kafka.brokers.empty()) {
    auto kafka = KafkaIntake::start(
        self.settings, *self.pipeline, *self.store, self.catalogue, self.clock, self.log);
    if (!kafka) return std::unexpected{kafka.error()};
    self.kafka = *std::move(kafka);
  }
  if (!self.settings.http.listen.empty()) {
    const auto serving = self.serve_http();
    if (!serving) return serving;
    self.log.info("listening", {{"port", self.service->port()}});
  }
  self.log.info("started",
                {{"version", SALLYPORT_VERSION},
                 {"data", self.settings.data_dir},
                 {"policy_version", self.gate->policy()->version().version}});
  return {};
}

void Engine::reload() {
  asio::post(impl_->loop, [self = impl_.get()] { self->reload(); });
}

void Engine::stop(std::chrono::milliseconds patience) {
  auto& self = *impl_;
  if (self.stopped) return;
  self.stopped = true;
  self.ending.request_stop();
  const auto until = std::chrono::steady_clock::now() + patience;
  if (self.kafka) self.kafka->stop_reading(patience);
  while (under_way() > 0 && std::chrono::steady_clock::now() < until)
    std::this_thread::sleep_for(std::chrono::milliseconds{5});

  if (self.loop_thread.joinable()) {
    std::promise<void> ended;
    asio::co_spawn(
        self.loop,
        [&self]() -> asio::awaitable<void> {
          if (self.service) co_await self.service->stop(Deadline::in(std::chrono::seconds{2}));
          co_await self.tasks->close();
          co_await self.dispatcher->close();
        },
        [&ended](const std::exception_ptr&) { ended.set_value(); });
    ended.get_future().wait();
  }
  if (self.thinking) self.thinking->stop();
  self.workers.stop();
  self.workers.join();
  // Now that nobody hears the answers: an alert that waited for one is taken up at the next start.
  if (self.loop_thread.joinable()) {
    std::promise<void> ended;
    asio::co_spawn(self.loop,
                   close_askings(self.products.askings),
                   [&ended](const std::exception_ptr&) { ended.set_value(); });
    ended.get_future().wait();
  }
  // What was handed to the store has told its listeners when this is durable.
  store::Batch last;
  last.put(store::Table::meta, "stopped_at", to_rfc3339(self.clock.now()));
  if (const auto kept = self.store->commit_and_wait(std::move(last)); !kept)
    self.log.error("store", {{"why", kept.error().detail}});
  if (const auto signed_ = self.checkpointer->sign_all(self.clock.now()); !signed_)
    self.log.error("ledger not signed", {{"why", signed_.error().detail}});
  if (self.kafka) self.kafka->stop_publishing(std::max(patience, std::chrono::milliseconds{500}));
  self.keep_loop.reset();
  self.loop.stop();
  if (self.loop_thread.joinable()) self.loop_thread.join();
  self.blocking.join();
  self.events = nullptr;
  self.service.reset();
}

std::uint16_t Engine::http_port() const {
  return impl_->service ? impl_->service->port() : std::uint16_t{0};
}

std::uint64_t Engine::bytes_written() const {
  return impl_->store->counters().bytes_written;
}

std::size_t Engine::under_way() const {
  return impl_->pipeline->in_flight() + impl_->dispatcher->running();
}

}  // namespace sallyport::app
