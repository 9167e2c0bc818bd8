#include "engine/ingest/ledger_feed.hpp"

#include "engine/ingest/ocsf_output.hpp"
#include "engine/ingest/offsets.hpp"
#include "engine/store/ledger.hpp"

#include <fmt/format.h>

#include <charconv>
#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <utility>

namespace sallyport::ingest {

namespace {

/// Entries of one tenant in one round: the others are not to wait for a storm at one.
constexpr std::size_t most_entries = 2'000;

}  // namespace

struct LedgerFeed::Tenant {
  std::uint64_t next = 1;    ///< To be read.
  std::uint64_t cursor = 1;  ///< All before it is acknowledged.
  std::uint64_t saved = 1;   ///< The cursor as it is in the store.
  Offsets offsets;
  std::size_t in_flight = 0;  ///< Entries.
  bool refused = false;   ///< Something came back: wait for the rest, then go back to the cursor.
  bool troubled = false;  ///< Told the log already.
};

struct LedgerFeed::Shared {
  mutable std::mutex mutex;
  std::condition_variable changed;
  std::map<std::string, Tenant, std::less<>> tenants;  ///< Never erased: entries point into it.
  std::size_t bytes = 0;
  Status status;
};

/// An entry on its way: one record, or two.
struct LedgerFeed::Line {
  Tenant* tenant = nullptr;
  std::uint64_t seq = 0;
  std::size_t open = 1;  ///< Records, and the feed itself while it makes them.
  bool refused = false;

