#pragma once

#include "engine/model/facts.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace sallyport::model {

/// Three different things that must never look alike: we asked and there is nothing (`empty`), we
/// asked and got no answer (`failed`), we do not collect that (`not_collected`).
enum class EvidenceStatus : std::uint8_t { found, empty, failed, not_collected };

/// Who could have written it.
enum class Trust : std::uint8_t {
  trusted,    ///< Our own inventories, lists, graph, analysts.
  sensor,     ///< A product's own structured verdict.
  untrusted,  ///< Text that an attacker can write.
};

/// Something that speaks for or against malice; the reasoner's weights name signals.
struct Signal {
  std::string name;       ///< e.g. `intel.known_bad`
  double strength = 1.0;  ///< 0 to 1, scales the weight.

  friend bool operator==(const Signal&, const Signal&) = default;
};

/// One item that an investigation read.
struct Evidence {
  std::string id;      ///< E1, E2, ... within the investigation.
  std::string source;  ///< alert, intel, asset, identity, graph, history, ...
  EvidenceStatus status = EvidenceStatus::not_collected;
  Trust trust = Trust::untrusted;
  std::string summary;  ///< One sentence for a person.
  std::string hash;     ///< content_hash of `data` without its `cost`.
  Time observed_at;
  std::vector<Signal> signals;
  Facts data;  ///< What was read, bounded.
};

BOOST_DESCRIBE_ENUM(EvidenceStatus, found, empty, failed, not_collected)
BOOST_DESCRIBE_ENUM(Trust, trusted, sensor, untrusted)
BOOST_DESCRIBE_STRUCT(Signal, (), (name, strength))
BOOST_DESCRIBE_STRUCT(Evidence,
                      (),
                      (id, source, status, trust, summary, hash, observed_at, signals, data))

}  // namespace sallyport::model
