#pragma once

#include "engine/model/alert.hpp"
#include "engine/model/verdict.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace sallyport::graph {

/// Bounds of what is read and remembered. What lies beyond is not counted, and `more` says so.
struct Limits {
  std::size_t entities = 8;           ///< Of one alert, in the alert's order.
  std::size_t sightings = 32;         ///< Newest alerts looked at per entity.
  std::size_t neighbours = 16;        ///< Per entity, of the newest days.
  std::size_t actions = 8;            ///< Newest per entity.
  std::chrono::hours window{24 * 7};  ///< Sightings older than this are not counted.
  std::size_t remembered = 65536;     ///< Entities whose newest sightings stay in memory.
};

/// How the alerts of a history ended, by the verdict of their investigations.
struct Judged {
  std::uint32_t malicious = 0;
  std::uint32_t suspicious = 0;
  std::uint32_t benign = 0;
  std::uint32_t false_positive = 0;
  std::uint32_t inconclusive = 0;
};

/// An action on an entity, earlier.
struct PastAction {
  std::string action;  ///< The verb.
  std::string id;
  Time at;
};

/// What an alert is called.
struct AlertNames {
  std::string source;
  std::string detection;
  std::string uid;
};

/// Shared, for it is read far more often than it changes.
using Entities = std::vector<std::shared_ptr<const model::Entity>>;

/// What earlier alerts said of one entity (or of one detection), without the alert that asks.
struct History {
  model::Entity entity;  ///< Kind `detection` for the detection itself.
  bool grounded = true;  ///< As the asking alert mentions it.
  std::uint32_t alerts = 0;
  bool more = false;  ///< There are more than were looked at.
  std::uint32_t last_hour = 0;
  std::uint32_t severe = 0;  ///< Alerts of severity high and above by another detection.
  std::uint32_t other_sources =
      0;  ///< Products, other than the asking alert's, that alerted on it.
  /// The newest alert of each detection but the asking alert's, newest first, at most 8.
  std::vector<std::shared_ptr<const AlertNames>> detections;
  Judged judged;
  /// Others than the asking alert's that were judged suspicious or malicious in the last six hours.
  std::uint32_t suspected = 0;
  std::optional<Time> first;  ///< Of all that are remembered, also those not looked at.
  std::optional<Time> last;
  std::vector<std::shared_ptr<const AlertNames>> recent;  ///< The newest, at most 5.
  std::shared_ptr<const Entities> neighbours;             ///< It was seen with; nullptr: none.
  std::vector<PastAction> actions;
};

/// The surroundings of one alert.
struct Neighbourhood {
  std::vector<History> entities;  ///< Those that were seen before, in the alert's order.
  History detection;
  std::uint32_t looked_up = 0;  ///< Entities asked for.
};

}  // namespace sallyport::graph
