#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

namespace sallyport {

/// What somebody wants who waits for something scarce.
struct Claim {
  using Moment = std::chrono::steady_clock::time_point;

  std::string party;  ///< Who it is for, a tenant: shares are fair between parties.
  int urgency = 0;    ///< Each step is worth as much as a deadline that is `per_urgency` nearer.
  Moment due;         ///< The earlier the deadline, the sooner it is its turn.
  Moment until;       ///< From then on it is of no use any more.
  std::int64_t cost = 1;  ///< What it takes of the party's share; at least 1.
};

/// The order in which those who wait are served. Among parties: whoever has had the least, so that
/// the storm of one holds up nobody else (start-time fair queueing). Within a party: the nearest
/// deadline, urgency counted in; who waits grows old and is overtaken less and less.
///
/// Pure: no clock and no thread of its own. Every operation is O(log n).
template <class Item>
class FairQueue {
 public:
  using Moment = Claim::Moment;
  using Ticket = std::uint64_t;

  static constexpr std::chrono::seconds per_urgency{10};

  Ticket push(Claim claim, Item item) {
    const auto ticket = ++last_ticket_;
    auto& party = parties_[claim.party];
    if (party.waiting.empty()) {
      idle_.erase({party.had, claim.party});
      party.had = std::max(party.had, now_served_);
    } else {
      unlist(claim.party, party);
    }
    const auto rank = rank_of(claim);
    party.waiting.emplace(rank, ticket);
    list(claim.party, party);
    overdue_.emplace(claim.until, ticket);
    entries_.emplace(ticket, Entry{std::move(claim), std::move(item), rank});
    return ticket;
  }

  /// Whose turn it is; nullptr: nobody waits.
  [[nodiscard]] const Claim* front() const {
    const auto* entry = first();
    return entry ? &entry->claim : nullptr;
  }

  [[nodiscard]] const Item* front_item() const {
    const auto* entry = first();
    return entry ? &entry->item : nullptr;
  }

  /// Serves whoever's turn it is, at the cost of its party.
  std::optional<Item> pop() {
    if (turns_.empty()) return std::nullopt;
    const auto name = std::get<2>(*turns_.begin());
    auto& party = parties_.at(name);
    const auto ticket = party.waiting.begin()->second;
    now_served_ = party.had;
    const auto cost = std::max<std::int64_t>(entries_.at(ticket).claim.cost, 1);
    return remove(ticket, cost);
  }

  /// Takes out one that no longer wants to wait; nothing: it was served already.
  std::optional<Item> withdraw(Ticket ticket) {
    if (!entries_.contains(ticket)) return std::nullopt;
    return remove(ticket, 0);
  }

  /// Takes out all for whom it is too late at `now`.
  [[nodiscard]] std::vector<Item> take_overdue(Moment now) {
    std::vector<Item> items;
    while (!overdue_.empty() && overdue_.begin()->first <= now)
      items.push_back(remove(overdue_.begin()->second, 0));
    return items;
  }

  /// When it becomes too late for the next one.
  [[nodiscard]] std::optional<Moment> next_overdue() const {
    if (overdue_.empty()) return std::nullopt;
    return overdue_.begin()->first;
  }

  /// Takes out whoever a full queue can spare: of the party that has the most waiting, the last.
  std::optional<Item> pop_worst() {
    if (longest_.empty()) return std::nullopt;
    return remove(parties_.at(longest_.rbegin()->second).waiting.rbegin()->second, 0);
  }

  /// Whether pop_worst() would take out another one, were `claim` to wait too.
  [[nodiscard]] bool would_displace(const Claim& claim) const {
    if (longest_.empty()) return false;
    const auto& [length, name] = *longest_.rbegin();
    const auto& longest = parties_.at(name);
    if (name == claim.party) return rank_of(claim) < longest.waiting.rbegin()->first;
    const auto own = parties_.find(claim.party);
    return own == parties_.end() || own->second.waiting.size() + 1 < length;
  }

  [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }

  [[nodiscard]] bool empty() const noexcept { return entries_.empty(); }

 private:
  struct Entry {
    Claim claim;
    Item item;
    Moment rank;
  };

  struct Party {
    std::set<std::pair<Moment, Ticket>> waiting;
    std::int64_t had = 0;  ///< Its virtual time: what it has cost since the queue began.
  };

  static Moment rank_of(const Claim& claim) { return claim.due - claim.urgency * per_urgency; }

  [[nodiscard]] const Entry* first() const {
    if (turns_.empty()) return nullptr;
    return &entries_.at(parties_.at(std::get<2>(*turns_.begin())).waiting.begin()->second);
  }

  void list(const std::string& name, const Party& party) {
    turns_.emplace(party.had, party.waiting.begin()->first, name);
    longest_.emplace(party.waiting.size(), name);
  }

  void unlist(const std::string& name, const Party& party) {
    turns_.erase({party.had, party.waiting.begin()->first, name});
    longest_.erase({party.waiting.size(), name});
  }

  Item remove(Ticket ticket, std::int64_t cost) {
    auto node = entries_.extract(ticket);
    auto& entry = node.mapped();
    auto& party = parties_.at(entry.claim.party);
    unlist(entry.claim.party, party);
    party.waiting.erase({entry.rank, ticket});
    overdue_.erase({entry.claim.until, ticket});
    party.had += cost;
    if (!party.waiting.empty()) {
      list(entry.claim.party, party);
    } else {
      idle_.emplace(party.had, entry.claim.party);
    }
    // Whoever has had no more than is being served now owes nothing: forgotten.
    while (!idle_.empty() && idle_.begin()->first <= now_served_) {
      parties_.erase(idle_.begin()->second);
      idle_.erase(idle_.begin());
    }
    return std::move(entry.item);
  }

  Ticket last_ticket_ = 0;
  std::int64_t now_served_ = 0;  ///< The virtual time of whoever was served last.
  std::unordered_map<Ticket, Entry> entries_;
  std::map<std::string, Party> parties_;
  std::set<std::tuple<std::int64_t, Moment, std::string>> turns_;
  std::set<std::pair<std::size_t, std::string>> longest_;
  std::set<std::pair<Moment, Ticket>> overdue_;
  std::set<std::pair<std::int64_t, std::string>> idle_;  ///< Parties of which nobody waits.
};

}  // namespace sallyport
