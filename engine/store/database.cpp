#include "engine/store/database.hpp"

#include "engine/store/engine_log.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <charconv>
#include <cstdlib>
#include <system_error>

namespace sallyport::store {

namespace fs = std::filesystem;

namespace {

rocksdb::Slice slice(std::string_view text) {
  return {text.empty() ? "" : text.data(), text.size()};  // RocksDB compares the bytes of none too
}

std::string_view view(const rocksdb::Slice& text) {
  return {text.data(), text.size()};
}

/// The smallest text greater than every text that begins with `prefix`; empty: there is none.
std::string after_prefix(std::string_view prefix) {
  std::string bound{prefix};
  while (!bound.empty() && static_cast<unsigned char>(bound.back()) == 0xff) bound.pop_back();
  if (!bound.empty())
    bound.back() = static_cast<char>(static_cast<unsigned char>(bound.back()) + 1);
  return bound;
}

std::vector<rocksdb::ColumnFamilyDescriptor> descriptors(const Options& options) {
  std::vector<rocksdb::ColumnFamilyDescriptor> all;
  all.emplace_back(rocksdb::kDefaultColumnFamilyName, rocksdb::ColumnFamilyOptions{});
  const auto families = family_options(options);
  for (std::size_t i = 0; i < table_count; ++i)
    all.emplace_back(std::string{name_of(static_cast<Table>(i))}, families[i]);
  return all;
}

/// A store that is new. Families that are made together have their options written down once; those
/// that opening finds missing, once for each.
rocksdb::Status create(const rocksdb::DBOptions& db_options,
                       const Options& options,
                       std::vector<rocksdb::ColumnFamilyHandle*>& handles,
                       rocksdb::DB*& db) {
  auto families = descriptors(options);
  const auto others = families.begin() + 1;  // the first is the default family
  auto status =
      rocksdb::DB::Open(db_options, options.directory.string(), {families.front()}, &handles, &db);
  if (!status.ok()) return status;
  std::vector<rocksdb::ColumnFamilyHandle*> made;
  status = db->CreateColumnFamilies({others, families.end()}, &made);
  handles.insert(handles.end(), made.begin(), made.end());
  if (status.ok()) return status;
  for (auto* handle : handles) db->DestroyColumnFamilyHandle(handle).PermitUncheckedError();
  delete db;
  db = nullptr;
  return status;
}

}  // namespace

std::unexpected<Error> translate(const rocksdb::Status& status, const fs::path& directory) {
  const auto text = status.ToString();
  if (status.IsCorruption()) {
    return fail(
        Errc::corrupt,
        fmt::format("the store in {} is damaged ({}): restore the directory from a copy, or "
                    "move it away and let the engine rebuild it from Kafka",
                    directory.string(),
                    text));
  }
  if (text.find("lock ") != std::string::npos || text.find("LOCK") != std::string::npos) {
    return fail(
        Errc::unavailable,
        fmt::format("another process has the store in {} open; stop it first", directory.string()));
  }
  return fail(Errc::unavailable,
              fmt::format("the store in {} cannot be used: {}", directory.string(), text));
}

Result<std::shared_ptr<Database>> Database::open(const Options& options) {
  std::shared_ptr<Database> database{new Database};
  database->directory_ = options.directory;
  auto db_options = database_options(options);
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* db = nullptr;
  rocksdb::Status status;

  if (options.read_only) {
    if (!fs::exists(options.directory / "CURRENT"))
      return fail(Errc::invalid_input, fmt::format("no store in {}", options.directory.string()));
    auto pattern = (fs::temp_directory_path() / "sallyport-look-XXXXXX").string();
    if (!::mkdtemp(pattern.data()))
      return fail(Errc::unavailable, "cannot make a temporary directory");
    db_options.info_log = silent_log();
    db_options.max_open_files = -1;  // a file that the engine replaces stays readable to us
    db_options.create_if_missing = false;
    db_options.create_missing_column_families = false;
    // The engine may replace files while we read which there are.
    for (int attempt = 0; attempt < 5; ++attempt) {
      status = rocksdb::DB::OpenAsSecondary(
          db_options, options.directory.string(), pattern, descriptors(options), &handles, &db);
      if (status.ok() || status.IsCorruption()) break;
    }
    // RocksDB wants a directory for its own log, which we do not let it write: nothing is left
    // behind, however we end.
    std::error_code ignored;
    fs::remove_all(pattern, ignored);
  } else {
    std::error_code error;
    fs::create_directories(options.directory, error);
    if (error) {
      return fail(Errc::unavailable,
                  fmt::format("cannot create {}: {}", options.directory.string(), error.message()));
    }
    db_options.info_log = engine_log(options.directory);
    status = fs::exists(options.directory / "CURRENT")
                 ? rocksdb::DB::Open(
                       db_options, options.directory.string(), descriptors(options), &handles, &db)
                 : create(db_options, options, handles, db);
  }
  if (!status.ok()) return translate(status, options.directory);
  database->db_.reset(db);
  database->default_family_ = handles.front();
  std::copy(handles.begin() + 1, handles.end(), database->families_.begin());
  return database;
}

Database::~Database() {
  if (db_) {
    for (auto* handle : families_) db_->DestroyColumnFamilyHandle(handle).PermitUncheckedError();
    db_->DestroyColumnFamilyHandle(default_family_).PermitUncheckedError();
    db_->Close().PermitUncheckedError();
    db_.reset();
  }
  closed_->store(true);
  closed_->notify_all();
}

Result<> Database::write(rocksdb::WriteBatch& batch) {
  rocksdb::WriteOptions options;
  options.sync = true;
  const auto status = db_->Write(options, &batch);
  if (status.ok()) return {};
  return translate(status, directory_);
}

Result<std::optional<std::string>> Database::get(Table table, std::string_view key) const {
  std::string value;
  const auto status = db_->Get(rocksdb::ReadOptions{}, family(table), slice(key), &value);
  if (status.IsNotFound()) return std::optional<std::string>{};
  if (!status.ok()) return translate(status, directory_);
  return std::optional{std::move(value)};
}

Result<std::vector<std::optional<std::string>>> Database::get_all(
    Table table, const std::vector<std::string>& keys) const {
  std::vector<rocksdb::Slice> asked;
  asked.reserve(keys.size());
  for (const auto& key : keys) asked.push_back(slice(key));
  std::vector<rocksdb::PinnableSlice> found(keys.size());
  std::vector<rocksdb::Status> statuses(keys.size());
  constexpr bool sorted = true;
  db_->MultiGet(rocksdb::ReadOptions{},
                family(table),
                keys.size(),
                asked.data(),
                found.data(),
                statuses.data(),
                sorted);
  std::vector<std::optional<std::string>> values(keys.size());
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (statuses[i].ok()) {
      values[i] = found[i].ToString();
    } else if (!statuses[i].IsNotFound()) {
      return translate(statuses[i], directory_);
    }
  }
  return values;
}

