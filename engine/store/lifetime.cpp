#include "engine/store/lifetime.hpp"

#include <utility>

namespace sallyport::store {

namespace {

using Outlived = decltype(Options::outlived);

class Filter final : public rocksdb::CompactionFilter {
 public:
  Filter(Outlived outlived, Table table) : outlived_{std::move(outlived)}, table_{table} {}

  [[nodiscard]] Decision FilterV2(int /*level*/,
                                  const rocksdb::Slice& key,
                                  ValueType type,
                                  const rocksdb::Slice& value,
                                  std::string* /*changed*/,
                                  std::string* /*skip_until*/) const override {
    const bool gone = type == ValueType::kValue &&
                      outlived_(table_, {key.data(), key.size()}, {value.data(), value.size()});
    return gone ? Decision::kRemove : Decision::kKeep;
  }

  [[nodiscard]] const char* Name() const override { return "sallyport.lifetime"; }

 private:
  Outlived outlived_;
  Table table_;
};

class Factory final : public rocksdb::CompactionFilterFactory {
 public:
  Factory(Outlived outlived, Table table) : outlived_{std::move(outlived)}, table_{table} {}

  std::unique_ptr<rocksdb::CompactionFilter> CreateCompactionFilter(
      const rocksdb::CompactionFilter::Context& /*context*/) override {
    return std::make_unique<Filter>(outlived_, table_);
  }

  [[nodiscard]] const char* Name() const override { return "sallyport.lifetime"; }

 private:
  Outlived outlived_;
  Table table_;
};

}  // namespace

std::shared_ptr<rocksdb::CompactionFilterFactory> forgetting(const Options& options, Table table) {
  if (!options.outlived || !may_forget(table)) return nullptr;
  return std::make_shared<Factory>(options.outlived, table);
}

}  // namespace sallyport::store
