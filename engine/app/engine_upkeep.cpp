#include "engine/app/engine_impl.hpp"

namespace sallyport::app {

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
  const auto mended = actions->mend_indexes();
  if (!mended) return std::unexpected{mended.error()};
  if (*mended && **mended > 0)
    log.info("actions of an earlier version are found again", {{"under_way", **mended}});
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
  const auto resumed = co_await dispatcher->resume(std::move(action));
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
    put(news);
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

void Engine::Impl::put(const ConnectorShelf::News& news) {
  for (const auto& actuator : news.put) {
    const auto own = news.limits.find(std::string{actuator->name()});
    executor->put(actuator, own == news.limits.end() ? std::nullopt : std::optional{own->second});
  }
}

asio::awaitable<void> Engine::Impl::keep_places() {
  asio::steady_timer timer{loop};
  for (;;) {
    auto look = [this]() -> asio::awaitable<void> {
      products.places->read_interfaces();
      products.places->resolve(connectors::addresses_of, ending.get_token());
      co_return;
    };
    co_await on_pool(blocking.get_executor(), std::move(look));
    timer.expires_after(places_every);
    co_await timer.async_wait(asio::use_awaitable);
  }
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

}  // namespace sallyport::app
