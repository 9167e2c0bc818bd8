#pragma once

#include "engine/match/detection.hpp"

#include <optional>
#include <string>
#include <vector>

namespace sallyport::match {

/// Where a rule's events come from. Empty: not said.
struct LogSource {
  std::string category;
  std::string product;
  std::string service;
};

/// A Sigma rule document: what it is called and what it asks.
struct Rule {
  std::string id;
  std::string title;
  std::string status;
  std::string level;
  std::vector<std::string> tags;
  LogSource logsource;
  Detection detection;
};

/// Compiles a Sigma rule document. Nothing is returned when one of the faults is an error.
[[nodiscard]] std::optional<Rule> compile_rule(const json::value& document,
                                               Faults& faults,
                                               const Placeholders& placeholders = {});

}  // namespace sallyport::match
