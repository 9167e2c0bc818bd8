#pragma once

#include "engine/store/store.hpp"

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

/// The keys of Table::ledger and Table::ledger_index. Numbers are big endian, so that keys sort as
/// they do.
///
///   ledger        tenant 0 seq                            -> the line
///   ledger_index  tenant 0 'k' kind 0 second first-seq    -> places of that kind in that second
///                 tenant 0 's' subject 0 first-seq        -> how many in a row
///                 tenant 0 facet text 0 second first-seq  -> places of the decisions with it
///
/// An index record covers what one group brought: under load that is hundreds of entries. A record
/// for every entry would cost as much again as the entry itself.
namespace sallyport::store {

/// Where an entry stands in time, and in the chain.
struct Place {
  Time at;
  std::uint64_t seq = 0;

  friend bool operator==(const Place&, const Place&) = default;

  friend auto operator<=>(const Place& a, const Place& b) {
    return std::tie(a.at, a.seq) <=> std::tie(b.at, b.seq);
  }
};

[[nodiscard]] std::string ledger_prefix(std::string_view tenant);
[[nodiscard]] std::string ledger_key(std::string_view tenant, std::uint64_t seq);

/// What decisions are found by besides their time; the letter is part of the key.
enum class Facet : char {
  verb = 'v',
  target = 't',
  decision = 'd',
  reason = 'r',
  actor = 'a',
};

/// What the id of an investigation that asks for an action begins with. A decision whose subject is
/// the investigation that asked for it has no record of its actor: the subject's says the same.
inline constexpr std::string_view investigation_actor{"investigation:"};

/// A long text, and one with a NUL, is known by its hash.
[[nodiscard]] std::string facet_prefix(std::string_view tenant, Facet facet, std::string_view text);

/// The key of a record in the index under `prefix` (of a kind or a facet).
[[nodiscard]] std::string record_key(std::string prefix,
                                     std::chrono::sys_seconds second,
                                     std::uint64_t first_seq);

[[nodiscard]] std::string kind_prefix(std::string_view tenant, model::EntryKind kind);
[[nodiscard]] std::string kind_key(std::string_view tenant,
                                   model::EntryKind kind,
                                   std::chrono::sys_seconds second,
                                   std::uint64_t first_seq);

/// Adds an entry to the value of the record that begins at `second` with `first_seq`.
void append_place(std::string& value,
                  std::chrono::sys_seconds second,
                  std::uint64_t first_seq,
                  Place place);

/// Adds the places of a record to `places`.
void read_places(std::string_view key, std::string_view value, std::vector<Place>& places);

/// The second that a key of kind_key() names.
[[nodiscard]] std::chrono::sys_seconds second_of(std::string_view key);

[[nodiscard]] std::string subject_prefix(std::string_view tenant, std::string_view subject);
[[nodiscard]] std::string subject_key(std::string_view tenant,
                                      std::string_view subject,
                                      std::uint64_t first_seq);
[[nodiscard]] std::string run_value(std::uint32_t entries);
[[nodiscard]] std::uint32_t run_of(std::string_view value);

/// The number that ends `key`.
[[nodiscard]] std::uint64_t seq_of(std::string_view key);

/// Where Table::meta keeps a tenant's LedgerHead.
[[nodiscard]] std::string head_key(std::string_view tenant);
inline constexpr std::string_view head_prefix{"ledger_head\0", 12};

}  // namespace sallyport::store
