#pragma once

#include "engine/audit/track_record.hpp"
#include "engine/gate/policy.hpp"
#include "engine/model/action.hpp"
#include "engine/model/notification.hpp"

#include <string>

/// What people are told, in words and as facts. Pure; the outbox gives id and time.
namespace sallyport::app {

/// A whitelist entry that says `notify` lets `action` run by itself.
[[nodiscard]] model::Notification whitelist_fired(const model::Action& action);

/// The engine took a verb back to the queue.
[[nodiscard]] model::Notification verb_demoted(const audit::TrackedClass& of,
                                               const audit::Demotion& demotion);

/// A review is overdue, and the tier lower by that.
[[nodiscard]] model::Notification review_is_overdue(const gate::OverdueReview& review);

}  // namespace sallyport::app
