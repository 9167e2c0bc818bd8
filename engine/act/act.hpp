#pragma once

/// The room `act`: spends a gate::Permit through an Actuator.
///
/// actuator.hpp  Actuator: the port that adapters in connectors/ implement
/// planned.hpp   what a dry run shows of a request
/// life.hpp      the only table of the ways between an action's states
/// actions.hpp   Actions: the records; changed by compare-and-swap, one ledger entry a change
/// executor.hpp  Executor: from a permit to what came of it; settling after a crash
/// product.hpp   Product: an actuator behind its limits and its breaker
/// timed.hpp     when an action ends, and who ends it
/// reversal.hpp  what undoes an action, and how that went
/// watch.hpp     when an action that came to rest is looked at again
/// notice.hpp    what people are told of an action
/// inside: verifier (reads back, settles, sees what was undone outside), products, breaker (the
/// decision of Product), target_locks (one action at a time on one target)
///
/// Promises: intent and rollback record are durable before anything is sent; the gate is asked
/// again at that moment; two actions on one target never run at once; an unclear outcome is settled
/// by reading the real state, never by repeating. Never: acts without a Permit.
