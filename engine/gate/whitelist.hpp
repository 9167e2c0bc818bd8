#pragma once

#include "engine/base/time.hpp"
#include "engine/gate/network.hpp"
#include "engine/gate/rate.hpp"
#include "engine/match/detection.hpp"
#include "engine/model/request.hpp"

#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

namespace sallyport::gate {

/// One way in which an entry names targets.
struct TargetKey {
  enum class Kind : std::uint8_t { exact, network, prefix, glob, tag };

  Kind kind = Kind::exact;
  std::string text;
  Network network;  ///< Of a network alone.
};

/// One entry of the whitelist. It matches when each kind of key that it has is met by one key of
/// that kind, `when` and `constraints` match, and it has not expired.
struct WhitelistEntry {
  std::string id;
  std::vector<TargetKey> keys;
  std::optional<match::Detection> when;
  std::optional<match::Detection> constraints;
  Rate rate;
  Time expires;
  std::string notify;  ///< Whom to tell of every fire; empty: nobody.
};

/// The entries of one verb of one tenant.
///
/// A lookup takes one probe per kind of key, per length of prefix and per length of network that
/// occur, and each probe looks at one place in memory, however many entries there are. Only what
/// has no such key (a glob that begins with a wildcard, `when` alone) is looked at one by one.
/// Immutable; thread-safe.
class Whitelist {
 public:
  Whitelist() = default;
  explicit Whitelist(std::vector<WhitelistEntry> entries);

  struct Found {
    const WhitelistEntry* fires = nullptr;    ///< Matches and may run.
    const WhitelistEntry* used_up = nullptr;  ///< Matches, but its rate is used up.
    Window window{};                          ///< Of `used_up`: the window that is full.
  };

  /// Of all entries that match the one with the smallest id, so that their order in the file makes
  /// no difference.
  [[nodiscard]] Found find(const model::ActionRequest& request,
                           const match::Record& record,
                           Time now,
                           const UsageView& usage) const;

  [[nodiscard]] bool empty() const noexcept { return entries_.empty(); }

 private:
  static constexpr auto none = std::numeric_limits<std::uint32_t>::max();

  struct Item {
    std::uint64_t hash = 0;
    std::uint32_t entry = 0;
  };

  /// All that has one hash. What is asked of an entry that has it for itself alone stands here
  /// too, all in one cache line: among a million entries, memory is what takes the time.
  struct alignas(64) Slot {
    std::uint64_t hash = 0;
    std::uint32_t first = 0;  ///< In items_; of one alone, the entry.
    std::uint32_t count = 0;  ///< 0: empty.
    Time expires{};
    std::uint32_t when = none;         ///< An entry whose block says the same.
    std::uint32_t constraints = none;  ///< Likewise.
    bool limited = false;              ///< It has a rate.
    bool plain = false;                ///< Its only key is `text`, exact or a prefix.
    bool exact = false;
    std::uint8_t size = 0;
    std::array<char, 28> text{};
  };

  struct Search;

  void index(std::uint32_t entry);
  void add(std::uint64_t hash, std::uint32_t entry);
  void seal();
  void describe(Slot& slot, const Slot* before) const;
  void probe(std::uint64_t hash, Search& search) const;

  std::vector<WhitelistEntry> entries_;  // by id
  std::vector<Item> items_;              // by hash, then entry
  std::vector<Slot> slots_;              // a power of two of them, at most half of them full
  unsigned shift_ = 63;                  // hash >> shift_ is where the search for its slot begins
  std::vector<std::size_t> prefix_lengths_;
  std::vector<std::uint8_t> v4_lengths_;
  std::vector<std::uint8_t> v6_lengths_;
  bool exact_ = false;
  bool tags_ = false;
  std::vector<std::uint32_t> unkeyed_;
};

}  // namespace sallyport::gate
