#include "engine/graph/entity_graph.hpp"

#include "engine/graph/entity_history.hpp"
#include "engine/graph/keys.hpp"

#include <boost/unordered/unordered_flat_map.hpp>

#include <algorithm>
#include <array>
#include <functional>
#include <list>
#include <mutex>
#include <span>

namespace sallyport::graph {

namespace {

struct KeyHash {
  using is_avalanching = void;  ///< boost::unordered's word for: well mixed, use it as it is.

  std::size_t operator()(std::string_view key) const noexcept {
    return std::hash<std::string_view>{}(key);
  }
};

/// The newest histories, least recently used last. One of several, each with its own lock.
struct Shard {
  using Entries = std::list<std::pair<std::string, EntityHistory>>;

  std::mutex mutex;
  Entries entries;
  boost::unordered_flat_map<std::string_view, Entries::iterator, KeyHash> index;

  EntityHistory& at(const std::string& key, std::size_t capacity) {
    if (const auto found = index.find(key); found != index.end()) {
      entries.splice(entries.begin(), entries, found->second);
      return entries.front().second;
    }
    if (entries.size() >= capacity) {
      index.erase(entries.back().first);
      entries.pop_back();
    }
    entries.emplace_front(key, EntityHistory{});
    index.emplace(entries.front().first, entries.begin());
    return entries.front().second;
  }

  EntityHistory* find(const std::string& key) {
    const auto found = index.find(key);
    return found == index.end() ? nullptr : &found->second->second;
  }

  void erase(const std::string& key) {
    const auto found = index.find(key);
    if (found == index.end()) return;
    const auto entry = found->second;
    index.erase(found);
    entries.erase(entry);
  }
};

constexpr std::size_t shard_count = 16;

/// The alert's entities, each once, those that are grounded first, so that text cannot crowd them
/// out.
std::vector<const model::Mention*> entities_of(const model::Alert& alert, std::size_t limit) {
  std::vector<const model::Mention*> chosen;
  for (const bool grounded : {true, false}) {
    for (const auto& mention : alert.entities) {
      if (chosen.size() == limit) return chosen;
      if (mention.grounded != grounded || mention.entity.value.empty()) continue;
      const auto known = std::ranges::any_of(
          chosen, [&](const model::Mention* other) { return other->entity == mention.entity; });
      if (!known) chosen.push_back(&mention);
    }
  }
  return chosen;
}

bool among(const Entities& entities, const model::Entity& one) {
  return std::ranges::any_of(entities, [&](const auto& entity) { return *entity == one; });
}

/// `to` before the others, of which there are at most `limit` then; as they are where it is one.
std::shared_ptr<const Entities> with(const std::shared_ptr<const Entities>& others,
                                     const model::Entity& to,
                                     std::size_t limit) {
  if (others && among(*others, to)) return others;
  Entities all{std::make_shared<const model::Entity>(to)};
  if (others) all.insert(all.end(), others->begin(), others->end());
  if (all.size() > limit) all.pop_back();
  if (all.empty()) return nullptr;
  return std::make_shared<const Entities>(std::move(all));
}

/// Tells the entities of one alert apart from others, quickly.
std::uint64_t tag_of(const model::Entity& entity) {
  const std::hash<std::string_view> hash;
  return hash(entity.value) * 31 + hash(entity.kind);
}

model::Entity detection_of(const model::Alert& alert) {
  return {"detection", alert.detection};
}

}  // namespace

struct EntityGraph::Impl {
  const store::Store& store;
  Limits limits;
  std::array<Shard, shard_count> shards;

  Impl(const store::Store& from, Limits bounds) : store{from}, limits{bounds} {}

  Shard& shard(const std::string& key) {
    return shards[(KeyHash{}(key) >> 24U) % shard_count];  // bits that the index does not use
  }

  [[nodiscard]] std::size_t capacity() const {
    return std::max<std::size_t>(limits.remembered / shard_count, 1);
  }

  void write(store::Batch& batch,
             const std::string& key,
             const Sighting& sighting,
             const std::string& encoded) {
    batch.put(store::Table::entities, sighting_key(key, sighting.at, sighting.tag), encoded);
    auto& part = shard(key);
    const std::scoped_lock lock{part.mutex};
    part.at(key, capacity()).add(sighting, limits.sightings);
  }

