#pragma once

#include "engine/base/deadline.hpp"
#include "engine/investigate/enricher.hpp"

#include <memory>
#include <vector>

namespace sallyport::investigate {

/// Asks all `enrichers` side by side and returns their answers, in their order, at `deadline` at
/// the latest; an enricher that has not answered by then is cancelled and its answer is `expired`.
///
/// One that does not heed cancellation is not waited for: it ends on the executor in its own time,
/// and what it needs (itself, the alert) is kept until then. What an enricher throws becomes
/// `unavailable`. Runs on the awaiting coroutine's executor, which runs one handler at a time.
/// Errors: cancelled.
Task<std::vector<Enricher::Answer>> gather(std::vector<std::shared_ptr<Enricher>> enrichers,
                                           std::shared_ptr<const model::Alert> alert,
                                           Deadline deadline);

}  // namespace sallyport::investigate
