#include "connectors/manifest/connector.hpp"

#include "connectors/native/base/text.hpp"
#include "engine/base/on_strand.hpp"
#include "engine/base/spelling.hpp"

#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>

#include <algorithm>
#include <array>

namespace sallyport::connectors::manifest {

namespace {

/// Somebody else may change the object between look and change.
constexpr int most_tries_to_change = 3;
constexpr std::size_t comment_limit_bytes = 200;

/// What these do is never refused for whom it is done to.
constexpr std::array<std::string_view, 6> giving_back{
    "release_host", "enable_user", "unblock_ip", "unblock_domain", "restore_file", "remove_ioc"};

/// `true`; `"any" or "totp"`
std::string said_as_one_of(const json::array& values) {
  std::string text;
  for (const auto& value : values) text += (text.empty() ? "" : " or ") + to_json(value);
  return text;
}

/// Runs `work` on `strand` and awaits it here.
template <class T>
Task<T> on(asio::any_io_executor strand, Task<T> work) {
  try {
    co_return co_await on_strand(std::move(strand), std::move(work));
  } catch (const boost::system::system_error& error) {
    if (error.code() != asio::error::operation_aborted) throw;
  }
  co_return fail(Errc::cancelled, "cancelled");
}

/// What an attempt came to after one that may have done some of it: what is so by then is ours, and
/// a refusal of the rest does not mean that nothing happened.
model::Outcome after_what_was_perhaps_done(Result<model::Outcome> outcome) {
  if (!outcome)
    return {.status = model::OutcomeStatus::unknown,
            .detail = "stopped halfway: " + outcome.error().detail};
  if (outcome->status == model::OutcomeStatus::already_done)
    outcome->status = model::OutcomeStatus::succeeded;
  return *std::move(outcome);
}

}  // namespace

Connector::Connector(std::shared_ptr<const Plan> plan,
                     Config config,
                     json::object options,
                     std::shared_ptr<KnownPlaces> places,
                     const Clock& clock,
                     asio::any_io_executor executor)
    : plan_{std::move(plan)},
      config_{std::move(config)},
      options_{std::move(options)},
      places_{std::move(places)},
      clock_{clock},
      strand_{asio::make_strand(std::move(executor))} {
  for (const auto& [verb, operation] : plan_->operations) verbs_.push_back(verb);
  source_ = fmt::format("{}.{}", name_of(plan_->connector.product), config_.name);
}

Result<std::shared_ptr<Connector>> Connector::make(std::shared_ptr<const Plan> plan,
                                                   Config config,
                                                   std::shared_ptr<KnownPlaces> places,
                                                   const Clock& clock,
                                                   asio::any_io_executor executor) {
  json::object options;
  for (const auto& [name, value] : config.options) {
    const auto spec = plan->options.find(name);
    if (spec == plan->options.end())
      return fail(Errc::invalid_input,
                  fmt::format("options.{}: the manifest has no such option", name));
    auto good = checked("options." + name, spec->second, value);
    if (!good) return std::unexpected{good.error()};
    options.emplace(name, *std::move(good));
  }
  for (const auto& [name, spec] : plan->options) {
    if (options.contains(name)) continue;
    if (spec.needed)
      return fail(Errc::invalid_input,
                  fmt::format("options.{}: is missing ({})", name, spec.about));
    if (!spec.fallback.is_null()) options.emplace(name, spec.fallback);
  }
  std::shared_ptr<Connector> made{new Connector{
      plan, std::move(config), std::move(options), places, clock, std::move(executor)}};
  auto wire = Wire::make(*plan, made->config_, places, made->strand_);
  if (!wire) return std::unexpected{wire.error()};
  made->wire_ = *std::move(wire);
  auto credentials = Credentials::make(plan, made->config_, *made->wire_, clock);
  if (!credentials) return std::unexpected{credentials.error()};
  made->credentials_ = *std::move(credentials);
  made->caller_ = std::make_unique<Caller>(plan, *made->wire_, *made->credentials_, clock);
  made->runner_ = std::make_unique<Runner>(plan, *made->caller_, clock);
  return made;
}

Result<const OperationPlan*> Connector::plan_of(const act::Operation& operation) const {
  const auto found = plan_->operations.find(operation.verb);
  if (found == plan_->operations.end())
    return fail(Errc::invalid_input,
                fmt::format("{} runs {}", plan_->connector.title, fmt::join(verbs_, ", ")));
  return &found->second;
}

Result<json::value> Connector::target_of(const OperationPlan& plan,
                                         const act::Operation& operation) const {
  const auto spec = plan.targets.find(operation.target.kind);
  const auto from = plan.targets_from.find(operation.target.kind);
  if (from != plan.targets_from.end()) {
    const auto* said = options_.if_contains(from->second);
    if (said) return *said;
    return fail(Errc::invalid_input,
                fmt::format("options.{} says where it goes when the target is of kind {}, and is "
                            "not set",
                            from->second,
                            operation.target.kind));
  }
  if (spec == plan.targets.end()) {
    std::vector<std::string_view> kinds;
    for (const auto& [kind, value] : plan.targets) kinds.emplace_back(kind);
    return fail(Errc::invalid_input,
                fmt::format("the target must be of kind {}", fmt::join(kinds, " or ")));
  }
  auto value = checked("the target", spec->second, json::value(operation.target.value));
  if (!value || std::ranges::find(giving_back, operation.verb) != giving_back.end()) return value;
  const std::string_view text{value->get_string()};
  const auto network = Network::parse(text);
  const auto meant = [&](const std::string& entry) {
    if (http::same_name(entry, text)) return true;
    const auto kept = network ? Network::parse(entry) : fail(Errc::invalid_input, "");
    return kept && kept->overlaps(*network);
  };
  if (std::ranges::any_of(config_.never, meant))
    return fail(Errc::denied, "the connector's option `never` holds that target");
  if (const auto kept = places_->may_cut_off(operation.verb, operation.target); !kept)
    return std::unexpected{kept.error()};
  return value;
}

Result<json::value> Connector::value_of(const std::string& what,
                                        const ValueSpec& spec,
                                        const json::value& given) const {
  auto value = checked(what, spec, given);
  if (!value || spec.type != ValueType::choice || !value->is_string()) return value;
  const auto option = option_named_by(std::string_view{value->get_string()});
  if (option.empty()) return value;
  if (const auto* said = options_.if_contains(option)) return *said;
  return fail(Errc::invalid_input,
              fmt::format("{} {} of {} goes by options.{}, which is not set",
                          what,
                          to_json(given),
                          plan_->connector.title,
                          option));
}

Result<json::object> Connector::parameters_of(const OperationPlan& plan,
                                              const act::Operation& operation) const {
  json::object parameters;
  for (const auto& [key, value] : operation.parameters) {
    const std::string name{key.data(), key.size()};
    if (value.is_null()) continue;
    const auto spec = plan.parameters.find(name);
    if (name == "reason" || name == "comment") {
      const auto* text = value.if_string();
      if (!text) return fail(Errc::invalid_input, fmt::format("`{}` must be text", name));
      if (auto ok = check_comment(name, {text->data(), text->size()}, comment_limit_bytes); !ok)
        return std::unexpected{ok.error()};
      if (spec == plan.parameters.end()) continue;  // the product has no field for it
    }
    if (name == "duration_s" && plan.duration) {
      const auto seconds = checked("`duration_s`", *plan.duration, value);
      if (!seconds) return std::unexpected{seconds.error()};
      if (spec == plan.parameters.end()) continue;  // the engine ends it
      if (plan.without_end && !checked(name, spec->second, value)) {
        parameters.emplace(name, *plan.without_end);  // so does it what the product cannot
        continue;
      }
    }
    const auto implied = plan.implied.find(name);
    if (implied != plan.implied.end()) {
      const auto* holds = implied->second.if_array();
      if (!holds || std::ranges::find(*holds, value) != holds->end()) continue;
      return fail(
          Errc::invalid_input,
          fmt::format(
              "`{}` of {} is always {}", name, plan_->connector.title, said_as_one_of(*holds)));
    }
    if (spec == plan.parameters.end()) {
      std::vector<std::string_view> known;
      for (const auto& [other, about] : plan.parameters) known.emplace_back(other);
      const auto meant = likely_meant(name, known);
      return fail(Errc::invalid_input,
                  fmt::format("{} takes no parameter `{:.40}`{}",
                              plan_->connector.title,
                              name,
                              meant ? fmt::format("; did you mean `{}`?", *meant) : ""));
    }
    auto good = value_of(fmt::format("`{}`", name), spec->second, value);
    if (!good) return std::unexpected{good.error()};
    parameters.emplace(name, *std::move(good));
  }
  for (const auto& [name, spec] : plan.parameters) {
    if (parameters.contains(name)) continue;
    if (spec.needed) return fail(Errc::invalid_input, fmt::format("`{}` is needed", name));
    if (spec.fallback.is_null()) continue;
    auto good = value_of(fmt::format("`{}`", name), spec, spec.fallback);
    if (!good) return std::unexpected{good.error()};
    parameters.emplace(name, *std::move(good));
  }
  return parameters;
}

Result<json::value> Connector::facts_of(const OperationPlan& plan,
                                        const act::Operation& operation) const {
  auto target = target_of(plan, operation);
  if (!target) return std::unexpected{target.error()};
  auto parameters = parameters_of(plan, operation);
  if (!parameters) return std::unexpected{parameters.error()};
  const auto id =
      checked("the idempotency key",
              {.type = ValueType::id},
              json::value(operation.idempotency_key.empty() ? "none" : operation.idempotency_key));
  if (!id) return std::unexpected{id.error()};
  json::object state;
  for (const auto& name : plan.identity)
    if (const auto* saved = operation.restore.if_contains(name)) state.emplace(name, *saved);
  json::object about{{"kind", operation.target.kind}, {"value", *target}};
  if (const auto network = Network::parse(std::string_view{target->get_string()}))
    about["cidr"] = fmt::format("{}/{}", network->address_text(), network->length());
  return json::value(json::object{{"target", std::move(about)},
                                  {"parameters", *std::move(parameters)},
                                  {"options", options_},
                                  {"run", json::object{{"id", *id}}},
                                  {"restore", operation.restore},
                                  {"state", std::move(state)},
                                  {"act", json::object{}}});
}

const QueryPlan* Connector::query(std::string_view name) const {
  const auto found = plan_->queries.find(name);
  return found == plan_->queries.end() ? nullptr : &found->second;
}

Task<std::vector<model::Evidence>> Connector::ask(Inquiry inquiry, Deadline deadline) {
  const auto* plan = query(inquiry.query);
  if (!plan) co_return fail(Errc::not_found, "the manifest has no such query");
  auto source = fmt::format("{}.{}", plan->source, config_.name);
  auto work =
      inquire(*plan, *caller_, std::move(inquiry), options_, std::move(source), clock_, deadline);
  co_return co_await on(strand_, std::move(work));
}

Result<> Connector::check(const act::Operation& operation) const {
  const auto plan = plan_of(operation);
  if (!plan) return std::unexpected{plan.error()};
  const auto facts = facts_of(**plan, operation);
  if (!facts) return std::unexpected{facts.error()};
  return {};
}

Task<act::Reading> Connector::read_now(act::Operation operation, Deadline deadline) {
  const auto plan = plan_of(operation);
  if (!plan) co_return std::unexpected{plan.error()};
  auto facts = facts_of(**plan, operation);
  if (!facts) co_return std::unexpected{facts.error()};
  const auto known = co_await runner_->with_state(**plan, *std::move(facts), deadline);
  if (!known) co_return std::unexpected{known.error()};
  auto state = recorded_state(**plan, *known);
  act::Reading reading{.in_effect = {}, .state = state, .detail = described(state)};
  if ((*plan)->in_effect) {
    reading.pending = holds((*plan)->pending, *known);
    if (!reading.pending) reading.in_effect = holds((*plan)->in_effect, *known);
  } else {
    reading.detail = (*plan)->unverifiable;
  }
  co_return reading;
}

Task<model::Outcome> Connector::execute_now(act::Operation operation, Deadline deadline) {
  const auto plan = plan_of(operation);
  if (!plan) co_return std::unexpected{plan.error()};
  const auto facts = facts_of(**plan, operation);
  if (!facts) co_return std::unexpected{facts.error()};
  bool perhaps_done = false;
  for (int n = 1;; ++n) {
    auto tried = co_await runner_->attempt(**plan, *facts, deadline);
    if (!tried) co_return std::unexpected{tried.error()};
    auto& outcome = tried->outcome;
    if (!tried->again || n >= most_tries_to_change) {
      if (perhaps_done) outcome = after_what_was_perhaps_done(std::move(outcome));
      co_return std::move(outcome);
    }
    perhaps_done = perhaps_done || outcome.has_value();
  }
}

Task<act::Reading> Connector::read(act::Operation operation, Deadline deadline) {
  co_return co_await on(strand_, read_now(std::move(operation), deadline));
}

Task<model::Outcome> Connector::execute(act::Operation operation, Deadline deadline) {
  co_return co_await on(strand_, execute_now(std::move(operation), deadline));
}

act::Inverse Connector::inverse(const act::Operation& operation, const act::Reading& before) const {
  const auto plan = plan_of(operation);
  if (!plan) return {.operation = {}, .why = plan.error().detail};
  const auto& undo = (*plan)->undo;
  if (undo.verb.empty()) return {.operation = {}, .why = "cannot be undone: " + undo.none};
  if (before.in_effect.value_or(false))
    return {.operation = {}, .why = "was so before (" + before.detail + ")"};
  if (before.pending)
    return {.operation = {}, .why = "was under way before (" + before.detail + ")"};
  json::object parameters;
  for (const auto& [name, spec] : plan_->operations.at(undo.verb).parameters) {
    const auto* value = operation.parameters.if_contains(name);
    if (value && name != "reason" && name != "comment") parameters.emplace(name, *value);
  }
  return {.operation = {.verb = undo.verb,
                        .target = operation.target,
                        .parameters = std::move(parameters),
                        .idempotency_key = operation.idempotency_key,
                        .restore = before.state},
          .why = {}};
}

}  // namespace sallyport::connectors::manifest
