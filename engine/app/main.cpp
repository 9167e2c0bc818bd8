#include "engine/app/commands/commands.hpp"
#include "engine/base/spelling.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <span>
#include <system_error>

namespace sallyport::app {

namespace {

/// What is wrong with the words that choose a command; empty: nothing. CLI11 would show the help
/// of what it understood, as if that had been asked for.
std::string wrong_command(const CLI::App& app, std::span<char*> arguments) {
  const auto* at = &app;
  std::string words = app.get_name();
  for (const std::string_view argument : arguments) {
    if (at->get_require_subcommand_min() == 0) return {};
    if (argument.starts_with('-')) continue;
    std::vector<std::string_view> known;
    const CLI::App* chosen = nullptr;
    for (const auto* command : at->get_subcommands(nullptr)) {
      known.emplace_back(command->get_name());
      if (argument == known.back()) chosen = command;
    }
    if (!chosen)
      return fmt::format("{}: no command '{}'{}", words, argument, suggestion(argument, known));
    words += fmt::format(" {}", argument);
    at = chosen;
  }
  return {};
}

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

  CLI::App app{"Sallyport: alerts in, investigated, decided at one gate, acted on and reversible"};
  app.name("sallyport");
  app.require_subcommand(1);
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

  const std::span arguments{argv, static_cast<std::size_t>(argc)};
  if (const auto wrong = wrong_command(app, arguments.subspan(1)); !wrong.empty()) {
    fmt::print(stderr, "{}\n", wrong);
    return 2;
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  return finish(run);
}
