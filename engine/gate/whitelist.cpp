#include "engine/gate/whitelist.hpp"

#include "engine/gate/glob.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <functional>
#include <limits>
#include <string_view>
#include <utility>

namespace sallyport::gate {

namespace {

using Kind = TargetKey::Kind;

/// A different hash for the same text under another kind of key; all bits used.
std::uint64_t hash_of(std::uint64_t salt, std::string_view text) {
  auto hash = std::hash<std::string_view>{}(text) ^ (salt * 0x9e3779b97f4a7c15ULL);
  hash ^= hash >> 32U;
  hash *= 0xd6e8feb86659fd93ULL;
  return hash ^ (hash >> 32U);
}

std::uint64_t hash_of(Kind kind, std::string_view text) {
  return hash_of(static_cast<std::uint64_t>(kind) + 1, text);
}

std::uint64_t hash_of(const Network& network) {
  std::array<char, 16> bytes{};
  std::ranges::transform(
      network.bits, bytes.begin(), [](std::uint8_t b) { return std::bit_cast<char>(b); });
  return hash_of(0x100ULL + network.length + (network.v6 ? 0x200ULL : 0),
                 {bytes.data(), bytes.size()});
}

template <class T>
void insert_unique(std::vector<T>& into, T value) {
  const auto at = std::ranges::lower_bound(into, value);
  if (at == into.end() || *at != value) into.insert(at, value);
}

bool meets(const TargetKey& key,
           const model::Target& target,
           const std::optional<Network>& address) {
  switch (key.kind) {
    case Kind::exact:
      return target.value == key.text;
    case Kind::network:
      return address && key.network.contains(*address);
    case Kind::prefix:
      return target.value.starts_with(key.text);
    case Kind::glob:
      return glob_matches(key.text, target.value);
    case Kind::tag:
      return std::ranges::find(target.tags, key.text) != target.tags.end();
  }
  return false;
}

/// Each kind of key that the entry has must be met by one of that kind.
bool keys_meet(const WhitelistEntry& entry,
               const model::Target& target,
               const std::optional<Network>& address) {
  unsigned asked = 0;
  unsigned met = 0;
  for (const auto& key : entry.keys) {
    const auto bit = 1U << static_cast<unsigned>(key.kind);
    asked |= bit;
    if ((met & bit) == 0 && meets(key, target, address)) met |= bit;
  }
  return asked == met;
}

}  // namespace

/// One question to the whitelist on its way through the candidates.
struct Whitelist::Search {
  static constexpr auto none = std::numeric_limits<std::uint32_t>::max();

  const std::vector<WhitelistEntry>& entries;
  const model::ActionRequest& request;
  const match::Record& record;
  Time now;
  const UsageView& usage;
  std::optional<Network> address;
  std::uint32_t fires = none;
  std::uint32_t used_up = none;
  Window window{};

  void consider(std::uint32_t i) {
    if (i >= fires) return;
    const auto& entry = entries[i];
    if (now >= entry.expires || !keys_meet(entry, request.target, address)) return;
    if (entry.when && !entry.when->matches(record)) return;
    if (entry.constraints && !entry.constraints->matches(record)) return;
    const auto full = entry.rate.used_up(
        [&](Window asked) { return usage.of_entry(request.tenant, entry.id, asked, now); });
    if (!full) {
      fires = i;
    } else if (i < used_up) {
      used_up = i;
      window = *full;
    }
  }
};

Whitelist::Whitelist(std::vector<WhitelistEntry> entries) : entries_{std::move(entries)} {
  std::ranges::sort(entries_, {}, &WhitelistEntry::id);
  for (std::uint32_t i = 0; i < entries_.size(); ++i) index(i);
  seal();
}

void Whitelist::add(std::uint64_t hash, std::uint32_t entry) {
  items_.push_back({.hash = hash, .entry = entry});
}

/// Puts the entry under the kind of its keys that says most.
void Whitelist::index(std::uint32_t entry) {
  const auto& keys = entries_[entry].keys;
  if (keys.empty()) return unkeyed_.push_back(entry);
  const auto best = std::ranges::min(keys, {}, &TargetKey::kind).kind;
  for (const auto& key : keys) {
    if (key.kind != best) continue;
    switch (key.kind) {
      case Kind::exact:
        exact_ = true;
        add(hash_of(Kind::exact, key.text), entry);
        break;
      case Kind::network:
        insert_unique(key.network.v6 ? v6_lengths_ : v4_lengths_, key.network.length);
        add(hash_of(key.network), entry);
        break;
      case Kind::tag:
        tags_ = true;
        add(hash_of(Kind::tag, key.text), entry);
        break;
      case Kind::prefix:
      case Kind::glob: {
        const auto prefix =
            key.kind == Kind::prefix ? std::string_view{key.text} : literal_prefix(key.text);
        if (prefix.empty()) {
          if (unkeyed_.empty() || unkeyed_.back() != entry) unkeyed_.push_back(entry);
        } else {
          insert_unique(prefix_lengths_, prefix.size());
          add(hash_of(Kind::prefix, prefix), entry);
        }
        break;
      }
    }
  }
}

/// Sorts the items into about as many buckets as there are items.
void Whitelist::seal() {
  const auto bits = std::max(1U, static_cast<unsigned>(std::bit_width(items_.size())));
  shift_ = 64 - bits;
  std::ranges::sort(items_, [](const Item& a, const Item& b) {
    return std::pair{a.hash, a.entry} < std::pair{b.hash, b.entry};
  });
  buckets_.assign((std::size_t{1} << bits) + 1, 0);
  for (const auto& item : items_) ++buckets_[(item.hash >> shift_) + 1];
  for (std::size_t i = 1; i < buckets_.size(); ++i) buckets_[i] += buckets_[i - 1];
}

void Whitelist::probe(std::uint64_t hash, Search& search) const {
  const auto bucket = hash >> shift_;
  for (auto i = buckets_[bucket]; i < buckets_[bucket + 1]; ++i) {
    if (items_[i].hash == hash) search.consider(items_[i].entry);
  }
}

Whitelist::Found Whitelist::find(const model::ActionRequest& request,
                                 const match::Record& record,
                                 Time now,
                                 const UsageView& usage) const {
  if (entries_.empty()) return {};
  Search search{.entries = entries_,
                .request = request,
                .record = record,
                .now = now,
                .usage = usage,
                .address = parse_address(request.target.value)};
  const std::string_view value = request.target.value;
  if (exact_) probe(hash_of(Kind::exact, value), search);
  if (search.address) {
    for (const auto length : search.address->v6 ? v6_lengths_ : v4_lengths_)
      probe(hash_of(search.address->shortened(length)), search);
  }
  for (const auto length : prefix_lengths_) {
    if (length > value.size()) break;
    probe(hash_of(Kind::prefix, value.substr(0, length)), search);
  }
  if (tags_) {
    for (const auto& tag : request.target.tags) probe(hash_of(Kind::tag, tag), search);
  }
  for (const auto entry : unkeyed_) search.consider(entry);

  Found found;
  if (search.fires != Search::none) found.fires = &entries_[search.fires];
  if (search.used_up != Search::none) found.used_up = &entries_[search.used_up];
  found.window = search.window;
  return found;
}

}  // namespace sallyport::gate
