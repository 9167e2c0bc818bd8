#include "engine/graph/entity_history.hpp"

#include <boost/container/small_vector.hpp>

#include <algorithm>

namespace sallyport::graph {

namespace {

constexpr std::size_t max_text = 256;  ///< Of a detection or uid: longer ones are cut.
constexpr std::size_t max_detections = 8;
constexpr std::size_t max_recent = 5;
constexpr std::chrono::hours suspicion{6};  ///< An attack's next step comes within hours.

std::string_view cut(std::string_view text) {
  return text.substr(0, max_text);
}

std::uint64_t fnv1a(std::string_view text, std::uint64_t hash = 0xcbf29ce484222325U) {
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
  return hash;
}

Sighting sighting(Time at, std::uint64_t tag, model::Severity severity, AlertNames names) {
  return {.at = at,
          .tag = tag,
          .source_tag = fnv1a(names.source),
          .detection_tag = fnv1a(names.detection),
          .severity = severity,
          .judgement = {},
          .related = false,
          .names = std::make_shared<const AlertNames>(std::move(names))};
}

void count(Judged& judged, model::Judgement judgement) {
  switch (judgement) {
    case model::Judgement::malicious:
      ++judged.malicious;
      break;
    case model::Judgement::suspicious:
      ++judged.suspicious;
      break;
    case model::Judgement::benign:
      ++judged.benign;
      break;
    case model::Judgement::false_positive:
      ++judged.false_positive;
      break;
    case model::Judgement::inconclusive:
      ++judged.inconclusive;
      break;
  }
}

bool bad(model::Judgement judgement) {
  return judgement == model::Judgement::suspicious || judgement == model::Judgement::malicious;
}

bool severe(model::Severity severity) {
  return severity >= model::Severity::high && severity <= model::Severity::fatal;
}

}  // namespace

std::uint64_t alert_tag(const model::Alert& alert) {
  return fnv1a(alert.uid, fnv1a(std::string_view{"\0", 1}, fnv1a(alert.source)));
}

Sighting sighting_of(const model::Alert& alert) {
  return sighting(alert.received_at,
                  alert_tag(alert),
                  alert.severity,
                  {.source = std::string{cut(alert.source)},
                   .detection = std::string{cut(alert.detection)},
                   .uid = std::string{cut(alert.uid)}});
}

// severity (two digits), judgement ('-' or its number), source, '\0', detection, '\0', uid.
std::string Sighting::encode() const {
  const auto& [source, detection, uid] = *names;
  const auto judged = judgement ? static_cast<char>('0' + static_cast<int>(*judgement)) : '-';
  std::string out;
  out.reserve(5 + source.size() + detection.size() + uid.size());
  const auto number = static_cast<int>(severity);
  out += static_cast<char>('0' + number / 10);
  out += static_cast<char>('0' + number % 10);
  out += judged;
  out += source;
  out += '\0';
  out += detection;
  out += '\0';
  out += uid;
  return out;
}

Result<Sighting> Sighting::decode(Time at, std::uint64_t tag, std::string_view value) {
  const auto corrupt = [] { return fail(Errc::corrupt, "an entry of the graph does not decode"); };
  if (value.size() < 5) return corrupt();
  const auto digit = [&](std::size_t i) { return value[i] - '0'; };
  if (digit(0) < 0 || digit(0) > 9 || digit(1) < 0 || digit(1) > 9) return corrupt();
  std::optional<model::Judgement> judgement;
  if (value[2] != '-') {
    if (digit(2) < 0 || digit(2) > static_cast<int>(model::Judgement::inconclusive))
      return corrupt();
    judgement = static_cast<model::Judgement>(digit(2));
  }
  const auto rest = value.substr(3);
  const auto first = rest.find('\0');
  if (first == std::string_view::npos) return corrupt();
  const auto second = rest.find('\0', first + 1);
  if (second == std::string_view::npos) return corrupt();
  auto result = sighting(at,
                         tag,
                         static_cast<model::Severity>(digit(0) * 10 + digit(1)),
                         {.source = std::string{rest.substr(0, first)},
                          .detection = std::string{rest.substr(first + 1, second - first - 1)},
                          .uid = std::string{rest.substr(second + 1)}});
  result.judgement = judgement;
  return result;
}

void EntityHistory::add(Sighting sighting, std::size_t limit) {
  first_ = std::min(first_.value_or(sighting.at), sighting.at);
  const auto same = std::ranges::find(sightings_, sighting.tag, &Sighting::tag);
  if (same != sightings_.end()) {
    if (!sighting.judgement) sighting.judgement = same->judgement;
    sighting.related = sighting.related || same->related;
    *same = std::move(sighting);
    return;
  }
  const auto place = std::ranges::find_if(
      sightings_, [&](const Sighting& other) { return other.at <= sighting.at; });
  sightings_.insert(place, std::move(sighting));
  if (sightings_.size() > limit) {
    sightings_.pop_back();
    more_ = true;
  }
}

void EntityHistory::complete(std::vector<Sighting> stored,
                             bool more,
                             std::optional<Time> first,
                             std::size_t limit) {
  if (first) first_ = std::min(first_.value_or(*first), *first);
  bool all_here = !more;
  for (auto& sighting : stored) {
    const auto here = std::ranges::find(sightings_, sighting.tag, &Sighting::tag);
    all_here = all_here && here != sightings_.end() && here->related;
    if (here == sightings_.end()) add(std::move(sighting), limit);
  }
  neighbours_read = neighbours_read || all_here;
  more_ = more_ || more;
  complete_ = true;
}

bool EntityHistory::empty_but_for(std::uint64_t tag) const {
  return std::ranges::all_of(sightings_, [&](const Sighting& other) { return other.tag == tag; });
}

void EntityHistory::sum_up(const Sighting& self, const Limits& limits, History& into) const {
  const auto oldest = self.at - limits.window;
  using Tags = boost::container::small_vector<std::uint64_t, max_detections>;
  Tags sources;
  Tags suspected;
  Tags others;
  const auto is_new = [](Tags& tags, std::uint64_t tag) {
    if (std::ranges::find(tags, tag) != tags.end()) return false;
    tags.push_back(tag);
    return true;
  };
  into.recent.reserve(max_recent);
  for (const auto& seen : sightings_) {
    if (seen.tag == self.tag) continue;
    if (seen.at < oldest) break;
    const bool another = seen.detection_tag != self.detection_tag;
    ++into.alerts;
    if (!into.last) into.last = seen.at;
    if (into.recent.size() < max_recent) into.recent.push_back(seen.names);
    if (seen.judgement) count(into.judged, *seen.judgement);
    if (seen.at >= self.at - std::chrono::hours{1}) ++into.last_hour;
    if (another && seen.judgement && bad(*seen.judgement) && seen.at >= self.at - suspicion &&
        is_new(suspected, seen.detection_tag))
      ++into.suspected;
    if (seen.at < self.at - std::chrono::hours{24}) continue;
    if (another) {
      if (severe(seen.severity)) ++into.severe;
      if (into.detections.size() < max_detections && is_new(others, seen.detection_tag))
        into.detections.push_back(seen.names);
    }
    if (seen.source_tag != self.source_tag) (void)is_new(sources, seen.source_tag);
  }
  into.other_sources = static_cast<std::uint32_t>(sources.size());
  if (into.alerts > 0) into.first = first_;
  into.more = more_;
  // An entity that no earlier alert named has no relations but the asking alert's.
  if (!empty_but_for(self.tag)) into.neighbours = neighbours;
  into.actions = actions;
}

}  // namespace sallyport::graph
