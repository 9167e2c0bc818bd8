#include "engine/graph/lifetime.hpp"

#include "engine/graph/keys.hpp"

#include <gtest/gtest.h>

namespace sallyport::graph {
namespace {

using namespace std::chrono_literals;
using store::Table;

const Time midday = *parse_rfc3339("2026-11-20T12:00:00Z");
const model::Entity workstation{"host", "WKS-0042"};

TEST(GraphLifetime, OfASightingAndAnActionEndsWithTheirTime) {
  const auto entity = entity_key("acme", workstation);
  for (const auto& key : {sighting_key(entity, midday, 7), action_key(entity, midday, "01J")}) {
    EXPECT_TRUE(older_than(midday + 1s, Table::entities, key));
    EXPECT_FALSE(older_than(midday, Table::entities, key));
  }
}

TEST(GraphLifetime, OfARelationEndsWithItsDay) {
  const auto key =
      relation_key(entity_key("acme", workstation), day_of(midday), {"ip", "198.51.100.7"});
  EXPECT_FALSE(older_than(midday + 11h, Table::relations, key));
  EXPECT_TRUE(older_than(midday + 12h, Table::relations, key));
}

TEST(GraphLifetime, OfWhatIsNoKeyOfTheGraphDoesNotEnd) {
  const auto entity = entity_key("acme", workstation);
  for (const auto& key : {std::string{}, std::string{"acme"}, entity, entity + "s12", entity + "x"})
    for (const auto table : {Table::entities, Table::relations, Table::ledger})
      EXPECT_FALSE(older_than(midday, table, key)) << key;
  EXPECT_FALSE(older_than(midday + 1s, Table::alerts, sighting_key(entity, midday, 7)));
}

}  // namespace
}  // namespace sallyport::graph
