#pragma once

#include <rocksdb/env.h>

#include <filesystem>
#include <memory>

namespace sallyport::store {

/// RocksDB's own log, warnings and worse, in `directory`/LOG; begun anew when it is large.
///
/// RocksDB's logger is not used because the next line after a failed write ends the process where
/// the library is built with assertions, as Debian's is: a full disk would take the engine down.
[[nodiscard]] std::shared_ptr<rocksdb::Logger> engine_log(const std::filesystem::path& directory);

/// For who only looks: writes nowhere.
[[nodiscard]] std::shared_ptr<rocksdb::Logger> silent_log();

}  // namespace sallyport::store
