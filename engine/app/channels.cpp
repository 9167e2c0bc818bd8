#include "engine/app/channels.hpp"

#include "connectors/native/webhook/webhook.hpp"
#include "engine/base/secret.hpp"

#include <utility>

namespace sallyport::app {

namespace {

Result<std::shared_ptr<approve::Channel>> channel_of(const config::ChannelSettings& settings,
                                                     asio::any_io_executor loop) {
  auto secret = resolve_secret(settings.secret);
  if (!secret) return std::unexpected{secret.error()};
  return connectors::webhook::Webhook::make({.url = settings.url,
                                             .ca_file = settings.ca_file,
                                             .timeout = std::chrono::seconds{settings.timeout_s}},
                                            *std::move(secret),
                                            std::move(loop));
}

}  // namespace

Channels make_channels(const config::NotificationSettings& settings,
                       asio::any_io_executor loop,
                       Faults& faults) {
  Channels channels;
  for (const auto& [name, own] : settings.channels) {
    auto made = channel_of(own, loop);
    if (made) {
      channels.emplace(name, *std::move(made));
    } else {
      faults.push_back(
          {.pointer = child("/notifications/channels", name), .message = made.error().detail});
    }
  }
  return channels;
}

}  // namespace sallyport::app
