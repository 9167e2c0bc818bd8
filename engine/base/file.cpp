#include "engine/base/file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace sallyport {

namespace {

/// A descriptor that is closed with the scope.
struct Opened {
  explicit Opened(const char* path) : number{::open(path, O_RDONLY | O_CLOEXEC)} {}

  Opened(const Opened&) = delete;
  Opened& operator=(const Opened&) = delete;
  Opened(Opened&&) = delete;
  Opened& operator=(Opened&&) = delete;

  ~Opened() {
    if (number >= 0) ::close(number);
  }

  int number;
};

}  // namespace

Result<std::string> read_file(const std::filesystem::path& file, std::size_t most_bytes) {
  const auto failed = [&](Errc code, int why) {
    return fail(code, fmt::format("{}: {}", file.string(), std::generic_category().message(why)));
  };
  const Opened opened{file.c_str()};
  struct stat about{};
  if (opened.number < 0 || ::fstat(opened.number, &about) != 0)
    return failed(Errc::not_found, errno);
  if (S_ISDIR(about.st_mode)) return failed(Errc::not_found, EISDIR);
  // One byte more than there should be: whether it ends there is seen by reading on.
  constexpr std::size_t least_room = 65'536;
  const auto size = static_cast<std::size_t>(std::max<off_t>(about.st_size, 0));
  std::string bytes(std::min(std::max(size, least_room), most_bytes) + 1, '\0');
  std::size_t n = 0;
  for (;;) {
    const auto got = ::read(opened.number, bytes.data() + n, bytes.size() - n);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return failed(Errc::unavailable, errno);
    if (got == 0) break;
    n += static_cast<std::size_t>(got);
    if (n > most_bytes)
      return fail(Errc::invalid_input,
                  fmt::format("{}: longer than {} bytes", file.string(), most_bytes));
    if (n == bytes.size()) bytes.resize(std::min(2 * n, most_bytes + 1));
  }
  bytes.resize(n);
  return bytes;
}

}  // namespace sallyport
