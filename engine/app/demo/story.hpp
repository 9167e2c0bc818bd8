#pragma once

#include "engine/base/json.hpp"
#include "engine/base/result.hpp"

#include <boost/json/object.hpp>

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace sallyport::app::demo {

/// Something that can be seen from outside of the engine, and how it should be: before the alerts,
/// after what they led to, and after the rollback.
struct Proof {
  std::string connects;  ///< A TCP connection from this address to `to`:`port` comes about.
  std::string to;
  std::uint16_t port = 0;
  std::string logs_in;  ///< This user's password opens a session at the directory.
  std::string runs;     ///< A process of this name runs on the workstation.
  std::string exists;   ///< This file is at its path on the workstation.
  bool before = true;
  bool after = false;
  bool undone = true;
};

/// An alert in its product's own shape. `${{ name }}` in its texts is filled in.
struct NativeAlert {
  unsigned repeat = 1;       ///< So many, with `n` counting from 1.
  unsigned redelivered = 0;  ///< The first so many are sent a second time, as Kafka may do.
  json::object alert;
};

/// An action that has to come of the alerts, once.
struct ExpectedAction {
  std::string action;
  std::string target;
  std::string decision;  ///< auto or queued; what is queued a person approves.
};

/// All that has to hold; nothing else may have happened.
struct Expectation {
  std::map<std::string, unsigned> verdicts;  ///< How many of each; a new version is another one.
  unsigned joined = 0;  ///< Alerts that join an investigation and change nothing there.
  std::vector<std::string> flags;
  std::vector<ExpectedAction> actions;
  std::vector<std::string> recorded;   ///< Verbs decided upon that no product here runs.
  std::vector<std::string> untouched;  ///< No decision at all names one of these.
};

struct Scene {
  std::string title;
  std::string happens;
  std::string
      process;  ///< Started on the workstation before the alerts: `${{ pid }}`, `${{ file }}`.
  std::vector<Proof> proofs;
  std::vector<NativeAlert> alerts;  ///< Each waits until the one before was looked at.
  Expectation expect;
};

/// config/demo/story.yaml.
struct Story {
  std::string tenant;
  std::vector<Scene> scenes;
};

BOOST_DESCRIBE_STRUCT(Proof, (), (connects, to, port, logs_in, runs, exists, before, after, undone))
BOOST_DESCRIBE_STRUCT(NativeAlert, (), (repeat, redelivered, alert))
BOOST_DESCRIBE_STRUCT(ExpectedAction, (), (action, target, decision))
BOOST_DESCRIBE_STRUCT(Expectation, (), (verdicts, joined, flags, actions, recorded, untouched))
BOOST_DESCRIBE_STRUCT(Scene, (), (title, happens, process, proofs, alerts, expect))
BOOST_DESCRIBE_STRUCT(Story, (), (tenant, scenes))

/// Errors: not_found, invalid_input (every fault, one a line, file:line:column).
[[nodiscard]] Result<Story> load_story(const std::filesystem::path& file);

/// What placeholders stand for.
using Values = std::map<std::string, std::string>;

/// Fills in every `${{ name }}`; a name that is not in `values` stays as it is. A text that is one
/// placeholder with a whole number becomes that number.
[[nodiscard]] json::value filled_in(const json::value& value, const Values& values);
[[nodiscard]] std::string filled_in(std::string_view text, const Values& values);

}  // namespace sallyport::app::demo
