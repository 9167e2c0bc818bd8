#include "engine/gate/gate.hpp"

#include "tests/gate/setting.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <type_traits>
#include <vector>

namespace sallyport::gate {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::string_view l3 = "tenants: { acme: { tier: L3 } }";
constexpr std::string_view l2 = "tenants: { acme: { tier: L2 } }";
constexpr std::string_view blocked = R"(
tenants: { acme: { tier: L3, overrides: { block_ip: { block: true } } } })";

model::ActionRequest block_ip() {
  return request("block_ip", "203.0.113.9", "ip");
}

model::Approval approval_of(const model::ActionRequest& request, Time when = now()) {
  model::Approval approval;
  approval.tenant = request.tenant;
  approval.request_hash = model::request_hash(request);
  approval.state = model::ApprovalState::approved;
  approval.decided_at = when;
  approval.decided_by = model::Actor{.kind = "analyst", .id = "alice@acme.example"};
  return approval;
}

template <class T>
T taken(Answer answer) {
  auto* value = std::get_if<T>(&answer);
  if (!value) throw std::runtime_error{"another answer: " + brief(decision_of(answer))};
  return std::move(*value);
}

TEST(Permit, IsMoveOnlyAndMadeByNobodyElse) {
  static_assert(!std::is_copy_constructible_v<Permit>);
  static_assert(!std::is_default_constructible_v<Permit>);
  static_assert(std::is_nothrow_move_constructible_v<Permit>);
}

TEST(Gate, GivesAPermitForTheExactRequest) {
  Gate gate{policy_of(l3)};
  const auto permit = taken<Permit>(gate.judge(block_ip(), now()));
  EXPECT_EQ(permit.request_hash(), model::request_hash(block_ip()));
  EXPECT_EQ(permit.request().target.value, "203.0.113.9");
  EXPECT_EQ(permit.decision().policy_version, 7U);
  EXPECT_EQ(permit.expires_at(), now() + seconds{60});
  EXPECT_FALSE(permit.approved_by());
}

TEST(Gate, QueuesAndBlocksWithTheHashThatAnApprovalMustBind) {
  Gate gate{policy_of(l2)};
  EXPECT_EQ(taken<Queued>(gate.judge(block_ip(), now())).request_hash,
            model::request_hash(block_ip()));
  gate.adopt(policy_of(blocked));
  EXPECT_EQ(brief(taken<Blocked>(gate.judge(block_ip(), now())).decision),
            "blocked block_override overrides.block_ip");
}

TEST(Gate, ChangesHoldForTheNextDecision) {
  Gate gate{policy_of(l3)};
  (void)taken<Permit>(gate.judge(block_ip(), now()));
  gate.adopt(policy_of(l2));
  (void)taken<Queued>(gate.judge(block_ip(), now()));
}

TEST(Gate, TakesAPlaceInTheLimitWithEachPermit) {
  Gate gate{policy_of("tenants: { acme: { tier: L3, limits: { block_ip: { per_hour: 2 } } } }")};
  (void)taken<Permit>(gate.judge(block_ip(), now()));
  EXPECT_EQ(brief(gate.preview(block_ip(), now())), "auto tier");
  (void)taken<Permit>(gate.judge(block_ip(), now()));
  EXPECT_EQ(brief(taken<Queued>(gate.judge(block_ip(), now())).decision),
            "queued rate_limit limits.block_ip");
}

TEST(Gate, RemembersWhatRanBeforeARestart) {
  Gate gate{policy_of("tenants: { acme: { tier: L3, limits: { block_ip: { per_hour: 1 } } } }")};
  gate.remember({.tenant = "acme", .verb = "block_ip", .entry = "", .at = now() - minutes{5}});
  (void)taken<Queued>(gate.judge(block_ip(), now()));
}

TEST(Gate, NeverGivesMorePermitsThanTheLimitWhateverTheNumberOfAskers) {
  Gate gate{policy_of("tenants: { acme: { tier: L3, limits: { block_ip: { per_day: 100 } } } }")};
  std::atomic<int> permits = 0;
  std::vector<std::jthread> askers;
  for (int i = 0; i < 4; ++i) {
    askers.emplace_back([&] {
      for (int n = 0; n < 100; ++n)
        permits += std::holds_alternative<Permit>(gate.judge(block_ip(), now())) ? 1 : 0;
    });
  }
  askers.clear();
  EXPECT_EQ(permits, 100);
}

TEST(Gate, NoPermitIsGivenUnderAPolicyThatWasReplacedBefore) {
  Gate gate{policy_of(l3)};
  std::atomic<bool> dropped = false;
  std::atomic<int> late = 0;
  {
    std::vector<std::jthread> askers;
    for (int i = 0; i < 3; ++i) {
      askers.emplace_back([&] {
        for (int n = 0; n < 2000; ++n) {
          const bool after = dropped;
          if (std::holds_alternative<Permit>(gate.judge(block_ip(), now())) && after) ++late;
        }
      });
    }
    gate.adopt(policy_of(l2));
    dropped = true;
  }
  EXPECT_EQ(late, 0);
}

