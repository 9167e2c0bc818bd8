#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

// CLI11 is a header of which each source that includes it compiles the whole, ten seconds of it:
// one source does so for all commands.
namespace CLI {  // NOLINT(readability-identifier-naming): the names are CLI11's
class App;       // NOLINT(readability-identifier-naming)
class Option;    // NOLINT(readability-identifier-naming)
}  // namespace CLI

namespace sallyport::app {

/// One option, flag or argument of a command. A handle: the CommandLine owns what it means.
class Option {
 public:
  explicit Option(CLI::Option& option) : option_{&option} {}

  Option required();
  /// Any other value is wrong usage.
  Option one_of(std::vector<std::string> values);
  /// Naming both is wrong usage.
  Option excludes(Option other);
  Option excludes(const std::string& name);
  /// An environment variable that stands for the option where it is not named.
  Option environment(std::string name);
  /// What the help calls its value.
  Option value_name(std::string name);
  /// The help tells the value that it has now.
  Option shows_default();
  /// It may be used several times; each takes one value, and what follows is an argument again.
  Option one_value_each();

 private:
  CLI::Option* option_;
};

/// A command or one of its subcommands, while the command line is described. A handle, as above.
class Command {
 public:
  explicit Command(CLI::App& app) : app_{&app} {}

  Command add_subcommand(std::string name, std::string description);
  /// `names` as "-n,--name", or "name" for an argument. `into` outlives the reading. For the types
  /// that command_line.cpp names.
  template <class T>
  Option add_option(std::string names, T& into, std::string description);
  Option add_flag(std::string names, bool& into, std::string description);
  void needs_subcommand();
  /// What the help ends with.
  void footer(std::string text);
  /// Called when the line has been read and chose this command.
  void callback(std::function<void()> chosen);

 private:
  CLI::App* app_;
};

/// The whole line: the program and its commands.
class CommandLine {
 public:
  CommandLine(const std::string& program, std::string description);
  ~CommandLine();
  CommandLine(const CommandLine&) = delete;
  CommandLine& operator=(const CommandLine&) = delete;

  [[nodiscard]] Command program();

  /// Reads the line and calls the chosen command's callback. An exit status where all is done with
  /// that: 0 the help was asked for and printed, 2 wrong usage, said on standard error.
  [[nodiscard]] std::optional<int> read(int argc, char** argv);

 private:
  std::unique_ptr<CLI::App> app_;
};

}  // namespace sallyport::app
