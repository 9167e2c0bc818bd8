#pragma once

#include "engine/store/ledger.hpp"
#include "engine/store/ledger_index.hpp"

#include <rocksdb/write_batch.h>

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace sallyport::store {

class Database;

using LedgerHeads = std::unordered_map<std::string, LedgerHead>;

/// Gathers batches into one write and gives their ledger entries number, prev and hash.
///
/// Touches neither the disk nor `heads`: when the write fails, nothing has happened. For one thread
/// at a time. `heads` stay as they are while batches are added.
class GroupBuilder {
 public:
  /// `bytes`: about how much will be added.
  GroupBuilder(const LedgerHeads& heads, const LedgerListener& listener, std::size_t bytes);

  /// Errors: invalid_input (what Batch::append() refuses); nothing of `batch` is in the group then.
  [[nodiscard]] Result<> add(const Database& database, const Batch& batch);

  /// Puts the heads that the group moves in the place of those in `heads`.
  void move(LedgerHeads& heads) const;

  /// The write, with the new heads in it. Nothing may be added afterwards.
  [[nodiscard]] rocksdb::WriteBatch& finish(const Database& database);

  [[nodiscard]] std::uint64_t entries() const { return entries_; }

  /// Tells the listener what it wants to hear of. Once the write is durable.
  void tell() const;

 private:
  /// The index record of one kind (or facet) and second.
  struct PlaceRecord {
    std::uint64_t first_seq = 0;
    std::string places;
  };

  /// That of what many decisions of a group have in common.
  struct FacetRecord {
    Facet facet;
    std::string text;
    std::chrono::sys_seconds second;
    PlaceRecord record{};
  };

  /// Of one tenant: how far the group has brought the chain, and the index of what it added.
  struct Chain {
    LedgerHead head;
    std::string subject;  ///< Of the run of entries at the end.
    std::uint32_t run = 0;
    std::map<std::pair<model::EntryKind, std::chrono::sys_seconds>, PlaceRecord> kinds;
    std::vector<FacetRecord> facets;
  };

  void append(const Database& database, const Batch& batch);
  [[nodiscard]] Chain& chain_of(const std::string& tenant);
  /// Whether many decisions of a group have that text in common: then they have one record.
  enum class Shared : bool { no, yes };

  void note(const Database& database,
            const std::string& tenant,
            Chain& chain,
            Facet facet,
            std::string_view text,
            Place place,
            Shared shared);
  static void note(PlaceRecord& record, std::chrono::sys_seconds second, Place place);
  void end_run(const Database& database, const std::string& tenant, Chain& chain);
  void put(const Database& database, Table table, const std::string& key, std::string_view value);

  const LedgerHeads& heads_;
  const LedgerListener& listener_;
  std::vector<std::pair<model::EntryKind, std::string>> to_tell_;
  std::unordered_map<std::string, Chain> chains_;
  rocksdb::WriteBatch write_;
  std::string line_;
  std::uint64_t entries_ = 0;
};

}  // namespace sallyport::store
