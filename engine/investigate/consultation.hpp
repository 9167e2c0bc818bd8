#pragma once

#include "engine/investigate/counsel.hpp"
#include "engine/investigate/enricher.hpp"
#include "engine/model/verdict.hpp"
#include "engine/reason/answer.hpp"
#include "engine/reason/reasoner.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace sallyport::investigate {

/// The questions to language models in one investigation, and what came of them. `forms` are those
/// of `counsel`.
///
/// Belongs to one investigation and its coroutine. Says what each call cost, also of those that led
/// to nothing.
class Consultation {
 public:
  Consultation(std::shared_ptr<const Counsel> counsel,
               JudgeForms forms,
               const reason::Reasoner& reasoner,
               std::shared_ptr<const model::Alert> alert,
               const std::string& investigation,
               Deadline due);

  /// The reader as an enricher, to be asked beside the others; nullptr: there is none. What it
  /// finds is of source reason::reading_source.
  [[nodiscard]] std::shared_ptr<Enricher> reader() const;

  /// Asks the judge; it knows of `evidence` as it was at the first question, and of what it looked
  /// up since.
  asio::awaitable<Said> ask(Ask how, const std::vector<model::Evidence>& evidence);

  /// The answer to one query.
  struct Found {
    std::string query;
    model::Entity about;
    std::vector<model::Evidence> evidence;  ///< Without ids; what fails is `failed`.
  };

  /// What the judge asked to be looked up, in the order of its asking.
  asio::awaitable<std::vector<Found>> look_up(Deadline deadline);

  /// Tells the judge of evidence that now has ids.
  void tell(std::span<const model::Evidence> evidence);

  /// An answer that holds; nullptr: none.
  [[nodiscard]] const reason::Answer* answer() const { return answer_ ? &*answer_ : nullptr; }

  /// Who judged.
  [[nodiscard]] const std::string& judge() const { return judge_; }

  /// Why there is no answer, for Verdict::missing; empty: there is one.
  [[nodiscard]] const std::string& failure() const { return failure_; }

  /// What all the calls cost, and each of them.
  void account(model::Verdict& verdict) const;

 private:
  struct Wish {
    std::size_t query = 0;
    std::size_t entity = 0;
  };

  [[nodiscard]] std::shared_ptr<const reason::ModelRequest> request(const Ask& how);
  [[nodiscard]] Said take(const Ask& how, reason::ModelAnswer answer);
  [[nodiscard]] Said judged(std::string_view text);
  [[nodiscard]] bool wishes(const std::vector<reason::ToolCall>& calls);

  using Calls = std::vector<model::ModelCall>;

  std::shared_ptr<const Counsel> counsel_;
  std::shared_ptr<const model::Alert> alert_;
  Deadline due_;  ///< Of the investigation.
  std::string marker_;
  JudgeForms forms_;
  std::vector<reason::Pointed> entities_;
  std::vector<reason::Offer> offers_;
  std::shared_ptr<Calls> calls_ = std::make_shared<Calls>();  ///< Also the reader's.
  std::optional<reason::Brief> brief_;  ///< Its text goes into the first question.
  std::shared_ptr<const reason::ModelRequest> question_;  ///< The last one.
  std::string told_;                                      ///< Since then.
  std::vector<Wish> wishes_;
  std::string said_;    ///< The last answer that did not hold.
  std::string faults_;  ///< Why.
  std::optional<reason::Answer> answer_;
  std::string judge_;
  std::string failure_ = "not asked: no time was left";
};

}  // namespace sallyport::investigate
