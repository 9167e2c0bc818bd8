#include "engine/app/engine_impl.hpp"

namespace sallyport::app {

namespace {

act::ExecutorOptions executor_options(const config::ActionSettings& settings,
                                      const Products& products) {
  using std::chrono::seconds;
  return {.product = product_limits(settings),
          .verify = {.verify_for = seconds{settings.verify_for_s},
                     .watch = {.every = seconds{settings.watch.every_s},
                               .lasting = seconds{settings.watch.for_s},
                               .unclear_every = seconds{settings.watch.unclear_every_s}}},
          .boundary =
              [places = products.places](std::string_view verb, const model::Target& target) {
                return places->may_cut_off(verb, target);
              },
          .product_of = products.limits};
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
    thinking->beside([provider] { return provider->keep_warm(); });
    // The metrics outlive the loop that the provider's connections live on.
    const std::weak_ptr held = provider;
    metrics.gauge("sallyport_model_calls_running",
                  "Calls to a model that are under way",
                  [held] {
                    const auto model = held.lock();
                    return model ? static_cast<double>(model->turnstile().inside()) : 0;
                  },
                  {{"model", name}});
    metrics.gauge("sallyport_model_calls_waiting",
                  "Calls to a model that wait for their turn",
                  [held] {
                    const auto model = held.lock();
                    return model ? static_cast<double>(model->turnstile().waiting()) : 0;
                  },
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
      executor_options(settings.actions, products),
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
  put(dropped);
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
  dispatcher.emplace(
      rooms,
      loop.get_executor(),
      Dispatcher::Told{.queued = [this](const model::Action& action) { tell_waiting(action); },
                       .action = [this](const model::Action& action) { tell(action); }});
  pipeline.emplace(rooms,
                   *dispatcher,
                   workers.get_executor(),
                   Pipeline::Told{.verdict =
                                      [this](const model::Verdict& verdict,
                                             std::chrono::microseconds since_arrival) {
                                        tell(verdict);
                                        if (listener.concluded)
                                          listener.concluded(verdict, since_arrival);
                                      },
                                  .joined = listener.joined});
  watch.emplace(rooms, *dispatcher, settings.actions.watch.per_minute);
  backend.emplace(rooms,
                  *pipeline,
                  *dispatcher,
                  *policy,
                  catalogue,
                  loop.get_executor(),
                  settings.ingest.max_in_flight);
  tasks.emplace(loop.get_executor(), [this](const std::exception_ptr& thrown) { report(thrown); });

  count_questions(products, metrics);
  metrics.gauge("sallyport_in_flight", "Alerts under way", [this] {
    return static_cast<double>(pipeline->in_flight());
  });
  metrics.gauge("sallyport_open_groups", "Investigations that alerts can join", [this] {
    return static_cast<double>(groups->open());
  });
  metrics.gauge("sallyport_actions_running", "Actions under way", [this] {
    return static_cast<double>(dispatcher->running());
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

}  // namespace sallyport::app
