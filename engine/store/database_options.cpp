#include "engine/store/database.hpp"
#include "engine/store/lifetime.hpp"
#include "engine/store/merge_pace.hpp"

#include <rocksdb/cache.h>
#include <rocksdb/env.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/slice_transform.h>
#include <rocksdb/sst_file_manager.h>
#include <rocksdb/table.h>

#include <algorithm>
#include <limits>

namespace sallyport::store {

namespace {

constexpr std::size_t mebibyte = 1ULL << 20U;
constexpr std::int64_t deleted_a_second = 256 * mebibyte;
constexpr double any_share = 100;  ///< Of the store may wait to be deleted.

/// What a key begins with: its first parts, with the '\0' after each.
class FirstParts final : public rocksdb::SliceTransform {
 public:
  explicit FirstParts(std::size_t parts) : parts_{parts} {}

  [[nodiscard]] const char* Name() const override { return "sallyport.first_parts"; }

  [[nodiscard]] rocksdb::Slice Transform(const rocksdb::Slice& key) const override {
    return {key.data(), end_of_parts({key.data(), key.size()}, parts_)};
  }

  [[nodiscard]] bool InDomain(const rocksdb::Slice& key) const override {
    return end_of_parts({key.data(), key.size()}, parts_) > 0;
  }

 private:
  std::size_t parts_;
};

/// What keys of the ledger's index begin with that are written one after the other: a kind, verb,
/// decision or reason whole (there are few, each in the order of time); of subjects, targets and
/// actors, of which there are many, the letter and what they begin with: investigations ascend, and
/// the alerts written between them begin with something else.
class IndexRun final : public rocksdb::SliceTransform {
 public:
  [[nodiscard]] const char* Name() const override { return "sallyport.index_run"; }

  [[nodiscard]] rocksdb::Slice Transform(const rocksdb::Slice& key) const override {
    return {key.data(), end_of_run({key.data(), key.size()})};
  }

  [[nodiscard]] bool InDomain(const rocksdb::Slice& key) const override {
    return end_of_run({key.data(), key.size()}) > 0;
  }

