#pragma once

#include "engine/base/json.hpp"

#include <boost/json/object.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace sallyport::model {

/// OCSF severity_id.
enum class Severity : std::uint8_t {
  unknown = 0,
  informational = 1,
  low = 2,
  medium = 3,
  high = 4,
  critical = 5,
  fatal = 6,
  other = 99,
};

/// A thing that alerts speak of. Values are normalised: addresses in canonical form, domains and
/// hashes in lower case, host and user names as the product wrote them.
struct Entity {
  std::string kind;  ///< host, user, ip, domain, url, file, hash, process, email
  std::string value;

  friend auto operator<=>(const Entity&, const Entity&) = default;
};

/// An entity in an alert.
struct Mention {
  Entity entity;
  std::string role;      ///< device, actor, src, dst, process, file, target, mentioned
  bool grounded = true;  ///< False when it was found in text that an attacker can write.

  friend bool operator==(const Mention&, const Mention&) = default;
};

/// One alert as the engine works on it: what every room asks for, beside the whole OCSF Detection
/// Finding.
struct Alert {
  std::string tenant;
  std::string
      uid;  ///< metadata.uid: with tenant and source what tells a redelivery from a new alert.
  std::string source;  ///< The mapping that read it: wazuh, suricata, ...
  std::string
      detection;  ///< What fired, stable across alerts: finding_info.analytic.uid, or its name.
  std::string title;
  Severity severity = Severity::unknown;
  Time time;                            ///< When it happened, as the product says.
  Time received_at;                     ///< When it reached the engine: the budget runs from here.
  std::vector<std::string> techniques;  ///< ATT&CK ids.
  std::vector<Mention> entities;
  std::string content_hash;  ///< Of the bytes as they came in.
  json::object
      finding;  ///< OCSF 1.x Detection Finding (class_uid 2004), the original under raw_data.
};

BOOST_DESCRIBE_ENUM(Severity, unknown, informational, low, medium, high, critical, fatal, other)
BOOST_DESCRIBE_STRUCT(Entity, (), (kind, value))
BOOST_DESCRIBE_STRUCT(Mention, (), (entity, role, grounded))
BOOST_DESCRIBE_STRUCT(Alert,
                      (),
                      (tenant,
                       uid,
                       source,
                       detection,
                       title,
                       severity,
                       time,
                       received_at,
                       techniques,
                       entities,
                       content_hash,
                       finding))

}  // namespace sallyport::model
