#pragma once

/// The room `model`: the domain's nouns as plain described values. Each is one JSON document
/// (base/json.hpp): what the store keeps, the ledger hashes, Kafka carries and the API serves.
///
/// alert.hpp       Alert, Entity, Mention, Severity
/// evidence.hpp    Evidence, Signal
/// verdict.hpp     Verdict (the document of an investigation), Proposal
/// request.hpp     ActionRequest, Target, Actor: what the gate is asked
/// decision.hpp    Decision, Tier, BlastRadius: what it answers
/// action.hpp      Action, RollbackRecord, Outcome, Verification, Approval
/// catalogue.hpp   Catalogue: the verbs and what they are
/// ledger_entry.hpp LedgerEntry, EntryKind
/// notification.hpp Notification: what people are told
///
/// Never: I/O, behaviour beyond looking at the value itself.
