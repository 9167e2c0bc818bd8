#include "engine/act/rollback_plan.hpp"

#include "engine/act/life.hpp"

#include <gmock/gmock.h>

namespace sallyport::act {
namespace {

using enum model::ActionState;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const Time planned_at = parse_rfc3339("2026-11-20T10:00:00Z").value();

model::Action done(const std::string& id, int minute, model::ActionState state = verified) {
  return {.id = ActionId::parse(id).value(),
          .state = state,
          .created_at = planned_at,
          .rollback = model::RollbackRecord{
              .verb = "unblock_ip", .recorded_at = planned_at + std::chrono::minutes{minute}}};
}

std::vector<std::string> ids(const std::vector<RollbackStep>& steps) {
  std::vector<std::string> ids;
  for (const auto& step : steps) ids.push_back(step.action.id.text());
  return ids;
}

TEST(RollbackPlan, UndoesWhatWasDoneLastFirstWheneverItWasProposed) {
  EXPECT_THAT(ids(plan_rollback({done("A1", 2), done("A2", 3), done("A3", 1)})),
              ElementsAre("A2", "A1", "A3"));
}

TEST(RollbackPlan, LeavesOutWhatHoldsNothing) {
  std::vector<model::Action> actions;
  for (const auto state : {blocked, denied, expired, failed, rolled_back, released})
    actions.push_back(done("A1", 1, state));
  auto rollback = done("A2", 2);
  rollback.reverses = "A1";
  actions.push_back(rollback);
  EXPECT_THAT(plan_rollback(actions), IsEmpty());
}

TEST(RollbackPlan, SaysWhyOneCannotBeUndone) {
  auto was_so = done("A1", 1);
  was_so.rollback->verb.clear();
  was_so.rollback->why = "was blocked before";
  const auto why = [](model::Action action) {
    return plan_rollback({std::move(action)})[0].why_not;
  };
  EXPECT_THAT(why(was_so), HasSubstr("was blocked before"));
  EXPECT_THAT(why(done("A1", 1, queued)), HasSubstr("waits for a person"));
  EXPECT_THAT(why(done("A1", 1, executing)), HasSubstr("under way"));
  EXPECT_THAT(why(done("A1", 1, unknown)), HasSubstr("nobody knows"));
  EXPECT_THAT(why(done("A1", 1, rollback_failed)), IsEmpty());  // tried again
  EXPECT_THAT(why(done("A1", 1)), IsEmpty());
}

}  // namespace
}  // namespace sallyport::act
