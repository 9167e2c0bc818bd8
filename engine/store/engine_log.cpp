#include "engine/store/engine_log.hpp"

#include "engine/base/time.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cstdarg>
#include <cstdio>
#include <string>

namespace sallyport::store {

namespace {

constexpr std::uintmax_t limit_bytes = 8ULL << 20U;

class EngineLog final : public rocksdb::Logger {
 public:
  explicit EngineLog(int fd) : Logger{rocksdb::InfoLogLevel::WARN_LEVEL}, fd_{fd} {}

  ~EngineLog() override {
    if (fd_ >= 0) ::close(fd_);
  }

  EngineLog(const EngineLog&) = delete;
  EngineLog& operator=(const EngineLog&) = delete;

  using Logger::Logv;

  // NOLINTNEXTLINE(readability-identifier-naming): the name is RocksDB's
  void Logv(const char* format, va_list arguments) override {
    if (fd_ < 0) return;
    std::array<char, 1024> text{};
    if (std::vsnprintf(text.data(), text.size(), format, arguments) < 0) return;
    const auto line = to_rfc3339(SystemClock{}.now()) + ' ' + text.data() + '\n';
    // What cannot be logged is not worth a failure: the store reports its own.
    [[maybe_unused]] const auto written = ::write(fd_, line.data(), line.size());
  }

 private:
  int fd_;
};

}  // namespace

std::shared_ptr<rocksdb::Logger> engine_log(const std::filesystem::path& directory) {
  const auto path = directory / "LOG";
  std::error_code error;
  const auto size = std::filesystem::file_size(path, error);
  const int fresh = !error && size > limit_bytes ? O_TRUNC : 0;
  return std::make_shared<EngineLog>(
      ::open(path.c_str(), O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC | fresh, 0640));
}

std::shared_ptr<rocksdb::Logger> silent_log() {
  return std::make_shared<EngineLog>(-1);
}

}  // namespace sallyport::store
