#include "engine/investigate/story.hpp"

#include "engine/investigate/recording.hpp"

#include <algorithm>
#include <cmath>
#include <string_view>

namespace sallyport::investigate {

namespace {

constexpr std::size_t most_entities = 64;

int degree(model::Severity severity) {
  return severity == model::Severity::other ? 0 : static_cast<int>(severity);
}

int degree(std::string_view severity) {
  return degree(enum_of<model::Severity>(severity).value_or(model::Severity::unknown));
}

int rank(model::Judgement verdict) {
  switch (verdict) {
    case model::Judgement::malicious:
      return 3;
    case model::Judgement::suspicious:
      return 2;
    case model::Judgement::inconclusive:
      return 1;
    default:
      return 0;
  }
}

/// What earlier alerts said is moved by every alert, the story's own among them.
bool is_history(const model::Evidence& item) {
  return item.source == "graph" || item.source == "history";
}

bool bears(const model::Verdict& verdict, std::string_view signal) {
  return std::ranges::any_of(verdict.evidence, [&](const model::Evidence& item) {
    return std::ranges::find(item.signals, signal, &model::Signal::name) != item.signals.end();
  });
}

/// Puts the story into what the verdict can be replayed from.
void retell(model::Verdict& verdict, RecordedStory story) {
  const auto recorded = std::ranges::find_if(verdict.kept, [&](const auto& kept) {
    return verdict.recording && kept->hash == *verdict.recording;
  });
  verdict.recording.reset();
  if (recorded == verdict.kept.end()) return;
  auto recording = from_json<Recording>((*recorded)->text);
  if (!recording) return;
  recording->story = std::move(story);
  auto text = to_json(*recording);
  if (text.size() > most_recorded_bytes) return;
  *recorded = keep_text(std::move(text));
  verdict.recording = (*recorded)->hash;
}

bool names_more(const std::vector<std::string>& before, const std::vector<std::string>& after) {
  return std::ranges::any_of(after, [&](const std::string& one) {
    return std::ranges::find(before, one) == before.end();
  });
}

bool calls_for_more(const model::Verdict& before, const model::Verdict& after) {
  return std::ranges::any_of(after.proposals, [&](const model::Proposal& proposal) {
    return proposal.target.kind != "alert" && same_in(before, proposal) == nullptr;
  });
}

}  // namespace

model::Alert joined(const model::Alert& whole, const model::Alert& later) {
  auto alert = later;
  if (degree(whole.severity) > degree(alert.severity)) alert.severity = whole.severity;
  for (const auto& technique : whole.techniques)
    if (std::ranges::find(alert.techniques, technique) == alert.techniques.end())
      alert.techniques.push_back(technique);
  for (const auto& mention : whole.entities) {
    if (alert.entities.size() >= most_entities) break;
    if (std::ranges::find(alert.entities, mention) == alert.entities.end())
      alert.entities.push_back(mention);
  }
  return alert;
}

model::Alert joined(std::span<const model::Alert> alerts) {
  auto whole = alerts.front();
  for (const auto& alert : alerts.subspan(1)) whole = joined(whole, alert);
  return whole;
}

bool rises(const model::Verdict& before, const model::Verdict& after) {
  if (degree(after.severity) > degree(before.severity)) return true;
  if (is_worse(after, before)) return true;
  if (names_more(before.techniques, after.techniques)) return true;
  if (names_more(before.flags, after.flags)) return true;
  for (const auto& item : after.evidence) {
    if (is_history(item)) continue;
    for (const auto& signal : item.signals)
      if (!bears(before, signal.name)) return true;
  }
  return calls_for_more(before, after);
}

bool is_worse(const model::Verdict& alone, const model::Verdict& verdict) {
  return rank(alone.verdict) > rank(verdict.verdict);
}

void stand_by(const model::Verdict& before, model::Verdict& verdict) {
  if (!is_worse(before, verdict)) return;
  const auto sum = [](const model::Verdict& of) {
    double all = 0;
    for (const auto& term : of.explanation) all += term.weight;
    return all;
  };
  const auto weight = std::round((sum(before) - sum(verdict)) * 1e4) / 1e4;
  verdict.explanation.push_back({.term = "story", .weight = weight, .evidence = {}});
  verdict.verdict = before.verdict;
  verdict.confidence = before.confidence;
  verdict.proposals = before.proposals;
  for (auto& proposal : verdict.proposals) {
    proposal.decision.reset();
    proposal.action_id.reset();
  }
}

model::Verdict as_version_of(const model::Verdict& before,
                             model::Verdict alone,
                             const model::Alert& whole,
                             const model::Alert& later) {
  alone.version = before.version + 1;
  retell(alone, {.whole = whole, .alone = later, .before = before});
  alone.title = before.title;
  if (degree(before.severity) > degree(alone.severity)) alone.severity = before.severity;
  for (const auto& flag : before.flags)
    if (std::ranges::find(alone.flags, flag) == alone.flags.end()) alone.flags.push_back(flag);
  auto alerts = before.alerts;
  for (auto& uid : alone.alerts)
    if (alerts.size() < model::most_listed_alerts) alerts.push_back(std::move(uid));
  alone.alerts = std::move(alerts);
  return alone;
}

const model::Proposal* same_in(const model::Verdict& earlier, const model::Proposal& proposal) {
  const auto found = std::ranges::find_if(earlier.proposals, [&](const model::Proposal& one) {
    return one.action == proposal.action && one.target.kind == proposal.target.kind &&
           (one.target.value == proposal.target.value || proposal.target.kind == "alert");
  });
  return found == earlier.proposals.end() ? nullptr : &*found;
}

}  // namespace sallyport::investigate
