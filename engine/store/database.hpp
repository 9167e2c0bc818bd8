#pragma once

#include "engine/store/store.hpp"

#include <rocksdb/db.h>

#include <array>
#include <atomic>
#include <memory>

namespace sallyport::store {

inline constexpr std::size_t table_count =
    boost::mp11::mp_size<boost::describe::describe_enumerators<Table>>::value;

/// RocksDB's options for a small machine: 2 cores, memory bounded by `options`.
[[nodiscard]] rocksdb::DBOptions database_options(const Options& options);

/// The families' options, in the order of Table, sharing one block cache.
[[nodiscard]] std::array<rocksdb::ColumnFamilyOptions, table_count> family_options(
    const Options& options);

/// Of how many parts (see key()) a scan of `table` should name: fewer cost more, because only so
/// many have a filter. 0: it has none.
[[nodiscard]] std::size_t first_parts(Table table);

/// Where the first `parts` parts of `key` end, with the '\0' after each; 0: it has fewer.
[[nodiscard]] std::size_t end_of_parts(std::string_view key, std::size_t parts);

/// RocksDB's words in ours. Never called with an OK status.
[[nodiscard]] std::unexpected<Error> translate(const rocksdb::Status& status,
                                               const std::filesystem::path& directory);

/// One opened RocksDB with a column family per Table.
///
/// Thread-safe. Closed when destroyed; `closed` then turns true.
class Database {
 public:
  /// Errors: unavailable, corrupt, invalid_input.
  [[nodiscard]] static Result<std::shared_ptr<Database>> open(const Options& options);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  /// Writes and syncs. Errors: unavailable.
  [[nodiscard]] Result<> write(rocksdb::WriteBatch& batch);

  [[nodiscard]] Result<std::optional<std::string>> get(Table table, std::string_view key) const;

  [[nodiscard]] Result<std::vector<std::optional<std::string>>> get_all(
      Table table, const std::vector<std::string>& keys) const;

  [[nodiscard]] Result<> scan(
      Table table,
      std::string_view prefix,
      std::string_view from,
      bool reverse,
      const std::function<bool(std::string_view key, std::string_view value)>& visit) const;

  /// Of a read-only database: reads what was synced since.
  [[nodiscard]] Result<> catch_up();

  [[nodiscard]] rocksdb::ColumnFamilyHandle* family(Table table) const {
    return families_[static_cast<std::size_t>(table)];
  }

  /// Up to where the write-ahead log holds what was written: the file's number and length.
  struct WalMark {
    std::uint64_t number = 0;
    std::uint64_t bytes = 0;
  };

  [[nodiscard]] WalMark wal_mark() const;

  /// Turns true, and wakes who waits for it, when the database is closed and its lock released.
  [[nodiscard]] std::shared_ptr<std::atomic<bool>> closed() const { return closed_; }

 private:
  Database() = default;

  std::filesystem::path directory_;
  std::unique_ptr<rocksdb::DB> db_;
  rocksdb::ColumnFamilyHandle* default_family_ = nullptr;
  std::array<rocksdb::ColumnFamilyHandle*, table_count> families_{};
  std::shared_ptr<std::atomic<bool>> closed_ = std::make_shared<std::atomic<bool>>(false);
};

/// Cuts off the write-ahead logs in `directory` what was written after `mark`: the remains of a
/// write that failed, so that no later opening finds it.
void cut_wal(const std::filesystem::path& directory, Database::WalMark mark);

}  // namespace sallyport::store
