#include "engine/app/commands/commands.hpp"
#include "engine/app/demo/performance.hpp"
#include "engine/config/document.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <thread>

namespace sallyport::app {

namespace {

struct Options {
  bool once = false;
  bool no_lab = false;
  std::string data;
};

/// Turns Ctrl-C into an interruption of the watcher. Made after the lab, whose servers should not
/// inherit a blocked signal, and before the threads that must.
class Interruption {
 public:
  explicit Interruption(demo::Watcher& watcher) {
    sigemptyset(&signals_);
    for (const int signal : {SIGINT, SIGTERM}) sigaddset(&signals_, signal);
    pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
    thread_ = std::thread{[this, &watcher] {
      int signal = 0;
      sigwait(&signals_, &signal);
      watcher.interrupt();
    }};
  }

  ~Interruption() {
    pthread_kill(thread_.native_handle(), SIGTERM);
    thread_.join();
  }

  Interruption(const Interruption&) = delete;
  Interruption& operator=(const Interruption&) = delete;

 private:
  sigset_t signals_{};
  std::thread thread_;
};

void show_stage(demo::Screen& screen, const demo::Stage& stage) {
  screen.title("Sallyport demo");
  screen.line("broker", "in this process, speaking the Kafka protocol");
  if (stage.lab) {
    screen.line("firewall",
                "nftables on a gateway between 203.0.113.0/24 (outside) and 10.77.0.0/24");
    screen.line("idp", "OpenLDAP (slapd) with users alice, bob, carol, dave");
    screen.line("edr", "SSH (sshd) on the workstation WKS-0042, 10.77.0.20");
  } else {
    screen.line("products",
                screen.toned(demo::Tone::warn,
                             "none, so that nothing will be acted on: recommendations only"));
    screen.line("why", demo::fit(stage.no_lab, 200));
    screen.line("what to do",
                "run tools/demo as root: it installs nftables, slapd and sshd (tools/setup --lab)");
  }
}

void show_ways_in(demo::Screen& screen, const demo::Stage& stage) {
  screen.title("Look around", "The engine stays up until Ctrl-C. In another shell:");
  screen.text();
  screen.text(
      fmt::format("   export SALLYPORT_URL={} SALLYPORT_TOKEN={}", stage.url, stage.visitor.token));
  for (const auto* command : {"actions list",
                              "approvals list --state approved",
                              "ledger tail --data ",
                              "ledger verify --data "}) {
    const std::string text{command};
    screen.text(fmt::format(
        "   build/release/sallyport {}{}", text, text.ends_with(' ') ? stage.data.string() : ""));
  }
  screen.text(fmt::format(
      "   curl -s -H \"Authorization: Bearer $SALLYPORT_TOKEN\" {}/v1/investigations", stage.url));
  screen.text(fmt::format("   curl -s {}/metrics", stage.url));
}

int end_of(demo::Screen& screen, const demo::Performance& performance, const demo::Stage& stage) {
  screen.text();
  if (!performance.faults().empty()) {
    screen.text(screen.toned(demo::Tone::bad, "Not everything went as it should:"));
    for (const auto& fault : performance.faults()) screen.text("   " + fault);
    return 1;
  }
  screen.text(
      stage.lab
          ? screen.toned(demo::Tone::good, "Everything went as the story says.")
          : screen.toned(demo::Tone::warn,
                         "Verdicts and decisions went as the story says. Nothing was acted on, and "
                         "nothing was proven about actions."));
  return 0;
}

int play(const Options& options) {
  const bool terminal = isatty(STDOUT_FILENO) == 1;
  const auto home = config::home();
  if (!home) {
    fmt::print(stderr, "{}\n", home.error().detail);
    return 2;
  }
  const auto story = demo::load_story(*home / "config" / "demo" / "story.yaml");
  if (!story) {
    fmt::print(stderr, "{}\n", story.error().detail);
    return 2;
  }
  demo::Watcher watcher;
  demo::Screen screen{terminal};
  demo::Stage stage;
  if (const auto prepared = stage.prepare({.with_lab = !options.no_lab, .data = options.data});
      !prepared) {
    fmt::print(stderr, "{}\n", prepared.error().detail);
    return 2;
  }
  const Interruption interruption{watcher};
  show_stage(screen, stage);
  if (const auto open = stage.open(*story, watcher); !open) {
    fmt::print(stderr, "{}\n", open.error().detail);
    return 2;
  }
  const bool stays = terminal && !options.once;
  demo::Performance performance{*story, stage, watcher, screen, !stays};
  if (const auto played = performance.play(); !played) {
    fmt::print(stderr, "{}\n", played.error().detail);
    return 2;
  }
  if (watcher.interrupted()) return 130;
  const auto status = end_of(screen, performance, stage);
  if (stays) {
    show_ways_in(screen, stage);
    watcher.wait_for_interrupt();
    screen.text();
  }
  return status;
}

}  // namespace

void add_demo(Command app, Run& run) {
  auto options = std::make_shared<Options>();
  auto command = app.add_subcommand(
      "demo", "The whole engine with a broker and real products of its own, telling a story");
  command.add_flag("--once", options->once, "End after the story, also on a terminal");
  command.add_flag("--no-lab", options->no_lab, "Act on nothing: verdicts and decisions only");
  command.add_option(
      "--data", options->data, "Keep the record in this folder (default: gone at the end)");
  command.footer(
      "Exit status: 0 everything the story expects held, 1 something did not, 2 it could not "
      "begin.\n"
      "Real products (nftables, slapd, sshd, in namespaces of their own) need root.\n\n"
      "Example:\n  sallyport demo --once");
  command.callback([&run, options] { run = [options] { return play(*options); }; });
}

}  // namespace sallyport::app
