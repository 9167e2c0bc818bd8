#pragma once

/// The room `match`: the one matching language of the house, Sigma's detection syntax. It triggers
/// playbooks, guards steps, constrains policy, suppresses noise and filters streams.
///
/// record.hpp        what can be asked for fields; json_record.hpp: JSON as such
/// windows_event.hpp Windows event JSON, seen flat
/// detection.hpp     a compiled detection: does this record match?
/// rule.hpp          a Sigma rule document
/// ruleset.hpp       many rules over one record, each field looked up once
///
/// Promises: it always ends, whatever the detection and the record say; it never runs code.
/// Never: I/O, files, YAML, a clock.
