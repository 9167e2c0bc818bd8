#include "engine/app/materials.hpp"

#include "engine/app/http_service.hpp"
#include "engine/app/kafka_intake.hpp"
#include "engine/app/loading.hpp"
#include "engine/app/models.hpp"

#include <ranges>
#include <string_view>

namespace sallyport::app {

namespace {

/// Collects what is wrong, so that a person sees all of it at once.
struct Complaints {
  std::string text;

  void add(const std::string& lines) {
    if (lines.empty()) return;
    if (!text.empty()) text += '\n';
    text += lines;
  }

  template <class T>
  void add(const Result<T>& loaded) {
    if (!loaded) add(loaded.error().detail);
  }
};

}  // namespace

void add_places(const config::Settings& settings, connectors::KnownPlaces& places) {
  places.add_host(settings.http.listen);
  for (const auto& broker : std::views::split(settings.kafka.brokers, ','))
    places.add_host(std::string_view{broker});
  for (const auto& [name, options] : settings.models.providers) {
    const auto* url = options.if_contains("url");
    if (url && url->is_string()) places.add_host(std::string_view{url->get_string()});
  }
  for (const auto& [name, options] : settings.taxii) {
    const auto* url = options.if_contains("url");
    if (url && url->is_string()) places.add_host(std::string_view{url->get_string()});
  }
  for (const auto& [name, channel] : settings.notifications.channels) places.add_host(channel.url);
}

Result<Materials> gather(const config::Settings& settings,
                         const Clock& clock,
                         boost::asio::any_io_executor pool,
                         boost::asio::any_io_executor loop) {
  Complaints wrong;
  auto catalogue = load_catalogue(settings.schemas);
  wrong.add(catalogue);
  auto normalizer = load_normalizer(settings.schemas);
  wrong.add(normalizer);
  auto rules = load_rules(settings.reasoner, catalogue ? *catalogue : model::Catalogue{});
  if (catalogue) wrong.add(rules);
  auto knowledge = LocalEnrichers::load(settings);
  wrong.add(knowledge);
  // Paths of a settings file are absolute by now; settings that come from none name no file by
  // default, and group nothing.
  const std::filesystem::path groups{settings.grouping};
  auto grouping = GroupingFile::load(groups.is_absolute() ? groups : std::filesystem::path{});
  wrong.add(grouping);

  Faults faults;
  // Only to see that they can be made: the engine makes them where they are called.
  (void)make_models(settings, {}, pool, clock, faults);
  const auto verbs =
      std::make_shared<const model::Catalogue>(catalogue ? *catalogue : model::Catalogue{});
  const Reach reach{.catalogue = verbs, .clock = clock, .pool = pool, .loop = loop};
  auto products = make_products(settings, reach, faults);
  add_places(settings, *products.places);
  auto feeds = make_feeds(settings, products.places, clock, loop, std::move(pool), faults);
  auto channels = make_channels(settings.notifications, std::move(loop), faults);
  auto access = make_access(settings.http, faults);
  http::ServerOptions server;
  if (!settings.http.listen.empty()) server = make_server_options(settings.http, faults);
  if (!settings.kafka.brokers.empty()) KafkaIntake::check(settings, faults);
  wrong.add(settings.render(faults));
  if (!wrong.text.empty()) return fail(Errc::invalid_input, std::move(wrong.text));
  return Materials{.catalogue = *std::move(catalogue),
                   .normalizer = *std::move(normalizer),
                   .rules = *std::move(rules),
                   .knowledge = *std::move(knowledge),
                   .grouping = *std::move(grouping),
                   .reach = reach,
                   .products = std::move(products),
                   .feeds = std::move(feeds),
                   .channels = std::move(channels),
                   .access = std::move(access),
                   .server = std::move(server)};
}

}  // namespace sallyport::app
