#include "connectors/taxii/feed.hpp"

#include "engine/base/file.hpp"
#include "engine/base/on_pool.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>

namespace sallyport::connectors::taxii {

namespace fs = std::filesystem;
using manifest::Judgement;

namespace {

constexpr std::string_view media_type = "application/taxii+json";
constexpr std::size_t most_collections = 50;
constexpr std::size_t most_pages = 10'000;
constexpr std::uint32_t most_page = 5'000;

manifest::Template place(std::string_view text) {
  return manifest::Template::parse(text).value();  // written here
}

manifest::StepPlan reading(std::string id,
                           std::vector<manifest::Template> segments,
                           manifest::NamedTemplates query) {
  manifest::StepPlan step{.id = std::move(id)};
  step.request.endpoint = "api";
  step.request.segments = std::move(segments);
  step.request.slash_at_end = true;
  step.request.query = std::move(query);
  step.request.headers = {{"Accept", place("application/taxii+json;version=2.1")}};
  step.request.timeout = std::chrono::seconds{30};
  return step;
}

const manifest::StepPlan& read_collections() {
  static const auto step = reading("collections", {place("collections")}, {});
  return step;
}

const manifest::StepPlan& read_objects() {
  static const auto step =
      reading("objects",
              {place("collections"), place("${{ ask.collection }}"), place("objects")},
              {{"added_after", place("${{ ask.added_after }}")},
               {"limit", place("${{ ask.limit }}")},
               {"next", place("${{ ask.next }}")},
               {"match[type]", place("indicator")}});
  return step;
}

/// How requests are let in, as a manifest would say it. Errors: invalid_input.
Result<manifest::AuthPlan> auth_of(const Config& config) {
  const int ways =
      int{!config.user.empty()} + int{!config.token.empty()} + int{!config.key.empty()};
  if (ways > 1) return fail(Errc::invalid_input, "give one of user, token and key");
  if (config.user.empty() != config.password.empty())
    return fail(Errc::invalid_input, "user and password go together");
  manifest::AuthPlan auth;
  if (!config.user.empty()) {
    auth.kind = manifest::AuthKind::basic;
    auth.user = place("${{ options.user }}");
    auth.password = place("${{ secret.password }}");
  } else if (!config.token.empty()) {
    auth.kind = manifest::AuthKind::bearer;
    auth.header = "Authorization";
    auth.prefix = "Bearer ";
    auth.secret = "token";
  } else if (!config.key.empty()) {
    auth.kind = manifest::AuthKind::api_key;
    auth.header = config.key_header;
    auth.secret = "key";
  }
  return auth;
}

Error refusal(const Judgement& judgement) {
  using manifest::AnswerClass;
  const bool denied =
      judgement.kind == Judgement::Kind::classed &&
      (judgement.means == AnswerClass::unauthorized || judgement.means == AnswerClass::forbidden ||
       judgement.means == AnswerClass::not_found);
  return {.code = denied ? Errc::denied : Errc::unavailable, .detail = judgement.why};
}

std::string text_at(const json::value& record, std::string_view path) {
  const auto value = manifest::value_at(record, path);
  const auto* text = value ? value->if_string() : nullptr;
  return text ? std::string{text->data(), text->size()} : std::string{};
}

bool is_id(std::string_view text) {
  return manifest::checked("it", {.type = manifest::ValueType::id}, json::value(text)).has_value();
}

Result<> write_whole(const fs::path& file, const std::string& text) {
  const auto beside = fs::path{file}.concat(".new");
  std::error_code error;
  fs::create_directories(file.parent_path(), error);
  std::ofstream out{beside, std::ios::binary | std::ios::trunc};
  out << text;
  out.close();
  if (!out) return fail(Errc::unavailable, fmt::format("{}: cannot be written", beside.string()));
  fs::rename(beside, file, error);
  if (error) return fail(Errc::unavailable, fmt::format("{}: {}", file.string(), error.message()));
  return {};
}

}  // namespace

Feed::Feed(Config config, fs::path folder, const Clock& clock, asio::any_io_executor pool)
    : config_{std::move(config)},
      folder_{std::move(folder)},
      clock_{clock},
      pool_{std::move(pool)} {}

Result<std::unique_ptr<Feed>> Feed::make(Config config,
                                         fs::path folder,
                                         std::shared_ptr<KnownPlaces> places,
                                         const Clock& clock,
                                         asio::any_io_executor executor,
                                         asio::any_io_executor pool) {
  if (config.url.empty()) return fail(Errc::invalid_input, "url: of the API root is missing");
  if (config.poll_s < 1 || config.page < 1 || config.page > most_page || config.most < 1)
    return fail(Errc::invalid_input,
                fmt::format("poll_s and most are at least 1, page goes from 1 to {}", most_page));
  for (const auto& id : config.collections)
    if (!is_id(id))
      return fail(Errc::invalid_input, fmt::format("collections: '{:.80}' is no id", id));
  auto auth = auth_of(config);
  if (!auth) return std::unexpected{auth.error()};
  manifest::Config reach{.name = config.name,
                         .base_url = config.url,
                         .ca = config.ca,
                         .proxy = config.proxy,
                         .allow = config.allow};
  for (const auto& [name, reference] :
       {std::pair{"password", config.password}, {"token", config.token}, {"key", config.key}})
    if (!reference.empty()) reach.secrets.emplace(name, reference);
  auto plan = std::make_shared<manifest::Plan>();
  plan->connector.title = "the TAXII server " + config.name;
  plan->endpoints.emplace("api", manifest::EndpointSpec{});
  for (const auto& [name, reference] : reach.secrets) plan->secrets.push_back(name);
  plan->auth = *std::move(auth);
  plan->limits = {{.requests = 10, .per_s = 1}};
  plan->concurrency = 2;
  plan->error_detail = {.code = "body.error_code", .message = "body.title"};

  std::unique_ptr<Feed> feed{
      new Feed{std::move(config), std::move(folder), clock, std::move(pool)}};
  feed->plan_ = plan;
  auto wire = manifest::Wire::make(*plan, reach, std::move(places), std::move(executor));
  if (!wire) {
    auto error = wire.error();
    constexpr std::string_view theirs = "base_";  // what a connector calls its URL
    if (error.detail.starts_with(theirs)) error.detail.erase(0, theirs.size());
    return std::unexpected{std::move(error)};
  }
  feed->wire_ = *std::move(wire);
  auto credentials = manifest::Credentials::make(plan, reach, *feed->wire_, clock);
  if (!credentials) return std::unexpected{credentials.error()};
  feed->credentials_ = *std::move(credentials);
  feed->caller_ =
      std::make_unique<manifest::Caller>(plan, *feed->wire_, *feed->credentials_, clock);
  return feed;
}

Task<manifest::Called> Feed::get(const manifest::StepPlan& step,
                                 json::object facts,
                                 Deadline deadline) {
  facts["options"] = json::object{{"user", config_.user}};
  auto called = co_await caller_->call(step, json::value(std::move(facts)), true, deadline);
  if (!called) co_return std::unexpected{called.error()};
  if (called->judgement.kind != Judgement::Kind::good)
    co_return std::unexpected{refusal(called->judgement)};
  // Anything may answer 200; what is no TAXII is not read as if it held nothing.
  if (!text_at(called->record, "header.content-type").starts_with(media_type))
    co_return fail(Errc::unavailable, fmt::format("{}: the answer is no {}", step.id, media_type));
  co_return called;
}

Task<std::vector<std::string>> Feed::readable_collections(Deadline deadline) {
  if (!config_.collections.empty()) co_return config_.collections;
  const auto called = co_await get(read_collections(), {}, deadline);
  if (!called) co_return std::unexpected{called.error()};
  std::vector<std::string> ids;
  const auto listed = manifest::value_at(called->record, "body.collections");
  if (const auto* list = listed ? listed->if_array() : nullptr) {
    for (const auto& collection : *list) {
      const auto* object = collection.if_object();
      const auto* readable = object ? object->if_contains("can_read") : nullptr;
      auto id = text_at(collection, "id");
      if (readable && *readable == true && is_id(id) && ids.size() < most_collections)
        ids.push_back(std::move(id));
    }
  }
  co_return ids;
}

fs::path Feed::file_of(const std::string& id) const {
  return folder_ / fmt::format("{}-{}.json", config_.name, id);
}

Task<Collection> Feed::known(std::string id) {
  auto read = [this, id]() -> Task<Collection> {
    const auto file = file_of(id);
    std::error_code error;
    if (!fs::exists(file, error)) co_return Collection{config_.most};
    const auto text = read_file(file);
    if (!text) co_return std::unexpected{text.error()};
    auto collection = Collection::read(*text, config_.most);
    // What cannot be read is fetched again: it is only a copy.
    co_return collection ? *std::move(collection) : Collection{config_.most};
  };
  co_return co_await on_pool(pool_, std::move(read));
}

Task<> Feed::read_new(std::string id, Report& report, Deadline deadline) {
  auto collection = co_await known(id);
  if (!collection) co_return std::unexpected{collection.error()};
  auto after = collection->added_after();
  if (after.empty() && config_.from_days > 0)
    after = to_rfc3339(clock_.now() - std::chrono::days{config_.from_days});
  json::object ask{{"collection", id}, {"limit", config_.page}};
  if (!after.empty()) ask["added_after"] = after;
  auto last = collection->added_after();
  Collection::Taken taken;
  for (std::size_t page = 0;; ++page) {
    if (page == most_pages)
      co_return fail(Errc::unavailable, fmt::format("{}: more than {} pages", id, most_pages));
    const auto called = co_await get(read_objects(), {{"ask", ask}}, deadline);
    if (!called) co_return std::unexpected{called.error()};
    const auto objects = manifest::value_at(called->record, "body.objects");
    if (objects) {
      // A list of one is read as the one.
      const auto* list = objects->if_array();
      const auto now = collection->take(list ? *list : json::array{*objects});
      taken.kept += now.kept;
      taken.gone += now.gone;
      taken.unused += now.unused;
    }
    const auto added = text_at(called->record, "header.x-taxii-date-added-last");
    const bool moved = !added.empty() && added != last;
    if (!added.empty()) last = added;
    const auto more = manifest::value_at(called->record, "body.more");
    if (!more || *more != true) break;
    if (auto next = text_at(called->record, "body.next"); !next.empty()) {
      ask["next"] = std::move(next);
    } else if (moved) {
      ask["added_after"] = last;  // a server may leave paging to the time
    } else {
      co_return fail(Errc::unavailable, id + ": says that there is more, and not where");
    }
  }
  const bool went_on = last != collection->added_after();
  collection->polled_until(last);
  const auto expired = collection->expire(clock_.now());
  report.new_or_changed += taken.kept;
  report.revoked += taken.gone;
  report.unused += taken.unused;
  report.held += collection->size();
  ++report.collections;
  if (!went_on && expired == 0) co_return Result<>{};
  auto write = [file = file_of(id), text = collection->text()]() -> Task<> {
    co_return write_whole(file, text);
  };
  co_return co_await on_pool(pool_, std::move(write));
}

Task<Report> Feed::poll(Deadline deadline) {
  Report report;
  const auto ids = co_await readable_collections(deadline);
  if (!ids) co_return std::unexpected{ids.error()};
  for (const auto& id : *ids) {
    const auto read = co_await read_new(id, report, deadline);
    if (!read) co_return std::unexpected{read.error()};
  }
  co_return report;
}

}  // namespace sallyport::connectors::taxii
