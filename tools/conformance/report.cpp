#include "tools/conformance/report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <ranges>
#include <string_view>

namespace sallyport::conformance {

namespace {

/// Of these the requests are shown to people; the others send the same again.
constexpr std::array<std::string_view, 3> worth_showing{"execute", "rollback", "known"};
/// These have a column of their own.
constexpr std::array<std::string_view, 6> of_the_life{
    "execute", "repeat", "rollback", "again", "known", "unknown"};

bool is_of_the_life(const Finding& finding) {
  return std::ranges::find(of_the_life, finding.trial) != of_the_life.end();
}

const Finding* find(const Trials& trials, std::string_view trial) {
  const auto found = std::ranges::find(trials.findings, trial, &Finding::trial);
  return found == trials.findings.end() ? nullptr : &*found;
}

bool failed(const Finding* finding) {
  return !finding || finding->status == FindingStatus::failed;
}

std::string executed(const Trials& trials) {
  const auto* finding = find(trials, "execute");
  if (failed(finding)) return "**failed**";
  return finding->detail.starts_with("verified") ? "verified" : "accepted";
}

std::string repeated(const Trials& trials) {
  const auto* finding = find(trials, "repeat");
  if (failed(finding)) return "**failed**";
  return finding->status == FindingStatus::held ? "nothing sent" : "–";
}

std::string undone(const Trials& trials) {
  const auto* finding = find(trials, "rollback");
  if (failed(finding)) return "**failed**";
  if (trials.undo.empty()) return "–";
  if (failed(find(trials, "again"))) return "**failed afterwards**";
  // A product that cannot tell took the order to undo it, and that is all that is known.
  const bool verified = finding->detail.contains(": verified");
  return fmt::format("`{}`, {}", trials.undo, verified ? "verified" : "accepted");
}

std::string answered(const Trials& trials, std::string_view trial) {
  const auto* finding = find(trials, trial);
  if (failed(finding)) return "**failed**";
  return finding->detail.substr(0, finding->detail.find(':'));
}

std::string gone_wrong(const Trials& trials) {
  std::size_t tried = 0;
  std::string bad;
  for (const auto& finding : trials.findings) {
    if (is_of_the_life(finding) || finding.status == FindingStatus::not_applicable) continue;
    ++tried;
    if (failed(&finding)) bad += fmt::format("{}{}", bad.empty() ? "" : ", ", finding.trial);
  }
  return bad.empty() ? fmt::format("{} of {}", tried, tried) : fmt::format("**failed: {}**", bad);
}

}  // namespace

std::string as_text(const Trials& trials) {
  auto text = fmt::format(
      "{}: {} on {} {}\n", trials.manifest, trials.verb, trials.target.kind, trials.target.value);
  for (const auto& finding : trials.findings) {
    const auto status = finding.status == FindingStatus::held     ? "held"
                        : finding.status == FindingStatus::failed ? "FAILED"
                                                                  : "-";
    text += fmt::format("  {:<17} {:<7} {}\n", finding.trial, status, finding.detail);
    if (std::ranges::find(worth_showing, finding.trial) == worth_showing.end() &&
        finding.status != FindingStatus::failed)
      continue;
    for (const auto& request : finding.sent) {
      text += fmt::format("      {} {}\n", request.method, request.url);
      if (!request.body.empty()) text += fmt::format("          {}\n", request.body);
    }
  }
  return text;
}

json::object as_json(const manifest::Sent& request) {
  json::object headers;
  for (const auto& [name, value] : request.headers) headers.emplace(name, value);
  json::object made{
      {"method", request.method}, {"url", request.url}, {"headers", std::move(headers)}};
  if (!request.body.empty()) made.emplace("body", request.body);
  return made;
}

json::object as_json(const Trials& trials) {
  json::array findings;
  for (const auto& finding : trials.findings) {
    json::array sent;
    for (const auto& request : finding.sent) sent.push_back(as_json(request));
    findings.push_back(json::object{{"trial", finding.trial},
                                    {"status", name_of(finding.status)},
                                    {"detail", finding.detail},
                                    {"sent", std::move(sent)}});
  }
  return {{"manifest", trials.manifest},
          {"product", trials.title},
          {trials.is_query ? "query" : "verb", trials.verb},
          {"target", {{"kind", trials.target.kind}, {"value", trials.target.value}}},
          {"undo", trials.undo},
          {"held", trials.held()},
          {"trials", std::move(findings)}};
}

std::string as_markdown(std::span<const Trials> all) {
  std::string text =
      "| manifest | product | verb | its parameters | done | repeated | undone by | when things go "
      "wrong |\n"
      "| --- | --- | --- | --- | --- | --- | --- | --- |\n";
  for (const auto& trials : all) {
    if (trials.is_query) continue;
    text += fmt::format("| `{}` | {} | `{}` | {} | {} | {} | {} | {} |\n",
                        trials.manifest,
                        trials.title,
                        trials.verb,
                        trials.parameters.empty() ? "–" : trials.parameters,
                        executed(trials),
                        repeated(trials),
                        undone(trials),
                        gone_wrong(trials));
  }
  text +=
      "\n| manifest | product | query | what is known | what is not | when things go wrong |\n"
      "| --- | --- | --- | --- | --- | --- |\n";
  for (const auto& trials : all) {
    if (!trials.is_query) continue;
    text += fmt::format("| `{}` | {} | `{}` | {} | {} | {} |\n",
                        trials.manifest,
                        trials.title,
                        trials.verb,
                        answered(trials, "known"),
                        answered(trials, "unknown"),
                        gone_wrong(trials));
  }
  return text;
}

}  // namespace sallyport::conformance
