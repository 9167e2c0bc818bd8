#include "engine/app/feeds.hpp"

#include "engine/base/ascii.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>

namespace sallyport::app {

namespace {

namespace taxii = connectors::taxii;

constexpr std::chrono::minutes longest_poll{30};

bool is_name(std::string_view name) {
  return !name.empty() && name.size() <= 64 && std::ranges::all_of(name, [](char c) {
    return ascii::is_letter_or_digit(c) || c == '-' || c == '_';
  });
}

}  // namespace

std::filesystem::path feed_folder(const config::Settings& settings, const std::string& name) {
  return std::filesystem::path{settings.data_dir} / "taxii" / name;
}

std::vector<std::unique_ptr<taxii::Feed>> make_feeds(
    const config::Settings& settings,
    std::shared_ptr<connectors::KnownPlaces> places,
    const Clock& clock,
    boost::asio::any_io_executor loop,
    boost::asio::any_io_executor pool,
    Faults& faults) {
  std::vector<std::unique_ptr<taxii::Feed>> feeds;
  for (const auto& [name, options] : settings.taxii) {
    const auto at = child("/taxii", name);
    if (!is_name(name)) {
      faults.push_back({.pointer = at, .message = "a feed's name is letters, digits, - and _"});
      continue;
    }
    taxii::Config own;
    Faults found;
    read_json(json::value(options), own, found, at);
    faults.insert(faults.end(), found.begin(), found.end());
    if (has_errors(found)) continue;
    own.name = name;
    own.ca = settings.path_of(own.ca);
    for (auto* reference : {&own.password, &own.token, &own.key})
      *reference = settings.secret_of(*reference);
    auto feed =
        taxii::Feed::make(std::move(own), feed_folder(settings, name), places, clock, loop, pool);
    if (feed) {
      feeds.push_back(*std::move(feed));
    } else {
      faults.push_back({.pointer = at, .message = feed.error().detail});
    }
  }
  return feeds;
}

boost::asio::awaitable<void> keep_feed(taxii::Feed& feed, observe::Log log) {
  boost::asio::steady_timer timer{co_await boost::asio::this_coro::executor};
  const auto& name = feed.config().name;
  for (;;) {
    const auto report = co_await feed.poll(Deadline::in(longest_poll));
    if (!report) {
      log.warn("feed not read", {{"feed", name}, {"why", report.error().detail}});
    } else if (report->new_or_changed + report->revoked + report->unused > 0) {
      log.info("feed read",
               {{"feed", name},
                {"new", report->new_or_changed},
                {"revoked", report->revoked},
                {"unused", report->unused},
                {"indicators", report->held}});
    }
    timer.expires_after(std::chrono::seconds{feed.config().poll_s});
    co_await timer.async_wait(boost::asio::use_awaitable);
  }
}

}  // namespace sallyport::app
