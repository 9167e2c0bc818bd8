#pragma once

#include "engine/base/json.hpp"

#include <boost/json/object.hpp>

#include <optional>
#include <string>
#include <vector>

namespace sallyport::model {

/// Whom an action would touch.
struct Target {
  std::string kind;  ///< host, user, ip, domain, url, file, hash, process, email, channel, ...
  std::string value;
  std::vector<std::string> tags;  ///< What the inventories say of it, e.g. `workstation`.

  friend bool operator==(const Target&, const Target&) = default;
};

/// Who wants something or did something.
struct Actor {
  std::string kind;  ///< agent, playbook, analyst, api, engine
  std::string id;    ///< e.g. `investigation:01J...`, `alice@acme.example`

  friend bool operator==(const Actor&, const Actor&) = default;
};

/// An action that somebody wants done: the one question that the gate answers.
struct ActionRequest {
  std::string tenant;
  std::string action;  ///< A verb of the catalogue.
  Target target;
  /// 0 to 1: how sure the asker is that this is called for. Empty: it does not say.
  std::optional<double> confidence;
  Actor requested_by;
  json::object parameters;
  json::object context;  ///< What the investigation knows: `intel`, `asset`, `identity`, ...
  bool grounded = true;  ///< False when only text that an attacker could write names the target.
};

/// The hash of the exact request: of its JSON with the keys of `parameters` and `context` sorted.
/// What an approval binds.
[[nodiscard]] std::string request_hash(const ActionRequest& request);

BOOST_DESCRIBE_STRUCT(Target, (), (kind, value, tags))
BOOST_DESCRIBE_STRUCT(Actor, (), (kind, id))
BOOST_DESCRIBE_STRUCT(
    ActionRequest,
    (),
    (tenant, action, target, confidence, requested_by, parameters, context, grounded))

}  // namespace sallyport::model
