#include "engine/app/connector_events.hpp"

#include "engine/app/notices.hpp"

namespace sallyport::app {

namespace {

const model::Actor engine{.kind = "engine", .id = "act"};

/// Entry `connector` of the ledger.
struct TurnedBody {
  std::string connector;
  act::BreakerState breaker{};
  unsigned failures = 0;
  std::string last_failure;
};

BOOST_DESCRIBE_STRUCT(TurnedBody, (), (connector, breaker, failures, last_failure))

}  // namespace

ConnectorEvents::ConnectorEvents(store::Store& store,
                                 const approve::Outbox& outbox,
                                 const gate::Gate& gate,
                                 const Clock& clock,
                                 observe::Metrics& metrics,
                                 observe::Log log)
    : store_{store},
      outbox_{outbox},
      gate_{gate},
      clock_{clock},
      metrics_{metrics},
      log_{std::move(log)} {}

void ConnectorEvents::turned(const act::Product& product) {
  const auto health = product.health();
  const bool works = health.breaker == act::BreakerState::closed;
  if (works) {
    log_.info("connector answers again", {{"connector", health.name}});
  } else {
    log_.warn("connector does not answer",
              {{"connector", health.name}, {"why", health.last_failure}});
    metrics_
        .counter("sallyport_connector_opened_total",
                 "How often requests to a connector stopped because it did not answer",
                 {{"connector", health.name}})
        .add();
  }
  const TurnedBody body{.connector = health.name,
                        .breaker = health.breaker,
                        .failures = health.failures,
                        .last_failure = health.last_failure};
  store::Batch batch;
  for (const auto& tenant : gate_.policy()->tenants()) {
    batch.append(
        tenant, model::EntryKind::connector, health.name, engine, clock_.now(), to_json(body));
    outbox_.put(batch, connector_turned(tenant, health));
  }
  store_.commit(std::move(batch), [log = log_](const Result<>& committed) {
    if (!committed)
      log.error("connector's state not recorded", {{"why", committed.error().detail}});
  });
}

}  // namespace sallyport::app
