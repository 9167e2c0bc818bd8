#include "tools/lab/janitor.hpp"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <utility>

namespace sallyport::lab {

namespace {

/// Learns line by line what to remove; at the end of its input it does. Only what carries the lab's
/// own prefix.
constexpr auto script = R"(
trap '' HUP INT TERM
list=
while read -r kind what; do
  list="$kind $what
$list"
done
printf '%s' "$list" | while read -r kind what; do
  case "$kind $what" in
    'netns sallyport-'*) ip netns del "$what" ;;
    'dir '*/sallyport-lab-*) rm -rf -- "$what" || { sleep 1; rm -rf -- "$what"; } ;;
  esac
done
)";

}  // namespace

Result<Janitor> Janitor::start() {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return fail(Errc::unavailable, "no pipe");
  Janitor janitor;
  janitor.pipe_ = ends[1];
  janitor.pid_ = fork();
  if (janitor.pid_ == 0) {
    setsid();
    const int nothing = open("/dev/null", O_WRONLY);
    if (dup2(ends[0], 0) < 0 || dup2(nothing, 1) < 0 || dup2(nothing, 2) < 0) _exit(127);
    close_range(3, ~0U, 0);
    execl("/bin/sh", "sh", "-c", script, static_cast<char*>(nullptr));
    _exit(127);
  }
  close(ends[0]);
  if (janitor.pid_ < 0) return fail(Errc::unavailable, "cannot start another process");
  return janitor;
}

Janitor::~Janitor() {
  if (pipe_ >= 0) close(pipe_);
  if (pid_ > 0) waitpid(pid_, nullptr, 0);
}

Janitor::Janitor(Janitor&& other) noexcept
    : pid_{std::exchange(other.pid_, -1)}, pipe_{std::exchange(other.pipe_, -1)} {}

Janitor& Janitor::operator=(Janitor&& other) noexcept {
  std::swap(pid_, other.pid_);
  std::swap(pipe_, other.pipe_);
  return *this;
}

Result<> Janitor::note(const std::string& line) {
  if (write(pipe_, line.data(), line.size()) != static_cast<ssize_t>(line.size()))
    return fail(Errc::unavailable, "the lab's janitor is gone");
  return {};
}

Result<> Janitor::will_remove_namespace(const std::string& name) {
  return note("netns " + name + "\n");
}

Result<std::filesystem::path> Janitor::make_folder() {
  auto name = (std::filesystem::temp_directory_path() / "sallyport-lab-XXXXXX").string();
  if (!mkdtemp(name.data())) return fail(Errc::unavailable, "no temporary directory");
  if (auto ok = note("dir " + name + "\n"); !ok) return std::unexpected{ok.error()};
  return std::filesystem::path{name};
}

}  // namespace sallyport::lab
