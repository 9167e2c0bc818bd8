#pragma once

#include "engine/store/database.hpp"
#include "tests/store/temporary_directory.hpp"

#include <rocksdb/table_properties.h>

#include <memory>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

namespace sallyport::testing {

/// The files of a store that nobody has open, as RocksDB sees them under the store's own options.
class RawDatabase {
 public:
  RawDatabase(const TemporaryDirectory& directory, const store::Options& options)
      : options_{store::database_options(options)} {
    const auto families = store::family_options(options);
    std::vector<rocksdb::ColumnFamilyDescriptor> all;
    all.emplace_back(rocksdb::kDefaultColumnFamilyName, rocksdb::ColumnFamilyOptions{});
    for (std::size_t i = 0; i < store::table_count; ++i)
      all.emplace_back(std::string{name_of(static_cast<store::Table>(i))}, families[i]);
    rocksdb::DB* raw = nullptr;
    check(rocksdb::DB::Open(options_, directory.path().string(), all, &handles_, &raw));
    database_.reset(raw);
  }

  ~RawDatabase() {
    for (auto* handle : handles_)
      database_->DestroyColumnFamilyHandle(handle).PermitUncheckedError();
  }

  RawDatabase(const RawDatabase&) = delete;
  RawDatabase& operator=(const RawDatabase&) = delete;
  RawDatabase(RawDatabase&&) = delete;
  RawDatabase& operator=(RawDatabase&&) = delete;

  /// Rewrites all files, as RocksDB does some day by itself.
  void rewrite() {
    for (auto* handle : handles_) check(database_->CompactRange({}, handle, nullptr, nullptr));
  }

  /// How the files of a table are compressed.
  [[nodiscard]] std::set<std::string> compressions(store::Table table) {
    rocksdb::TablePropertiesCollection files;
    check(database_->GetPropertiesOfAllTables(handles_.at(static_cast<std::size_t>(table) + 1),
                                              &files));
    std::set<std::string> names;
    for (const auto& [file, properties] : files) names.insert(properties->compression_name);
    return names;
  }

  [[nodiscard]] const rocksdb::DBOptions& options() const { return options_; }

 private:
  static void check(const rocksdb::Status& status) {
    if (!status.ok()) throw std::runtime_error{status.ToString()};
  }

  rocksdb::DBOptions options_;
  std::vector<rocksdb::ColumnFamilyHandle*> handles_;
  std::unique_ptr<rocksdb::DB> database_;
};

}  // namespace sallyport::testing
