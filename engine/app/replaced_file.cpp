#include "engine/app/replaced_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

namespace sallyport::app {

namespace {

std::unexpected<Error> refuse(const std::filesystem::path& file, int error) {
  return fail(
      Errc::conflict,
      fmt::format("{} cannot be written ({}), so it can only be changed where it comes from",
                  file.string(),
                  std::generic_category().message(error)));
}

/// 0 or errno.
int write_all(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto written = ::write(descriptor, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return errno;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return ::fsync(descriptor) == 0 ? 0 : errno;
}

}  // namespace

ReplacedFile::ReplacedFile(std::filesystem::path file, std::filesystem::path prepared)
    : file_{std::move(file)}, prepared_{std::move(prepared)} {}

ReplacedFile::ReplacedFile(ReplacedFile&& other) noexcept
    : file_{std::move(other.file_)}, prepared_{std::exchange(other.prepared_, {})} {}

ReplacedFile::~ReplacedFile() {
  std::error_code ignored;
  if (!prepared_.empty()) std::filesystem::remove(prepared_, ignored);
}

Result<ReplacedFile> ReplacedFile::prepare(const std::filesystem::path& file,
                                           std::string_view bytes) {
  std::error_code error;
  const auto real = std::filesystem::canonical(file, error);
  if (error) return refuse(file, error.value());
  // A file that its owner made read-only is not to be replaced behind his back.
  if (::access(real.c_str(), W_OK) != 0) return refuse(real, errno);
  struct stat status{};
  if (::stat(real.c_str(), &status) != 0) return refuse(real, errno);

  auto prepared = real;
  prepared += fmt::format(".{}.new", ::getpid());
  const int descriptor = ::open(prepared.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (descriptor < 0) return refuse(real, errno);
  ReplacedFile replaced{real, prepared};
  int failed = write_all(descriptor, bytes);
  if (failed == 0 && ::fchmod(descriptor, status.st_mode & 07777U) != 0) failed = errno;
  ::close(descriptor);
  if (failed != 0) return refuse(real, failed);
  return replaced;
}

Result<> ReplacedFile::take_place() {
  if (::rename(prepared_.c_str(), file_.c_str()) != 0) return refuse(file_, errno);
  prepared_.clear();
  const int folder = ::open(file_.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) return {};
  (void)::fsync(folder);
  ::close(folder);
  return {};
}

}  // namespace sallyport::app
