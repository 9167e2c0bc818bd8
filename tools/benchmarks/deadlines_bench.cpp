#include "connectors/models/allowance.hpp"
#include "connectors/models/chain.hpp"
#include "connectors/models/provider.hpp"
#include "engine/app/loading.hpp"
#include "engine/config/settings.hpp"
#include "engine/http/client.hpp"
#include "engine/investigate/investigator.hpp"
#include "tools/benchmarks/bad_models.hpp"
#include "tools/benchmarks/benchmarks.hpp"
#include "tools/benchmarks/descriptors.hpp"
#include "tools/benchmarks/measured.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

// Investigations as they are configured (30 seconds, a reader and a judge), in real time and over
// real sockets, against model servers that do everything wrong: a thousand at once against each, a
// second after those against the one before. What is measured is how long after its deadline the
// last one of each kind has its verdict; below zero, it was before. Afterwards every descriptor and
// all memory have to be free again.
namespace sallyport::benchmarks {

namespace {

using namespace std::chrono_literals;
using Steady = std::chrono::steady_clock;
namespace models = connectors::models;

constexpr std::chrono::milliseconds allowed_after{100};
constexpr std::chrono::seconds between_kinds{1};
/// What libraries keep for themselves after their first use; less than 100 bytes an investigation.
constexpr double allowed_kilobytes = 1024;
constexpr double allowed_resident_mb = 32;
/// Nothing ends a call that hangs but the investigation's own budget.
constexpr std::uint32_t never = 3'600'000;

std::shared_ptr<const model::Alert> alert_to_judge(std::size_t n) {
  auto one = std::make_shared<model::Alert>();
  one->tenant = "default";
  one->uid = fmt::format("u{}", n);
  one->source = "suricata";
  one->detection = "2001219";
  one->title = "ET SCAN Potential SSH Scan";
  one->severity = model::Severity::medium;
  one->entities = {{{"ip", "198.51.100.7"}, "src", true}, {{"host", "WKS-1"}, "device", true}};
  one->finding = {{"message", "nothing"}};
  return one;
}

/// What became of the investigations that asked one of the servers.
struct Kind {
  const BadModel* model = nullptr;
  std::shared_ptr<const investigate::Counsel> counsel;
  std::vector<double> after_us;  ///< Their deadlines.
  std::size_t as_expected = 0;   ///< The embedded reasoner, and the outcome has its name.
  std::string otherwise;         ///< What one of the others said.

