#include "connectors/local/vulnerabilities.hpp"

#include "connectors/local/mentions.hpp"
#include "connectors/local/record_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <tuple>

namespace sallyport::connectors::local {

namespace {

constexpr std::size_t most_shown = 10;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// The length of the CVE id that `text` begins with (`cve-2021-44228`, in lower case); 0: none.
std::size_t cve_length(std::string_view text) {
  constexpr std::string_view beginning = "cve-";
  constexpr std::size_t fewest = 13;  // cve-2021-4422
  constexpr std::size_t longest = 20;
  if (!text.starts_with(beginning) || text.size() < fewest || text[8] != '-') return 0;
  if (!std::ranges::all_of(text.substr(4, 4), is_digit)) return 0;
  std::size_t end = 9;
  while (end < std::min(text.size(), longest) && is_digit(text[end])) ++end;
  return end >= fewest ? end : 0;
}

std::string upper_case(std::string_view text) {
  std::string out{text};
  for (char& c : out)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c & ~0x20);
  return out;
}

/// The CVE ids in a text, in upper case.
void collect_cves(std::string_view text, std::vector<std::string>& found) {
  const auto lower = lower_case(text);
  const std::string_view all{lower};
  for (auto at = all.find("cve-"); at != std::string_view::npos; at = all.find("cve-", at + 4)) {
    const auto length = cve_length(all.substr(at));
    if (length == 0) continue;
    auto cve = upper_case(all.substr(at, length));
    if (std::ranges::find(found, cve) == found.end()) found.push_back(std::move(cve));
  }
}

/// Those that the alert is about: its title, its rule, and what the product lists.
std::vector<std::string> named_by(const model::Alert& alert) {
  std::vector<std::string> found;
  collect_cves(alert.title, found);
  collect_cves(alert.detection, found);
  if (const auto* listed = alert.finding.if_contains("vulnerabilities"))
    collect_cves(to_json(*listed), found);
  return found;
}

bool is_exploit(const model::Alert& alert) {
  static constexpr std::array<std::string_view, 6> exploits{
      "T1190", "T1203", "T1210", "T1211", "T1212", "T1068"};
  return std::ranges::any_of(alert.techniques, [](const std::string& technique) {
    return std::ranges::any_of(exploits,
                               [&](std::string_view id) { return technique.starts_with(id); });
  });
}

bool was_attacked(const Named& named) {
  return std::ranges::any_of(named.roles, [](const std::string& role) {
    return role == "device" || role == "dst" || role == "target";
  });
}

Result<double> cvss_of(std::string_view text) {
  if (text.empty()) return 0.0;
  double value = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (ec != std::errc{} || end != text.data() + text.size() || !std::isfinite(value) || value < 0 ||
      value > 10)
    return fail(Errc::invalid_input, fmt::format("cvss '{}' is not 0 to 10", text));
  return value;
}

Result<bool> flag_of(std::string_view text) {
  return text.empty() ? Result<bool>{false} : boolean(text);
}

Result<Weakness> weakness_of(const Record& record) {
  static constexpr std::array<std::string_view, 5> levels = {
      "", "low", "medium", "high", "critical"};
  const auto id = lower_case(record["cve"]);
  if (cve_length(id) == 0 || cve_length(id) != id.size())
    return fail(Errc::invalid_input,
                fmt::format("cve '{}' is not written CVE-2021-44228", record["cve"]));
  Weakness weakness{.cve = upper_case(id), .severity = lower_case(record["severity"])};
  if (std::ranges::find(levels, weakness.severity) == levels.end())
    return fail(
        Errc::invalid_input,
        fmt::format("severity '{}' is not low, medium, high or critical", weakness.severity));
  const auto cvss = cvss_of(record["cvss"]);
  if (!cvss) return std::unexpected{cvss.error()};
  weakness.cvss = *cvss;
  const auto kev = flag_of(record["kev"]);
  if (!kev) return std::unexpected{kev.error()};
  weakness.kev = *kev;
  return weakness;
}

model::Evidence about(const Named& named,
                      const WeaknessInventory::Machine& machine,
                      const model::Alert& alert) {
  const auto& open = machine.open;
  const auto critical = std::ranges::count_if(open, &Weakness::is_critical);
  const auto exploited = std::ranges::count(open, true, &Weakness::kev);
  const auto shown = std::string_view{named.entity->value}.substr(0, 100);
  auto result =
      open.empty()
          ? evidence("vulnerability",
                     model::EvidenceStatus::empty,
                     alert,
                     fmt::format("nothing that the inventory knows of is open on {}", shown))
          : evidence("vulnerability",
                     model::EvidenceStatus::found,
                     alert,
                     fmt::format("{} has {} open vulnerabilities, {} critical, {} exploited in the "
                                 "wild",
                                 shown,
                                 open.size(),
                                 critical,
                                 exploited));
  if (open.empty()) {
    result.data = {{"entity", entity_json(*named.entity)}};
    return result;
  }
  json::object data{{"entity", entity_json(*named.entity)},
                    {"open", open.size()},
                    {"critical", critical},
                    {"exploited", exploited}};
  auto worst = open;
  std::ranges::sort(worst, [](const Weakness& a, const Weakness& b) {
    return std::tuple{b.kev, b.cvss, b.is_critical(), a.cve} <
           std::tuple{a.kev, a.cvss, a.is_critical(), b.cve};
  });
  json::array shown_cves;
  for (std::size_t i = 0; i < std::min(worst.size(), most_shown); ++i)
    shown_cves.emplace_back(worst[i].cve);
  data["worst"] = std::move(shown_cves);
  result.data = data;
  if (!was_attacked(named)) return result;
  json::array matching;
  for (const auto& cve : named_by(alert))
    if (std::ranges::find(open, cve, &Weakness::cve) != open.end()) matching.emplace_back(cve);
  if (!matching.empty()) {
    result.summary += fmt::format("; the alert names {} of them", matching.size());
    data["named"] = std::move(matching);
    result.data = data;
    result.signals.push_back({"vulnerability.named", 1});
  }
  constexpr double of_critical = 0.7;
  if (is_exploit(alert) && (critical > 0 || exploited > 0))
    result.signals.push_back({"vulnerability.exposed", exploited > 0 ? 1 : of_critical});
  return result;
}

}  // namespace

