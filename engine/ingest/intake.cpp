#include "engine/ingest/intake.hpp"

#include "engine/ingest/group_records.hpp"
#include "engine/ingest/payload.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace sallyport::ingest {

namespace {

/// What one message may make of work: Azure's event hubs send some hundred records at most.
constexpr std::size_t most_in_a_batch = 1000;

using store::Batch;
using store::Table;

struct ReceivedBody {
  std::string uid;
  std::string source;
  std::string intake;
  std::string title;
  std::string detection;
  model::Severity severity{};
  Time time;
  std::string content_hash;
  std::optional<std::string> investigation;  ///< That it belongs to; of an update none.
  std::optional<std::string> joined_by;      ///< The rule; of one that opens it none.
  std::optional<std::uint64_t> number;       ///< Of the investigation's alerts, from 1.
};

BOOST_DESCRIBE_STRUCT(ReceivedBody,
                      (),
                      (uid,
                       source,
                       intake,
                       title,
                       detection,
                       severity,
                       time,
                       content_hash,
                       investigation,
                       joined_by,
                       number))

void append_received(Batch& batch,
                     model::EntryKind kind,
                     const model::Alert& alert,
                     const std::string& intake,
                     const Placement* placement) {
  ReceivedBody body{.uid = alert.uid,
                    .source = alert.source,
                    .intake = intake,
                    .title = alert.title,
                    .detection = alert.detection,
                    .severity = alert.severity,
                    .time = alert.time,
                    .content_hash = alert.content_hash,
                    .investigation = std::nullopt,
                    .joined_by = std::nullopt,
                    .number = std::nullopt};
  if (placement) {
    body.investigation = placement->investigation;
    body.number = placement->number;
    if (!placement->rule.empty()) body.joined_by = placement->rule;
  }
  batch.append(alert.tenant,
               kind,
               alert.uid,
               {.kind = "engine", .id = "ingest"},
               alert.received_at,
               to_json(body));
}

/// What stands in a list of alerts; empty when these bytes are none. Of lists in lists nothing is
/// made: a message of brackets would be taken apart without end.
std::vector<std::string> elements(std::string_view bytes) {
  const auto begin = bytes.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos || bytes[begin] != '[') return {};
  std::vector<std::string> parts;
  for (const auto& piece : split_payload(bytes)) {
    if (piece.bytes.starts_with('[')) return {};
    parts.emplace_back(piece.bytes);
  }
  return parts;
}

}  // namespace

Intake::Intake(store::Store& store,
               graph::EntityGraph& graph,
               Groups& groups,
               Normalizer normalizer,
               DecodeLimits limits)
    : store_{store},
      graph_{graph},
      groups_{groups},
      normalizer_{std::move(normalizer)},
      limits_{limits} {}

void Intake::admit(RawAlert raw, Judge judge, Done done, Apart apart) {
  const auto in_parts = [&](std::vector<std::string> parts, const Error& why) {
    if (parts.empty()) return done(std::unexpected{why});
    if (parts.size() > most_in_a_batch) {
      return done(fail(Errc::invalid_input,
                       fmt::format("{} alerts in one: at most {}", parts.size(), most_in_a_batch)));
    }
    std::vector<RawAlert> alerts;
    alerts.reserve(parts.size());
    for (auto& part : parts)
      alerts.push_back({.bytes = std::move(part),
                        .arrival = raw.arrival,
                        .intake = raw.intake,
                        .crowded = raw.crowded});
    apart(std::move(alerts));
  };
  const auto native = decode(raw.bytes, limits_);
  if (!native) return in_parts(elements(raw.bytes), native.error());
  auto normalized = normalizer_.normalize(*native, raw.bytes, raw.arrival);
  if (!normalized)
    return in_parts(normalizer_.apart(*native, raw.arrival.source), normalized.error());
  auto alert = std::make_shared<const model::Alert>(*std::move(normalized));
  auto key = alert_key(*alert);

  {
    const std::scoped_lock lock{mutex_};
    if (const auto found = in_flight_.find(key); found != in_flight_.end()) {
      found->second.done.push_back(std::move(done));
      return;
    }
    in_flight_.emplace(key, Waiting{});
  }

  const auto known = store_.get(Table::alerts, key);
  if (!known) return finish(key, alert, {}, std::unexpected{known.error()}, std::move(done));
  if (!*known)
    return write(std::move(alert), std::move(key), raw, std::move(judge), std::move(done));

  const auto first = from_json<model::Alert>(**known);
  const bool same = first && first->content_hash == alert->content_hash;
  const Receipt receipt{.admission = same ? Admission::duplicate : Admission::updated,
                        .alert = alert};
  Batch batch;
  if (!same) append_received(batch, model::EntryKind::updated, *alert, raw.intake, nullptr);
  auto tell =
      [this, key, alert, receipt, done = std::move(done)](const Result<>& committed) mutable {
        finish(key, alert, {}, committed, [&](const Result<Receipt>& result) {
          if (result) {
            done(receipt);
          } else {
            done(std::unexpected{result.error()});
          }
        });
      };
  if (batch.empty()) return tell(Result<>{});
  store_.commit(std::move(batch), std::move(tell));
}

