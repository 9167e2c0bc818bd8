#include "engine/app/descriptors.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>

namespace sallyport::app::testing {

TEST(Descriptors, AnEngineTakesAsManyAsTheSystemAllowsIt) {
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  auto low = before;
  low.rlim_cur = 256;
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &low), 0);
  EXPECT_EQ(raise_descriptor_limit(), before.rlim_max);
  rlimit now{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &now), 0);
  EXPECT_EQ(now.rlim_cur, before.rlim_max);
  ::setrlimit(RLIMIT_NOFILE, &before);
}

TEST(Descriptors, EachConnectionToAModelThatIsUsedWantsOne) {
  config::Settings settings;
  const auto without = descriptors_wanted(settings);
  settings.models.providers["fast"] = {{"connections", 20'000}};
  settings.models.providers["usual"] = json::object{};
  settings.models.providers["unused"] = {{"connections", 7'000}};
  EXPECT_EQ(descriptors_wanted(settings), without);
  settings.models.use = {"fast", "usual"};
  settings.models.reader = {"fast"};
  EXPECT_EQ(descriptors_wanted(settings), without + 20'064);
}

}  // namespace sallyport::app::testing
