#include "engine/audit/checkpoint.hpp"

#include <fmt/format.h>

#include <utility>

namespace sallyport::audit {

namespace {

/// So many entries may come between a checkpoint and what it signs: far more than one commit takes.
constexpr std::size_t longest_reach = 1'000'000;

const model::Actor engine{.kind = "engine", .id = "checkpoint"};

}  // namespace

std::string signed_bytes(std::string_view tenant, const Checkpoint& checkpoint) {
  return fmt::format("sallyport checkpoint 1\n{}\n{}\n{}\n{}\n{}\n",
                     to_json(tenant),
                     checkpoint.seq,
                     checkpoint.head,
                     to_rfc3339(checkpoint.time),
                     checkpoint.key);
}

Checkpointer::Checkpointer(store::Store& store, SigningKey key, CheckpointRule rule)
    : store_{store}, key_{std::move(key)}, rule_{rule} {}

/// What was signed last; for a chain that was never signed its time runs from the first look.
Result<Checkpointer::Last> Checkpointer::last_of(const std::string& tenant, Time now) {
  if (const auto known = last_.find(tenant); known != last_.end()) return known->second;
  Last last{.seq = 0, .at = now};
  Result<> read;
  const store::LedgerQuery query{
      .kinds = {model::EntryKind::checkpoint}, .limit = 1, .newest_first = true};
  const auto asked =
      store::query_ledger(store_, tenant, query, [&](std::uint64_t, std::string_view line) {
        const auto entry = from_json<model::LedgerEntry>(line);
        const auto body = entry ? from_json<Checkpoint>(to_json(entry->body))
                                : Result<Checkpoint>{std::unexpected{entry.error()}};
        if (body) {
          last = {.seq = body->seq, .at = body->time};
        } else {
          read = std::unexpected{body.error()};
        }
        return false;
      });
  if (!asked) return std::unexpected{asked.error()};
  if (!read) return std::unexpected{read.error()};
  last_[tenant] = last;
  return last;
}

Result<store::Batch> Checkpointer::draft(Time now, bool all) {
  store::Batch batch;
  drafted_.clear();
  const auto tenants = store::ledger_tenants(store_);
  if (!tenants) return std::unexpected{tenants.error()};
  for (const auto& tenant : *tenants) {
    const auto head = store::ledger_head(store_, tenant);
    if (!head) return std::unexpected{head.error()};
    const auto last = last_of(tenant, now);
    if (!last) return std::unexpected{last.error()};
    // A checkpoint is an entry too: it alone is nothing new.
    const bool grown = head->seq > last->seq + (last->seq == 0 ? 0 : 1);
    const bool due = head->seq - last->seq >= rule_.entries || now - last->at >= rule_.every;
    if (!grown || !(due || all)) continue;
    Checkpoint checkpoint{.seq = head->seq,
                          .head = head->hash,
                          .time = now,
                          .key = key_.public_key().id(),
                          .signature = {}};
    checkpoint.signature = key_.sign(signed_bytes(tenant, checkpoint));
    batch.append(tenant,
                 model::EntryKind::checkpoint,
                 fmt::format("ledger:{}", head->seq),
                 engine,
                 now,
                 to_json(checkpoint));
    drafted_[tenant] = {.seq = head->seq, .at = now};
  }
  return batch;
}

Task<> Checkpointer::sign_due(Time now) {
  auto batch = draft(now, false);
  if (!batch) co_return std::unexpected{batch.error()};
  if (batch->empty()) co_return Result<>{};
  const auto committed = co_await store_.commit(*std::move(batch));
  if (!committed) co_return std::unexpected{committed.error()};
  for (const auto& [tenant, last] : std::exchange(drafted_, {})) last_[tenant] = last;
  co_return Result<>{};
}

Result<> Checkpointer::sign_all(Time now) {
  auto batch = draft(now, true);
  if (!batch) return std::unexpected{batch.error()};
  if (batch->empty()) return {};
  const auto committed = store_.commit_and_wait(*std::move(batch));
  if (!committed) return committed;
  for (const auto& [tenant, last] : std::exchange(drafted_, {})) last_[tenant] = last;
  return {};
}

CheckpointCheck::CheckpointCheck(PublicKey key, store::LedgerHead before)
    : key_{key}, first_{before.seq} {
  hashes_.push_back(std::move(before.hash));
}

std::string CheckpointCheck::operator()(const store::LedgerHead& entry, std::string_view line) {
  hashes_.push_back(entry.hash);
  if (hashes_.size() > longest_reach) {
    hashes_.pop_front();
    ++first_;
  }
  // Most lines are none: the words are looked for before the line is taken apart.
  if (line.find("\"kind\":\"checkpoint\"") == std::string_view::npos) return {};
  const auto read = from_json<model::LedgerEntry>(line);
  if (!read) return "cannot be read";
  if (read->kind != model::EntryKind::checkpoint) return {};
  const auto checkpoint = from_json<Checkpoint>(to_json(read->body));
  if (!checkpoint) return "is a checkpoint that cannot be read";
  if (checkpoint->key != key_.id())
    return fmt::format("is signed by {}, not by {}", checkpoint->key, key_.id());
  if (!key_.verifies(signed_bytes(read->tenant, *checkpoint), checkpoint->signature))
    return "is a checkpoint whose signature does not hold";
  if (checkpoint->seq >= entry.seq) return "signs what comes after it";
  ++checkpoints_;
  // Signed, but of what this walk did not see: an export that begins later.
  if (checkpoint->seq < first_) return {};
  if (hashes_[checkpoint->seq - first_] != checkpoint->head)
    return fmt::format("signs another entry {} than the one in the chain", checkpoint->seq);
  while (first_ < checkpoint->seq) {
    hashes_.pop_front();
    ++first_;
  }
  signed_to_ = checkpoint->seq;
  return {};
}

}  // namespace sallyport::audit
