#include "engine/investigate/requests.hpp"

#include <boost/json/monotonic_resource.hpp>

#include <algorithm>
#include <array>
#include <string_view>

namespace sallyport::investigate {

namespace {

constexpr std::size_t usual_bytes = 4096;  ///< Of what was read, as a tree.

bool is_indicator(std::string_view kind) {
  static constexpr std::array<std::string_view, 5> kinds = {"ip", "domain", "url", "hash", "email"};
  return std::ranges::find(kinds, kind) != kinds.end();
}

bool is_about(const model::Evidence& evidence, const model::Target& target) {
  const auto* about = evidence.data.about();
  return about && about->kind == target.kind && about->value == target.value;
}

bool is_from(const model::Evidence& evidence, std::string_view source) {
  return evidence.status == model::EvidenceStatus::found && evidence.source == source;
}

/// Highest confidence, all lists and indicators. Evidence that only attacker-writable text led to
/// says nothing to policy.
json::object intel_of(const model::Verdict& verdict, const model::Target& target) {
  json::object intel;
  double confidence = 0;
  json::array lists;
  json::array indicators;
  for (const auto& item : verdict.evidence) {
    if (!is_from(item, "intel") || item.trust == model::Trust::untrusted) continue;
    if (is_indicator(target.kind) && !is_about(item, target)) continue;
    const auto data = item.data.tree();
    if (const auto* value = data.if_contains("confidence"); value && value->is_number())
      confidence = std::max(confidence, value->to_number<double>());
    if (const auto* value = data.if_contains("lists"); value && value->is_array()) {
      for (const auto& list : value->get_array()) {
        if (std::ranges::find(lists, list) == lists.end()) lists.push_back(list);
      }
    }
    if (const auto* value = data.if_contains("indicator")) indicators.push_back(*value);
  }
  if (indicators.empty()) return intel;
  intel["confidence"] = confidence;
  intel["lists"] = std::move(lists);
  intel["indicators"] = std::move(indicators);
  return intel;
}

/// The record of an inventory about the target, else the first there is.
json::object record_of(const model::Verdict& verdict,
                       const model::Target& target,
                       std::string_view source) {
  const model::Evidence* chosen = nullptr;
  for (const auto& item : verdict.evidence) {
    if (!is_from(item, source) || item.trust == model::Trust::untrusted) continue;
    if (is_about(item, target)) {
      chosen = &item;
      break;
    }
    if (!chosen) chosen = &item;
  }
  return chosen ? chosen->data.tree() : json::object{};
}

json::object history_of(const model::Verdict& verdict) {
  json::object history;
  for (const auto& item : verdict.evidence) {
    if (!is_from(item, "history")) continue;
    std::array<unsigned char, usual_bytes> room;
    json::monotonic_resource memory{room.data(), room.size()};
    const auto data = item.data.tree(&memory);
    for (const auto* key : {"alerts", "last_hour", "judged"}) {
      if (const auto* value = data.if_contains(key)) history[key] = *value;
    }
  }
  return history;
}

json::object context_with(const json::object& history,
                          const model::Verdict& verdict,
                          const model::Alert& alert,
                          const model::Target& target) {
  json::object context;
  context["verdict"] = name_of(verdict.verdict);
  context["severity"] = verdict.severity;
  context["source"] = alert.source;
  context["detection"] = alert.detection;
  const auto put = [&](const char* name, json::object part) {
    if (!part.empty()) context[name] = std::move(part);
  };
  put("intel", intel_of(verdict, target));
  put("asset", record_of(verdict, target, "asset"));
  put("identity", record_of(verdict, target, "identity"));
  put("history", history);
  if (!verdict.techniques.empty())
    context["technique"] = json::array(verdict.techniques.begin(), verdict.techniques.end());
  if (!verdict.flags.empty())
    context["flags"] = json::array(verdict.flags.begin(), verdict.flags.end());
  return context;
}

}  // namespace

json::object context_of(const model::Verdict& verdict,
                        const model::Alert& alert,
                        const model::Target& target) {
  return context_with(history_of(verdict), verdict, alert, target);
}

std::vector<model::ActionRequest> requests_of(const model::Verdict& verdict,
                                              const model::Alert& alert) {
  std::vector<model::ActionRequest> requests;
  if (verdict.proposals.empty()) return requests;
  requests.reserve(verdict.proposals.size());
  const auto history = history_of(verdict);  // read once: it is the same for all
  for (const auto& proposal : verdict.proposals) {
    requests.push_back(
        {.tenant = verdict.tenant,
         .action = proposal.action,
         .target = proposal.target,
         .confidence = verdict.confidence,
         .requested_by = {.kind = "agent", .id = "investigation:" + verdict.investigation},
         .parameters = proposal.parameters,
         .context = context_with(history, verdict, alert, proposal.target),
         .grounded = proposal.grounded});
  }
  return requests;
}

}  // namespace sallyport::investigate
