#include "engine/store/decision_facets.hpp"
#include "engine/store/ledger.hpp"
#include "engine/store/ledger_index.hpp"
#include "engine/store/ledger_line.hpp"

#include <algorithm>
#include <chrono>
#include <functional>
#include <limits>

namespace sallyport::store {

namespace {

constexpr auto highest_seq = std::numeric_limits<std::uint64_t>::max();

bool wanted(const LedgerQuery& query, Place place) {
  if (query.from && place.at < *query.from) return false;
  if (query.to && place.at >= *query.to) return false;
  if (!query.after) return true;
  const Place after{.at = query.after->at, .seq = query.after->seq};
  return query.newest_first ? place < after : place > after;
}

/// The places of the entries of one kind or facet, in order, read from the index some seconds at a
/// time.
class PlaceRun {
 public:
  PlaceRun(const Store& store, std::string prefix, const LedgerQuery& query)
      : store_{store}, prefix_{std::move(prefix)}, query_{query} {
    auto start = query.newest_first ? query.to : query.from;
    if (query.after) {
      const auto at = query.after->at;
      if (!start || (query.newest_first ? at < *start : at > *start)) start = at;
    }
    if (!start) return;
    const auto second = std::chrono::floor<std::chrono::seconds>(*start);
    from_ = record_key(prefix_, second, query.newest_first ? highest_seq : 0);
  }

  /// The next place, not taken; empty at the end.
  [[nodiscard]] Result<std::optional<Place>> peek() {
    while (next_ == places_.size() && !ended_)
      if (auto filled = fill(); !filled) return std::unexpected{filled.error()};
    if (next_ == places_.size()) return std::optional<Place>{};
    return std::optional{places_[next_]};
  }

  void take() { ++next_; }

 private:
  /// Whole seconds: within one, records of several groups interleave.
  Result<> fill() {
    constexpr std::size_t enough = 1024;
    places_.clear();
    next_ = 0;
    ended_ = true;
    std::optional<std::chrono::sys_seconds> last;
    auto scanned = store_.scan(Table::ledger_index,
                               prefix_,
                               from_,
                               query_.newest_first,
                               [&](std::string_view key, std::string_view value) {
                                 // another's, whose text begins like this one and goes on
                                 if (key.size() != prefix_.size() + 16) return true;
                                 const auto second = second_of(key);
                                 if (past_the_end(second)) return false;
                                 if (last && second != *last && places_.size() >= enough) {
                                   from_ = key;
                                   ended_ = false;
                                   return false;
                                 }
                                 last = second;
                                 read_places(key, value, places_);
                                 return true;
                               });
    std::erase_if(places_, [this](const Place& place) { return !wanted(query_, place); });
    if (query_.newest_first) {
      std::ranges::sort(places_, std::greater<>{});
    } else {
      std::ranges::sort(places_);
    }
    return scanned;
  }

  [[nodiscard]] bool past_the_end(std::chrono::sys_seconds second) const {
    if (query_.newest_first) return query_.from && second + std::chrono::seconds{1} <= *query_.from;
    return query_.to && second >= *query_.to;
  }

  const Store& store_;
  std::string prefix_;
  const LedgerQuery& query_;
  std::string from_;
  std::vector<Place> places_;
  std::size_t next_ = 0;
  bool ended_ = false;
};

using Visit = std::function<bool(std::uint64_t seq, std::string_view line)>;

/// Hands the entries at places that an index named to a visitor, in the order of the places,
/// reading some of them ahead: entries of one question often lie near each other.
class Lines {
 public:
  Lines(const Store& store, std::string_view tenant, const Visit& visit)
      : store_{store}, tenant_{tenant}, visit_{visit} {}

  /// False: the visitor has seen enough. Errors: corrupt (the index names an entry that is not
  /// there), and those of the store.
  Result<bool> add(std::uint64_t seq) {
    seqs_.push_back(seq);
    return seqs_.size() < at_once_ ? Result<bool>{true} : flush();
  }

  /// To be called once more at the end.
  Result<bool> flush() {
    // A visitor that wants only the first must not pay for many.
    at_once_ = std::min(2 * at_once_, most_at_once);
    // Times need not rise with the numbers, by which the chain is stored.
    auto stored = seqs_;
    std::ranges::sort(stored);
    std::vector<std::string> keys;
    keys.reserve(stored.size());
    for (const auto seq : stored) keys.push_back(ledger_key(tenant_, seq));
    const auto lines = store_.get_all(Table::ledger, keys);
    if (!lines) return std::unexpected{lines.error()};
    for (const auto seq : seqs_) {
      const auto at = std::ranges::lower_bound(stored, seq) - stored.begin();
      const auto& line = (*lines)[static_cast<std::size_t>(at)];
      if (!line) return fail(Errc::corrupt, fmt::format("ledger entry {} is missing", seq));
      if (!visit_(seq, *line)) return false;
    }
    seqs_.clear();
    return true;
  }

