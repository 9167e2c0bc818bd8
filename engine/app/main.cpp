#include "engine/app/commands/commands.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <system_error>

namespace sallyport::app {

namespace {

/// Whether what was printed has arrived. A reader that has gone (`| head`) wanted no more.
bool arrived() {
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return true;
  pollfd out{.fd = STDOUT_FILENO, .events = POLLOUT, .revents = 0};
  return poll(&out, 1, 0) == 1 && (out.revents & (POLLERR | POLLHUP)) != 0;
}

int finish(const Run& run) {
  int status = 0;
  try {
    status = run();
  } catch (const std::system_error&) {
    if (std::ferror(stdout) == 0) throw;  // else fmt's way to say that standard output took no more
  }
  if (arrived()) return status;
  fmt::print(stderr, "sallyport: standard output could not be written\n");
  return 2;
}

}  // namespace

}  // namespace sallyport::app

// NOLINTNEXTLINE(bugprone-exception-escape): a fault of the program ends it
int main(int argc, char** argv) {
  using namespace sallyport::app;
  // A closed pipe (`sallyport match ... | head`) is an ordinary end, seen as a failed write.
  std::signal(SIGPIPE, SIG_IGN);

  CommandLine line{
      "sallyport",
      "Sallyport: alerts in, investigated, decided at one gate, acted on and reversible"};
  auto app = line.program();
  app.needs_subcommand();
  app.footer(
      "`sallyport COMMAND --help` says all of a command.\n"
      "Exit status: 0 done; 1 the answer is no; 2 wrong usage or input that could not be used.\n\n"
      "Example:\n"
      "  sallyport normalize alerts.jsonl | sallyport investigate --policy config/policy.yaml | jq "
      ".verdict");

  Run run;
  add_gate(app, run);
  add_policy(app, run);
  add_match(app, run);
  add_normalize(app, run);
  add_run(app, run);
  add_config(app, run);
  add_investigate(app, run);
  add_approvals(app, run);
  add_actions(app, run);
  add_investigations(app, run);
  add_learned(app, run);
  add_version(app, run);
  add_ledger(app, run);
  add_audit(app, run);
  add_readiness(app, run);
  add_connector(app, run);
  add_replay(app, run);
  add_demo(app, run);

  if (const auto status = line.read(argc, argv)) return *status;
  return finish(run);
}
