#pragma once

#include "connectors/local/watched_files.hpp"
#include "engine/base/result.hpp"

#include <functional>
#include <memory>
#include <mutex>
#include <utility>

namespace sallyport::connectors::local {

/// What some files say, read again when they change. A file with a fault changes nothing.
///
/// Thread-safe: current() takes a snapshot that stays valid; reload_if_changed() is for one thread
/// at a time and may take as long as reading the files takes.
template <class T>
class Reloading {
 public:
  using Read = std::function<Result<T>(const std::vector<std::filesystem::path>&)>;

  Reloading(WatchedFiles files, Read read) : files_{std::move(files)}, read_{std::move(read)} {}

  /// True when the files were read anew, false when nothing changed. Errors: what `read` returns
  /// (once for each change): what was known stays.
  [[nodiscard]] Result<bool> reload_if_changed() {
    const std::scoped_lock one{reloading_};
    if (!files_.changed()) return false;
    const auto files = files_.files();
    if (!files) return std::unexpected{files.error()};
    auto read = read_(*files);
    if (!read) return std::unexpected{read.error()};
    auto fresh = std::make_shared<const T>(*std::move(read));
    const std::scoped_lock lock{mutex_};
    current_ = std::move(fresh);
    return true;
  }

  [[nodiscard]] std::shared_ptr<const T> current() const {
    const std::scoped_lock lock{mutex_};
    return current_;
  }

 private:
  std::mutex reloading_;
  WatchedFiles files_;
  Read read_;
  mutable std::mutex mutex_;
  std::shared_ptr<const T> current_ = std::make_shared<const T>();
};

}  // namespace sallyport::connectors::local