  /// Writes `from` -> each of `others` unless it was written today; writing it again would change
  /// nothing.
  void relate(store::Batch& batch,
              const std::string& from,
              std::span<const model::Mention* const> others,
              std::uint32_t day) {
    auto& part = shard(from);
    const std::scoped_lock lock{part.mutex};
    auto& history = part.at(from, capacity());
    if (history.related_on != day) {
      history.related_on = day;
      history.related.clear();
    }
    for (const auto* other : others) {
      const auto& to = other->entity;
      const auto pair = tag_of(to);
      if (std::ranges::find(history.related, pair) != history.related.end()) continue;
      if (history.related.size() < limits.sightings) history.related.push_back(pair);
      history.neighbours = with(history.neighbours, to, limits.neighbours);
      batch.put(store::Table::relations, relation_key(from, day, to), to.value);
    }
  }

  /// The actions on an entity and its newest sightings: one scan, or two when there are more
  /// actions than are wanted.
  Result<> read(const std::string& key, EntityHistory& history) const {
    std::vector<Sighting> stored;
    std::optional<Error> broken;
    bool more = false;
    bool skip = false;
    history.actions.clear();
    const auto visit = [&](std::string_view entry, std::string_view value) -> bool {
      const auto rest = entry.substr(key.size());
      if (rest.starts_with('a')) {
        auto place = parse_action_key(rest);
        if (!place) return broken.emplace(place.error()), false;
        if (history.actions.size() == limits.actions) return skip = true, false;
        history.actions.push_back(
            {.action = std::string{value}, .id = std::move(place->second), .at = place->first});
        return true;
      }
      if (stored.size() == limits.sightings) return more = true, false;
      const auto place = parse_sighting_key(rest);
      if (!place) return broken.emplace(place.error()), false;
      auto sighting = Sighting::decode(place->first, place->second, value);
      if (!sighting) return broken.emplace(sighting.error()), false;
      stored.push_back(*std::move(sighting));
      return true;
    };
    auto scanned = store.scan(store::Table::entities, key, "", false, visit);
    if (scanned && skip) scanned = store.scan(store::Table::entities, key + 's', "", false, visit);
    if (!scanned) return scanned;
    if (broken) return std::unexpected{*broken};
    auto first = stored.empty() ? std::nullopt : std::optional{stored.back().at};
    if (more) {
      auto oldest = read_oldest(key);
      if (!oldest) return std::unexpected{oldest.error()};
      first = *oldest;
    }
    history.complete(std::move(stored), more, first, limits.sightings);
    return {};
  }

  /// When an entity was first seen: one step from the other end.
  Result<std::optional<Time>> read_oldest(const std::string& key) const {
    std::optional<Time> oldest;
    std::optional<Error> broken;
    const auto visit = [&](std::string_view entry, std::string_view) {
      const auto place = parse_sighting_key(entry.substr(key.size()));
      if (place) {
        oldest = place->first;
      } else {
        broken = place.error();
      }
      return false;
    };
    const auto scanned = store.scan(store::Table::entities, key + 's', "", true, visit);
    if (!scanned) return std::unexpected{scanned.error()};
    if (broken) return std::unexpected{*broken};
    return oldest;
  }

  Result<> read_neighbours(const std::string& key, EntityHistory& history) const {
    Entities neighbours;
    if (history.neighbours) neighbours = *history.neighbours;
    std::optional<Error> broken;
    auto scanned = store.scan(
        store::Table::relations,
        key,
        "",
        false,
        [&](std::string_view entry, std::string_view value) -> bool {
          auto kind = parse_relation_key(entry.substr(key.size()));
          if (!kind) return broken.emplace(kind.error()), false;
          if (neighbours.size() >= limits.neighbours) return false;
          model::Entity other{*std::move(kind), std::string{value}};
          if (!among(neighbours, other))
            neighbours.push_back(std::make_shared<const model::Entity>(std::move(other)));
          return true;
        });
    if (!scanned) return scanned;
    if (broken) return std::unexpected{*broken};
    history.neighbours =
        neighbours.empty() ? nullptr : std::make_shared<const Entities>(std::move(neighbours));
    history.neighbours_read = true;
    return {};
  }

