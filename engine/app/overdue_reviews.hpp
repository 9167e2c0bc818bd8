#pragma once

#include "engine/approve/outbox.hpp"
#include "engine/gate/policy.hpp"
#include "engine/store/store.hpp"

#include <map>
#include <string>

namespace sallyport::app {

/// Tells people of each review that is overdue, once, across restarts. The gate has lowered the
/// tier by then; this changes nothing. Not thread-safe. What it is given must outlive it.
class OverdueReviews {
 public:
  OverdueReviews(store::Store& store, const approve::Outbox& outbox)
      : store_{store}, outbox_{outbox} {}

  /// Errors: unavailable.
  Task<> look(std::shared_ptr<const gate::Policy> policy, Time now);

 private:
  store::Store& store_;
  const approve::Outbox& outbox_;
  std::map<std::string, std::string> told_;  ///< Tenant -> the review that people know of.
};

}  // namespace sallyport::app
