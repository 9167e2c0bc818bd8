#include "engine/act/breaker.hpp"

#include <gtest/gtest.h>

namespace sallyport::act {
namespace {

using namespace std::chrono_literals;
using enum BreakerState;
using Pass = Breaker::Pass;

constexpr Breaker::Moment start{};
constexpr BreakerRule rule{.failures = 3, .open_for = 30s};

/// A breaker that opened at `start`.
Breaker opened() {
  Breaker breaker{rule};
  for (int i = 0; i < 3; ++i) breaker.failed(breaker.admit(start), start);
  return breaker;
}

TEST(Breaker, OpensAfterSoManyFailuresInARow) {
  Breaker breaker{rule};
  EXPECT_FALSE(breaker.failed(breaker.admit(start), start));
  EXPECT_FALSE(breaker.failed(breaker.admit(start), start));
  EXPECT_TRUE(breaker.failed(breaker.admit(start), start));
  EXPECT_EQ(breaker.state(), open);
  EXPECT_EQ(breaker.admit(start + 29s), Pass::refused);
}

TEST(Breaker, AnAnswerBetweenTwoFailuresBeginsTheCountAnew) {
  Breaker breaker{rule};
  for (int i = 0; i < 10; ++i) {
    breaker.failed(breaker.admit(start), start);
    breaker.failed(breaker.admit(start), start);
    EXPECT_FALSE(breaker.answered(breaker.admit(start)));
  }
  EXPECT_EQ(breaker.state(), closed);
}

TEST(Breaker, AfterItsTimeOneRequestTriesAndTheOthersWait) {
  auto breaker = opened();
  EXPECT_EQ(breaker.admit(start + 30s), Pass::trial);
  EXPECT_EQ(breaker.state(), half_open);
  EXPECT_EQ(breaker.admit(start + 30s), Pass::refused);
  EXPECT_EQ(breaker.admit(start + 10min), Pass::refused);
}

TEST(Breaker, ATrialThatIsAnsweredClosesIt) {
  auto breaker = opened();
  EXPECT_TRUE(breaker.answered(breaker.admit(start + 30s)));
  EXPECT_EQ(breaker.state(), closed);
  EXPECT_EQ(breaker.failures(), 0U);
  EXPECT_EQ(breaker.admit(start + 30s), Pass::ordinary);
}

TEST(Breaker, ATrialThatFailsOpensItForItsTimeAgain) {
  auto breaker = opened();
  EXPECT_FALSE(breaker.failed(breaker.admit(start + 30s), start + 31s));  // it was open before
  EXPECT_EQ(breaker.state(), open);
  EXPECT_EQ(breaker.next_trial(), start + 61s);
}

TEST(Breaker, ATrialThatIsTakenBackLetsTheNextOneTryAtOnce) {
  auto breaker = opened();
  breaker.given_up(breaker.admit(start + 30s), start + 31s);
  EXPECT_EQ(breaker.admit(start + 31s), Pass::trial);
}

TEST(Breaker, WhatWasSentBeforeItOpenedNeitherClosesNorProlongsIt) {
  Breaker breaker{rule};
  const auto early = breaker.admit(start);
  const auto late = breaker.admit(start);
  for (int i = 0; i < 3; ++i) breaker.failed(breaker.admit(start), start);
  EXPECT_FALSE(breaker.answered(early));
  EXPECT_EQ(breaker.state(), open);
  EXPECT_FALSE(breaker.failed(late, start + 20s));
  EXPECT_EQ(breaker.next_trial(), start + 30s);
}

TEST(Breaker, WithoutALimitItNeverOpens) {
  Breaker breaker{{.failures = 0}};
  for (int i = 0; i < 100; ++i) breaker.failed(breaker.admit(start), start);
  EXPECT_EQ(breaker.state(), closed);
}

}  // namespace
}  // namespace sallyport::act