 private:
  static std::size_t end_of_run(std::string_view key) {
    constexpr std::string_view many{"sta"};
    const auto letter = end_of_parts(key, 1);
    if (letter == 0 || letter == key.size()) return 0;
    return many.contains(key[letter]) ? letter + 2 : end_of_parts(key, 2);
  }
};

constexpr std::uint64_t seconds_a_day = 24ULL * 3600;

/// Keys that are written once and hardly ever again: merging them wins nothing but fewer files, so
/// it happens rarely and many at a time.
bool append_only(Table table) {
  return table == Table::ledger || table == Table::ledger_index || table == Table::alerts ||
         table == Table::groups || table == Table::entities || table == Table::relations ||
         table == Table::recordings;
}

/// Written in the order of their keys, or nearly: the next place is beside the last.
bool ascending(Table table) {
  return table == Table::ledger || table == Table::alerts || table == Table::investigations ||
         table == Table::groups;
}

}  // namespace

std::size_t first_parts(Table table) {
  return table == Table::entities || table == Table::relations ? 3 : 0;
}

std::size_t end_of_parts(std::string_view key, std::size_t parts) {
  std::size_t end = 0;
  for (; parts > 0; --parts) {
    const auto next = key.find('\0', end);
    if (next == std::string_view::npos) return 0;
    end = next + 1;
  }
  return end;
}

rocksdb::DBOptions database_options(const Options& options) {
  rocksdb::DBOptions db;
  db.create_if_missing = true;
  db.create_missing_column_families = true;
  db.max_background_jobs = 2;
  db.db_write_buffer_size = options.write_buffer_bytes;
  // A restart and every look from outside read the log again: seconds at most.
  db.max_total_wal_size = std::max(2 * options.write_buffer_bytes, 32 * mebibyte);
  db.bytes_per_sync = mebibyte;  // a flush does not pile up what the next fsync must wait for
  // Giving back a log of a hundred megabytes in one go keeps the disk busy for tens of milliseconds
  // that every commit waits: it is done a megabyte at a time.
  db.sst_file_manager.reset(rocksdb::NewSstFileManager(
      rocksdb::Env::Default(), nullptr, "", deleted_a_second, true, nullptr, any_share, mebibyte));
  // A power cut leaves the log's end torn, in a group that nobody was told is durable.
  db.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
  db.max_open_files = 512;
  // Merging is never urgent; investigations that wait for a core are.
  db.env->LowerThreadPoolCPUPriority(rocksdb::Env::LOW, rocksdb::CpuPriority::kLow)
      .PermitUncheckedError();
  db.rate_limiter = std::make_shared<MergePace>();
  db.info_log_level = rocksdb::InfoLogLevel::WARN_LEVEL;
  db.stats_dump_period_sec = 0;
  db.stats_persist_period_sec = 0;
  db.avoid_unnecessary_blocking_io = true;
  return db;
}

std::array<rocksdb::ColumnFamilyOptions, table_count> family_options(const Options& options) {
  rocksdb::BlockBasedTableOptions blocks;
  blocks.block_cache = rocksdb::NewLRUCache(options.block_cache_bytes, 4);
  blocks.cache_index_and_filter_blocks = true;
  blocks.pin_l0_filter_and_index_blocks_in_cache = true;
  blocks.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  blocks.optimize_filters_for_memory = true;
  blocks.format_version = 5;
  blocks.block_size = 16U << 10U;
  const std::shared_ptr<rocksdb::TableFactory> tables{rocksdb::NewBlockBasedTableFactory(blocks)};

  std::array<rocksdb::ColumnFamilyOptions, table_count> families;
  for (std::size_t i = 0; i < table_count; ++i) {
    auto& family = families[i];
    family.table_factory = tables;
    family.write_buffer_size = std::max(options.write_buffer_bytes / 2, mebibyte);
    family.max_write_buffer_number = 4;
    // A flush takes a third less of a core as it is; what is merged below it is kept for long.
    family.compression_per_level = {rocksdb::kNoCompression, rocksdb::kLZ4Compression};
    family.memtable_prefix_bloom_size_ratio = 0.02;
    family.memtable_whole_key_filtering = true;
    family.compaction_filter_factory = forgetting(options, static_cast<Table>(i));
    // A table that is seldom written would be rewritten as seldom.
    if (family.compaction_filter_factory) family.periodic_compaction_seconds = seconds_a_day;
    if (ascending(static_cast<Table>(i)))
      family.memtable_insert_with_hint_prefix_extractor.reset(rocksdb::NewFixedPrefixTransform(0));
    // Nobody asks these for a key that is not there.
    if (static_cast<Table>(i) == Table::ledger || static_cast<Table>(i) == Table::ledger_index)
      family.memtable_prefix_bloom_size_ratio = 0;
    if (static_cast<Table>(i) == Table::ledger_index)
      family.memtable_insert_with_hint_prefix_extractor = std::make_shared<IndexRun>();
    // Most entities that an alert names are asked for, and many are new: a filter over what their
    // keys begin with says so without looking into a file.
    if (first_parts(static_cast<Table>(i)) > 0)
      family.prefix_extractor = std::make_shared<FirstParts>(first_parts(static_cast<Table>(i)));
    if (append_only(static_cast<Table>(i))) {
      family.compaction_style = rocksdb::kCompactionStyleUniversal;
      family.compaction_options_universal.min_merge_width = 6;
      family.compaction_options_universal.allow_trivial_move = true;
      // Next to nothing is overwritten, so no space is won by merging everything.
      family.compaction_options_universal.max_size_amplification_percent =
          std::numeric_limits<unsigned>::max();
      // Each file more is one more that a scan begins in: few where scans are many.
      family.level0_file_num_compaction_trigger = first_parts(static_cast<Table>(i)) > 0 ? 8 : 16;
      family.level0_slowdown_writes_trigger = 40;
      family.level0_stop_writes_trigger = 64;
      family.target_file_size_base = 256 * mebibyte;
    } else {
      family.level_compaction_dynamic_level_bytes = true;
    }
  }
  return families;
}

}  // namespace sallyport::store
