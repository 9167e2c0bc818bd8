#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sallyport::ingest {

/// One tactic of MITRE ATT&CK Enterprise.
struct Tactic {
  std::string_view uid;
  std::string_view name;
};

/// Appends the ATT&CK technique ids in `text` (`T1059`, `Regsvr32 (T1218.010)`,
/// `attack.t1059.001`), each once, as `T1218.010`. A revoked id becomes its successor; a deprecated
/// one without successor and what only looks like one is left out.
void append_techniques(std::vector<std::string>& techniques, std::string_view text);

/// The tactics in `text`: ids, or names however they are spelt (`Defense Evasion`,
/// `defense-evasion`, `DefenseEvasion`), also several with separators.
void append_tactics(std::vector<const Tactic*>& tactics, std::string_view text);

}  // namespace sallyport::ingest
