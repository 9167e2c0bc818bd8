#pragma once

#include "engine/store/store.hpp"

#include <rocksdb/compaction_filter.h>

#include <memory>

namespace sallyport::store {

/// Tables whose entries may outlive their use. All others are the record.
[[nodiscard]] constexpr bool may_forget(Table table) {
  return table == Table::entities || table == Table::relations || table == Table::idempotency ||
         table == Table::recordings;
}

/// Leaves out of a rewritten file of `table` what `options.outlived` says. nullptr: all stays.
[[nodiscard]] std::shared_ptr<rocksdb::CompactionFilterFactory> forgetting(const Options& options,
                                                                           Table table);

}  // namespace sallyport::store
