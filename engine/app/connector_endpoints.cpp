#include "engine/app/connector_endpoints.hpp"

#include "connectors/manifest/live.hpp"
#include "engine/serve/schema.hpp"

namespace sallyport::app {

namespace {

enum class ConnectorState : std::uint8_t {
  ready,
  degraded,  ///< It runs as it was, and what its manifest says now is faulty.
  absent,    ///< Its manifest is not there: it runs nothing.
};

/// A connector as it is now.
struct ConnectorView {
  std::string name;
  std::string product;  ///< Of a manifest: its title.
  std::string kind;     ///< Of a manifest: its class (edr, idp, firewall, ...); else `native`.
  std::vector<std::string> verbs;
  ConnectorState state = ConnectorState::ready;
  std::string detail;
  act::BreakerState breaker = act::BreakerState::closed;
  unsigned failures = 0;      ///< Since it last answered.
  std::string last_failure;   ///< Of those.
  std::size_t under_way = 0;  ///< Requests.
  std::size_t waiting = 0;    ///< For their turn, or until it answers again.
  std::uint64_t opened = 0;   ///< How often it was left alone since the start.
};

BOOST_DESCRIBE_ENUM(ConnectorState, ready, degraded, absent)
BOOST_DESCRIBE_STRUCT(ConnectorView,
                      (),
                      (name,
                       product,
                       kind,
                       verbs,
                       state,
                       detail,
                       breaker,
                       failures,
                       last_failure,
                       under_way,
                       waiting,
                       opened))

ConnectorView view_of(const act::Actuator& actuator) {
  ConnectorView view{
      .name = std::string{actuator.name()}, .kind = "native", .verbs = actuator.verbs()};
  const auto* live = dynamic_cast<const connectors::manifest::LiveConnector*>(&actuator);
  if (!live) return view;
  const auto product = live->product();
  view.kind = product ? std::string{name_of(product->product)} : "manifest";
  if (product) view.product = product->title;
  view.detail = live->trouble();
  if (!view.detail.empty())
    view.state = product ? ConnectorState::degraded : ConnectorState::absent;
  return view;
}

Task<http::Response> list_connectors(const act::Executor& executor) {
  std::vector<ConnectorView> views;
  for (const auto& product : executor.products().all()) {
    auto& view = views.emplace_back(view_of(product->rules()));
    const auto health = product->health();
    view.breaker = health.breaker;
    view.failures = health.failures;
    view.last_failure = health.last_failure;
    view.under_way = health.under_way;
    view.waiting = health.waiting;
    view.opened = health.opened;
  }
  co_return serve::ok("{\"items\":" + to_json(views) + '}');
}

}  // namespace

serve::Endpoints connector_endpoints(const act::Executor& executor) {
  return {
      {.method = "GET",
       .path = "/v1/connectors",
       .id = "listConnectors",
       .summary = "The products that actions run on, in the order in which a verb is looked for",
       .role = serve::Role::viewer,
       .query = {},
       .body = {},
       .answers = {{.description = "all of them",
                    .schema = {{"type", "object"},
                               {"properties",
                                {{"items",
                                  {{"type", "array"},
                                   {"items", serve::schema_of<ConnectorView>()}}}}}}}},
       .handle = [&executor](serve::Asked) { return list_connectors(executor); }}};
}

}  // namespace sallyport::app