  /// One part is done. With the lock.
  void part_ended() {
    if (--open > 0) return;
    --tenant->in_flight;
    if (refused) {
      tenant->refused = true;
    } else {
      tenant->offsets.ended(static_cast<std::int64_t>(seq));
    }
  }
};

std::string feed_cursor_key(std::string_view tenant) {
  return store::key({"publisher", tenant});
}

LedgerFeed::LedgerFeed(const store::Store& store,
                       const model::Catalogue& catalogue,
                       LedgerFeedOptions options,
                       Send send,
                       KafkaLog log)
    : store_{store},
      catalogue_{catalogue},
      options_{std::move(options)},
      send_{std::move(send)},
      log_{std::move(log)},
      shared_{std::make_shared<Shared>()} {}

LedgerFeed::~LedgerFeed() = default;

LedgerFeed::Round LedgerFeed::round() {
  const auto names = store::ledger_tenants(store_);
  if (!names) {
    log_(3, fmt::format("publisher: {}", names.error().detail));
    return Round::refused;
  }
  auto result = Round::idle;
  for (const auto& name : *names) {
    Tenant* tenant = nullptr;
    {
      const std::scoped_lock lock{shared_->mutex};
      const auto found = shared_->tenants.find(name);
      if (found != shared_->tenants.end()) tenant = &found->second;
    }
    if (!tenant) {
      const auto text = store_.get(store::Table::meta, feed_cursor_key(name));
      if (!text) {
        log_(3, fmt::format("publisher: {}", text.error().detail));
        return Round::refused;
      }
      // A cursor that cannot be read: from the first entry, for twice is better than never.
      std::uint64_t cursor = 1;
      if (*text) std::from_chars((*text)->data(), (*text)->data() + (*text)->size(), cursor);
      const std::scoped_lock lock{shared_->mutex};
      tenant = &shared_->tenants[name];
      tenant->next = tenant->cursor = tenant->saved = cursor;
    }
    result = std::max(result, feed(name, *tenant));
  }
  return result;
}

LedgerFeed::Round LedgerFeed::pass_by(const std::string& name, Tenant& tenant) {
  const auto head = store::ledger_head(store_, name);
  if (!head) {
    log_(3, fmt::format("publisher: {}", head.error().detail));
    return Round::refused;
  }
  const std::scoped_lock lock{shared_->mutex};
  tenant.cursor = std::max(tenant.cursor, head->seq + 1);
  return Round::idle;
}

LedgerFeed::Round LedgerFeed::feed(const std::string& name, Tenant& tenant) {
  if (options_.topics.none()) return pass_by(name, tenant);
  {
    const std::scoped_lock lock{shared_->mutex};
    if (tenant.refused) {
      if (tenant.in_flight > 0) return Round::refused;
      if (const auto reached = tenant.offsets.take_committable())
        tenant.cursor = static_cast<std::uint64_t>(*reached);
      tenant.offsets = {};
      tenant.next = tenant.cursor;
      tenant.refused = false;
      tenant.troubled = false;
    }
  }
  auto result = Round::idle;
  std::size_t entries = 0;
  const auto read =
      store::read_ledger(store_, name, tenant.next, [&](std::uint64_t seq, std::string_view line) {
        if (const auto stop = obstacle(tenant)) {
          result = *stop;
          return false;
        }
        publish(name, tenant, seq, line);
        tenant.next = seq + 1;
        result = Round::more;
        return ++entries < most_entries;
      });
  if (!read) {
    log_(3, fmt::format("publisher: {}", read.error().detail));
    return Round::refused;
  }
  const std::scoped_lock lock{shared_->mutex};
  return tenant.refused ? Round::refused : result;
}

std::optional<LedgerFeed::Round> LedgerFeed::obstacle(const Tenant& tenant) const {
  const std::scoped_lock lock{shared_->mutex};
  if (tenant.refused) return Round::refused;
  if (shared_->status.in_flight >= options_.max_in_flight ||
      shared_->bytes >= options_.max_in_flight_bytes)
    return Round::full;
  return std::nullopt;
}

void LedgerFeed::publish(const std::string& name,
                         Tenant& tenant,
                         std::uint64_t seq,
                         std::string_view line) {
  const auto entry = std::make_shared<Line>(Line{.tenant = &tenant, .seq = seq});
  {
    const std::scoped_lock lock{shared_->mutex};
    tenant.offsets.began(static_cast<std::int64_t>(seq));
    ++tenant.in_flight;
  }
  const auto& topics = options_.topics;
  const auto view = view_entry(line);
  if (!topics.ledger.empty())
    send(entry, {.topic = topics.ledger, .key = name, .value = std::string{line}, .headers = {}});
  const bool verdict = view && !topics.verdicts.empty() && view->frame.kind == "verdict";
  auto finding = verdict ? incident_finding(*view) : std::nullopt;
  if (finding) {
    send(entry,
         {.topic = topics.verdicts,
          .key = std::string{view->frame.subject},
          .value = *std::move(finding),
          .headers = {}});
  } else if (verdict || !view) {
    log_(3, fmt::format("publisher: entry {} of {} cannot be read; not published", seq, name));
    const std::scoped_lock lock{shared_->mutex};
    ++shared_->status.skipped;
  } else if (!topics.actions.empty() && is_action_step(view->frame.kind)) {
    if (auto step = remediation_activity(*view, catalogue_))
      send(entry,
           {.topic = topics.actions,
            .key = std::move(step->action),
            .value = std::move(step->event),
            .headers = {}});
  }
  const std::scoped_lock lock{shared_->mutex};
  entry->part_ended();
}

void LedgerFeed::send(const std::shared_ptr<Line>& line, KafkaRecord record) {
  const auto size = record.value.size();
  {
    const std::scoped_lock lock{shared_->mutex};
    ++line->open;
    ++shared_->status.in_flight;
    shared_->bytes += size;
  }
  // The sink calls back from its own thread, or at once from this one.
  send_(std::move(record), [shared = shared_, line, size, log = log_](const Result<>& delivered) {
    const bool never = !delivered && delivered.error().code == Errc::invalid_input;
    bool tell = never;
    {
      const std::scoped_lock lock{shared->mutex};
      --shared->status.in_flight;
      shared->bytes -= size;
      if (delivered) {
        ++shared->status.delivered;
      } else if (never) {
        ++shared->status.skipped;
      } else {
        ++shared->status.refused;
        tell = !std::exchange(line->tenant->troubled, true);
        line->refused = true;
      }
      line->part_ended();
      shared->changed.notify_all();
    }
    if (!tell) return;
    log(never ? 3 : 4,
        fmt::format("publisher: entry {} {}: {}",
                    line->seq,
                    never ? "can never be published" : "and others are published again later",
                    delivered.error().detail));
  });
}

store::Batch LedgerFeed::moved() {
  store::Batch batch;
  const std::scoped_lock lock{shared_->mutex};
  for (auto& [name, tenant] : shared_->tenants) {
    if (const auto reached = tenant.offsets.take_committable())
      tenant.cursor = static_cast<std::uint64_t>(*reached);
    if (tenant.cursor == tenant.saved) continue;
    batch.put(store::Table::meta, feed_cursor_key(name), fmt::format("{}", tenant.cursor));
    tenant.saved = tenant.cursor;
  }
  return batch;
}

void LedgerFeed::wait_for_room(std::chrono::milliseconds patience) {
  std::unique_lock lock{shared_->mutex};
  shared_->changed.wait_for(lock, patience, [this] {
    return shared_->status.in_flight <= options_.max_in_flight / 2 &&
           shared_->bytes <= options_.max_in_flight_bytes / 2;
  });
}

bool LedgerFeed::settle(std::chrono::milliseconds patience) {
  std::unique_lock lock{shared_->mutex};
  return shared_->changed.wait_for(
      lock, patience, [this] { return shared_->status.in_flight == 0; });
}

LedgerFeed::Status LedgerFeed::status() const {
  const std::scoped_lock lock{shared_->mutex};
  return shared_->status;
}

}  // namespace sallyport::ingest
