#include "engine/store/lifetime.hpp"

#include "engine/store/ledger.hpp"
#include "tests/store/opened.hpp"
#include "tests/store/raw_database.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace sallyport::store {
namespace {

using testing::opened;
using testing::RawDatabase;
using testing::TemporaryDirectory;

TEST(Lifetime, EndsInTheTablesThatMayForgetAndInNoOther) {
  const TemporaryDirectory directory;
  {
    const auto store = opened(directory);
    Batch batch;
    for (std::size_t i = 0; i < table_count; ++i) {
      const auto table = static_cast<Table>(i);
      if (table == Table::ledger || table == Table::ledger_index || table == Table::meta) continue;
      batch.put(table, "old", "1");
      batch.put(table, "new", "1");
    }
    batch.append(
        "acme", model::EntryKind::received, "old", {.kind = "engine", .id = "e"}, {}, "{}");
    ASSERT_TRUE(store->commit_and_wait(std::move(batch)));
  }
  RawDatabase{
      directory,
      {.outlived = [](Table, std::string_view key, std::string_view) { return key != "new"; }}}
      .rewrite();
  const auto store = opened(directory);
  for (std::size_t i = 0; i < table_count; ++i) {
    const auto table = static_cast<Table>(i);
    if (table == Table::ledger || table == Table::ledger_index || table == Table::meta) continue;
    const bool forgets = table == Table::entities || table == Table::relations ||
                         table == Table::idempotency || table == Table::recordings;
    EXPECT_EQ(store->get(table, "old")->has_value(), !forgets) << name_of(table);
    EXPECT_TRUE(store->get(table, "new")->has_value()) << name_of(table);
  }
  EXPECT_EQ(ledger_head(*store, "acme")->seq, 1U);
}

TEST(Lifetime, IsWithoutEndWhereNobodySaysOtherwise) {
  EXPECT_EQ(forgetting({}, Table::entities), nullptr);
}

}  // namespace
}  // namespace sallyport::store