 private:
  static constexpr std::size_t most_at_once = 256;

  const Store& store_;
  std::string_view tenant_;
  const Visit& visit_;
  std::size_t at_once_ = 8;
  std::vector<std::uint64_t> seqs_;
};

/// All of the asked kinds' entries, merged in order.
Result<> by_kind(const Store& store,
                 std::string_view tenant,
                 const LedgerQuery& query,
                 const Visit& visit) {
  auto kinds = query.kinds;
  if (kinds.empty()) {
    boost::mp11::mp_for_each<boost::describe::describe_enumerators<model::EntryKind>>(
        [&](auto d) { kinds.push_back(d.value); });
  }
  std::ranges::sort(kinds);
  const auto repeated = std::ranges::unique(kinds);
  kinds.erase(repeated.begin(), repeated.end());

  std::vector<PlaceRun> runs;
  runs.reserve(kinds.size());
  for (const auto kind : kinds) runs.emplace_back(store, kind_prefix(tenant, kind), query);
  Lines lines{store, tenant, visit};
  for (std::size_t found = 0; query.limit == 0 || found < query.limit; ++found) {
    PlaceRun* best = nullptr;
    Place best_place;
    for (auto& run : runs) {
      const auto place = run.peek();
      if (!place) return std::unexpected{place.error()};
      if (!*place) continue;
      if (best && (query.newest_first ? **place < best_place : best_place < **place)) continue;
      best = &run;
      best_place = **place;
    }
    if (!best) break;
    best->take();
    const auto more = lines.add(best_place.seq);
    if (!more) return std::unexpected{more.error()};
    if (!*more) return {};
  }
  const auto rest = lines.flush();
  if (!rest) return std::unexpected{rest.error()};
  return {};
}

/// Which facets a query asks for.
std::vector<std::pair<Facet, std::string_view>> facets_in(const LedgerQuery& query) {
  std::vector<std::pair<Facet, std::string_view>> asked{{Facet::verb, query.verb},
                                                        {Facet::target, query.target},
                                                        {Facet::decision, query.decision},
                                                        {Facet::reason, query.reason},
                                                        {Facet::actor, query.actor}};
  std::erase_if(asked, [](const auto& facet) { return facet.second.empty(); });
  return asked;
}

/// Decisions that stand under every asked facet.
Result<> by_facet(const Store& store,
                  std::string_view tenant,
                  const LedgerQuery& query,
                  const Visit& visit) {
  if (!query.kinds.empty() &&
      std::ranges::find(query.kinds, model::EntryKind::decided) == query.kinds.end())
    return {};
  std::vector<PlaceRun> runs;
  for (const auto& [facet, text] : facets_in(query))
    runs.emplace_back(store, facet_prefix(tenant, facet, text), query);
  Lines lines{store, tenant, visit};
  bool ended = false;
  for (std::size_t found = 0; query.limit == 0 || found < query.limit;) {
    std::vector<Place> next;
    for (auto& run : runs) {
      const auto place = run.peek();
      if (!place) return std::unexpected{place.error()};
      if (!*place) {
        ended = true;
        break;
      }
      next.push_back(**place);
    }
    if (ended) break;
    const auto furthest = query.newest_first ? std::ranges::min(next) : std::ranges::max(next);
    bool in_all = true;
    for (const auto& place : next) in_all = in_all && place == furthest;
    for (std::size_t i = 0; i < runs.size(); ++i)
      if (in_all || next[i] != furthest) runs[i].take();
    if (!in_all) continue;
    ++found;
    const auto more = lines.add(furthest.seq);
    if (!more) return std::unexpected{more.error()};
    if (!*more) return {};
  }
  const auto rest = lines.flush();
  if (!rest) return std::unexpected{rest.error()};
  return {};
}

/// The same for one entry that is at hand.
bool has_facets(const LedgerQuery& query, std::string_view line) {
  if (facets_in(query).empty()) return true;
  const auto entry = from_json<model::LedgerEntry>(line);
  if (!entry || entry->kind != model::EntryKind::decided) return false;
  const auto facets = facets_of(line);
  return (query.verb.empty() || query.verb == facets.verb) &&
         (query.target.empty() || query.target == facets.target) &&
         (query.decision.empty() || query.decision == facets.decision) &&
         (query.reason.empty() || query.reason == facets.reason) &&
         (query.actor.empty() || query.actor == entry->actor.id);
}

/// Looks at entries one by one, for what the index does not say of them. For few of them.
class Looked {
 public:
  Looked(const Store& store, std::string_view tenant, const LedgerQuery& query, const Visit& visit)
      : store_{store}, tenant_{tenant}, query_{query}, visit_{visit} {}