TEST(Approval, TurnsQueuedIntoAPermitCriticalIncluded) {
  Gate gate{policy_of(l2)};
  const auto permit =
      taken<Permit>(gate.judge_approved(block_ip(), approval_of(block_ip()), now()).value());
  EXPECT_EQ(permit.approved_by()->id, "alice@acme.example");
  EXPECT_EQ(brief(permit.decision()), "queued tier");
  EXPECT_TRUE(permit.decision().rationale.ends_with("; approved by alice@acme.example"));
  const auto wipe = request("wipe_host");
  (void)taken<Permit>(gate.judge_approved(wipe, approval_of(wipe), now()).value());
}

TEST(Approval, DoesNotHelpAgainstABlockOrForAnUnknownVerb) {
  Gate gate{policy_of(blocked)};
  (void)taken<Blocked>(gate.judge_approved(block_ip(), approval_of(block_ip()), now()).value());
  const auto rocket = request("launch_rocket");
  (void)taken<Queued>(gate.judge_approved(rocket, approval_of(rocket), now()).value());
  gate.adopt(policy_of("{ kill_switch: true, tenants: {} }"));
  const auto domain = request("block_domain");
  (void)taken<Blocked>(gate.judge_approved(domain, approval_of(domain), now()).value());
}

TEST(Approval, BindsTheExactRequestAndAPerson) {
  Gate gate{policy_of(l2)};
  const auto asked = [&](model::ActionRequest request, const model::Approval& approval, Time when) {
    return gate.judge_approved(std::move(request), approval, when);
  };
  auto other = block_ip();
  other.parameters["duration_s"] = 60;
  EXPECT_EQ(asked(other, approval_of(block_ip()), now()).error().code, Errc::conflict);

  auto pending = approval_of(block_ip());
  pending.state = model::ApprovalState::pending;
  EXPECT_EQ(asked(block_ip(), pending, now()).error().code, Errc::conflict);

  auto foreign = approval_of(block_ip());
  foreign.tenant = "other";
  EXPECT_EQ(asked(block_ip(), foreign, now()).error().code, Errc::conflict);

  for (const auto* kind : {"agent", "playbook", "engine"}) {
    auto machine = approval_of(block_ip());
    machine.decided_by->kind = kind;
    EXPECT_EQ(asked(block_ip(), machine, now()).error().code, Errc::denied) << kind;
  }
  auto nobody = approval_of(block_ip());
  nobody.decided_by.reset();
  EXPECT_EQ(asked(block_ip(), nobody, now()).error().code, Errc::denied);

  const auto given = approval_of(block_ip());
  EXPECT_TRUE(asked(block_ip(), given, now() + seconds{899}).has_value());
  EXPECT_EQ(asked(block_ip(), given, now() + seconds{900}).error().code, Errc::expired);
}

