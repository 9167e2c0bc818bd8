#include "tools/benchmarks/forked.hpp"

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <stdexcept>

namespace sallyport::benchmarks {

Forked::Forked(const std::function<Serve(boost::asio::io_context& loop)>& listen) {
  using boost::asio::io_context;
  io_context loop{1};
  const auto serve = listen(loop);
  loop.notify_fork(io_context::fork_prepare);
  child_ = ::fork();
  if (child_ < 0) throw std::runtime_error{"cannot start a server"};
  if (child_ > 0) {
    loop.notify_fork(io_context::fork_parent);
    return;
  }
  loop.notify_fork(io_context::fork_child);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  serve();
  loop.run();
  ::_exit(0);
}

Forked::~Forked() {
  ::kill(child_, SIGKILL);
  ::waitpid(child_, nullptr, 0);
}

}  // namespace sallyport::benchmarks
