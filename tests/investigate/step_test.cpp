#include "engine/investigate/step.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace sallyport::investigate {
namespace {

using namespace std::chrono_literals;

TEST(Investigation, PassesUnusedTimeOn) {
  Investigation machine{{}};
  EXPECT_EQ(std::get<ReadContext>(machine.step(Opened{30s})).within, 5s);
  EXPECT_EQ(std::get<Enrich>(machine.step(ContextRead{29s})).within, 9s);
  EXPECT_EQ(std::get<Reason>(machine.step(Enriched{21s})).within, 11s);
  EXPECT_FALSE(std::get<Finish>(machine.step(Reasoned{20s})).partial);
}

TEST(Investigation, GivesLateStagesNoTimeButStillEntersThem) {
  Investigation machine{{}};
  EXPECT_EQ(std::get<ReadContext>(machine.step(Opened{-3s})).within, 0s);
  EXPECT_EQ(std::get<Enrich>(machine.step(ContextRead{-3s})).within, 0s);
  EXPECT_EQ(std::get<Reason>(machine.step(Enriched{-3s, true})).within, 0s);
  EXPECT_TRUE(std::get<Finish>(machine.step(Reasoned{-3s})).partial);
}

TEST(Investigation, GivesOneThatBeginsLateItsShareOfEachSlice) {
  Investigation machine{{}};
  EXPECT_EQ(std::get<ReadContext>(machine.step(Opened{15s})).within, 2500ms);
  EXPECT_EQ(std::get<Enrich>(machine.step(ContextRead{12500ms})).within, 2500ms);
  EXPECT_EQ(std::get<Reason>(machine.step(Enriched{10s})).within, 5s);
}

TEST(Investigation, EndsWhateverTheEvents) {
  const std::vector<Event> events{Opened{1s}, ContextRead{1s, true}, Enriched{1s}, Reasoned{1s}};
  for (const auto& a : events) {
    for (const auto& b : events) {
      Investigation machine{{}};
      bool finished = false;
      for (int i = 0; i < 4 && !finished; ++i)
        finished = std::holds_alternative<Finish>(machine.step(i % 2 == 0 ? a : b));
      EXPECT_TRUE(finished);
    }
  }
}

/// With a model, at the moment when it is to be asked, `left` before the deadline.
Next first_question(Investigation& machine, Elapsed left) {
  (void)machine.step(Opened{30s});
  (void)machine.step(ContextRead{29s});
  return machine.step(Enriched{left});
}

constexpr Ladder with_model{.model = true, .rounds = 1};

TEST(Ladder, AsksWhileThereIsTimeAndConcludesWhenThereIsNone) {
  const auto at = [](Elapsed left) {
    Investigation machine{{}, with_model};
    return first_question(machine, left);
  };
  const auto early = std::get<Ask>(at(25s));
  EXPECT_TRUE(early.may_look);
  EXPECT_EQ(early.within, 19s) << "until 80 %";
  const auto late = std::get<Ask>(at(12s));
  EXPECT_FALSE(late.may_look) << "from 60 % on no new round";
  EXPECT_EQ(late.within, 10500ms) << "until 95 %";
  EXPECT_TRUE(std::holds_alternative<Reason>(at(1500ms)));
  EXPECT_TRUE(std::holds_alternative<Reason>(at(-1s)));
}

TEST(Ladder, LooksThingsUpOnceAndThenWantsAnAnswer) {
  Investigation machine{{}, with_model};
  (void)first_question(machine, 25s);
  const auto look = std::get<LookUp>(machine.step(Answered{22s, Said::asks}));
  EXPECT_EQ(look.within, 10s) << "until 60 %";
  EXPECT_FALSE(std::get<Ask>(machine.step(LookedUp{20s})).may_look);
  EXPECT_FALSE(std::get<Ask>(machine.step(Answered{18s, Said::asks})).may_look) << "forced";
  EXPECT_TRUE(std::holds_alternative<Reason>(machine.step(Answered{16s, Said::asks})));
}

TEST(Ladder, ForcesAnAnswerFromOneThatWasCutOff) {
  Investigation machine{{}, with_model};
  (void)first_question(machine, 25s);
  const auto forced = std::get<Ask>(machine.step(Answered{6s, Said::cut_off}));
  EXPECT_FALSE(forced.may_look);
  EXPECT_EQ(forced.within, 4500ms);
  EXPECT_TRUE(std::holds_alternative<Reason>(machine.step(Answered{1500ms, Said::cut_off})));
}

TEST(Ladder, HasAnAnswerRepairedOnce) {
  Investigation machine{{}, with_model};
  (void)first_question(machine, 25s);
  EXPECT_TRUE(std::get<Ask>(machine.step(Answered{20s, Said::faulty})).repair);
  EXPECT_TRUE(std::holds_alternative<Reason>(machine.step(Answered{15s, Said::faulty})));
  EXPECT_TRUE(std::holds_alternative<Finish>(machine.step(Reasoned{15s})));
}

TEST(Ladder, EndsWhateverTheAnswers) {
  const std::vector<Event> events{Answered{25s, Said::asks},
                                  Answered{25s, Said::faulty},
                                  Answered{25s, Said::cut_off},
                                  LookedUp{25s},
                                  Enriched{25s}};
  // Every sequence of five kinds of event, nine long.
  for (int code = 0; code < 1'953'125; code += 7) {
    Investigation machine{{}, with_model};
    auto next = first_question(machine, 25s);
    int rest = code;
    int steps = 0;
    while (!std::holds_alternative<Reason>(next) && !std::holds_alternative<Finish>(next) &&
           steps < 12) {
      next = machine.step(events[static_cast<std::size_t>(rest % 5)]);
      rest /= 5;
      ++steps;
    }
    ASSERT_LT(steps, 12) << code;
  }
}

TEST(Ladder, WithoutAModelNobodyIsAsked) {
  Investigation machine{{}};
  EXPECT_TRUE(std::holds_alternative<Reason>(first_question(machine, 25s)));
}

}  // namespace
}  // namespace sallyport::investigate
