#include "engine/investigate/verdicts.hpp"

#include "tests/store/temporary_directory.hpp"

#include <gmock/gmock.h>

namespace sallyport::investigate {
namespace {

using sallyport::testing::TemporaryDirectory;
using ::testing::ElementsAre;

struct Verdicts : ::testing::Test {
  void put(const std::string& tenant, const std::string& investigation, std::string title) {
    model::Verdict verdict;
    verdict.tenant = tenant;
    verdict.investigation = investigation;
    verdict.title = std::move(title);
    store::Batch batch;
    put_verdict(batch, verdict);
    ASSERT_TRUE(store->commit_and_wait(std::move(batch)));
  }

  std::vector<std::string> titles(std::string_view tenant, std::string_view before = "") {
    std::vector<std::string> found;
    const auto listed = list_verdicts(*store, tenant, before, [&](const model::Verdict& verdict) {
      found.push_back(verdict.title);
      return found.size() < 2;
    });
    EXPECT_TRUE(listed) << listed.error().detail;
    return found;
  }

  TemporaryDirectory directory;
  std::unique_ptr<store::Store> store =
      store::Store::open({.directory = directory.path()}).value();
};

TEST_F(Verdicts, TheNewestOfAnInvestigationIsFound) {
  put("acme", "01A", "first");
  put("acme", "01B", "of another");
  put("acme", "01A", "second");
  EXPECT_EQ(find_verdict(*store, "01A")->title, "second");
  EXPECT_EQ(find_verdict(*store, "01B")->title, "of another");
  const auto unknown = find_verdict(*store, "01C");
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code, Errc::not_found);
}

TEST_F(Verdicts, AreListedNewestFirstByTenantAndPage) {
  put("acme", "01A", "one");
  put("globex", "01B", "two");
  put("acme", "01C", "three");
  put("acme", "01D", "four");
  EXPECT_THAT(titles(""), ElementsAre("four", "three"));
  EXPECT_THAT(titles("", "01C"), ElementsAre("two", "one"));
  EXPECT_THAT(titles("acme", "01D"), ElementsAre("three", "one"));
  EXPECT_THAT(titles("globex"), ElementsAre("two"));
}

}  // namespace
}  // namespace sallyport::investigate