  /// What is known of the entity at `key`, but for the alert of `self`.
  Result<> recall(const std::string& key,
                  const Sighting& self,
                  std::optional<Deadline> until,
                  History& into) {
    auto& part = shard(key);
    const std::scoped_lock lock{part.mutex};
    auto& history = part.at(key, capacity());
    if (!history.is_complete()) {
      if (until && Deadline::Clock::now() >= until->at()) return fail(Errc::expired, "timed out");
      auto done = read(key, history);
      if (!done) return done;
    }
    // An entity that no earlier alert named has no relations.
    if (!history.neighbours_read && !history.empty_but_for(self.tag)) {
      auto done = read_neighbours(key, history);
      if (!done) return done;
    }
    history.sum_up(self, limits, into);
    return {};
  }
};

EntityGraph::EntityGraph(const store::Store& store, Limits limits)
    : impl_{std::make_unique<Impl>(store, limits)} {}

EntityGraph::~EntityGraph() = default;

void EntityGraph::observe(store::Batch& batch,
                          const model::Alert& alert,
                          std::optional<model::Judgement> judgement) {
  auto sighting = sighting_of(alert);
  sighting.judgement = judgement;
  sighting.related = true;  // by relate(), below
  const auto encoded = sighting.encode();
  const auto mentions = entities_of(alert, impl_->limits.entities);
  std::vector<std::string> keys;
  keys.reserve(mentions.size());
  for (const auto* mention : mentions) {
    keys.push_back(entity_key(alert.tenant, mention->entity));
    impl_->write(batch, keys.back(), sighting, encoded);
  }
  if (!alert.detection.empty())
    impl_->write(batch, entity_key(alert.tenant, detection_of(alert)), sighting, encoded);
  const auto day = day_of(alert.received_at);
  if (mentions.size() < 2) return;
  const std::span all{mentions};
  impl_->relate(batch, keys[0], all.subspan(1), day);
  for (std::size_t i = 1; i < mentions.size(); ++i)
    impl_->relate(batch, keys[i], all.first(1), day);
}

void EntityGraph::conclude(store::Batch& batch,
                           const model::Alert& alert,
                           model::Judgement judgement) {
  auto sighting = sighting_of(alert);
  sighting.judgement = judgement;
  const auto encoded = sighting.encode();
  for (const auto* mention : entities_of(alert, impl_->limits.entities))
    impl_->write(batch, entity_key(alert.tenant, mention->entity), sighting, encoded);
  if (!alert.detection.empty())
    impl_->write(batch, entity_key(alert.tenant, detection_of(alert)), sighting, encoded);
}

void EntityGraph::acted(store::Batch& batch,
                        std::string_view tenant,
                        const model::Target& target,
                        std::string_view verb,
                        std::string_view action_id,
                        Time at) {
  const auto key = entity_key(tenant, {target.kind, target.value});
  batch.put(store::Table::entities, action_key(key, at, action_id), std::string{verb});
  auto& part = impl_->shard(key);
  const std::scoped_lock lock{part.mutex};
  auto* history = part.find(key);
  if (!history || !history->is_complete()) return;
  history->actions.insert(history->actions.begin(),
                          {.action = std::string{verb}, .id = std::string{action_id}, .at = at});
  if (history->actions.size() > impl_->limits.actions) history->actions.pop_back();
}

void EntityGraph::forget(const model::Alert& alert) {
  const auto drop = [&](const model::Entity& entity) {
    const auto key = entity_key(alert.tenant, entity);
    auto& part = impl_->shard(key);
    const std::scoped_lock lock{part.mutex};
    part.erase(key);
  };
  for (const auto* mention : entities_of(alert, impl_->limits.entities)) drop(mention->entity);
  drop(detection_of(alert));
}

Result<Neighbourhood> EntityGraph::neighbourhood(const model::Alert& alert,
                                                 std::optional<Deadline> until) const {
  Neighbourhood result;
  const auto self = sighting_of(alert);
  for (const auto* mention : entities_of(alert, impl_->limits.entities)) {
    ++result.looked_up;
    History history{.entity = mention->entity, .grounded = mention->grounded};
    auto recalled = impl_->recall(entity_key(alert.tenant, mention->entity), self, until, history);
    if (!recalled) return std::unexpected{recalled.error()};
    if (history.alerts > 0 || !history.actions.empty())
      result.entities.push_back(std::move(history));
  }
  result.detection.entity = detection_of(alert);
  if (!alert.detection.empty()) {
    const auto key = entity_key(alert.tenant, result.detection.entity);
    auto recalled = impl_->recall(key, self, until, result.detection);
    if (!recalled) return std::unexpected{recalled.error()};
  }
  return result;
}

}  // namespace sallyport::graph
