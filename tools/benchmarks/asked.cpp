#include "tools/benchmarks/asked.hpp"

#include <fmt/format.h>

#include <stdexcept>
#include <string>

namespace sallyport::benchmarks {

namespace {

model::Catalogue catalogue() {
  Faults faults;
  const auto verb = [](const char* radius) {
    return json::value{{"blast_radius", radius}, {"targets", json::array{"host", "ip", "user"}}};
  };
  return model::Catalogue::read(json::value{{"verbs",
                                             {{"search_siem", verb("MINIMAL")},
                                              {"create_ticket", verb("MINIMAL")},
                                              {"add_ioc", verb("LOW")},
                                              {"block_ip", verb("MEDIUM")},
                                              {"isolate_host", verb("HIGH")},
                                              {"disable_user", verb("HIGH")},
                                              {"run_script", verb("HIGH")},
                                              {"wipe_host", verb("CRITICAL")}}}},
                                faults);
}

constexpr std::string_view policy_text = R"({"tenants":{"acme":{
  "tier":"L3",
  "overrides":{
    "run_script":{"block":true},
    "isolate_host":{"force_auto":true,"when":{"target.value|startswith":"KIOSK-","confidence|gte":0.9}}},
  "protected":[{"target.kind":"host","target.value|startswith":["DC","VCENTER"]}]}}})";

/// Numbers that look random and are the same each time.
std::uint64_t mixed(std::uint64_t n) {
  n += 0x9e3779b97f4a7c15ULL;
  n = (n ^ (n >> 30U)) * 0xbf58476d1ce4e5b9ULL;
  n = (n ^ (n >> 27U)) * 0x94d049bb133111ebULL;
  return n ^ (n >> 31U);
}

std::string value_of(std::string_view kind, std::uint64_t chance) {
  if (kind == "user") return fmt::format("user{:05}@acme.example", chance % 8000);
  if (kind == "ip") {
    return fmt::format("{}.{}.{}.{}",
                       45 + chance % 100,
                       (chance >> 8U) % 256,
                       (chance >> 16U) % 256,
                       (chance >> 24U) % 256);
  }
  if (chance % 100 == 0) return fmt::format("DC{:02}", chance % 16);
  return fmt::format("{}-{:05}", chance % 10 == 1 ? "KIOSK" : "WKS", (chance >> 8U) % 20'000);
}

const AskedVerb& verb_of(std::uint64_t chance) {
  auto left = static_cast<std::uint32_t>(chance % 1000);
  for (const auto& one : asked_verbs) {
    if (left < one.per_mille) return one;
    left -= one.per_mille;
  }
  throw std::logic_error{"the shares of the verbs do not add up"};
}

}  // namespace

model::ActionRequest asked(std::uint64_t n) {
  const auto chance = mixed(n);
  const auto& verb = verb_of(chance >> 32U);
  model::ActionRequest request;
  request.tenant = "acme";
  request.action = verb.verb;
  request.target = {.kind = std::string{verb.kind}, .value = value_of(verb.kind, chance)};
  request.confidence = static_cast<double>(chance % 50) / 100 + 0.5;
  request.requested_by = {.kind = "agent", .id = fmt::format("investigation:01JF{:022}", n / 3)};
  request.context = {{"intel", {{"confidence", static_cast<double>(chance % 100) / 100}}}};
  request.grounded = chance % 64 != 0;
  return request;
}

std::shared_ptr<const gate::Policy> policy_for_asked() {
  Faults faults;
  auto policy = gate::Policy::compile(
      parse_json(policy_text).value(), catalogue(), {.version = 1, .hash = "sha256:bench"}, faults);
  if (!policy) throw std::logic_error{summary(faults)};
  return policy;
}

}  // namespace sallyport::benchmarks