  /// False: stop. Errors: corrupt (the entry cannot be read), and those of the store.
  Result<bool> at(std::uint64_t seq) {
    const auto line = store_.get(Table::ledger, ledger_key(tenant_, seq));
    if (!line) return std::unexpected{line.error()};
    const auto frame = *line ? take_apart(**line) : std::nullopt;
    const auto at = frame ? parse_rfc3339(frame->at) : fail(Errc::corrupt, "");
    if (!at) return fail(Errc::corrupt, fmt::format("ledger entry {} cannot be read", seq));
    const auto kind = enum_of<model::EntryKind>(frame->kind);
    const bool of_kind = query_.kinds.empty() ||
                         (kind && std::ranges::find(query_.kinds, *kind) != query_.kinds.end());
    if (!of_kind || !wanted(query_, {.at = *at, .seq = seq}) || !has_facets(query_, **line))
      return true;
    ++visited_;
    return visit_(seq, **line) && visited_ != query_.limit;
  }

 private:
  const Store& store_;
  std::string_view tenant_;
  const LedgerQuery& query_;
  const Visit& visit_;
  std::size_t visited_ = 0;
};

/// Hands the numbers of a subject's entries to `visit`, until it returns false.
Result<> each_of_subject(const Store& store,
                         std::string_view tenant,
                         std::string_view subject,
                         bool newest_first,
                         const std::function<bool(std::uint64_t seq)>& visit) {
  const auto prefix = subject_prefix(tenant, subject);
  const auto start = newest_first ? subject_key(tenant, subject, highest_seq) : prefix;
  const auto look_at_run = [&](std::string_view key, std::string_view value) {
    if (key.size() != prefix.size() + sizeof(std::uint64_t)) return true;  // another subject's
    const auto first = seq_of(key);
    const auto entries = run_of(value);
    for (std::uint32_t i = 0; i < entries; ++i)
      if (!visit(newest_first ? first + entries - 1 - i : first + i)) return false;
    return true;
  };
  return store.scan(Table::ledger_index, prefix, start, newest_first, look_at_run);
}

/// The entries of one subject: few, so each is looked at.
Result<> by_subject(const Store& store,
                    std::string_view tenant,
                    const LedgerQuery& query,
                    const Visit& visit) {
  Looked entries{store, tenant, query, visit};
  Result<> outcome;
  auto scanned =
      each_of_subject(store, tenant, query.subject, query.newest_first, [&](std::uint64_t seq) {
        const auto more = entries.at(seq);
        if (!more) outcome = std::unexpected{more.error()};
        return more.value_or(false);
      });
  if (!scanned) return scanned;
  return outcome;
}

/// The decisions that an investigation asked for: those it is the subject of, which have no facet
/// of the actor, and the others.
Result<> by_investigation(const Store& store,
                          std::string_view tenant,
                          std::string_view investigation,
                          const LedgerQuery& query,
                          const Visit& visit) {
  std::vector<std::uint64_t> seqs;
  const auto prefix = facet_prefix(tenant, Facet::actor, query.actor);
  std::vector<Place> places;
  auto scanned = store.scan(Table::ledger_index,
                            prefix,
                            {},
                            false,
                            [&](std::string_view key, std::string_view value) {
                              if (key.size() == prefix.size() + 16) read_places(key, value, places);
                              return true;
                            });
  if (!scanned) return scanned;
  for (const auto& place : places) seqs.push_back(place.seq);
  scanned = each_of_subject(store, tenant, investigation, false, [&](std::uint64_t seq) {
    seqs.push_back(seq);
    return true;
  });
  if (!scanned) return scanned;
  if (query.newest_first) {
    std::ranges::sort(seqs, std::greater<>{});
  } else {
    std::ranges::sort(seqs);
  }
  const auto repeated = std::ranges::unique(seqs);
  seqs.erase(repeated.begin(), repeated.end());
  Looked entries{store, tenant, query, visit};
  for (const auto seq : seqs) {
    const auto more = entries.at(seq);
    if (!more) return std::unexpected{more.error()};
    if (!*more) break;
  }
  return {};
}

}  // namespace

Result<> query_ledger(const Store& store,
                      std::string_view tenant,
                      const LedgerQuery& query,
                      const Visit& visit) {
  if (!query.subject.empty()) return by_subject(store, tenant, query, visit);
  if (query.actor.starts_with(investigation_actor))
    return by_investigation(
        store, tenant, query.actor.substr(investigation_actor.size()), query, visit);
  if (!facets_in(query).empty()) return by_facet(store, tenant, query, visit);
  return by_kind(store, tenant, query, visit);
}

}  // namespace sallyport::store