Result<> Database::scan(
    Table table,
    std::string_view prefix,
    std::string_view from,
    bool reverse,
    const std::function<bool(std::string_view key, std::string_view value)>& visit) const {
  const auto bound = after_prefix(prefix);
  const auto upper = slice(bound);
  rocksdb::ReadOptions options;
  options.fill_cache = table != Table::ledger;  // a walk of the chain would empty the cache
  if (!bound.empty()) options.iterate_upper_bound = &upper;
  // The filter over what keys begin with knows only whole beginnings.
  const auto parts = first_parts(table);
  options.total_order_seek = parts == 0 || reverse || end_of_parts(prefix, parts) == 0;
  const std::unique_ptr<rocksdb::Iterator> at{db_->NewIterator(options, family(table))};
  if (!reverse) {
    at->Seek(slice(from.empty() ? prefix : from));
  } else if (!from.empty()) {
    at->SeekForPrev(slice(from));
  } else {
    at->SeekToLast();
  }
  for (; at->Valid() && at->key().starts_with(slice(prefix)); reverse ? at->Prev() : at->Next())
    if (!visit(view(at->key()), view(at->value()))) break;
  if (!at->status().ok()) return translate(at->status(), directory_);
  return {};
}

Result<> Database::catch_up() {
  const auto status = db_->TryCatchUpWithPrimary();
  if (!status.ok()) return translate(status, directory_);
  return {};
}

Database::WalMark Database::wal_mark() const {
  std::unique_ptr<rocksdb::LogFile> file;
  const auto status = db_->GetCurrentWalFile(&file);
  if (!status.ok() || !file) return {};
  return {.number = file->LogNumber(), .bytes = file->SizeFileBytes()};
}

void cut_wal(const fs::path& directory, Database::WalMark mark) {
  if (mark.number == 0) return;  // not known: better a failed group too many than a good one less
  std::error_code error;
  for (const auto& file : fs::directory_iterator{directory, error}) {
    if (file.path().extension() != ".log") continue;
    const auto stem = file.path().stem().string();
    std::uint64_t number = 0;
    const auto [end, bad] = std::from_chars(stem.data(), stem.data() + stem.size(), number);
    if (bad != std::errc{} || end != stem.data() + stem.size() || number < mark.number) continue;
    const auto keep = number == mark.number ? mark.bytes : 0;
    if (file.file_size(error) <= keep || error) continue;
    const int fd = ::open(file.path().c_str(), O_WRONLY | O_CLOEXEC);
    if (fd < 0) continue;
    if (::ftruncate(fd, static_cast<off_t>(keep)) == 0) (void)::fsync(fd);
    ::close(fd);
  }
}

}  // namespace sallyport::store
