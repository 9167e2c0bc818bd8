#pragma once

/// The room `reason`: from evidence to a judgement and to what should be done.
///
/// weights.hpp    the reasoner's file: priors, weights, thresholds, responses
/// reasoner.hpp   Reasoner: log-odds over signals, explained term by term
/// responses.hpp  which verb for which entity, under which conditions
///
/// Promises: the same evidence gives the same judgement, bit for bit; nothing that an attacker can
/// write lowers one; containment rests on two independent sources. Never: I/O, a clock, chance.
