#include "tools/lab/process.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <fstream>
#include <thread>
#include <utility>

namespace sallyport::lab {

namespace {

std::vector<char*> pointers(const std::vector<std::string>& arguments) {
  std::vector<char*> result;
  for (const auto& argument : arguments) result.push_back(const_cast<char*>(argument.c_str()));
  result.push_back(nullptr);
  return result;
}

/// In the child: only calls that are safe after fork in a program with threads.
[[noreturn]] void become(char* const* arguments, int input, int output, pid_t parent) {
  setsid();
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(127);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  if (dup2(input, 0) < 0 || dup2(output, 1) < 0 || dup2(output, 2) < 0) _exit(127);
  close_range(3, ~0U, 0);
  execvp(arguments[0], arguments);
  _exit(127);
}

int status_of(int raw) {
  if (WIFEXITED(raw)) return WEXITSTATUS(raw);
  return 128 + (WIFSIGNALED(raw) ? WTERMSIG(raw) : 0);
}

}  // namespace

Process::~Process() {
  stop();
}

Process::Process(Process&& other) noexcept : pid_{std::exchange(other.pid_, -1)} {}

Process& Process::operator=(Process&& other) noexcept {
  std::swap(pid_, other.pid_);
  return *this;
}

Result<Process> Process::start(const std::vector<std::string>& arguments,
                               const std::filesystem::path& log) {
  const int input = open("/dev/null", O_RDONLY | O_CLOEXEC);
  const int output = open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (input < 0 || output < 0)
    return fail(Errc::unavailable, fmt::format("cannot write {}", log.string()));
  auto argv = pointers(arguments);
  const auto parent = getpid();
  Process process;
  process.pid_ = fork();
  if (process.pid_ == 0) become(argv.data(), input, output, parent);
  close(input);
  close(output);
  if (process.pid_ < 0) return fail(Errc::unavailable, "cannot start another process");
  return process;
}

bool Process::running() {
  if (pid_ <= 0) return false;
  int raw = 0;
  if (waitpid(pid_, &raw, WNOHANG) == 0) return true;
  pid_ = -1;
  return false;
}

void Process::stop() {
  if (pid_ <= 0) return;
  // Its own children first, so that it can reap them: not every machine's init does.
  std::ifstream children{fmt::format("/proc/{0}/task/{0}/children", pid_)};
  bool has_children = false;
  for (pid_t child = 0; children >> child; has_children = true) kill(child, SIGKILL);
  for (int wait = 0; has_children && wait < 100 && running(); ++wait)
    std::this_thread::sleep_for(std::chrono::milliseconds{10});
  if (pid_ <= 0) return;
  kill(-pid_, SIGKILL);
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

Result<Finished> run(const std::vector<std::string>& arguments, const std::string& input) {
  constexpr std::chrono::seconds limit{60};
  std::array<int, 2> to{};
  std::array<int, 2> from{};
  if (pipe2(to.data(), O_CLOEXEC) != 0 || pipe2(from.data(), O_CLOEXEC) != 0)
    return fail(Errc::unavailable, "no pipe");
  auto argv = pointers(arguments);
  const auto parent = getpid();
  const auto pid = fork();
  if (pid == 0) become(argv.data(), to[0], from[1], parent);
  close(to[0]);
  close(from[1]);
  // Inputs here are short: they fit into the pipe.
  const auto written = input.empty() ? 0 : write(to[1], input.data(), input.size());
  close(to[1]);
  Finished finished;
  const auto end = std::chrono::steady_clock::now() + limit;
  bool in_time = pid > 0 && written == static_cast<ssize_t>(input.size());
  while (in_time) {
    pollfd readable{.fd = from[0], .events = POLLIN, .revents = 0};
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
    in_time = poll(&readable, 1, static_cast<int>(std::max<std::int64_t>(left.count(), 0))) > 0;
    std::array<char, 4096> chunk{};
    const auto n = in_time ? read(from[0], chunk.data(), chunk.size()) : 0;
    if (n <= 0) break;
    finished.printed.append(chunk.data(), static_cast<std::size_t>(n));
  }
  close(from[0]);
  if (pid > 0 && !in_time) kill(-pid, SIGKILL);
  int raw = 0;
  if (pid > 0) waitpid(pid, &raw, 0);
  if (!in_time)
    return fail(Errc::unavailable,
                fmt::format("{} could not be run to its end", arguments.front()));
  finished.status = status_of(raw);
  return finished;
}

Result<std::string> must_run(const std::vector<std::string>& arguments, const std::string& input) {
  auto finished = run(arguments, input);
  if (!finished) return std::unexpected{finished.error()};
  if (finished->status != 0)
    return fail(Errc::unavailable,
                fmt::format("`{}` ended with {}: {}",
                            fmt::join(arguments, " "),
                            finished->status,
                            finished->status == 127 ? "not installed? See tools/setup"
                                                    : finished->printed));
  return std::move(finished->printed);
}

}  // namespace sallyport::lab
