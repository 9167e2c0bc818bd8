#include "engine/gate/gate.hpp"

#include <fmt/format.h>

namespace sallyport::gate {

namespace {

using model::Reason;
using model::Ruling;

/// The counts as a permit found them when it was given, and live ones for everything else.
class HeldPlace final : public UsageView {
 public:
  HeldPlace(const UsageView& live,
            const Place& place,
            std::string_view tenant,
            std::string_view verb)
      : live_{live}, place_{place}, tenant_{tenant}, verb_{verb} {}

  std::uint32_t of_verb(std::string_view tenant,
                        std::string_view verb,
                        Window window,
                        Time now) const override {
    if (tenant != tenant_ || verb != verb_) return live_.of_verb(tenant, verb, window, now);
    return place_.verb.at(static_cast<std::size_t>(window));
  }

  std::uint32_t of_entry(std::string_view tenant,
                         std::string_view entry,
                         Window window,
                         Time now) const override {
    if (tenant != tenant_ || place_.entry.empty() || entry != place_.entry)
      return live_.of_entry(tenant, entry, window, now);
    return place_.by_entry.at(static_cast<std::size_t>(window));
  }

 private:
  const UsageView& live_;
  const Place& place_;
  std::string_view tenant_;
  std::string_view verb_;
};

std::string_view entry_of(const Judgement& judgement) {
  return judgement.reason == Reason::whitelist ? std::string_view{judgement.entry->id}
                                               : std::string_view{};
}

/// A person, or somebody who speaks for one over the API.
bool may_approve(const std::optional<model::Actor>& actor) {
  return actor && !actor->id.empty() && actor->kind != "agent" && actor->kind != "playbook" &&
         actor->kind != "engine";
}

std::string from_before_a_drop(const model::Actor& by, model::Tier given_at) {
  return fmt::format(
      "; the approval by {} was given at {} and must be given again", by.id, name_of(given_at));
}

}  // namespace

const model::Decision& decision_of(const Answer& answer) {
  if (const auto* permit = std::get_if<Permit>(&answer)) return permit->decision();
  if (const auto* queued = std::get_if<Queued>(&answer)) return queued->decision;
  return std::get<Blocked>(answer).decision;
}

Gate::Gate(std::shared_ptr<const Policy> policy, PermitLifetimes lifetimes)
    : lifetimes_{lifetimes}, policy_{std::move(policy)} {
  if (!policy_) throw std::logic_error{"a gate without a policy"};
}

void Gate::adopt(std::shared_ptr<const Policy> policy) {
  if (!policy) throw std::logic_error{"a gate without a policy"};
  {
    const std::scoped_lock lock{mutex_};
    policy_.swap(policy);
  }
  // The old one ends here (or with its last reader), where nobody waits for it.
}

std::shared_ptr<const Policy> Gate::policy() const {
  const std::scoped_lock lock{mutex_};
  return policy_;
}

Answer Gate::answer(model::ActionRequest request,
                    std::string hash,
                    model::Decision decision,
                    Place place,
                    Time now) const {
  switch (decision.decision) {
    case Ruling::auto_: {
      Permit permit{std::move(request),
                    std::move(hash),
                    std::move(decision),
                    now,
                    now + lifetimes_.automatic};
      permit.place_ = std::move(place);
      return permit;
    }
    case Ruling::queued:
      return Queued{.request = std::move(request),
                    .request_hash = std::move(hash),
                    .decision = std::move(decision)};
    case Ruling::blocked:
      break;
  }
  return Blocked{.request = std::move(request),
                 .request_hash = std::move(hash),
                 .decision = std::move(decision)};
}

Answer Gate::judge(model::ActionRequest request, Time now, std::string_view connector) {
  auto hash = model::request_hash(request);
  std::shared_ptr<const Policy> policy;
  Judgement judgement;
  Place place;
  {
    const std::scoped_lock lock{mutex_};
    policy = policy_;
    judgement = policy->decide(request, now, usage_, connector);
    if (judgement.ruling == Ruling::auto_) {
      const auto entry = entry_of(judgement);
      place = usage_.place(request.tenant, request.action, entry, now);
      usage_.add({.tenant = request.tenant,
                  .verb = request.action,
                  .entry = std::string{entry},
                  .at = now});
    }
  }
  auto decision = policy->explain(judgement, request);
  return answer(std::move(request), std::move(hash), std::move(decision), std::move(place), now);
}

std::pair<std::shared_ptr<const Policy>, Judgement> Gate::look(const model::ActionRequest& request,
                                                               Time now,
                                                               std::string_view connector) const {
  const std::scoped_lock lock{mutex_};
  return {policy_, policy_->decide(request, now, usage_, connector)};
}

model::Decision Gate::preview(const model::ActionRequest& request,
                              Time now,
                              std::string_view connector) const {
  const auto [policy, judgement] = look(request, now, connector);
  return policy->explain(judgement, request);
}

Result<Answer> Gate::judge_approved(model::ActionRequest request,
                                    const model::Approval& approval,
                                    Time now,
                                    std::string_view connector) {
  auto hash = model::request_hash(request);
  if (approval.request_hash != hash || approval.tenant != request.tenant)
    return fail(Errc::conflict, "the approval is of another request than this one");
  if (approval.state != model::ApprovalState::approved || !approval.decided_at)
    return fail(Errc::conflict,
                fmt::format("the approval is {}, not given", name_of(approval.state)));
  if (!may_approve(approval.decided_by))
    return fail(Errc::denied, "only a person can approve, and none is named");
  const auto expires_at = *approval.decided_at + lifetimes_.approved;
  if (now >= expires_at) {
    return fail(
        Errc::expired,
        fmt::format("approved {}, too long ago to act on", to_rfc3339(*approval.decided_at)));
  }

  const auto [policy, judgement] = look(request, now, connector);
  auto decision = policy->explain(judgement, request);
  if (decision.decision == Ruling::blocked || decision.reason == Reason::unknown_action)
    return answer(std::move(request), std::move(hash), std::move(decision), {}, now);
  const auto given_at = approval.tier.value_or(judgement.ceiling);
  if (decision.decision == Ruling::queued && judgement.ceiling < given_at) {
    decision.rationale += from_before_a_drop(*approval.decided_by, given_at);
    return answer(std::move(request), std::move(hash), std::move(decision), {}, now);
  }
  decision.rationale += fmt::format("; approved by {}", approval.decided_by->id);
  Permit permit{std::move(request), std::move(hash), std::move(decision), now, expires_at};
  permit.approved_by_ = approval.decided_by;
  permit.approved_at_ = given_at;
  return Answer{std::move(permit)};
}

Answer Gate::recheck(Permit permit, Time now, std::string_view connector) {
  std::shared_ptr<const Policy> policy;
  const auto& request = permit.request_;
  const bool approved = permit.approved_by_.has_value();
  const bool in_time = approved && now < permit.expires_at_;
  Judgement judgement;
  {
    const std::scoped_lock lock{mutex_};
    policy = policy_;
    const HeldPlace held{usage_, permit.place_, request.tenant, request.action};
    const UsageView& view = approved ? static_cast<const UsageView&>(usage_) : held;
    judgement = policy->decide(request, now, view, connector);
    // What runs by itself only now, or by another entry than before, takes its place now.
    const auto entry = entry_of(judgement);
    const bool by_itself = judgement.ruling == Ruling::auto_ && !in_time;
    if (by_itself && (approved || (!entry.empty() && entry != permit.place_.entry))) {
      Use use{.tenant = request.tenant, .entry = std::string{entry}, .at = now};
      if (approved) use.verb = request.action;
      permit.place_ = usage_.place(request.tenant, request.action, entry, now);
      usage_.add(use);
    }
  }
  auto decision = policy->explain(judgement, request);
  const bool dropped =
      judgement.ruling == Ruling::queued && judgement.ceiling < permit.approved_at_;
  const bool stands = in_time && !dropped && judgement.ruling != Ruling::blocked &&
                      judgement.reason != Reason::unknown_action;
  if (stands) {
    decision.rationale += fmt::format("; approved by {}", permit.approved_by_->id);
    permit.decision_ = std::move(decision);
    return permit;
  }
  if (approved && judgement.ruling == Ruling::queued) {
    decision.rationale +=
        dropped ? from_before_a_drop(*permit.approved_by_, permit.approved_at_)
                : fmt::format("; the approval by {} lay too long and must be given again",
                              permit.approved_by_->id);
  }
  return answer(std::move(permit.request_),
                std::move(permit.request_hash_),
                std::move(decision),
                std::move(permit.place_),
                now);
}

void Gate::remember(const Use& use) {
  const std::scoped_lock lock{mutex_};
  usage_.add(use);
}

}  // namespace sallyport::gate
