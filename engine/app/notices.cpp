#include "engine/app/notices.hpp"

#include <fmt/format.h>

#include <utility>

namespace sallyport::app {

namespace {

struct FiredFacts {
  std::string action;
  std::string investigation;
  model::ActionRequest request;
  model::Decision decision;
};

struct ActionFacts {
  std::string action;
  std::string investigation;
  std::string verb;
  model::Target target;
  std::string connector;
  model::ActionState state{};
  std::string reversed_by;
  std::string detail;
};

struct ConnectorFacts {
  std::string connector;
  act::BreakerState breaker{};
  unsigned failures = 0;
  std::string last_failure;
};

struct DemotedFacts {
  std::string verb;
  std::string target_kind;
  audit::Shortfall shortfall{};
  std::uint64_t of = 0;
  std::uint64_t all = 0;
  double bound = 0;
};

struct OverdueFacts {
  model::Tier granted{};
  model::Tier tier{};
  Time review_by;
  std::string owner;
};

BOOST_DESCRIBE_STRUCT(FiredFacts, (), (action, investigation, request, decision))
BOOST_DESCRIBE_STRUCT(ActionFacts,
                      (),
                      (action, investigation, verb, target, connector, state, reversed_by, detail))
BOOST_DESCRIBE_STRUCT(ConnectorFacts, (), (connector, breaker, failures, last_failure))
BOOST_DESCRIBE_STRUCT(DemotedFacts, (), (verb, target_kind, shortfall, of, all, bound))
BOOST_DESCRIBE_STRUCT(OverdueFacts, (), (granted, tier, review_by, owner))

/// What a notice is called, and how its text begins.
struct Wording {
  model::NotificationKind kind{};
  std::string_view begins;
};

Wording wording_of(act::Notice notice) {
  using enum model::NotificationKind;
  switch (notice) {
    case act::Notice::fired:
      return {whitelist_fired, "runs by itself"};
    case act::Notice::rollback_failed:
      return {rollback_failed, "could not be undone and is still in effect; try again"};
    case act::Notice::unclear:
      return {unclear, "may have been done or not; it is looked at again, look as well"};
    case act::Notice::drifted:
      return {drifted, "was undone outside; it is not done again by itself"};
    case act::Notice::restored:
      return {restored, "had been undone outside and is in effect again"};
  }
  std::unreachable();
}

}  // namespace

model::Notification came_of(const model::Action& action, act::Notice notice) {
  const auto wording = wording_of(notice);
  const ActionFacts facts{.action = action.id.text(),
                          .investigation = action.investigation,
                          .verb = action.request.action,
                          .target = action.request.target,
                          .connector = action.connector,
                          .state = action.state,
                          .reversed_by = action.reversed_by,
                          .detail = action.detail};
  return {.id = {},
          .tenant = action.tenant,
          .at = {},
          .kind = wording.kind,
          .to = action.decision.notify.value_or(""),
          .subject = action.id.text(),
          .text = fmt::format("{}: {} on {} at {} {}: {}",
                              action.tenant,
                              action.request.action,
                              action.request.target.value,
                              action.connector,
                              wording.begins,
                              action.detail),
          .facts = to_json_value(facts).as_object()};
}

model::Notification connector_turned(const std::string& tenant, const act::ProductHealth& health) {
  const ConnectorFacts facts{.connector = health.name,
                             .breaker = health.breaker,
                             .failures = health.failures,
                             .last_failure = health.last_failure};
  const bool works = health.breaker == act::BreakerState::closed;
  return {.id = {},
          .tenant = tenant,
          .at = {},
          .kind = model::NotificationKind::connector,
          .to = {},
          .subject = health.name,
          .text = works ? fmt::format("{}: connector {} answers again", tenant, health.name)
                        : fmt::format("{}: connector {} does not answer; its actions wait, then go "
                                      "to the queue: {}",
                                      tenant,
                                      health.name,
                                      health.last_failure),
          .facts = to_json_value(facts).as_object()};
}

model::Notification whitelist_fired(const model::Action& action) {
  const FiredFacts facts{.action = action.id.text(),
                         .investigation = action.investigation,
                         .request = action.request,
                         .decision = action.decision};
  return {.id = {},
          .tenant = action.tenant,
          .at = {},
          .kind = model::NotificationKind::whitelist_fired,
          .to = action.decision.notify.value_or(""),
          .subject = action.id.text(),
          .text = fmt::format("{}: runs by itself: {}", action.tenant, action.decision.rationale),
          .facts = to_json_value(facts).as_object()};
}

model::Notification verb_demoted(const audit::TrackedClass& of, const audit::Demotion& demotion) {
  const DemotedFacts facts{.verb = of.verb,
                           .target_kind = of.target_kind,
                           .shortfall = demotion.shortfall,
                           .of = demotion.of,
                           .all = demotion.all,
                           .bound = demotion.bound};
  return {.id = {},
          .tenant = of.tenant,
          .at = {},
          .kind = model::NotificationKind::demoted,
          .to = {},
          .subject = of.verb,
          .text = fmt::format("{}: {} on {} waits for a person from now on: {}. To undo it, remove "
                              "the limit of 0 for {} from tenants.{}.limits.{} of the policy.",
                              of.tenant,
                              of.verb,
                              of.target_kind,
                              to_text(demotion, of),
                              of.target_kind,
                              of.tenant,
                              of.verb),
          .facts = to_json_value(facts).as_object()};
}

model::Notification review_is_overdue(const gate::OverdueReview& review) {
  const OverdueFacts facts{.granted = review.granted,
                           .tier = model::Tier::L1,
                           .review_by = review.review_by,
                           .owner = review.owner};
  return {
      .id = {},
      .tenant = review.tenant,
      .at = {},
      .kind = model::NotificationKind::review_overdue,
      .to = {},
      .subject = "authority",
      .text = fmt::format("{}: the review of its authority was due {}{}; its tier is L1 instead "
                          "of {} until a later authority.review_by stands in the policy.",
                          review.tenant,
                          to_rfc3339(review.review_by),
                          review.owner.empty() ? "" : " by " + review.owner,
                          name_of(review.granted)),
      .facts = to_json_value(facts).as_object()};
}

}  // namespace sallyport::app
