#include "tools/conformance/workbench.hpp"

#include "engine/act/reversal.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <stdexcept>

namespace sallyport::conformance {

TemporaryFolder::TemporaryFolder() {
  std::string name = std::filesystem::temp_directory_path() / "sallyport-conformance-XXXXXX";
  if (!::mkdtemp(name.data())) throw std::runtime_error{"no temporary folder can be made"};
  path_ = name;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

Authority anything_goes(const model::Catalogue& catalogue) {
  json::object overrides;
  for (const auto& [verb, about] : catalogue.verbs())
    overrides.emplace(verb, json::object{{"force_auto", true}});
  const json::value document(json::object{
      {"tenants",
       json::object{{"lab", json::object{{"tier", "L4"}, {"overrides", std::move(overrides)}}}}}});
  Faults faults;
  auto policy = gate::Policy::compile(document, catalogue, {}, faults);
  if (!policy) throw std::logic_error{"the lab's policy: " + summary(faults)};
  return {.policy = std::move(policy), .tenant = "lab"};
}

Workbench::Workbench(std::shared_ptr<act::Actuator> actuator, Authority authority)
    : actuator_{std::move(actuator)}, authority_{std::move(authority)}, gate_{authority_.policy} {}

Result<std::unique_ptr<Workbench>> Workbench::make(std::shared_ptr<act::Actuator> actuator,
                                                   Authority authority,
                                                   act::ExecutorOptions options) {
  std::unique_ptr<Workbench> made{new Workbench{std::move(actuator), std::move(authority)}};
  auto store = store::Store::open({.directory = made->folder_.path() / "store"});
  if (!store) return std::unexpected{store.error()};
  made->store_ = *std::move(store);
  // Nothing is joined to what ran before: each trial is an action of its own.
  made->actions_.emplace(*made->store_, made->clock_, std::chrono::hours{0});
  made->executor_.emplace(
      *made->actions_,
      made->gate_,
      made->clock_,
      std::vector<std::shared_ptr<act::Actuator>>{made->actuator_},
      options,
      [](store::Batch&, const model::Action&) {},
      [](store::Batch&, const model::Action&, act::Notice) {});
  return made;
}

Result<model::Action> Workbench::run(const std::string& verb,
                                     model::Target target,
                                     json::object parameters,
                                     const std::string& reverses) {
  const std::string connector{actuator_->name()};
  const model::ActionRequest request{.tenant = authority_.tenant,
                                     .action = verb,
                                     .target = std::move(target),
                                     .confidence = 1,
                                     .requested_by = authority_.actor,
                                     .parameters = std::move(parameters)};
  auto answer = gate_.judge(request, clock_.now(), connector);
  auto* permit = std::get_if<gate::Permit>(&answer);
  const auto decision = gate::decision_of(answer);
  if (!permit) return fail(Errc::denied, "the gate: " + decision.rationale);
  model::Action action{.id = ActionId::parse(ids_.next(clock_.now())).value(),
                       .tenant = request.tenant,
                       .request = request,
                       .request_hash = model::request_hash(request),
                       .decision = decision,
                       .state = model::ActionState::permitted,
                       .connector = connector,
                       .created_at = clock_.now(),
                       .updated_at = clock_.now(),
                       .reverses = reverses};
  store::Batch batch;
  if (!actions_->add(batch, action)) return fail(Errc::conflict, "the same is under way");
  if (const auto kept = store_->commit_and_wait(std::move(batch)); !kept)
    return std::unexpected{kept.error()};
  return wait(executor_->run(std::move(action), std::move(*permit)));
}

Result<model::Action> Workbench::roll_back(const model::Action& action) {
  const auto request = act::rollback_request(action, authority_.actor);
  if (!request) return std::unexpected{request.error()};
  return run(request->action, request->target, request->parameters, action.id.text());
}

Result<model::Action> Workbench::stored(const model::Action& action) const {
  return actions_->get(action.id.text());
}

}  // namespace sallyport::conformance