TEST(Recheck, StopsWhatThePolicyOfNowWouldNotRun) {
  Gate gate{policy_of(l3)};
  const auto permit = [&] { return taken<Permit>(gate.judge(block_ip(), now())); };
  auto to_queue = permit();
  auto to_block = permit();
  auto to_kill = permit();
  auto good = permit();
  (void)taken<Permit>(gate.recheck(std::move(good), now()));
  gate.adopt(policy_of(l2));
  (void)taken<Queued>(gate.recheck(std::move(to_queue), now()));
  gate.adopt(policy_of(blocked));
  (void)taken<Blocked>(gate.recheck(std::move(to_block), now()));
  gate.adopt(policy_of(R"(
{ kill_switch: { connectors: [perimeter] }, tenants: { acme: { tier: L3 } } })"));
  (void)taken<Blocked>(gate.recheck(std::move(to_kill), now(), "perimeter"));
}

TEST(Recheck, KeepsThePlaceThatThePermitTook) {
  Gate gate{policy_of("tenants: { acme: { tier: L3, limits: { block_ip: { per_hour: 2 } } } }")};
  auto first = taken<Permit>(gate.judge(block_ip(), now()));
  auto second = taken<Permit>(gate.judge(block_ip(), now()));
  gate.adopt(policy_of("tenants: { acme: { tier: L3, limits: { block_ip: { per_hour: 1 } } } }"));
  auto again = taken<Permit>(gate.recheck(std::move(first), now() + minutes{2}));
  (void)taken<Permit>(gate.recheck(std::move(again), now() + minutes{4}));
  (void)taken<Queued>(gate.recheck(std::move(second), now()));
}

constexpr std::string_view l1 = "tenants: { acme: { tier: L1 } }";
constexpr std::string_view l2_frozen_at_l1 =
    "tenants: { acme: { tier: L2, freezes: [ { from: 2026-11-20T10:05:00Z, "
    "to: 2026-11-20T12:00:00Z, tier: L1 } ] } }";

/// What a person let through at the tier of now.
Permit approved_by_a_person(Gate& gate) {
  return taken<Permit>(gate.judge_approved(block_ip(), approval_of(block_ip()), now()).value());
}

TEST(Recheck, LetsAPersonsApprovalStandWhileTheTierIsNoLowerThanWhenItWasGiven) {
  Gate gate{policy_of(l1)};
  auto first = approved_by_a_person(gate);
  auto again = taken<Permit>(gate.recheck(std::move(first), now()));
  EXPECT_EQ(again.approved_by()->id, "alice@acme.example");
  EXPECT_EQ(brief(again.decision()), "queued tier");
  gate.adopt(policy_of(l2));
  auto raised = taken<Permit>(gate.recheck(std::move(again), now()));
  gate.adopt(policy_of(l1));
  (void)taken<Permit>(gate.recheck(std::move(raised), now()));
}

TEST(Recheck, StopsWhatAPersonApprovedBeforeATierDropAFreezeOrABlock) {
  Gate gate{policy_of(l2)};
  auto before_drop = approved_by_a_person(gate);
  auto before_freeze = approved_by_a_person(gate);
  auto before_block = approved_by_a_person(gate);
  gate.adopt(policy_of(l1));
  const auto queued = taken<Queued>(gate.recheck(std::move(before_drop), now()));
  EXPECT_TRUE(queued.decision.rationale.ends_with(
      "the approval by alice@acme.example was given at L2 and must be given again"));
  gate.adopt(policy_of(l2_frozen_at_l1));
  auto still = taken<Permit>(gate.recheck(std::move(before_freeze), now()));
  EXPECT_EQ(brief(taken<Queued>(gate.recheck(std::move(still), now() + minutes{5})).decision),
            "queued freeze freezes");
  gate.adopt(policy_of(blocked));
  (void)taken<Blocked>(gate.recheck(std::move(before_block), now()));
}

TEST(Recheck, LetsThroughByItselfWhatWasApprovedThoughTheTierWasLowered) {
  Gate gate{policy_of("tenants: { acme: { tier: L4, limits: { block_ip: { per_hour: 0 } } } }")};
  auto permit = approved_by_a_person(gate);
  gate.adopt(policy_of(l3));
  EXPECT_EQ(brief(taken<Permit>(gate.recheck(std::move(permit), now())).decision()), "auto tier");
}

TEST(Approval, OfAHigherTierThanTheOneOfNowMustBeGivenAgain) {
  Gate gate{policy_of(l1)};
  auto given = approval_of(block_ip());
  given.tier = model::Tier::L2;
  const auto queued = taken<Queued>(gate.judge_approved(block_ip(), given, now()).value());
  EXPECT_TRUE(queued.decision.rationale.ends_with("was given at L2 and must be given again"));
  given.tier = model::Tier::L1;
  (void)taken<Permit>(gate.judge_approved(block_ip(), given, now()).value());
}

TEST(Recheck, AsksAgainWhenAnApprovalLayTooLong) {
  Gate gate{policy_of(l2)};
  auto stale =
      taken<Permit>(gate.judge_approved(block_ip(), approval_of(block_ip()), now()).value());
  const auto queued = taken<Queued>(gate.recheck(std::move(stale), now() + seconds{900}));
  EXPECT_TRUE(queued.decision.rationale.ends_with("must be given again"));
}

TEST(Recheck, DecidesAnAutomaticPermitAnewWhenItLayTooLong) {
  Gate gate{policy_of(l3)};
  auto old = taken<Permit>(gate.judge(block_ip(), now()));
  const auto later = now() + std::chrono::hours{3};
  EXPECT_EQ(taken<Permit>(gate.recheck(std::move(old), later)).expires_at(), later + seconds{60});
}

TEST(Recheck, CountsAnEntryThatFiresOnlyNow) {
  constexpr auto entry = [](std::string_view id) {
    return "tenants: { acme: { tier: L4, whitelist: [ { id: " + std::string{id} +
           ", action: isolate_host, target: WKS-0042, max_per_day: 1, expires: 2027-01-01 } ] } }";
  };
  Gate gate{policy_of(entry("first"))};
  auto permit = taken<Permit>(gate.judge(request(), now()));
  gate.adopt(policy_of(entry("second")));
  auto again = taken<Permit>(gate.recheck(std::move(permit), now()));
  EXPECT_EQ(*again.decision().rule, "second");
  (void)taken<Permit>(gate.recheck(std::move(again), now()));
  (void)taken<Queued>(gate.judge(request(), now()));
}

}  // namespace
}  // namespace sallyport::gate
