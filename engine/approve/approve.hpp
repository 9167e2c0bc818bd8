#pragma once

/// The room `approve`: the queue of what waits for a person.
///
/// approvals.hpp  Approvals: asking, answering, expiring
///
/// Promises: an approval binds the hash of the exact request that was shown; of two answers one
/// counts; what nobody answered in time is expired, across restarts; the gate is asked again when a
/// person says yes. Never: acts; it hands a Permit on.
