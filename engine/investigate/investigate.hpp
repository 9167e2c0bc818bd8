#pragma once

/// The room `investigate`: from an alert to a verdict, inside a budget.
///
/// enricher.hpp       Enricher: the port to what is known elsewhere
/// signals.hpp        SignalRules: what the alert itself says, as named signals
/// step.hpp           Investigation: the loop as a machine without I/O or clock
/// shared_answers.hpp SharedAnswers: equal questions are one call, answers are kept for a while
/// gathering.hpp      enrichers side by side, cut off at their slice
/// investigator.hpp   Investigator: drives the machine
/// story.hpp          what a later alert of the same story changes
/// lessons.hpp        Lessons: what people taught, as evidence
/// counsel.hpp        Counsel: the language models that take part
/// recording.hpp      what an investigation was told, for later
/// replay.hpp         the same investigation again from it; past.hpp: what it is told then
/// kept.hpp           where that is stored
/// consultation.hpp   the questions to them in one investigation, and what came of them
/// query.hpp          Query: the port to what a model may look up; surroundings.hpp: one of the
/// graph graph_evidence.hpp what the neighbourhood in the graph amounts to requests.hpp       what
/// the gate is asked for a verdict's proposals
///
/// Promises: a verdict by the deadline whatever hangs, with what is missing named. Never: an
/// action.
