#include "engine/ingest/offsets.hpp"

#include <gtest/gtest.h>

namespace sallyport::ingest {

TEST(Offsets, NothingMayBeCommittedBeforeTheFirstMessageIsDurable) {
  Offsets offsets;
  EXPECT_EQ(offsets.take_committable(), std::nullopt);
  offsets.began(7);
  EXPECT_EQ(offsets.take_committable(), std::nullopt);
  offsets.ended(7);
  EXPECT_EQ(offsets.take_committable(), 8);
}

TEST(Offsets, AnUnfinishedMessageHoldsBackWhatFinishedAfterIt) {
  Offsets offsets;
  for (const auto n : {10, 11, 12}) offsets.began(n);
  offsets.ended(12);
  offsets.ended(11);
  EXPECT_EQ(offsets.take_committable(), std::nullopt);
  offsets.ended(10);
  EXPECT_EQ(offsets.take_committable(), 13);
}

TEST(Offsets, WhatIsDonePartlyIsCommittedPartly) {
  Offsets offsets;
  for (const auto n : {0, 1, 2}) offsets.began(n);
  offsets.ended(0);
  EXPECT_EQ(offsets.take_committable(), 1);
  EXPECT_EQ(offsets.take_committable(), std::nullopt);
  offsets.ended(2);
  EXPECT_EQ(offsets.take_committable(), std::nullopt);
  offsets.ended(1);
  EXPECT_EQ(offsets.take_committable(), 3);
}

TEST(Offsets, GapsOfACompactedTopicAreNoUnfinishedMessages) {
  Offsets offsets;
  offsets.began(5);
  offsets.began(90);
  offsets.ended(5);
  EXPECT_EQ(offsets.take_committable(), 90);
  offsets.ended(90);
  EXPECT_EQ(offsets.take_committable(), 91);
}

}  // namespace sallyport::ingest
