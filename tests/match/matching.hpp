#pragma once

#include "engine/base/json.hpp"
#include "engine/match/detection.hpp"
#include "engine/match/json_record.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <string_view>

namespace sallyport::match {

inline json::value parsed(std::string_view text) {
  auto value = parse_json(text);
  if (!value) throw std::invalid_argument{value.error().detail};
  return *std::move(value);
}

/// Whether a detection matches an event, both written as JSON.
inline bool matches(std::string_view detection,
                    std::string_view event,
                    const Placeholders& placeholders = {}) {
  Faults faults;
  const auto compiled = Detection::compile(parsed(detection), faults, "", placeholders);
  if (!compiled) throw std::invalid_argument{summary(faults)};
  const auto value = parsed(event);
  return compiled->matches(JsonRecord{value});
}

/// What is said about a detection: `pointer: message` for each fault, warnings marked.
inline std::string complaints(std::string_view detection, const Placeholders& placeholders = {}) {
  Faults faults;
  const auto compiled = Detection::compile(parsed(detection), faults, "", placeholders);
  EXPECT_EQ(compiled.has_value(), !has_errors(faults));
  std::string text;
  for (const auto& fault : faults) {
    if (!text.empty()) text += '\n';
    text += fault.warning ? "warning " : "";
    text += fault.pointer + ": " + fault.message;
  }
  return text;
}

}  // namespace sallyport::match
