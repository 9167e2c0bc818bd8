#include "engine/investigate/graph_evidence.hpp"

#include "engine/base/cut.hpp"

#include <fmt/compile.h>

#include <algorithm>
#include <span>

namespace sallyport::investigate {

namespace {

constexpr std::size_t many_detections = 3;
constexpr std::size_t shown_neighbours = 6;
constexpr std::size_t shown_characters = 100;

/// 1/2 for one, towards 1 for many.
double growing(std::uint32_t n) {
  return 1.0 - 1.0 / (1.0 + n);
}

constexpr std::chrono::hours known_long_enough{24};  ///< To call something new.

/// How seldom this detection fires, from 0 to 1 for never before; nothing when too little is known
/// to say so. What it did in the last hour is the same story.
std::optional<double> rarity(const graph::Neighbourhood& around, const model::Alert& alert) {
  const auto& detection = around.detection;
  auto known_since = detection.first;
  for (const auto& history : around.entities)
    if (history.first) known_since = std::min(known_since.value_or(*history.first), *history.first);
  if (!known_since || alert.received_at - *known_since < known_long_enough || detection.more)
    return std::nullopt;
  const auto earlier = static_cast<double>(detection.alerts - detection.last_hour);
  if (earlier == 0) return 1.0;
  using days = std::chrono::duration<double, std::ratio<86400>>;
  const auto watched = std::clamp<double>(days{alert.received_at - *detection.first}.count(), 1, 7);
  return 1.0 / (1.0 + earlier / watched);
}

/// How many of the alerts: what is in every alert (a resolver, a gateway, root) is not made
/// suspicious by one of them.
double share(std::uint32_t n, const graph::History& history) {
  return static_cast<double>(n) / (1.0 + history.alerts);
}

model::Evidence item(const char* source, model::EvidenceStatus status, const model::Alert& alert) {
  return {.id = {},
          .source = source,
          .status = status,
          .trust = model::Trust::trusted,
          .summary = {},
          .hash = {},
          .observed_at = alert.received_at,
          .signals = {},
          .data = {}};
}

struct EntityName {
  std::string_view kind;
  std::string_view value;
};
BOOST_DESCRIBE_STRUCT(EntityName, (), (kind, value))

/// Of each what there is.
struct JudgedFacts {
  std::optional<std::uint32_t> malicious;
  std::optional<std::uint32_t> suspicious;
  std::optional<std::uint32_t> benign;
  std::optional<std::uint32_t> false_positive;
  std::optional<std::uint32_t> inconclusive;
};
BOOST_DESCRIBE_STRUCT(JudgedFacts,
                      (),
                      (malicious, suspicious, benign, false_positive, inconclusive))

struct ActionFacts {
  std::string_view action;
  std::string_view id;
  Time at;
};
BOOST_DESCRIBE_STRUCT(ActionFacts, (), (action, id, at))

/// What evidence says of a history: nothing of what there is none of.
struct HistoryFacts {
  EntityName entity;
  std::uint32_t alerts = 0;
  std::optional<bool> more;
  std::uint32_t last_hour = 0;
  std::optional<Time> last;
  std::optional<std::uint32_t> severe;
  std::optional<std::uint32_t> suspected;
  std::optional<std::uint32_t> other_sources;
  std::optional<std::vector<std::string_view>> detections;
  std::optional<JudgedFacts> judged;
  std::optional<std::vector<std::string_view>> recent;
  std::optional<std::vector<std::string_view>> neighbours;
  std::optional<std::vector<ActionFacts>> actions;
};
BOOST_DESCRIBE_STRUCT(HistoryFacts,
                      (),
                      (entity,
                       alerts,
                       more,
                       last_hour,
                       last,
                       severe,
                       suspected,
                       other_sources,
                       detections,
                       judged,
                       recent,
                       neighbours,
                       actions))

std::optional<std::uint32_t> if_any(std::uint32_t n) {
  return n > 0 ? std::optional{n} : std::nullopt;
}

std::optional<JudgedFacts> judged_of(const graph::Judged& judged) {
  const auto& [malicious, suspicious, benign, false_positive, inconclusive] = judged;
  if (malicious + suspicious + benign + false_positive + inconclusive == 0) return std::nullopt;
  return JudgedFacts{.malicious = if_any(malicious),
                     .suspicious = if_any(suspicious),
                     .benign = if_any(benign),
                     .false_positive = if_any(false_positive),
                     .inconclusive = if_any(inconclusive)};
}

std::optional<std::vector<std::string_view>> names_of(
    const std::vector<std::shared_ptr<const graph::AlertNames>>& alerts,
    std::string graph::AlertNames::* name) {
  if (alerts.empty()) return std::nullopt;
  std::vector<std::string_view> names;
  names.reserve(alerts.size());
  for (const auto& alert : alerts) names.emplace_back(*alert.*name);
  return names;
}

/// `ip 10.0.0.1` of each, in `room`.
std::optional<std::vector<std::string_view>> neighbours_of(const graph::History& history,
                                                           std::string& room) {
  if (!history.neighbours) return std::nullopt;
  const auto shown =
      std::span{*history.neighbours}.first(std::min(history.neighbours->size(), shown_neighbours));
  std::size_t size = 0;
  for (const auto& other : shown) size += other->kind.size() + 1 + shown_characters;
  room.reserve(size);  // and does not move
  std::vector<std::string_view> neighbours;
  neighbours.reserve(shown.size());
  for (const auto& other : shown) {
    const auto from = room.size();
    room.append(other->kind).append(1, ' ').append(cut(other->value, shown_characters));
    neighbours.push_back(std::string_view{room}.substr(from));
  }
  return neighbours;
}

std::optional<std::vector<ActionFacts>> actions_of(const graph::History& history) {
  if (history.actions.empty()) return std::nullopt;
  std::vector<ActionFacts> actions;
  for (const auto& past : history.actions)
    actions.push_back({.action = past.action, .id = past.id, .at = past.at});
  return actions;
}

model::Facts data_of(const graph::History& history) {
  using Names = graph::AlertNames;
  std::string room;
  return model::Facts::of(
      HistoryFacts{.entity = {.kind = history.entity.kind, .value = history.entity.value},
                   .alerts = history.alerts,
                   .more = history.more ? std::optional{true} : std::nullopt,
                   .last_hour = history.last_hour,
                   .last = history.last,
                   .severe = if_any(history.severe),
                   .suspected = if_any(history.suspected),
                   .other_sources = if_any(history.other_sources),
                   .detections = names_of(history.detections, &Names::detection),
                   .judged = judged_of(history.judged),
                   .recent = names_of(history.recent, &Names::uid),
                   .neighbours = neighbours_of(history, room),
                   .actions = actions_of(history)});
}

std::string count_of(const graph::History& history) {
  return fmt::format(FMT_COMPILE("{}{} earlier alert{}"),
                     history.more ? "at least " : "",
                     history.alerts,
                     history.alerts == 1 ? "" : "s");
}

model::Evidence on_entity(const graph::History& history, double seldom, const model::Alert& alert) {
  auto evidence = item("graph", model::EvidenceStatus::found, alert);
  evidence.data = data_of(history);
  evidence.summary =
      fmt::format(FMT_COMPILE("{} {}: {}, {} in the last hour, {} other detections in a day"),
                  history.entity.kind,
                  cut(history.entity.value, shown_characters),
                  count_of(history),
                  history.last_hour,
                  history.detections.size());
  auto& signals = evidence.signals;
  if (history.judged.malicious > 0)
    signals.push_back({"graph.entity_malicious", share(history.judged.malicious, history)});
  if (history.severe > 0) signals.push_back({"graph.severe", share(history.severe, history)});
  if (history.detections.size() >= many_detections)
    signals.push_back(
        {"graph.many_detections", growing(static_cast<std::uint32_t>(history.detections.size()))});
  if (history.other_sources > 0)
    signals.push_back({"graph.other_products", growing(history.other_sources)});
  if (history.suspected > 0 && seldom > 0)
    signals.push_back({"graph.under_attack", growing(history.suspected) * seldom});
  if (!history.actions.empty()) signals.push_back({"graph.acted_on", 1});
  return evidence;
}

}  // namespace

std::vector<model::Evidence> graph_evidence(const graph::Neighbourhood& around,
                                            const model::Alert& alert) {
  std::vector<model::Evidence> result;
  result.reserve(around.entities.size() + 1);
  const auto rare = rarity(around, alert);
  // What fires every day says as little while an entity is under attack as at any other time.
  const auto seldom = rare ? (1 + *rare) / 2 : 0;
  for (const auto& history : around.entities) result.push_back(on_entity(history, seldom, alert));
  if (around.entities.empty()) {
    result.push_back(item("graph", model::EvidenceStatus::empty, alert));
    result.back().summary =
        fmt::format("none of {} entities was in an alert before", around.looked_up);
  }
  const auto& detection = around.detection;
  if (alert.detection.empty()) return result;
  if (detection.alerts == 0) {
    using enum model::EvidenceStatus;
    result.push_back(item("history", rare ? found : empty, alert));
    result.back().summary = "this detection has not fired before";
    if (rare) result.back().signals.push_back({"history.rare", *rare});
    return result;
  }
  auto history = item("history", model::EvidenceStatus::found, alert);
  history.data = data_of(detection);
  history.summary = fmt::format(
      "this detection: {}, {} in the last hour", count_of(detection), detection.last_hour);
  if (rare) history.signals.push_back({"history.rare", *rare});
  if (detection.judged.malicious > 0)
    history.signals.push_back({"history.malicious", share(detection.judged.malicious, detection)});
  result.push_back(std::move(history));
  return result;
}

model::Evidence without_graph(const model::Alert& alert) {
  auto evidence = item("graph", model::EvidenceStatus::not_collected, alert);
  evidence.summary = "no store of earlier alerts";
  return evidence;
}

model::Evidence graph_failed(const model::Alert& alert, const Error& error) {
  auto evidence = item("graph", model::EvidenceStatus::failed, alert);
  evidence.summary = error.detail;
  return evidence;
}

}  // namespace sallyport::investigate
