#pragma once

/// Adapters to what is known in files beside the engine: threat-intelligence lists, inventories of
/// assets, identities and vulnerabilities. Each is an Enricher that answers from memory and reloads
/// when its files change.
///
/// csv.hpp              RFC 4180
/// watched_files.hpp    files and folders, and whether they changed
/// record_file.hpp      CSV and JSON as records with line numbers
/// stix_pattern.hpp     the observables that a STIX 2.1 pattern names
/// indicators.hpp       IndicatorSet: a million indicators, looked up in a microsecond
/// indicator_files.hpp  CSV, text, JSON and STIX lists
/// stix_indicator.hpp   what one STIX object says of them
/// host_index.hpp       machines by name and address
/// intel.hpp, assets.hpp, identities.hpp, vulnerabilities.hpp   the enrichers
///
/// Promises: a file with a fault changes nothing and is reported with its place. What a file says
/// is trusted: who can write it can close alerts (an asset tagged as an authorised scanner), so
/// keep it where only the security team writes. Never: a network, a clock (validity is judged at
/// the alert's arrival).
