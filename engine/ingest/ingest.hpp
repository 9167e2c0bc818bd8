#pragma once

/// The room `ingest`: what arrives becomes alerts, or a dead letter with its reason.
///
/// decode.hpp      bytes to JSON, strictly; malformed.hpp says what is wrong and where
/// log_line.hpp    lines of text that some products write instead of JSON
/// payload.hpp     where alerts begin and end in what arrives
/// normalizer.hpp  native alerts to OCSF Detection Findings, by the mappings of schemas/alerts
///   mapping.hpp, expression.hpp, path.hpp   one mapping file, compiled
///   finding.hpp, ocsf_field.hpp, captions.hpp   the finding that it makes
///   entities.hpp, attack.hpp, timestamp.hpp   values in their one form
/// kafka.hpp       alerts from and results to Kafka; offsets.hpp what may be committed
/// groups.hpp      which investigation an alert belongs to; grouping_rules.hpp says by what
///   group_records.hpp   what the store keeps of it
/// intake.hpp      alerts made durable; dead_letter.hpp what could not be used
/// publisher.hpp   the ledger to its topics
///   ledger_feed.hpp, ocsf_output.hpp   which entries are due, and as what they go out
///
/// The only room with simdjson and librdkafka. Never: a guess at what an alert does not say, an
/// alert that is neither in the record nor among the dead letters.
