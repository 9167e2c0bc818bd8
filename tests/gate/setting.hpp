#pragma once

#include "engine/config/document.hpp"
#include "engine/gate/policy.hpp"
#include "engine/gate/usage.hpp"
#include "engine/model/catalogue.hpp"

#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

/// What the gate's tests share: the shipped catalogue, policies from YAML, requests.
namespace sallyport::gate {

inline const model::Catalogue& catalogue() {
  static const auto shipped = [] {
    Faults faults;
    const auto document =
        config::Document::load(std::string{SALLYPORT_SOURCE_DIR} + "/schemas/actions.yaml");
    if (!document) throw std::runtime_error{document.error().detail};
    auto read = model::Catalogue::read(document->root(), faults);
    if (has_errors(faults)) throw std::runtime_error{document->render(faults)};
    return read;
  }();
  return shipped;
}

inline json::value yaml(std::string_view text) {
  const auto document = config::Document::parse(text, "policy.yaml");
  if (!document) throw std::runtime_error{document.error().detail};
  return document->root();
}

inline std::shared_ptr<const Policy> compiled(const json::value& document) {
  Faults faults;
  auto policy =
      Policy::compile(document, catalogue(), {.version = 7, .hash = "sha256:test"}, faults);
  if (!policy) throw std::runtime_error{summary(faults)};
  return policy;
}

inline std::shared_ptr<const Policy> policy_of(std::string_view text) {
  return compiled(yaml(text));
}

inline Faults faults_of(std::string_view text) {
  Faults faults;
  (void)Policy::compile(yaml(text), catalogue(), {}, faults);
  return faults;
}

inline Time at(std::string_view text) {
  return parse_rfc3339(text).value();
}

inline Time now() {
  return at("2026-11-20T10:00:00Z");
}

/// isolate_host on WKS-0042 by the agent of tenant acme, sure.
inline model::ActionRequest request(std::string action = "isolate_host",
                                    std::string value = "WKS-0042",
                                    std::string kind = "host") {
  model::ActionRequest request;
  request.tenant = "acme";
  request.action = std::move(action);
  request.target = {.kind = std::move(kind), .value = std::move(value), .tags = {}};
  request.confidence = 0.97;
  request.requested_by = {.kind = "agent", .id = "investigation:01J"};
  return request;
}

inline model::Decision decide(const Policy& policy,
                              const model::ActionRequest& request,
                              Time time = now(),
                              const UsageView& usage = Usage{},
                              std::string_view connector = {}) {
  return policy.explain(policy.decide(request, time, usage, connector), request);
}

/// `auto whitelist quarantine-workstations`: ruling, reason and rule in one word each.
inline std::string brief(const model::Decision& decision) {
  std::string text{name_of(decision.decision)};
  text += ' ';
  text += name_of(decision.reason);
  if (decision.rule) text += ' ' + *decision.rule;
  return text;
}

inline std::string ask(std::string_view policy, const model::ActionRequest& request) {
  return brief(decide(*policy_of(policy), request));
}

}  // namespace sallyport::gate
