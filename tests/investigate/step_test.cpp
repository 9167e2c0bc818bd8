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

}  // namespace
}  // namespace sallyport::investigate
