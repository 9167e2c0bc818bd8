#pragma once

#include "engine/base/result.hpp"
#include "engine/model/verdict.hpp"
#include "engine/reason/brief.hpp"
#include "engine/reason/offer.hpp"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sallyport::reason {

/// An action that a judge picked: a verb that was offered, on an entity by its place.
struct PickedAction {
  std::string verb;
  std::size_t entity = 0;
  std::vector<std::string> evidence;
  std::string why;
};

/// What a judge answers, once it was checked.
struct Answer {
  model::Judgement verdict = model::Judgement::inconclusive;
  std::string summary;
  std::vector<model::Hypothesis> hypotheses;
  std::vector<model::Citation> citations;
  std::vector<std::string> techniques;
  std::vector<PickedAction> actions;
};

/// The JSON Schema of an answer, in the strict form that providers can enforce. The same for every
/// investigation of an engine, so that it is compiled once.
[[nodiscard]] json::object answer_schema(std::span<const std::string> verbs);

/// Reads what a judge wrote and holds it against what it was told: the schema; that every cited id
/// is in the brief; that every quote stands literally in the evidence it cites; that every verb
/// was offered for the entity that it points at; that a verdict which says something cites
/// something. Text is cleaned and capped. Errors: invalid_input; the detail names every fault, one
/// a line, in words that can go back to the judge.
[[nodiscard]] Result<Answer> read_answer(std::string_view text,
                                         const Brief& brief,
                                         std::span<const Offer> offers);

/// The JSON object in `text`, without what models like to write around one.
[[nodiscard]] std::string_view object_in(std::string_view text);

/// Whether `id` is written as an ATT&CK technique: T1059, T1059.001.
[[nodiscard]] bool is_technique(std::string_view id);

BOOST_DESCRIBE_STRUCT(PickedAction, (), (verb, entity, evidence, why))
BOOST_DESCRIBE_STRUCT(Answer, (), (verdict, summary, hypotheses, citations, techniques, actions))

}  // namespace sallyport::reason
