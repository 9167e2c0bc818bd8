#pragma once

/// The room `approve`: the queue of what waits for a person, and what people are told.
///
/// approvals.hpp  Approvals: asking, answering, expiring
/// changes.hpp    what a person may make of a request that they approve
/// outbox.hpp     Outbox: what people are yet to be told, durable with what it tells of
/// courier.hpp    Courier: carries it to a Channel, the port that adapters implement
///
/// Promises: an approval binds the hash of the exact request that was shown, or of the one that the
/// person made of it; of two answers one
/// counts; what nobody answered in time is expired, across restarts; the gate is asked again when a
/// person says yes; what people are to be told reaches their channel at least once and in order, or
/// the ledger says that it did not. Never: acts; it hands a Permit on.