void Intake::write(std::shared_ptr<const model::Alert> alert,
                   std::string key,
                   const RawAlert& raw,
                   Judge judge,
                   Done done) {
  auto placement = groups_.place(*alert, alert->received_at);
  Batch batch;
  if (raw.crowded) batch.wait_for_company();
  append_received(batch, model::EntryKind::received, *alert, raw.intake, &placement);
  std::optional<model::Judgement> judgement;
  if (placement.part == Part::opens) judgement = judge(batch, *alert, placement.investigation);
  constexpr std::size_t usual_bytes = 4096;
  std::string document;
  document.reserve(usual_bytes);
  append_json(document, *alert);
  batch.put(Table::alerts, key, std::move(document));
  const bool to_be_looked_at =
      placement.part == Part::follows || (placement.part == Part::opens && !judgement);
  if (to_be_looked_at) batch.put(Table::open, key, placement.investigation);
  if (placement.grouped()) put_member(batch, *alert, placement);
  // What only repeats teaches nothing about its entities.
  const bool observed = placement.part != Part::joins;
  if (observed) graph_.observe(batch, *alert, judgement);
  store_.commit(std::move(batch),
                [this,
                 key = std::move(key),
                 alert = std::move(alert),
                 placement = std::move(placement),
                 observed,
                 done = std::move(done)](const Result<>& committed) mutable {
                  if (!committed) {
                    if (observed) graph_.forget(*alert);
                    groups_.take_back(placement);
                  }
                  finish(key, alert, std::move(placement), committed, std::move(done));
                });
}

void Intake::finish(const std::string& key,
                    const std::shared_ptr<const model::Alert>& alert,
                    Placement placement,
                    const Result<>& committed,
                    Done done) {
  Waiting waiting;
  {
    const std::scoped_lock lock{mutex_};
    const auto found = in_flight_.find(key);
    waiting = std::move(found->second);
    in_flight_.erase(found);
  }
  const auto tell = [&](Done& listener, Admission admission) {
    if (committed) {
      listener(Receipt{.admission = admission, .alert = alert, .placement = placement});
    } else {
      listener(std::unexpected{committed.error()});
    }
  };
  tell(done, Admission::accepted);
  // They came while the first was being written, so they are the same alert.
  for (auto& listener : waiting.done) tell(listener, Admission::duplicate);
}

Result<std::vector<OpenAlert>> Intake::open_alerts() const {
  std::vector<OpenAlert> found;
  std::optional<Error> broken;
  const auto scanned = store_.scan(
      Table::open, "", "", false, [&](std::string_view key, std::string_view investigation) {
        auto alert = store_.load<model::Alert>(Table::alerts, key);
        if (!alert) {
          broken = alert.error();
          return false;
        }
        found.push_back({.alert = std::make_shared<const model::Alert>(*std::move(alert)),
                         .investigation = std::string{investigation}});
        return true;
      });
  if (!scanned) return std::unexpected{scanned.error()};
  if (broken) return std::unexpected{*broken};
  std::ranges::sort(found, {}, [](const OpenAlert& open) { return open.alert->received_at; });
  return found;
}

void Intake::close(Batch& batch, const model::Alert& alert) {
  batch.erase(Table::open, alert_key(alert));
}

}  // namespace sallyport::ingest
