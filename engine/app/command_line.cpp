#include "engine/app/command_line.hpp"

#include "engine/base/spelling.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <cstdint>
#include <cstdio>
#include <span>
#include <string_view>
#include <utility>

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

}  // namespace

Option Option::required() {
  option_->required();
  return *this;
}

Option Option::one_of(std::vector<std::string> values) {
  option_->check(CLI::IsMember(std::move(values)));
  return *this;
}

Option Option::excludes(Option other) {
  option_->excludes(other.option_);
  return *this;
}

Option Option::excludes(const std::string& name) {
  option_->excludes(name);
  return *this;
}

Option Option::environment(std::string name) {
  option_->envname(std::move(name));
  return *this;
}

Option Option::value_name(std::string name) {
  option_->type_name(std::move(name));
  return *this;
}

Option Option::shows_default() {
  option_->capture_default_str();
  return *this;
}

Option Option::one_value_each() {
  option_->take_all()->allow_extra_args(false);
  return *this;
}

Command Command::add_subcommand(std::string name, std::string description) {
  return Command{*app_->add_subcommand(std::move(name), std::move(description))};
}

template <class T>
Option Command::add_option(std::string names, T& into, std::string description) {
  return Option{*app_->add_option(std::move(names), into, std::move(description))};
}

template Option Command::add_option(std::string, std::string&, std::string);
template Option Command::add_option(std::string, std::vector<std::string>&, std::string);
template Option Command::add_option(std::string, std::uint32_t&, std::string);
template Option Command::add_option(std::string, std::uint64_t&, std::string);
template Option Command::add_option(std::string, std::optional<std::uint64_t>&, std::string);

Option Command::add_flag(std::string names, bool& into, std::string description) {
  return Option{*app_->add_flag(std::move(names), into, std::move(description))};
}

void Command::needs_subcommand() {
  app_->require_subcommand(1);
}

void Command::footer(std::string text) {
  app_->footer(std::move(text));
}

void Command::callback(std::function<void()> chosen) {
  app_->callback(std::move(chosen));
}

CommandLine::CommandLine(const std::string& program, std::string description)
    : app_{std::make_unique<CLI::App>(std::move(description))} {
  app_->name(program);
}

CommandLine::~CommandLine() = default;

Command CommandLine::program() {
  return Command{*app_};
}

std::optional<int> CommandLine::read(int argc, char** argv) {
  const std::span arguments{argv, static_cast<std::size_t>(argc)};
  if (const auto wrong = wrong_command(*app_, arguments.subspan(1)); !wrong.empty()) {
    fmt::print(stderr, "{}\n", wrong);
    return 2;
  }
  try {
    app_->parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app_->exit(error) == 0 ? 0 : 2;
  }
  return std::nullopt;
}

}  // namespace sallyport::app