  void concluded(const Result<model::Verdict>& verdict, Deadline deadline) {
    const auto after = Steady::now() - deadline.at();
    after_us.push_back(std::chrono::duration<double, std::micro>{after}.count());
    if (!verdict) {
      otherwise = verdict.error().detail;
      return;
    }
    const auto said = verdict->model_calls && !verdict->model_calls->empty()
                          ? verdict->model_calls->back().outcome
                          : "not asked";
    if (verdict->reasoner == "embedded" && !verdict->missing.empty() && said == model->outcome) {
      ++as_expected;
    } else {
      otherwise = fmt::format("{} concluded, last call: {}", verdict->reasoner, said);
    }
  }
};

std::shared_ptr<const investigate::Counsel> counsel_of(const BadModel& model,
                                                       std::uint64_t investigations,
                                                       asio::io_context& loop,
                                                       const Clock& clock) {
  const auto connections = static_cast<std::uint32_t>(investigations);
  auto provider = models::Provider::make(model.name,
                                         {.url = fmt::format("http://127.0.0.1:{}/v1", model.port),
                                          .model = "m",
                                          .first_token_ms = never,
                                          .stall_ms = never,
                                          .connections = connections},
                                         std::make_shared<http::Client>(
                                             loop.get_executor(),
                                             nullptr,
                                             http::PoolLimits{.connections_per_origin = connections,
                                                              .idle_per_origin = connections}),
                                         clock,
                                         [] { return 0.5; })
                      .value();
  auto counsel = std::make_shared<investigate::Counsel>();
  counsel->judge = std::make_shared<models::Chain>(
      std::vector<std::shared_ptr<reason::LanguageModel>>{std::move(provider)},
      std::make_shared<models::Allowance>(models::DailyLimits{}, clock),
      models::Hedging{});
  counsel->reader = counsel->judge;
  return counsel;
}

/// What is held beyond what was held `before`.
struct Left {
  double kilobytes = 0;
  double resident_mb = 0;
  double now_resident_mb = 0;
};

Left left_since(const Held& before) {
  const auto now = held_memory();
  Left left{.resident_mb = now.resident_mb - before.resident_mb,
            .now_resident_mb = now.resident_mb};
  if (now.allocated_bytes && before.allocated_bytes)
    left.kilobytes =
        (static_cast<double>(*now.allocated_bytes) - static_cast<double>(*before.allocated_bytes)) /
        1024;
  return left;
}

}  // namespace

int deadlines_bench(const Options& options) {
  const BadModels servers;
  const auto each = allow_connections(options.each * servers.all().size()) / servers.all().size();
  if (each < options.each)
    fmt::print(stderr,
               "{} investigations against each instead of {}: each takes a descriptor, and this "
               "process may have no more (ulimit -Hn)\n",
               each,
               options.each);
  const auto descriptors = open_descriptors();
  const auto memory = held_memory();
  std::vector<Kind> kinds;
  {
    asio::io_context loop{1};
    const SystemClock clock;
    UlidSource ids{7};
    const auto settings = config::load_settings({}).value();
    const auto catalogue = app::load_catalogue(settings.schemas).value();
    const auto rules = app::load_rules(settings.reasoner, catalogue).value();
    const investigate::Investigator investigator{
        rules, {}, nullptr, clock, ids, investigate::Slices{}};
    for (const auto& model : servers.all())
      kinds.push_back({.model = &model, .counsel = counsel_of(model, each, loop, clock)});
    std::size_t n = 0;
    std::vector<asio::steady_timer> starts;
    starts.reserve(kinds.size());
    for (auto& kind : kinds) {
      starts.emplace_back(loop, between_kinds * starts.size());
      starts.back().async_wait([&](boost::system::error_code) {
        for (std::uint64_t i = 0; i < each; ++i) {
          const auto deadline = Deadline::in(investigate::Slices{}.total());
          asio::co_spawn(loop,
                         investigator.investigate(alert_to_judge(++n), deadline, {}, kind.counsel),
                         [&kind, deadline](const std::exception_ptr& thrown,
                                           const Result<model::Verdict>& verdict) {
                           if (!thrown) kind.concluded(verdict, deadline);
                         });
        }
      });
    }
    loop.run();
    for (auto& kind : kinds) kind.counsel.reset();
  }
  bool held = open_descriptors() == descriptors;
  if (!held)
    fmt::print(stderr, "{} descriptors before, {} after\n", descriptors, open_descriptors());
  const auto left = left_since(memory);
  if (left.kilobytes > allowed_kilobytes || left.resident_mb > allowed_resident_mb) {
    held = false;
    fmt::print(stderr,
               "{:.0f} KiB are still allocated, {:.0f} MiB more resident than before\n",
               left.kilobytes,
               left.resident_mb);
  }
  for (auto& kind : kinds) {
    const auto concluded = kind.after_us.size();
    const auto latest = concluded == 0 ? 0 : *std::ranges::max_element(kind.after_us);
    if (concluded != each || kind.as_expected != each || latest > allowed_after / 1us) {
      held = false;
      fmt::print(stderr,
                 "{}: {} of {} concluded, {} as they should; {}\n",
                 kind.model->name,
                 concluded,
                 each,
                 kind.as_expected,
                 kind.otherwise);
    }
    print(options.json,
          {.bench = "deadlines",
           .name = kind.model->name,
           .value = latest / 1000,
           .unit = "ms after the deadline",
           .latencies_us = {},
           .rss_mb = peak_megabytes()});
  }
  print(options.json,
        {.bench = "deadlines",
         .name = "left_allocated_afterwards",
         .value = left.kilobytes,
         .unit = "KiB",
         .latencies_us = {},
         .rss_mb = left.now_resident_mb});
  return held ? 0 : 1;
}

}  // namespace sallyport::benchmarks
