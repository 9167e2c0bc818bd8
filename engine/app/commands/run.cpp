#include "engine/app/commands/commands.hpp"
#include "engine/app/descriptors.hpp"
#include "engine/app/engine.hpp"

#include <fmt/format.h>

#include <csignal>
#include <cstdio>
#include <ctime>

namespace sallyport::app {

namespace {

/// The signals that steer the engine; blocked in every thread, taken by one that waits for them.
sigset_t steering_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals, signal);
  return signals;
}

int run_engine(const std::string& config_file, unsigned drain_s) {
  // Before any thread exists, so that all inherit the mask.
  const auto signals = steering_signals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);

  auto settings = config::load_settings(config_file);
  if (!settings) {
    fmt::print(stderr, "{}\n", settings.error().detail);
    return 2;
  }
  auto log = observe::Log::make(settings->log.level, settings->log.format);
  if (!log) {
    fmt::print(stderr, "{}\n", log.error().detail);
    return 2;
  }
  const auto allowed = raise_descriptor_limit();
  if (const auto wanted = descriptors_wanted(*settings); allowed < wanted)
    log->warn("the system allows fewer descriptors than the settings allow connections",
              {{"allowed", allowed}, {"wanted", wanted}});
  auto engine = Engine::make(*std::move(settings), *log);
  if (!engine) {
    fmt::print(stderr, "{}\n", engine.error().detail);
    return 2;
  }
  if (const auto started = (*engine)->start(); !started) {
    fmt::print(stderr, "{}\n", started.error().detail);
    return 2;
  }
  for (;;) {
    int signal = 0;
    sigwait(&signals, &signal);
    if (signal == SIGHUP) {
      (*engine)->reload();
      continue;
    }
    log->info("stopping", {{"under_way", (*engine)->under_way()}});
    (*engine)->stop(std::chrono::seconds{drain_s});
    log->info("stopped");
    return 0;
  }
}

}  // namespace

void add_run(Command app, Run& run) {
  auto command =
      app.add_subcommand("run", "Run the engine until SIGTERM; SIGHUP reloads its files");

  struct Options {
    std::string config;
    unsigned drain_s = 30;
  };

  auto options = std::make_shared<Options>();
  command.add_option("--config",
                     options->config,
                     "Settings file (default: config/sallyport.yaml of the installation)");
  command
      .add_option(
          "--drain", options->drain_s, "Seconds that work under way has to end after SIGTERM")
      .shows_default();
  command.footer("Example:\n  sallyport run --config /etc/sallyport/sallyport.yaml");
  command.callback([&run, options] {
    run = [options] { return run_engine(options->config, options->drain_s); };
  });
}

}  // namespace sallyport::app
