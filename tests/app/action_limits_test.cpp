#include "engine/app/action_limits.hpp"

#include <gmock/gmock.h>

namespace sallyport::app {

namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

const config::ActionSettings all{.request_timeout_s = 31,
                                 .attempts = 3,
                                 .at_once = 16,
                                 .breaker = {.failures = 5, .open_for_s = 30, .wait_for_s = 120}};

}  // namespace

TEST(ActionLimits, OfAConnectorAreThoseOfAllButForWhatItsEntrySays) {
  Faults faults;
  const auto own = own_limits({{"actions", {{"breaker", {{"wait_for_s", 7}}}, {"at_once", 2}}}},
                              all,
                              "/connectors/idp",
                              faults);
  ASSERT_TRUE(own) << summary(faults);
  EXPECT_EQ(own->wait_for, 7s);
  EXPECT_EQ(own->at_once, 2U);
  EXPECT_EQ(own->request_timeout, 31s);
  EXPECT_EQ(own->breaker.open_for, 30s);
  EXPECT_EQ(own->breaker.failures, 5U);
  EXPECT_EQ(product_limits(all).wait_for, 120s);
  EXPECT_FALSE(own_limits({{"type", "ldap"}}, all, "/connectors/idp", faults));
  EXPECT_TRUE(faults.empty());
}

TEST(ActionLimits, ThatSayWhatTheyCannotMeanAreFaultsAtTheirPlace) {
  Faults faults;
  EXPECT_FALSE(own_limits({{"actions", {{"attempts", 0}, {"breaker", {{"wait_for", 7}}}}}},
                          all,
                          "/connectors/idp",
                          faults));
  EXPECT_THAT(summary(faults), HasSubstr("wait_for"));
  EXPECT_TRUE(std::ranges::any_of(faults, [](const auto& fault) {
    return fault.pointer == "/connectors/idp/actions/attempts";
  }));
}

}  // namespace sallyport::app
