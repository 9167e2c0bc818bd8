#include "engine/approve/outbox.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace sallyport::approve {

namespace {

using store::Table;

/// What the ledger keeps of it.
struct NotifiedBody {
  std::string notification;
  model::NotificationKind kind{};
  std::string to;
  std::string channel;
  DeliveryStatus status{};
  std::uint32_t attempts = 0;
  std::string detail;
  std::string text;
  json::object facts;
};

BOOST_DESCRIBE_STRUCT(NotifiedBody,
                      (),
                      (notification, kind, to, channel, status, attempts, detail, text, facts))

}  // namespace

Outbox::Outbox(store::Store& store,
               const Clock& clock,
               UlidSource& ids,
               std::vector<std::string> channels)
    : store_{store}, clock_{clock}, ids_{ids}, channels_{std::move(channels)} {}

std::string_view Outbox::route(std::string_view to) const {
  for (const auto wanted : {to, default_channel}) {
    if (std::ranges::find(channels_, wanted) != channels_.end()) return wanted;
  }
  return log_channel;
}

void Outbox::put(store::Batch& batch, model::Notification notification) const {
  notification.at = clock_.now();
  notification.id = ids_.next(notification.at);
  batch.put(
      Table::outbox, store::key({route(notification.to), notification.id}), to_json(notification));
}

Result<std::vector<model::Notification>> Outbox::waiting(std::string_view channel,
                                                         std::size_t limit) const {
  std::vector<model::Notification> found;
  std::optional<Error> broken;
  const auto scanned = store_.scan(Table::outbox,
                                   store::key({channel, ""}),
                                   "",
                                   false,
                                   [&](std::string_view, std::string_view value) {
                                     auto one = from_json<model::Notification>(value);
                                     if (!one) {
                                       broken = one.error();
                                       return false;
                                     }
                                     found.push_back(*std::move(one));
                                     return found.size() < limit;
                                   });
  if (!scanned) return std::unexpected{scanned.error()};
  if (broken) return std::unexpected{*broken};
  return found;
}

Result<std::vector<std::string>> Outbox::channels() const {
  auto all = channels_;
  all.emplace_back(log_channel);
  const auto scanned =
      store_.scan(Table::outbox, "", "", false, [&](std::string_view key, std::string_view) {
        const auto name = key.substr(0, key.find('\0'));
        if (std::ranges::find(all, name) == all.end()) all.emplace_back(name);
        return true;
      });
  if (!scanned) return std::unexpected{scanned.error()};
  return all;
}

Task<> Outbox::settle(std::string channel, model::Notification notification, Delivery delivery) {
  store::Batch batch;
  batch.erase(Table::outbox, store::key({channel, notification.id}));
  batch.append(notification.tenant,
               model::EntryKind::notified,
               notification.subject,
               {.kind = "engine", .id = "notifications"},
               clock_.now(),
               to_json(NotifiedBody{.notification = notification.id,
                                    .kind = notification.kind,
                                    .to = notification.to,
                                    .channel = channel,
                                    .status = delivery.status,
                                    .attempts = delivery.attempts,
                                    .detail = delivery.detail,
                                    .text = notification.text,
                                    .facts = notification.facts}));
  co_return co_await store_.commit(std::move(batch));
}

}  // namespace sallyport::approve
