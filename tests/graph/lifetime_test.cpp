#include "engine/graph/lifetime.hpp"

#include "engine/graph/keys.hpp"

#include <gtest/gtest.h>

namespace sallyport::graph {
namespace {

using namespace std::chrono_literals;
using store::Table;

const Time noon = *parse_rfc3339("2026-11-20T12:00:00Z");
const model::Entity host{"host", "WKS-0042"};

TEST(GraphLifetime, OfASightingAndAnActionEndsWithTheirTime) {
  const auto entity = entity_key("acme", host);
  for (const auto& key : {sighting_key(entity, noon, 7), action_key(entity, noon, "01J")}) {
    EXPECT_TRUE(older_than(noon + 1s, Table::entities, key));
    EXPECT_FALSE(older_than(noon, Table::entities, key));
  }
}

TEST(GraphLifetime, OfARelationEndsWithItsDay) {
  const auto key = relation_key(entity_key("acme", host), day_of(noon), {"ip", "198.51.100.7"});
  EXPECT_FALSE(older_than(noon + 11h, Table::relations, key));
  EXPECT_TRUE(older_than(noon + 12h, Table::relations, key));
}

TEST(GraphLifetime, OfWhatIsNoKeyOfTheGraphDoesNotEnd) {
  const auto entity = entity_key("acme", host);
  for (const auto& key : {std::string{}, std::string{"acme"}, entity, entity + "s12", entity + "x"})
    for (const auto table : {Table::entities, Table::relations, Table::ledger})
      EXPECT_FALSE(older_than(noon, table, key)) << key;
  EXPECT_FALSE(older_than(noon + 1s, Table::alerts, sighting_key(entity, noon, 7)));
}

}  // namespace
}  // namespace sallyport::graph
