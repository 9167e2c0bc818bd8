#pragma once

/// The room `audit`: what a stranger needs to believe the record, and what can be read from it.
///
/// signing.hpp     the engine's Ed25519 key, and the key that checks it
/// checkpoint.hpp  signed checkpoints of every chain; their verification
/// policy_history.hpp  every policy that was in force, and what changed
/// bundle.hpp      the auditor's bundle: files, manifest, signature
/// statement.hpp   what could have run without a person in a window, and what did
/// readiness.hpp   the record of each verb, and what it lacks to run by itself
/// track_record.hpp  what a verb did lately, and whether that sends it back to the queue
/// inside: entry_facts (what an entry says of an action), page (HTML and CSV), bundle_sink
/// (where a bundle goes), running_hash
///
/// Promise: everything here is a view of the ledger and of the policy's versions; what stands in
/// neither is called not measured. Never: an action, a decision, a private key outside its file.
