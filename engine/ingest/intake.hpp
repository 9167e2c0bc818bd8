#pragma once

#include "engine/base/result.hpp"
#include "engine/base/time.hpp"
#include "engine/graph/entity_graph.hpp"
#include "engine/ingest/decode.hpp"
#include "engine/ingest/groups.hpp"
#include "engine/ingest/normalizer.hpp"
#include "engine/model/alert.hpp"
#include "engine/model/verdict.hpp"
#include "engine/store/store.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace sallyport::ingest {

/// The bytes of one alert and how they came.
struct RawAlert {
  std::string bytes;
  Arrival arrival;
  std::string intake;    ///< `kafka` or `http`.
  bool crowded = false;  ///< Many came with it: their commits can wait for one another.
};

enum class Admission : std::uint8_t {
  accepted,
  duplicate,  ///< We have it: not investigated again.
  updated,  ///< We have it, and it came with other content: the ledger keeps that; not investigated
            ///< again.
};

struct Receipt {
  Admission admission = Admission::accepted;
  std::shared_ptr<const model::Alert> alert;
  Placement placement{};  ///< Of one that was accepted.
};

/// An alert that is durable, and whose investigation has to look at it yet.
struct OpenAlert {
  std::shared_ptr<const model::Alert> alert;
  std::string investigation;  ///< Empty: it has none so far.
};

BOOST_DESCRIBE_ENUM(Admission, accepted, duplicate, updated)

/// The door through which every alert comes in, whatever brought it: decodes, normalises,
/// recognises what it has, says which investigation it belongs to, and makes the alert, its place
/// there, its graph entries and its ledger entry durable in one batch, together with its verdict
/// where it can be judged at once.
///
/// Promise: `done` is called once, or `apart`. With a receipt: the alert is durable, and of any
/// number of deliveries of one alert exactly one receipt says `accepted`, across restarts too.
/// Thread-safe; the work is done on the calling thread.
class Intake {
 public:
  using Done = std::move_only_function<void(Result<Receipt>)>;

  /// `store`, `graph` and `groups` must outlive it; it must outlive all calls of `done`.
  Intake(store::Store& store,
         graph::EntityGraph& graph,
         Groups& groups,
         Normalizer normalizer,
         DecodeLimits limits);

  /// Called for an alert that opens an investigation, on the thread of admit(), before anything of
  /// it is durable. May judge it at once: then it adds to `batch` what follows from the verdict,
  /// which becomes durable with the alert, and returns the judgement. Otherwise it adds nothing.
  using Judge = std::move_only_function<std::optional<model::Judgement>(
      store::Batch& batch, const model::Alert& alert, const std::string& investigation)>;

  /// Called instead of `done` when the bytes are a batch: its alerts, each to be admitted by
  /// itself.
  using Apart = std::move_only_function<void(std::vector<RawAlert> alerts)>;

  /// Calls `done` from the commit thread, or at once from this one when nothing has to be written;
  /// it must not block. Errors: invalid_input (these bytes are no alert, or a batch of too many:
  /// the detail is the reason a dead letter carries), unavailable (the store).
  void admit(RawAlert raw, Judge judge, Done done, Apart apart);

  /// Alerts that are durable and were not looked at yet, oldest first. Errors: corrupt,
  /// unavailable.
  [[nodiscard]] Result<std::vector<OpenAlert>> open_alerts() const;

  /// Marks in `batch` that `alert` was looked at.
  static void close(store::Batch& batch, const model::Alert& alert);

 private:
  /// Deliveries of an alert whose first one is on its way to the disk.
  struct Waiting {
    std::vector<Done> done;
  };

  void write(std::shared_ptr<const model::Alert> alert,
             std::string key,
             const RawAlert& raw,
             Judge judge,
             Done done);
  void finish(const std::string& key,
              const std::shared_ptr<const model::Alert>& alert,
              Placement placement,
              const Result<>& committed,
              Done done);

  store::Store& store_;
  graph::EntityGraph& graph_;
  Groups& groups_;
  Normalizer normalizer_;
  DecodeLimits limits_;
  std::mutex mutex_;
  std::unordered_map<std::string, Waiting> in_flight_;
};

}  // namespace sallyport::ingest
