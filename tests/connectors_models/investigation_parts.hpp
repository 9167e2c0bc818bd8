#pragma once

#include "engine/config/document.hpp"
#include "engine/investigate/investigator.hpp"
#include "tests/connectors_models/virtual_time.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>

// What whole investigations in virtual time are made of.
namespace sallyport::connectors::models::testing {

using sallyport::testing::VirtualTime;

/// Civil time that goes with the virtual one.
class VirtualClock final : public Clock {
 public:
  [[nodiscard]] Time now() const override {
    return *parse_rfc3339("2026-11-20T12:00:00Z") +
           std::chrono::duration_cast<std::chrono::microseconds>(VirtualTime::elapsed());
  }
};

inline std::shared_ptr<const investigate::Rules> shipped_rules() {
  const std::string root = SALLYPORT_SOURCE_DIR;
  Faults faults;
  const auto verbs = config::Document::load(root + "/schemas/actions.yaml").value();
  const auto catalogue = model::Catalogue::read(verbs.root(), faults);
  const auto file = config::Document::load(root + "/config/reasoner.yaml").value();
  auto rules = investigate::Rules::read(file.root(), catalogue, faults);
  EXPECT_TRUE(rules) << file.render(faults);
  return rules;
}

inline std::shared_ptr<const model::Alert> alert(
    std::string tenant = "acme", model::Severity severity = model::Severity::medium) {
  auto result = std::make_shared<model::Alert>();
  result->tenant = std::move(tenant);
  result->uid = "u1";
  result->source = "suricata";
  result->detection = "2001219";
  result->title = "ET SCAN Potential SSH Scan";
  result->severity = severity;
  result->entities = {{{"ip", "198.51.100.7"}, "src", true}, {{"host", "WKS-1"}, "device", true}};
  result->finding = {{"message", "nothing"}};
  return result;
}

inline const std::string reading = R"({"activity":["scan"],"result":"unknown","obfuscated":false,
  "speaks_to_reader":false,"techniques":[],"indicators":[]})";

inline std::string judgement(std::string_view quote = "suricata reports",
                             std::string_view evidence = "E1",
                             std::string_view actions = "") {
  return fmt::format(
      R"({{"hypotheses":[{{"statement":"a scan","verdict":"suspicious","supporting":["E1"],"refuting":[]}}],
          "citations":[{{"evidence":"{}","quote":"{}"}}],"verdict":"suspicious","techniques":["T1046"],
          "actions":[{}],"summary":"A scan."}})",
      evidence,
      quote,
      actions);
}

}  // namespace sallyport::connectors::models::testing
