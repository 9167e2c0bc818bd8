#include "engine/gate/whitelist.hpp"

#include "engine/gate/glob.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <functional>
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
    take(i, entry.rate.limited());
  }

  /// The same, asked of the slot.
  void consider(const Slot& slot) {
    if (slot.first >= fires || now >= slot.expires) return;
    if (slot.plain) {
      const std::string_view text{slot.text.data(), slot.size};
      const std::string_view value = request.target.value;
      if (slot.exact ? value != text : !value.starts_with(text)) return;
    } else if (!keys_meet(entries[slot.first], request.target, address)) {
      return;
    }
    if (slot.when != none && !entries[slot.when].when->matches(record)) return;
    if (slot.constraints != none && !entries[slot.constraints].constraints->matches(record)) return;
    take(slot.first, slot.limited);
  }

 private:
  void take(std::uint32_t i, bool limited) {
    const auto full = limited ? entries[i].rate.used_up([&](Window asked) {
      return usage.of_entry(request.tenant, entries[i].id, asked, now);
    })
                              : std::nullopt;
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

/// Gives each hash its slot.
void Whitelist::seal() {
  const auto bits = static_cast<unsigned>(std::bit_width(items_.size())) + 1;
  shift_ = 64 - bits;
  std::ranges::sort(items_, [](const Item& a, const Item& b) {
    return std::pair{a.hash, a.entry} < std::pair{b.hash, b.entry};
  });
  slots_.assign(std::size_t{1} << bits, {});
  const Slot* last = nullptr;
  for (std::size_t i = 0; i < items_.size();) {
    const auto hash = items_[i].hash;
    auto end = i + 1;
    while (end < items_.size() && items_[end].hash == hash) ++end;
    auto at = hash >> shift_;
    while (slots_[at].count != 0) at = (at + 1) & (slots_.size() - 1);
    auto& slot = slots_[at];
    slot.hash = hash;
    slot.count = static_cast<std::uint32_t>(end - i);
    slot.first = slot.count == 1 ? items_[i].entry : static_cast<std::uint32_t>(i);
    if (slot.count == 1) {
      describe(slot, last);
      last = &slot;
    }
    i = end;
  }
}

/// Blocks that were written many times are one program: asked through one entry, it is at hand for
/// all.
void Whitelist::describe(Slot& slot, const Slot* before) const {
  const auto& entry = entries_[slot.first];
  slot.expires = entry.expires;
  slot.limited = entry.rate.limited();
  const auto shared = [&](std::uint32_t Slot::* of,
                          std::optional<match::Detection> WhitelistEntry::* block) {
    if (!(entry.*block)) return none;
    const auto other = before ? before->*of : none;
    return other != none && entries_[other].*block == entry.*block ? other : slot.first;
  };
  slot.when = shared(&Slot::when, &WhitelistEntry::when);
  slot.constraints = shared(&Slot::constraints, &WhitelistEntry::constraints);
  const auto& key = entry.keys.front();
  slot.exact = key.kind == Kind::exact;
  slot.plain = entry.keys.size() == 1 && (slot.exact || key.kind == Kind::prefix) &&
               key.text.size() <= slot.text.size();
  if (!slot.plain) return;
  slot.size = static_cast<std::uint8_t>(key.text.size());
  std::ranges::copy(key.text, slot.text.begin());
}

void Whitelist::probe(std::uint64_t hash, Search& search) const {
  for (auto at = hash >> shift_; slots_[at].count != 0; at = (at + 1) & (slots_.size() - 1)) {
    const auto& slot = slots_[at];
    if (slot.hash != hash) continue;
    if (slot.count == 1) return search.consider(slot);
    for (std::uint32_t i = 0; i < slot.count; ++i) search.consider(items_[slot.first + i].entry);
    return;
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
  if (search.fires != none) found.fires = &entries_[search.fires];
  if (search.used_up != none) found.used_up = &entries_[search.used_up];
  found.window = search.window;
  return found;
}

}  // namespace sallyport::gate
