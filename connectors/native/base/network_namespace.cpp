#include "connectors/native/base/network_namespace.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <unistd.h>

#include <cerrno>
#include <exception>
#include <system_error>
#include <thread>

namespace sallyport::connectors {

Result<> in_network_namespace(const std::string& name, const std::function<void()>& work) {
  if (name.empty()) {
    work();
    return {};
  }
  if (name.contains("..") || (name.front() != '/' && name.contains('/')))
    return fail(Errc::invalid_input, "a network namespace is a plain name or an absolute path");
  const auto path = name.front() == '/' ? name : "/run/netns/" + name;
  int failed = 0;
  std::exception_ptr thrown;
  std::thread thread{[&] {
    const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0 || setns(fd, CLONE_NEWNET) != 0) failed = errno;
    if (fd >= 0) close(fd);
    if (failed != 0) return;
    try {
      work();
    } catch (...) {
      thrown = std::current_exception();
    }
  }};
  thread.join();
  if (thrown) std::rethrow_exception(thrown);
  if (failed != 0)
    return fail(
        Errc::unavailable,
        fmt::format("network namespace {}: {}", path, std::generic_category().message(failed)));
  return {};
}

}  // namespace sallyport::connectors
