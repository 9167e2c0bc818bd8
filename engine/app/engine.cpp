#include "engine/app/engine.hpp"

#include "engine/act/actions.hpp"
#include "engine/act/executor.hpp"
#include "engine/app/action_watch.hpp"
#include "engine/app/api_backend.hpp"
#include "engine/app/audit_endpoints.hpp"
#include "engine/app/autonomy.hpp"
#include "engine/app/budgets.hpp"
#include "engine/app/change_check.hpp"
#include "engine/app/channels.hpp"
#include "engine/app/connector_endpoints.hpp"
#include "engine/app/connector_events.hpp"
#include "engine/app/connector_shelf.hpp"
#include "engine/app/connectors.hpp"
#include "engine/app/feedback.hpp"
#include "engine/app/feedback_endpoints.hpp"
#include "engine/app/feeds.hpp"
#include "engine/app/grouping_file.hpp"
#include "engine/app/kafka_intake.hpp"
#include "engine/app/known_secrets.hpp"
#include "engine/app/ledger_mailbox.hpp"
#include "engine/app/loading.hpp"
#include "engine/app/materials.hpp"
#include "engine/app/models.hpp"
#include "engine/app/notices.hpp"
#include "engine/app/overdue_reviews.hpp"
#include "engine/app/pipeline.hpp"
#include "engine/app/policy_keeper.hpp"
#include "engine/app/thinking.hpp"
#include "engine/approve/approvals.hpp"
#include "engine/approve/courier.hpp"
#include "engine/approve/outbox.hpp"
#include "engine/audit/checkpoint.hpp"
#include "engine/base/on_pool.hpp"
#include "engine/base/ulid.hpp"
#include "engine/gate/gate.hpp"
#include "engine/graph/entity_graph.hpp"
#include "engine/graph/lifetime.hpp"
#include "engine/ingest/group_records.hpp"
#include "engine/ingest/groups.hpp"
#include "engine/ingest/intake.hpp"
#include "engine/investigate/investigator.hpp"
#include "engine/investigate/kept.hpp"
#include "engine/investigate/surroundings.hpp"
#include "engine/observe/metrics.hpp"
#include "engine/store/store.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <future>
#include <iterator>
#include <thread>

namespace sallyport::app {

namespace {

constexpr std::size_t connector_threads = 16;
constexpr std::chrono::milliseconds tick{500};

act::ExecutorOptions executor_options(const config::ActionSettings& settings) {
  using std::chrono::seconds;
  return {.product = {.request_timeout = seconds{settings.request_timeout_s},
                      .attempts = settings.attempts,
                      .at_once = settings.at_once,
                      .breaker = {.failures = settings.breaker.failures,
                                  .open_for = seconds{settings.breaker.open_for_s}}},
          .verify = {.verify_for = seconds{settings.verify_for_s},
                     .wait_for = seconds{settings.breaker.wait_for_s},
                     .watch = {.every = seconds{settings.watch.every_s},
                               .lasting = seconds{settings.watch.for_s},
                               .unclear_every = seconds{settings.watch.unclear_every_s}}}};
}

/// What of the store has had its time. `clock` must outlive what is returned.
auto lifetimes(const config::RetentionSettings& settings, const Clock& clock) {
  return [graph = std::chrono::days{settings.graph_days},
          answers = std::chrono::hours{settings.idempotency_hours},
          recordings = std::chrono::days{settings.recordings_days},
          &clock](store::Table table, std::string_view key, std::string_view value) {
    if (table == store::Table::recordings)
      return investigate::kept_before(clock.now() - recordings, value);
    if (table != store::Table::idempotency)
      return graph::older_than(clock.now() - graph, table, key);
    const auto answer = from_json<serve::StoredAnswer>(value);
    return answer && answer->at + answers <= clock.now();
  };
}

/// Both hear of their kinds.
store::LedgerListener both(store::LedgerListener first, store::LedgerListener second) {
  auto kinds = first.kinds;
  for (const auto kind : second.kinds)
    if (std::ranges::find(kinds, kind) == kinds.end()) kinds.push_back(kind);
  return {.kinds = std::move(kinds),
          .hear = [first = std::move(first), second = std::move(second)](model::EntryKind kind,
                                                                         std::string_view line) {
            for (const auto* one : {&first, &second})
              if (std::ranges::find(one->kinds, kind) != one->kinds.end()) one->hear(kind, line);
          }};
}

/// Entries that wait to be counted: more than come between two looks.
constexpr std::size_t most_waiting = 20'000;

store::Options store_options(const config::Settings& settings,
                             const Clock& clock,
                             store::LedgerListener listener) {
  return {.directory = settings.data_dir,
          .block_cache_bytes = std::size_t{settings.store.block_cache_mb} << 20U,
          .write_buffer_bytes = std::size_t{settings.store.write_buffer_mb} << 20U,
          .group_window = std::chrono::microseconds{settings.store.group_window_us},
          .outlived = lifetimes(settings.retention, clock),
          .listener = std::move(listener)};
}

}  // namespace

/// Members stand in the order in which they depend on each other; they end in the reverse order.
struct Engine::Impl {
  config::Settings settings;
  observe::Log log;
  Listener listener;
  SystemClock clock;
  UlidSource ids;
  observe::Metrics metrics;
  model::Catalogue catalogue;
  serve::Access access;  ///< Until serve_http() takes them.
  http::ServerOptions server;

