#include "engine/base/spelling.hpp"

#include <gtest/gtest.h>

namespace sallyport {

TEST(Spelling, OneLetterTooManyTooFewOrWrongIsStillTheWord) {
  for (const auto* written : {"tenantss", "tennts", "tehants", "tenatns"})
    EXPECT_EQ(likely_meant(written, {"tier", "tenants"}), "tenants") << written;
}

TEST(Spelling, TheNearestOfSeveralIsMeant) {
  EXPECT_EQ(likely_meant("unblok_ip", {"block_ip", "unblock_ip"}), "unblock_ip");
}

TEST(Spelling, AWordOfWhichHalfDiffersIsAnotherWord) {
  EXPECT_EQ(likely_meant("ok", {"ip"}), std::nullopt);
  EXPECT_EQ(likely_meant("edge", {"edr"}), std::nullopt);
  EXPECT_EQ(likely_meant("", {"ip"}), std::nullopt);
}

TEST(Spelling, WhatIsLikeNothingIsToldWhatThereIs) {
  EXPECT_EQ(suggestion("colour", {"ssh", "ldap"}), "; known are ssh, ldap");
  EXPECT_EQ(suggestion("colour", std::vector<std::string_view>(41, "ssh")),
            "; none of the 41 known is like it");
  EXPECT_EQ(suggestion("sssh", {"ssh", "ldap"}), "; did you mean 'ssh'?");
}

}  // namespace sallyport
