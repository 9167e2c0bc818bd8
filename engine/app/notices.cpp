#include "engine/app/notices.hpp"

#include <fmt/format.h>

namespace sallyport::app {

namespace {

struct FiredFacts {
  std::string action;
  std::string investigation;
  model::ActionRequest request;
  model::Decision decision;
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
BOOST_DESCRIBE_STRUCT(DemotedFacts, (), (verb, target_kind, shortfall, of, all, bound))
BOOST_DESCRIBE_STRUCT(OverdueFacts, (), (granted, tier, review_by, owner))

}  // namespace

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
