#pragma once

#include "engine/base/json.hpp"
#include "engine/base/time.hpp"

#include <cstdint>
#include <string>

namespace sallyport::model {

enum class NotificationKind : std::uint8_t {
  whitelist_fired,  ///< A whitelist entry that says `notify` let an action run by itself.
  demoted,          ///< The engine took a verb back to the queue.
  review_overdue,   ///< The review of a tenant's authority is, and its tier is lowered by that.
  rollback_failed,  ///< An action that was to be undone is still in effect.
  unclear,          ///< Nobody knows whether an action happened.
  drifted,          ///< Somebody undid an action on the product.
  restored,         ///< What had been undone there is in effect again.
  connector,        ///< A connector does not answer, or does again.
};

/// What people are told. It may reach them twice: the id says that it is the same.
struct Notification {
  std::string id;  ///< Sorts by the time it was made.
  std::string tenant;
  Time at;
  NotificationKind kind = NotificationKind::whitelist_fired;
  std::string to;       ///< The channel that the policy names; empty: whichever is the default.
  std::string subject;  ///< Of its ledger entry: the action, or what else it is about.
  std::string text;     ///< For a person.
  json::object facts;   ///< The same for a program; by kind.
};

BOOST_DESCRIBE_ENUM(NotificationKind,
                    whitelist_fired,
                    demoted,
                    review_overdue,
                    rollback_failed,
                    unclear,
                    drifted,
                    restored,
                    connector)
BOOST_DESCRIBE_STRUCT(Notification, (), (id, tenant, at, kind, to, subject, text, facts))

}  // namespace sallyport::model
