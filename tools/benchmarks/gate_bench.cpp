#include "engine/gate/policy.hpp"
#include "engine/gate/usage.hpp"
#include "tools/benchmarks/benchmarks.hpp"
#include "tools/benchmarks/durable_decisions.hpp"
#include "tools/benchmarks/measured.hpp"

#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace sallyport::benchmarks {

namespace {

using Steady = std::chrono::steady_clock;

/// The verbs that the cases need, as the shipped catalogue grades them.
model::Catalogue catalogue() {
  Faults faults;
  const auto verb = [](const char* radius) {
    return json::value{{"blast_radius", radius}, {"targets", json::array{"host", "ip"}}};
  };
  return model::Catalogue::read(json::value{{"verbs",
                                             {{"block_ip", verb("MEDIUM")},
                                              {"add_ioc", verb("LOW")},
                                              {"isolate_host", verb("HIGH")}}}},
                                faults);
}

std::shared_ptr<const gate::Policy> compile(json::object tenant) {
  Faults faults;
  auto policy = gate::Policy::compile(json::value{{"tenants", {{"acme", std::move(tenant)}}}},
                                      catalogue(),
                                      {.version = 1, .hash = "sha256:bench"},
                                      faults);
  if (!policy) fmt::print(stderr, "gate_bench: {}\n", summary(faults));
  return policy;
}

std::string host(std::size_t n) {
  return fmt::format("WKS-{:07}", n);
}

/// `entries` prefixes of isolate_host, one per host, all with one constraint.
json::object whitelisted(std::size_t entries) {
  json::array list;
  list.reserve(entries);
  for (std::size_t i = 0; i < entries; ++i) {
    list.push_back({{"id", fmt::format("entry-{:07}", i)},
                    {"action", "isolate_host"},
                    {"target_prefix", host(i)},
                    {"constraints", {{"confidence|gte", 0.9}}},
                    {"expires", "2030-01-01T00:00:00Z"}});
  }
  return {{"tier", "L4"}, {"whitelist", std::move(list)}};
}

model::ActionRequest request(std::string verb, std::string kind, std::string value) {
  model::ActionRequest asked;
  asked.tenant = "acme";
  asked.action = std::move(verb);
  asked.target = {.kind = std::move(kind), .value = std::move(value), .tags = {}};
  asked.confidence = 0.97;
  asked.requested_by = {.kind = "agent", .id = "investigation:01J"};
  asked.context = {{"intel", {{"confidence", 0.98}}}};
  return asked;
}

struct Case {
  std::string name;
  const gate::Policy& policy;
  std::vector<model::ActionRequest> requests;
  model::Reason expected;
};

/// One thread: the rate over two seconds of decisions, then the time of each of 200,000.
bool measure(const Case& the, bool json) {
  const Time now = parse_rfc3339("2026-11-20T10:00:00Z").value();
  const gate::Usage usage;
  std::size_t next = 0;
  bool right = true;
  const auto decide = [&] {
    const auto judgement = the.policy.decide(the.requests[next], now, usage);
    right = right && judgement.reason == the.expected;
    if (++next == the.requests.size()) next = 0;
  };
  for (int i = 0; i < 10'000; ++i) decide();

  std::size_t decisions = 0;
  const auto begun = Steady::now();
  auto spent = Steady::duration{};
  for (; spent < std::chrono::seconds{2}; spent = Steady::now() - begun) {
    for (int i = 0; i < 1000; ++i) decide();
    decisions += 1000;
  }
  const auto rate = static_cast<double>(decisions) / std::chrono::duration<double>(spent).count();

  std::vector<double> micros;
  micros.reserve(200'000);
  for (int i = 0; i < 200'000; ++i) {
    const auto start = Steady::now();
    decide();
    micros.push_back(std::chrono::duration<double, std::micro>(Steady::now() - start).count());
  }
  print(json,
        {.bench = "gate",
         .name = the.name,
         .value = rate,
         .unit = "1/s",
         .latencies_us = std::move(micros)});
  if (!right) fmt::print(stderr, "gate_bench: {} decided otherwise than expected\n", the.name);
  return right;
}

bool whitelist_cases(std::size_t entries, bool json) {
  const auto policy = compile(whitelisted(entries));
  if (!policy) return false;
  std::vector<model::ActionRequest> misses;
  for (std::size_t i = 0; i < 1000; ++i)
    misses.push_back(request("isolate_host", "host", fmt::format("SRV-{:07}", i)));
  std::vector<model::ActionRequest> anywhere;
  for (std::size_t i = 0; i < 10'000; ++i)
    anywhere.push_back(request("isolate_host", "host", host(i * 7919 % entries)));
  const auto name = fmt::format("whitelist_{}", entries);
  return measure({.name = name + "_hit_last",
                  .policy = *policy,
                  .requests = {request("isolate_host", "host", host(entries - 1))},
                  .expected = model::Reason::whitelist},
                 json) &&
         measure({.name = name + "_hit_any",
                  .policy = *policy,
                  .requests = std::move(anywhere),
                  .expected = model::Reason::whitelist},
                 json) &&
         measure({.name = name + "_miss",
                  .policy = *policy,
                  .requests = std::move(misses),
                  .expected = model::Reason::no_whitelist_match},
                 json);
}

}  // namespace

int gate_bench(const Options& options) {
  const bool json = options.json;
  const auto by_tier = compile({{"tier", "L3"}});
  const auto by_override = compile(
      {{"tier", "L2"},
       {"overrides",
        {{"block_ip",
          {{"force_auto", true},
           {"when", {{"context.intel.confidence|gte", 0.95}}},
           {"unless",
            {{"target.value|cidr", {"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"}}}}}}}}});
  if (!by_tier || !by_override) return 1;
  const auto asked = request("block_ip", "ip", "203.0.113.9");
  bool good = measure({.name = "tier_decided",
                       .policy = *by_tier,
                       .requests = {asked},
                       .expected = model::Reason::tier},
                      json);
  good = measure({.name = "override_decided",
                  .policy = *by_override,
                  .requests = {asked},
                  .expected = model::Reason::force_auto},
                 json) &&
         good;
  for (const std::size_t entries : {100U, 10'000U, 1'000'000U})
    good = whitelist_cases(entries, json) && good;
  good = durable_decisions(json) && good;
  return good ? 0 : 1;
}

}  // namespace sallyport::benchmarks
