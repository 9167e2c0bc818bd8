#pragma once

#include "engine/act/actions.hpp"
#include "engine/act/executor.hpp"
#include "engine/app/thinking.hpp"
#include "engine/approve/approvals.hpp"
#include "engine/approve/outbox.hpp"
#include "engine/base/ulid.hpp"
#include "engine/gate/gate.hpp"
#include "engine/graph/entity_graph.hpp"
#include "engine/ingest/groups.hpp"
#include "engine/ingest/intake.hpp"
#include "engine/investigate/investigator.hpp"
#include "engine/observe/log.hpp"
#include "engine/observe/metrics.hpp"
#include "engine/store/store.hpp"

namespace sallyport::app {

/// The rooms that an alert walks through; all outlive whoever is given them.
struct Rooms {
  store::Store& store;
  graph::EntityGraph& graph;
  ingest::Intake& intake;
  ingest::Groups& groups;
  investigate::Investigator& investigator;
  gate::Gate& gate;
  act::Actions& actions;
  act::Executor& executor;
  approve::Approvals& approvals;
  const approve::Outbox& outbox;
  const Clock& clock;
  UlidSource& ids;
  observe::Metrics& metrics;
  observe::Log log;
  Thinking* thinking = nullptr;  ///< Where language models are asked; nullptr: none are.
};

}  // namespace sallyport::app
