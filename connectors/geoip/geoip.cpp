#include "connectors/geoip/geoip.hpp"

#include "connectors/local/mentions.hpp"

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <fmt/format.h>
#include <maxminddb.h>

#include <algorithm>

namespace sallyport::connectors::geoip {

namespace {

namespace ip = boost::asio::ip;

constexpr std::size_t longest_name_bytes = 200;

/// Closes it and gives its memory back.
void close(MMDB_s* database) {
  MMDB_close(database);
  delete database;
}

std::string text_at(MMDB_entry_s entry, const std::vector<const char*>& path) {
  MMDB_entry_data_s data{};
  auto terminated = path;
  terminated.push_back(nullptr);
  if (MMDB_aget_value(&entry, &data, terminated.data()) != MMDB_SUCCESS || !data.has_data ||
      data.type != MMDB_DATA_TYPE_UTF8_STRING)
    return {};
  return {data.utf8_string, std::min<std::size_t>(data.data_size, longest_name_bytes)};
}

std::uint32_t number_at(MMDB_entry_s entry, const char* name) {
  MMDB_entry_data_s data{};
  const char* const path[] = {name, nullptr};
  if (MMDB_aget_value(&entry, &data, path) != MMDB_SUCCESS || !data.has_data ||
      data.type != MMDB_DATA_TYPE_UINT32)
    return 0;
  return data.uint32;
}

model::Evidence about(const local::Named& named, const Place& place, const model::Alert& alert) {
  const auto& value = named.entity->value;
  auto where = place.country_name.empty() ? place.country : place.country_name;
  if (!place.city.empty()) where = fmt::format("{}, {}", place.city, where);
  if (where.empty()) where = "a known network";
  if (place.network != 0) where += fmt::format(" (AS{} {})", place.network, place.operated_by);
  auto result = local::evidence(
      "geo", model::EvidenceStatus::found, alert, fmt::format("{} is in {}", value, where));
  json::object data{{"entity", local::entity_json(*named.entity)}};
  const auto put = [&](const char* name, const std::string& text) {
    if (!text.empty()) data[name] = text;
  };
  put("country", place.country);
  put("city", place.city);
  if (place.network != 0) data["network"] = place.network;
  put("operated_by", place.operated_by);
  result.data = data;
  if (place.country.empty()) return result;
  for (const auto& role : named.roles)
    result.signals.push_back({fmt::format("geo.{}.{}", role, place.country), 1});
  return result;
}

}  // namespace

Result<Databases> Databases::read(const std::vector<std::filesystem::path>& files) {
  Databases databases;
  for (const auto& file : files) {
    auto opened = std::make_unique<MMDB_s>();
    const auto status = MMDB_open(file.c_str(), MMDB_MODE_MMAP, opened.get());
    if (status != MMDB_SUCCESS)
      return fail(status == MMDB_FILE_OPEN_ERROR ? Errc::unavailable : Errc::invalid_input,
                  fmt::format("{}: {}", file.string(), MMDB_strerror(status)));
    databases.open_.emplace_back(opened.release(), &close);
  }
  return databases;
}

Place Databases::find(std::string_view address) const {
  Place place;
  boost::system::error_code ec;
  const auto parsed = ip::make_address(std::string{address}, ec);
  if (ec) return place;
  const ip::tcp::endpoint endpoint{parsed, 0};
  for (const auto& database : open_) {
    int error = MMDB_SUCCESS;
    // An IPv6 address cannot be asked of a database of IPv4.
    if (parsed.is_v6() && database->metadata.ip_version == 4) continue;
    const auto found = MMDB_lookup_sockaddr(database.get(), endpoint.data(), &error);
    if (error != MMDB_SUCCESS || !found.found_entry) continue;
    const auto take = [&](std::string& into, const std::vector<const char*>& path) {
      if (into.empty()) into = text_at(found.entry, path);
    };
    take(place.country, {"country", "iso_code"});
    take(place.country_name, {"country", "names", "en"});
    take(place.city, {"city", "names", "en"});
    take(place.operated_by, {"autonomous_system_organization"});
    if (place.network == 0) place.network = number_at(found.entry, "autonomous_system_number");
  }
  return place;
}

GeoIp::GeoIp(std::vector<std::filesystem::path> paths)
    : configured_{!paths.empty()},
      databases_{local::WatchedFiles{std::move(paths), {".mmdb"}}, &Databases::read} {}

std::optional<investigate::Enricher::Answer> GeoIp::answer_now(const model::Alert& alert) const {
  std::vector<model::Evidence> result;
  if (!configured_) {
    result.push_back(local::evidence(
        "geo", model::EvidenceStatus::not_collected, alert, "no GeoIP database is configured"));
    return result;
  }
  const auto databases = databases_.current();
  const auto named = local::entities_of(alert, {"ip"});
  for (const auto& entity : named) {
    const auto place = databases->find(entity.entity->value);
    if (place.known()) result.push_back(about(entity, place, alert));
  }
  if (result.empty())
    result.push_back(
        local::evidence("geo",
                        model::EvidenceStatus::empty,
                        alert,
                        fmt::format("the databases know none of {} addresses", named.size())));
  return result;
}

Task<std::vector<model::Evidence>> GeoIp::enrich(std::shared_ptr<const model::Alert> alert,
                                                 Deadline /*deadline*/) {
  co_return *answer_now(*alert);
}

}  // namespace sallyport::connectors::geoip
