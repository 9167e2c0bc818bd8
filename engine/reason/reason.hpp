#pragma once

/// The room `reason`: from evidence to a judgement and to what should be done.
///
/// weights.hpp    the reasoner's file: priors, weights, thresholds, responses
/// reasoner.hpp   Reasoner: log-odds over signals, explained term by term
/// responses.hpp  which verb for which entity, under which conditions
///
/// language_model.hpp  LanguageModel: the port, its one set of events and outcomes
/// brief.hpp           what a judge is told: ranked evidence by id, every line marked as data
/// answer.hpp          what a judge may answer, and how the answer is held against the brief
/// reading.hpp         the reader: the alert's text as a fixed form
/// offer.hpp, schema.hpp, instructions.hpp, shown_text.hpp   their parts
///
/// Promises: the same evidence (and the same answer of a model) gives the same judgement, bit for
/// bit; nothing that an attacker can write lowers one; containment rests on two independent
/// sources. Never: I/O, a clock, chance.
