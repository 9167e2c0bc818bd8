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

TEST(Recheck, LetsAPersonsApprovalStandThroughATierDropButNotABlock) {
  Gate gate{policy_of(l3)};
  const auto approved = [&] {
    return taken<Permit>(gate.judge_approved(block_ip(), approval_of(block_ip()), now()).value());
  };
  auto stands = approved();
  auto stopped = approved();
  gate.adopt(policy_of("tenants: { acme: { tier: L0 } }"));
  const auto permit = taken<Permit>(gate.recheck(std::move(stands), now()));
  EXPECT_EQ(permit.approved_by()->id, "alice@acme.example");
  EXPECT_EQ(brief(permit.decision()), "queued tier");
  gate.adopt(policy_of(blocked));
  (void)taken<Blocked>(gate.recheck(std::move(stopped), now()));
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
