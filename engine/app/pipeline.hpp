#pragma once

#include "engine/app/arrivals.hpp"
#include "engine/app/dispatcher.hpp"
#include "engine/app/rooms.hpp"
#include "engine/app/stories.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace sallyport::app {

/// Walks alerts through the rooms: received, investigated, decided, and what is permitted handed to
/// the dispatcher.
///
/// Promise: an alert that was received has exactly one investigation, restarts included, its own or
/// one that it joined; a verdict, its decisions and the actions that follow become durable in one
/// batch, and in that of the alert itself where nothing has to be waited for. What was decided for
/// an investigation is not decided again for a later version of its verdict. Thread-safe; parsing
/// and reasoning run on `workers`. Lifetime: the dispatcher outlives it.
class Pipeline {
 public:
  /// Told when an investigation is durable, on a worker. Must not block.
  struct Told {
    std::function<void(const model::Verdict& verdict, std::chrono::microseconds since_arrival)>
        verdict;
    std::function<void()> joined{};  ///< An alert is durable in another one's investigation.
  };

  Pipeline(Rooms rooms, Dispatcher& dispatcher, asio::any_io_executor workers, Told told);

  /// Takes the bytes of one alert, or of a batch: then both are called once for all of it, with an
  /// error when one of them could not be taken. `received` is called when it is durable or refused;
  /// `ended` when nothing about it is left to be done (its verdict is durable, or it was refused or
  /// known): a Kafka offset may pass it then.
  void submit(ingest::RawAlert raw,
              ingest::Intake::Done received,
              std::move_only_function<void()> ended);

  /// Takes up an alert that a former run did not come to look at.
  void take_up(ingest::OpenAlert open);

  /// Calls `work` on a worker when the store has had a moment to recover.
  void later(std::move_only_function<void()> work);

  /// Alerts submitted and not ended.
  [[nodiscard]] std::size_t in_flight() const noexcept { return in_flight_; }

  [[nodiscard]] observe::Metrics& metrics() noexcept { return rooms_.metrics; }

 private:
  struct Case;
  struct Opened;
  struct Concluded;

  using CasePtr = std::shared_ptr<const Case>;
  using ReadingPtr = std::shared_ptr<const investigate::Reading>;
  using Ended = std::move_only_function<void()>;

  /// Who submitted an alert.
  struct Asked {
    ingest::Intake::Done received;
    Ended finish;
  };

  /// Takes the alerts of a batch; who submitted it is told of all of them at once.
  void submit_each(std::vector<ingest::RawAlert> alerts, Asked asked);

  /// Looks at an alert when its investigation has a turn for it.
  void follow(std::shared_ptr<const model::Alert> alert, std::string investigation, Ended ended);
  /// In its turn: the first verdict, a new version of it, or nothing that would change it.
  void look(const std::shared_ptr<const model::Alert>& alert,
            const std::string& investigation,
            Ended ended);
  /// Goes on with what a story and a later alert come to.
  void weigh(CasePtr work, model::Verdict verdict, Ended ended);
  /// The alert says nothing that changes the verdict.
  void pass(CasePtr work, Ended ended);
  /// The end of a turn: who waits for the investigation is next.
  [[nodiscard]] Ended turn_of(std::string investigation, Ended ended);

  /// `reading`: what its alert was heard to say; nullptr: nobody listened.
  void begin(CasePtr work, ReadingPtr reading, Ended ended);
  /// Investigates with language models.
  void think(CasePtr work, ReadingPtr reading, Ended ended);
  /// Investigates without; `missing`: why no model was asked, where one should have been.
  void judge(CasePtr work, std::string missing, Ended ended);
  [[nodiscard]] Deadline deadline_of(const model::Alert& alert) const;
  /// Whether commits can wait for one another: so many alerts come, or are in flight beside those
  /// that wait for a model, that each has company.
  [[nodiscard]] bool crowded() const;
  void count(const model::ModelCall& call);
  void conclude(CasePtr work, model::Verdict verdict, Ended ended);
  /// Writes the verdict, and what the gate says of its proposals, into `batch`; what it said of
  /// the same for the version before stands.
  Concluded write(store::Batch& batch,
                  const model::Alert& alert,
                  model::Verdict verdict,
                  const model::Verdict* before);
  /// The batch was not committed.
  void forget(const Concluded& concluded);
  /// What follows when it was.
  void finished(const model::Alert& alert, Concluded concluded);
  /// The investigation has heard what its alerts say: the same again is no news.
  void learn(const model::Alert& alert, const model::Verdict& verdict);

  Rooms rooms_;
  Dispatcher& dispatcher_;
  Stories stories_;
  asio::any_io_executor workers_;
  Told told_;
  std::atomic<std::size_t> in_flight_ = 0;
  Arrivals arrivals_;
  observe::Metrics::Histogram time_to_verdict_;
  std::vector<observe::Metrics::Counter> admitted_;  ///< By ingest::Admission, then the refused.
  std::vector<observe::Metrics::Counter> parts_;     ///< By ingest::Part.
  observe::Metrics::Counter reopened_;
  std::vector<observe::Metrics::Counter> verdicts_;  ///< By model::Judgement.
};

}  // namespace sallyport::app