  LedgerMailbox mailbox{most_waiting};
  LedgerMailbox lessons_mailbox{most_waiting};
  std::unique_ptr<store::Store> store;
  std::optional<audit::Checkpointer> checkpointer;
  asio::io_context loop{1};
  asio::thread_pool workers;
  asio::thread_pool blocking{connector_threads};

  std::optional<LocalEnrichers> knowledge;
  Products products;
  std::vector<std::unique_ptr<connectors::taxii::Feed>> feeds;
  std::optional<ConnectorShelf> shelf;
  std::filesystem::file_time_type rules_changed;  ///< Of the reasoner's file, as it was read.
  std::optional<PolicyKeeper> policy;
  std::optional<gate::Gate> gate;
  std::optional<approve::Outbox> outbox;
  Channels channels;
  std::vector<std::unique_ptr<approve::Courier>> couriers;
  std::optional<Autonomy> autonomy;
  std::optional<OverdueReviews> reviews;
  std::optional<Feedback> feedback;
  std::optional<graph::EntityGraph> graph;
  std::optional<GroupingFile> grouping;
  std::optional<ingest::Groups> groups;
  std::optional<ingest::Intake> intake;
  std::optional<investigate::Investigator> investigator;
  std::optional<act::Actions> actions;
  std::optional<approve::Approvals> approvals;
  std::optional<ConnectorEvents> connector_events;
  std::optional<act::Executor> executor;
  std::unique_ptr<Thinking> thinking;
  std::optional<Pipeline> pipeline;
  std::optional<ActionWatch> watch;
  std::optional<ApiBackend> backend;
  std::unique_ptr<serve::Service> service;
  std::unique_ptr<KafkaIntake> kafka;
  std::optional<TaskGroup> tasks;

  asio::executor_work_guard<asio::io_context::executor_type> keep_loop{loop.get_executor()};
  std::thread loop_thread;
  bool stopped = false;

  Impl(config::Settings given, observe::Log to, Listener listening)
      : settings{std::move(given)},
        log{std::move(to)},
        listener{std::move(listening)},
        workers{settings.investigation.workers > 0
                    ? settings.investigation.workers
                    : std::max(1U, std::thread::hardware_concurrency())} {}

