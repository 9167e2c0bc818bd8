#include "engine/app/demo/story.hpp"

#include <gtest/gtest.h>

namespace sallyport::app::demo {
namespace {

const Values values{{"n", "7"}, {"file", "/tmp/x"}, {"loop", "${{ n }}"}};

json::value parsed(std::string_view text) {
  return parse_json(text).value();
}

TEST(Story, FillsInEveryPlaceholderOfAText) {
  EXPECT_EQ(filled_in(std::string_view{"${{ file }} --port ${{ n }}"}, values), "/tmp/x --port 7");
}

TEST(Story, LeavesWhatItDoesNotKnowAsItStands) {
  EXPECT_EQ(filled_in(std::string_view{"${{ nobody }} and ${{ n"}, values),
            "${{ nobody }} and ${{ n");
}

TEST(Story, DoesNotLookAgainAtWhatItPutIn) {
  EXPECT_EQ(filled_in(std::string_view{"${{ loop }}"}, values), "${{ n }}");
}

TEST(Story, MakesANumberOfAWholeTextThatIsOneAndLeavesOthersText) {
  EXPECT_EQ(filled_in(parsed(R"({"port":"${{ n }}","list":["a${{ n }}",1,"7"]})"), values),
            parsed(R"({"port":7,"list":["a7",1,"7"]})"));
}

TEST(Story, TheShippedOneIsSound) {
  const auto story = load_story(SALLYPORT_SOURCE_DIR "/config/demo/story.yaml");
  ASSERT_TRUE(story) << story.error().detail;
  EXPECT_EQ(story->scenes.size(), 5);
  for (const auto& scene : story->scenes) {
    unsigned alerts = 0;
    for (const auto& native : scene.alerts) alerts += native.repeat;
    unsigned verdicts = scene.expect.joined;
    for (const auto& [verdict, count] : scene.expect.verdicts) verdicts += count;
    EXPECT_EQ(alerts, verdicts) << scene.title;
  }
}

TEST(Story, AnUnknownKeyIsRefusedWithItsLine) {
  const auto story = load_story(SALLYPORT_SOURCE_DIR "/config/demo/policy.yaml");
  ASSERT_FALSE(story);
  EXPECT_EQ(story.error().code, Errc::invalid_input);
  EXPECT_NE(story.error().detail.find("policy.yaml:2:"), std::string::npos) << story.error().detail;
}

}  // namespace
}  // namespace sallyport::app::demo