Result<WeaknessInventory> WeaknessInventory::read(const std::vector<std::filesystem::path>& files) {
  WeaknessInventory inventory;
  for (const auto& file : files) {
    auto done = read_records(file, {"cve"}, [&](const Record& record) -> Result<> {
      auto weakness = weakness_of(record);
      if (!weakness) return std::unexpected{weakness.error()};
      const auto fixed = flag_of(record["fixed"]);
      if (!fixed) return std::unexpected{fixed.error()};
      auto machine = inventory.machine(record["host"], record["ip"]);
      if (!machine) return std::unexpected{machine.error()};
      if (*fixed) return {};
      ++inventory.weaknesses_;
      (*machine)->open.push_back(*std::move(weakness));
      return {};
    });
    if (!done) return std::unexpected{done.error()};
  }
  return inventory;
}

Result<WeaknessInventory::Machine*> WeaknessInventory::machine(std::string_view host,
                                                               std::string_view address) {
  if (host.empty() && address.empty())
    return fail(Errc::invalid_input, "neither host nor ip is given");
  std::string ip;
  if (!address.empty()) {
    auto canonical = canonical_address(address);
    if (!canonical) return std::unexpected{canonical.error()};
    ip = *std::move(canonical);
  }
  const auto known =
      !host.empty() ? index_.find({"host", std::string{host}}) : index_.find({"ip", ip});
  const auto position = known.value_or(machines_.size());
  if (!known) machines_.push_back({.host = std::string{host}, .open = {}});
  if (!index_.add_name(host, position) || !index_.add_address(ip, position))
    return fail(Errc::invalid_input,
                fmt::format("{} is listed with another host before", ip.empty() ? host : ip));
  return &machines_[position];
}

const WeaknessInventory::Machine* WeaknessInventory::find(const model::Entity& entity) const {
  const auto found = index_.find(entity);
  return found ? &machines_[*found] : nullptr;
}

Vulnerabilities::Vulnerabilities(std::vector<std::filesystem::path> paths)
    : configured_{!paths.empty()},
      inventory_{WatchedFiles{std::move(paths), {".csv", ".json"}}, &WeaknessInventory::read} {}

std::optional<investigate::Enricher::Answer> Vulnerabilities::answer_now(
    const model::Alert& alert) const {
  std::vector<model::Evidence> result;
  if (!configured_) {
    result.push_back(evidence("vulnerability",
                              model::EvidenceStatus::not_collected,
                              alert,
                              "no inventory of vulnerabilities is configured"));
    return result;
  }
  const auto inventory = inventory_.current();
  const auto named = entities_of(alert, {"host", "ip"});
  for (const auto& entity : named) {
    if (const auto* machine = inventory->find(*entity.entity))
      result.push_back(about(entity, *machine, alert));
  }
  if (result.empty())
    result.push_back(
        evidence("vulnerability",
                 model::EvidenceStatus::empty,
                 alert,
                 fmt::format("none of {} hosts and addresses is in the inventory", named.size())));
  return result;
}

Task<std::vector<model::Evidence>> Vulnerabilities::enrich(
    std::shared_ptr<const model::Alert> alert, Deadline /*deadline*/) {
  co_return *answer_now(*alert);
}

}  // namespace sallyport::connectors::local