  Result<> build();
  Result<> build_models();
  Result<> resume();
  Result<> remember_usage();
  asio::awaitable<void> take_up(model::Action action);
  asio::awaitable<void> keep_time();
  asio::awaitable<void> keep_watch();
  asio::awaitable<void> keep_policy();
  Result<> employ_couriers();
  asio::awaitable<void> carry(approve::Courier& courier);
  void reload();
  void reload_rules();
  void reload_knowledge();
  void tell(const ConnectorShelf::News& news) const;
  Result<> serve_http();
  void tell(const model::Verdict& verdict);
  void tell(const model::Action& action);
  void tell_waiting(const model::Action& action);
  void tell(const model::Notification& notification);
  void report(const std::exception_ptr& thrown) const;
};

void Engine::Impl::tell(const model::Verdict& verdict) {
  if (service)
    service->events().publish(verdict.tenant, "verdict", [&] { return to_json(verdict); });
  if (listener.verdict) listener.verdict(verdict);
}

void Engine::Impl::tell_waiting(const model::Action& action) {
  if (service) service->events().publish(action.tenant, "action", [&] { return to_json(action); });
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
  if (service)
    service->events().publish(
        notification.tenant, "notification", [&] { return to_json(notification); });
}

void Engine::Impl::report(const std::exception_ptr& thrown) const {
  try {
    std::rethrow_exception(thrown);
  } catch (const std::exception& bug) {
    log.error("a task ended by a fault of the program", {{"what", bug.what()}});
  }
}

Result<> Engine::Impl::build_models() {
  if (settings.models.use.empty()) return {};
  thinking = std::make_unique<Thinking>(
      Thinking::Options{.from = enum_of<model::Severity>(settings.models.from_severity)
                                    .value_or(model::Severity::low),
                        .at_once = settings.models.at_once,
                        .waiting = settings.models.waiting,
                        .least = std::chrono::milliseconds{settings.models.least_ms}},
      [this](const std::exception_ptr& thrown) { report(thrown); });
  Faults faults;
  std::vector<std::shared_ptr<investigate::Query>> queries{
      std::make_shared<investigate::Surroundings>(*graph)};
  std::ranges::move(queries_of(products), std::back_inserter(queries));
  auto made = make_models(settings, std::move(queries), thinking->executor(), clock, faults);
  if (!made) return fail(Errc::invalid_input, settings.render(faults));
  thinking->use(std::move(made->counsel));
  metrics.gauge("sallyport_thinking", "Investigations that language models take part in", [this] {
    return static_cast<double>(thinking->under_way());
  });
  metrics.gauge("sallyport_thinking_waiting", "Investigations that wait for such a place", [this] {
    return static_cast<double>(thinking->waiting());
  });
  for (const auto& [name, provider] : made->providers) {
    metrics.gauge("sallyport_model_calls_running",
                  "Calls to a model that are under way",
                  [provider] { return static_cast<double>(provider->turnstile().inside()); },
                  {{"model", name}});
    metrics.gauge("sallyport_model_calls_waiting",
                  "Calls to a model that wait for their turn",
                  [provider] { return static_cast<double>(provider->turnstile().waiting()); },
                  {{"model", name}});
  }
  return remember_spending(*store, clock, *made->allowance);
}

Result<> Engine::Impl::build() {
  std::error_code unknown;
  rules_changed = std::filesystem::last_write_time(settings.reasoner, unknown);
  // What feeds bring is read like lists of one's own, also what they bring first.
  for (const auto& [name, options] : settings.taxii)
    std::filesystem::create_directories(feed_folder(settings, name), unknown);
  auto materials = gather(settings, clock, blocking.get_executor(), loop.get_executor());
  if (!materials) return std::unexpected{materials.error()};
  catalogue = std::move(materials->catalogue);
  knowledge = std::move(materials->knowledge);
  products = std::move(materials->products);
  feeds = std::move(materials->feeds);
  shelf.emplace(settings, materials->reach, products);
  access = std::move(materials->access);
  server = std::move(materials->server);

  auto opened = store::Store::open(store_options(
      settings,
      clock,
      both(mailbox.listener({audit::TrackRecords::kinds.begin(), audit::TrackRecords::kinds.end()}),
           lessons_mailbox.listener({Feedback::kinds.begin(), Feedback::kinds.end()}))));
  if (!opened) return std::unexpected{opened.error()};
  store = *std::move(opened);
  auto key = audit::SigningKey::load_or_make(audit::key_directory(settings.data_dir));
  if (!key) return std::unexpected{key.error()};
  checkpointer.emplace(
      *store,
      *std::move(key),
      audit::CheckpointRule{.entries = settings.ledger.checkpoint_entries,
                            .every = std::chrono::seconds{settings.ledger.checkpoint_s}});

  policy.emplace(*store, catalogue, clock, settings.policy);
  auto first = policy->open();
  if (!first) return std::unexpected{first.error()};
  if (!policy->warnings().empty()) log.warn("policy", {{"warnings", policy->warnings()}});
  gate.emplace(*std::move(first));

  channels = std::move(materials->channels);
  std::vector<std::string> names;
  for (const auto& [name, channel] : channels) names.push_back(name);
  outbox.emplace(*store, clock, ids, std::move(names));
  autonomy.emplace(
      *store, mailbox, *policy, *gate, *outbox, clock, demotion_rule(settings.autonomy), log);
  reviews.emplace(*store, *outbox);

  feedback.emplace(*store, lessons_mailbox, clock);
  graph.emplace(*store);
  grouping = std::move(materials->grouping);
  groups.emplace(
      grouping->rules(),
      [this](Time at) { return ids.next(at); },
      [this](const model::Alert& alert) { return investigator->listen(alert); });
  intake.emplace(*store,
                 *graph,
                 *groups,
                 std::move(materials->normalizer),
                 ingest::DecodeLimits{.bytes = settings.ingest.max_alert_bytes,
                                      .depth = settings.ingest.max_alert_depth});
  auto enrichers = knowledge->all();
  std::ranges::move(enrichers_of(products), std::back_inserter(enrichers));
  enrichers.push_back(feedback->lessons());
  investigator.emplace(std::move(materials->rules),
                       std::move(enrichers),
                       &*graph,
                       clock,
                       ids,
                       budgets_of(settings.investigation));
  investigator->record(settings.retention.recordings_days > 0);
  investigator->hide(scrubber_of(settings));
  investigator->read_graph_on(workers.get_executor());
  actions.emplace(*store, clock, std::chrono::seconds{settings.actions.join_window_s});
  approvals.emplace(
      *store,
      *actions,
      *gate,
      clock,
      std::chrono::seconds{settings.approvals.expire_after_s},
      [this](const model::Action& action) { return check_change(catalogue, *executor, action); });
  executor.emplace(
      *actions,
      *gate,
      clock,
      products.actuators,
      executor_options(settings.actions),
      [this](store::Batch& batch, const model::Action& action) { approvals->ask(batch, action); },
      [this](store::Batch& batch, const model::Action& action, act::Notice notice) {
        if (notice == act::Notice::fired) return outbox->put(batch, whitelist_fired(action));
        if (notice == act::Notice::rollback_failed) {
          metrics
              .counter("sallyport_rollbacks_failed_total",
                       "Rollbacks that failed, by the verb that was to be undone",
                       {{"verb", action.request.action}})
              .add();
        }
        outbox->put(batch, came_of(action, notice));
      },
      [this](const act::Product& product) { connector_events->turned(product); });
  connector_events.emplace(*store, *outbox, *gate, clock, metrics, log);
  const auto dropped = shelf->look();
  for (const auto& actuator : dropped.put) executor->put(actuator);
  tell(dropped);
  const auto models = build_models();
  if (!models) return models;
  const Rooms rooms{.store = *store,
                    .graph = *graph,
                    .intake = *intake,
                    .groups = *groups,
                    .investigator = *investigator,
                    .gate = *gate,
                    .actions = *actions,
                    .executor = *executor,
                    .approvals = *approvals,
                    .outbox = *outbox,
                    .clock = clock,
                    .ids = ids,
                    .metrics = metrics,
                    .log = log,
                    .thinking = thinking.get()};
  pipeline.emplace(
      rooms,
      workers.get_executor(),
      loop.get_executor(),
      Pipeline::Told{
          .verdict =
              [this](const model::Verdict& verdict, std::chrono::microseconds since_arrival) {
                tell(verdict);
                if (listener.concluded) listener.concluded(since_arrival);
              },
          .queued = [this](const model::Action& action) { tell_waiting(action); },
          .action = [this](const model::Action& action) { tell(action); },
          .joined = listener.joined});
  watch.emplace(rooms, *pipeline, settings.actions.watch.per_minute);
  backend.emplace(rooms, *pipeline, *policy, loop.get_executor(), settings.ingest.max_in_flight);
  tasks.emplace(loop.get_executor(), [this](const std::exception_ptr& thrown) { report(thrown); });

  count_questions(products, metrics);
  metrics.gauge("sallyport_in_flight", "Alerts under way", [this] {
    return static_cast<double>(pipeline->in_flight());
  });
  metrics.gauge("sallyport_open_groups", "Investigations that alerts can join", [this] {
    return static_cast<double>(groups->open());
  });
  metrics.gauge("sallyport_actions_running", "Actions under way", [this] {
    return static_cast<double>(pipeline->running());
  });
  for (const auto& name : executor->products().names()) {
    metrics.gauge("sallyport_connector_open",
                  "1 while requests to a connector are stopped because it does not answer",
                  [this, name] {
                    const auto product = executor->products().named(name);
                    const bool shut =
                        product && product->health().breaker != act::BreakerState::closed;
                    return shut ? 1.0 : 0.0;
                  },
                  {{"connector", name}});
  }
  metrics.gauge("sallyport_store_syncs", "fsyncs of the store since the start", [this] {
    return static_cast<double>(store->counters().syncs);
  });
  metrics.gauge("sallyport_store_batches", "Batches committed since the start", [this] {
    return static_cast<double>(store->counters().batches);
  });
  metrics.gauge("sallyport_store_bytes_written",
                "Bytes handed to the store since the start",
                [this] { return static_cast<double>(store->counters().bytes_written); });
  return {};
}

Result<> Engine::Impl::remember_usage() {
  const auto since = clock.now() - std::chrono::hours{24};
  act::ActionFilter filter{.limit = 1000};
  for (;;) {
    const auto page = actions->list(filter);
    if (!page) return std::unexpected{page.error()};
    for (const auto& action : *page) {
      if (action.created_at < since) return {};
      if (action.decision.decision != model::Ruling::auto_) continue;
      const bool by_entry = action.decision.reason == model::Reason::whitelist;
      gate->remember({.tenant = action.tenant,
                      .verb = action.request.action,
                      .entry = by_entry ? action.decision.rule.value_or("") : "",
                      .at = action.created_at});
    }
    if (page->size() < filter.limit) return {};
    filter.before = page->back().id.text();
  }
}

Result<> Engine::Impl::resume() {
  const auto counted = autonomy->load();
  if (!counted) return counted;
  // Before anything runs: a crash may have come between the last entry and the look at it.
  const auto reviewed = autonomy->review();
  if (!reviewed) return std::unexpected{reviewed.error()};
  const auto employed = employ_couriers();
  if (!employed) return employed;
  const auto remembered = remember_usage();
  if (!remembered) return remembered;

  const auto taught = feedback->load();
  if (!taught) return taught;
  const auto restored = ingest::restore(*store, *groups, clock.now());
  if (!restored) return restored;
  auto open_actions = actions->under_way();
  if (!open_actions) return std::unexpected{open_actions.error()};
  const auto alerts = intake->open_alerts();
  if (!alerts) return std::unexpected{alerts.error()};
  if (!open_actions->empty() || !alerts->empty()) {
    log.info("taking up what the last run left",
             {{"alerts", alerts->size()}, {"actions", open_actions->size()}});
  }
  for (const auto& open : *alerts) pipeline->take_up(open);
  asio::post(loop, [this, open = *std::move(open_actions)]() mutable {
    // Side by side: one product that does not answer must not keep the others waiting.
    for (auto& action : open) (void)tasks->spawn(take_up(std::move(action)));
  });
  return {};
}

asio::awaitable<void> Engine::Impl::take_up(model::Action action) {
  const auto id = action.id.text();
  const auto resumed = co_await pipeline->resume(std::move(action));
  if (!resumed) log.warn("action not settled", {{"action", id}, {"why", resumed.error().detail}});
}

Result<> Engine::Impl::employ_couriers() {
  const auto names = outbox->channels();
  if (!names) return std::unexpected{names.error()};
  approve::CourierOptions options;
  options.give_up_after = std::chrono::seconds{settings.notifications.give_up_after_s};
  for (const auto& name : *names) {
    const auto found = channels.find(name);
    couriers.push_back(std::make_unique<approve::Courier>(
        *outbox,
        name,
        found == channels.end() ? nullptr : found->second,
        clock,
        options,
        approve::CourierEvents{
            .told = [this](const model::Notification& one) { tell(one); },
            .failed =
                [this](const model::Notification& one, const approve::Failure& failure) {
                  log.warn(failure.last ? "notification given up" : "notification not delivered",
                           {{"notification", one.id},
                            {"channel", failure.channel},
                            {"attempts", failure.attempts},
                            {"why", failure.why}});
                }}));
  }
  return {};
}

asio::awaitable<void> Engine::Impl::carry(approve::Courier& courier) {
  asio::steady_timer timer{loop};
  for (;;) {
    const auto wait = co_await courier.round();
    if (!wait && wait.error().code != Errc::cancelled)
      log.warn("notifications not carried", {{"why", wait.error().detail}});
    timer.expires_after(wait.value_or(tick));
    co_await timer.async_wait(asio::use_awaitable);
  }
}

/// What may change what the gate says. Nothing here waits for a product.
asio::awaitable<void> Engine::Impl::keep_policy() {
  asio::steady_timer timer{loop};
  for (;;) {
    timer.expires_after(tick);
    co_await timer.async_wait(asio::use_awaitable);
    reload();
    const auto reviewed = autonomy->review();
    if (!reviewed) log.error("records not reviewed", {{"why", reviewed.error().detail}});
    const auto heard = feedback->hear();
    if (!heard) log.error("people's answers not read", {{"why", heard.error().detail}});
    const auto looked = co_await reviews->look(gate->policy(), clock.now());
    if (!looked) log.warn("overdue reviews not told", {{"why", looked.error().detail}});
  }
}

asio::awaitable<void> Engine::Impl::keep_time() {
  asio::steady_timer timer{loop};
  for (;;) {
    timer.expires_after(tick);
    co_await timer.async_wait(asio::use_awaitable);
    ConnectorShelf::News news;
    auto read_again = [this, &news]() -> asio::awaitable<void> {
      reload_knowledge();
      news = shelf->look();
      co_return;
    };
    co_await on_pool(blocking.get_executor(), std::move(read_again));
    for (const auto& name : news.taken_away) executor->take_away(name);
    for (const auto& actuator : news.put) executor->put(actuator);
    tell(news);
    const auto expired = co_await approvals->expire_due();
    if (!expired) log.warn("approvals not expired", {{"why", expired.error().detail}});
    if (expired && !expired->empty()) log.info("approvals expired", {{"count", expired->size()}});
    if (expired)
      for (const auto& action : *expired) tell(action);

    const auto signed_ = co_await checkpointer->sign_due(clock.now());
    if (!signed_) log.warn("ledger not signed", {{"why", signed_.error().detail}});

    const auto released = co_await watch->release_due();
    if (!released) log.warn("timed actions not ended", {{"why", released.error().detail}});
  }
}

asio::awaitable<void> Engine::Impl::keep_watch() {
  asio::steady_timer timer{loop};
  for (;;) {
    timer.expires_after(tick);
    co_await timer.async_wait(asio::use_awaitable);
    const auto looked = co_await watch->look_at_due();
    if (!looked) log.warn("actions not looked at", {{"why", looked.error().detail}});
  }
}

void Engine::Impl::reload_rules() {
  std::error_code error;
  const auto changed = std::filesystem::last_write_time(settings.reasoner, error);
  if (error || changed == rules_changed) return;
  rules_changed = changed;
  auto rules = load_rules(settings.reasoner, catalogue);
  if (!rules) {
    log.error("reasoner not changed: the file is faulty", {{"faults", rules.error().detail}});
    return;
  }
  investigator->use(*std::move(rules));
  log.info("read again", {{"files", "reasoner"}});
}

void Engine::Impl::reload_knowledge() {
  const auto again = knowledge->reload_if_changed();
  for (const auto& name : again.read) log.info("read again", {{"files", name}});
  for (const auto& fault : again.faults)
    log.error("not read again: a file is faulty", {{"fault", fault}});
}

void Engine::Impl::tell(const ConnectorShelf::News& news) const {
  for (const auto& fault : news.faults)
    log.error("connector not changed: a file is faulty", {{"faults", fault}});
  for (const auto& name : news.read) log.info("manifest read again", {{"connector", name}});
  for (const auto& actuator : news.put)
    log.info("connector in use", {{"connector", actuator->name()}});
  for (const auto& name : news.taken_away) log.info("connector taken away", {{"connector", name}});
}

void Engine::Impl::reload() {
  const auto adopted = policy->reload(*gate);
  if (!adopted) {
    log.error("policy not changed: the file is faulty", {{"faults", adopted.error().detail}});
  } else if (*adopted) {
    log.info("policy changed", {{"version", gate->policy()->version().version}});
    if (!policy->warnings().empty()) log.warn("policy", {{"warnings", policy->warnings()}});
  }
  reload_rules();
  const auto regrouped = grouping->reload_if_changed(*groups);
  if (!regrouped) {
    log.error("grouping not changed: the file is faulty", {{"faults", regrouped.error().detail}});
  } else if (*regrouped) {
    log.info("read again", {{"files", "grouping"}});
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
          co_await self.pipeline->close();
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
  self.service.reset();
}

std::uint16_t Engine::http_port() const {
  return impl_->service ? impl_->service->port() : std::uint16_t{0};
}

std::uint64_t Engine::bytes_written() const {
  return impl_->store->counters().bytes_written;
}

std::size_t Engine::under_way() const {
  return impl_->pipeline->in_flight() + impl_->pipeline->running();
}

}  // namespace sallyport::app
