#pragma once

#include "engine/base/deadline.hpp"
#include "engine/graph/entity_graph.hpp"

#include <memory>

namespace sallyport::investigate {

/// Reads what the graph knows around an alert, on `pool`, and waits for it until `deadline`.
///
/// A read that hangs (a disk that does not answer) is not waited for: it ends on the pool in its
/// own time. Runs on the awaiting coroutine's executor, which runs one handler at a time. `graph`
/// outlives the pool's work. Errors: expired, cancelled, and those of the graph.
Task<graph::Neighbourhood> read_neighbourhood(const graph::EntityGraph& graph,
                                              std::shared_ptr<const model::Alert> alert,
                                              asio::any_io_executor pool,
                                              Deadline deadline);

}  // namespace sallyport::investigate
