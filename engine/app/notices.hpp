#pragma once

#include "engine/act/notice.hpp"
#include "engine/act/product.hpp"
#include "engine/audit/track_record.hpp"
#include "engine/gate/policy.hpp"
#include "engine/model/action.hpp"
#include "engine/model/notification.hpp"

#include <string>

/// What people are told, in words and as facts. Pure; the outbox gives id and time.
namespace sallyport::app {

/// A whitelist entry that says `notify` lets `action` run by itself.
[[nodiscard]] model::Notification whitelist_fired(const model::Action& action);

/// What came of `action`; `notice` is not Notice::fired.
[[nodiscard]] model::Notification came_of(const model::Action& action, act::Notice notice);

/// The connector stopped answering, or does again.
[[nodiscard]] model::Notification connector_turned(const std::string& tenant,
                                                   const act::ProductHealth& health);

/// The engine took a verb back to the queue.
[[nodiscard]] model::Notification verb_demoted(const audit::TrackedClass& of,
                                               const audit::Demotion& demotion);

/// A review is overdue, and the tier lower by that.
[[nodiscard]] model::Notification review_is_overdue(const gate::OverdueReview& review);

}  // namespace sallyport::app
