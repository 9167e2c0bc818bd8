#include "engine/app/engine.hpp"
#include "engine/config/settings.hpp"
#include "engine/http/client.hpp"
#include "tools/benchmarks/benchmarks.hpp"
#include "tools/benchmarks/descriptors.hpp"
#include "tools/benchmarks/measured.hpp"
#include "tools/benchmarks/slow_model.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <mutex>
#include <string>
#include <thread>

// The whole engine from POST /v1/alerts to the durable verdict, over real sockets to a model server
// in a process of its own that takes eight seconds for each answer. Alerts come in at the rate at
// which as many wait for it as is asked for. What an investigation took beyond the eight seconds is
// what the engine added: intake, evidence, brief, waiting for a core, checking the answer, commits.
// Without intake and both commits it waited for cores alone.
// Model server and engine share the machine's cores. The engine has one descriptor for each that
// waits; where the machine allows fewer than are asked for, as many wait as it allows.
namespace sallyport::benchmarks {

namespace {

using namespace std::chrono_literals;
using Steady = std::chrono::steady_clock;

constexpr std::chrono::seconds model_takes{8};
constexpr int rounds = 3;  // the first fills up, the last empties
constexpr std::size_t alerts_per_request = 5;
constexpr auto token = "0123456789-bench-token";

/// As the judge has to answer: it cites the alert itself.
constexpr auto judgement =
    R"({"hypotheses":[{"statement":"password guessing","verdict":"suspicious","supporting":["E1"],"refuting":[]}],)"
    R"("citations":[{"evidence":"E1","quote":"wazuh reports"}],"verdict":"suspicious","techniques":["T1110.001"],)"
    R"("actions":[],"summary":"Somebody guesses passwords."})";

/// As Wazuh writes them; no two are alike.
std::string alert(std::size_t n) {
  return fmt::format(
      R"({{"timestamp":"2026-11-20T10:00:00.000+0000","rule":{{"level":10,"description":"sshd: authentication failed","id":"{}",)"
      R"("mitre":{{"id":["T1110.001"],"tactic":["Credential Access"],"technique":["Password Guessing"]}},"groups":["sshd","authentication_failed"]}},)"
      R"("agent":{{"id":"{:05}","name":"srv-{:05}.acme.example","ip":"10.0.{}.{}"}},"manager":{{"name":"wazuh-manager-1"}},"id":"1700000000.{}",)"
      R"("full_log":"Nov 20 10:00:00 sshd[{}]: Failed password for invalid user admin from 198.{}.{}.{} port 51514 ssh2",)"
      R"("decoder":{{"parent":"sshd","name":"sshd"}},"data":{{"srcip":"198.{}.{}.{}","srcport":"51514","srcuser":"admin"}},"location":"/var/log/auth.log"}})",
      5700 + n % 200,
      n % 20'000,
      n % 20'000,
      n % 20'000 / 200,
      n % 200,
      n,
      1000 + n,
      18 + n / 65'536 % 2,
      n / 256 % 256,
      n % 256,
      18 + n / 65'536 % 2,
      n / 256 % 256,
      n % 256);
}

constexpr std::size_t sending_connections = 16;

/// Connections to the model for `in_flight` that wait for it: while one ends another begins.
constexpr std::uint64_t connections_for(std::uint64_t in_flight) {
  return in_flight + in_flight / 200 + 1;
}

/// How many of `wanted` can wait at a time with the descriptors that this process may have.
std::uint64_t possible(std::uint64_t wanted) {
  const auto allowed = allow_connections(connections_for(wanted));
  if (allowed == connections_for(wanted)) return wanted;
  return allowed * 200 / 201 - std::min<std::uint64_t>(allowed, 1);
}

config::Settings settings_in(const std::filesystem::path& root,
                             std::uint16_t model_port,
                             std::uint64_t in_flight) {
  std::ofstream{root / "policy.yaml"} << "tenants:\n  default:\n    tier: L2\n    authority: { "
                                         "owner: bench@acme.example, approved: "
                                         "2026-11-01, review_by: 2099-01-01 }\n";
  std::ofstream{root / "token"} << token;
  auto settings = config::load_settings({}).value();
  settings.data_dir = (root / "data").string();
  settings.policy = (root / "policy.yaml").string();
  settings.grouping = "";  // each has an investigation of its own
  settings.http.listen = "127.0.0.1:0";
  settings.http.tokens = {{.name = "bench",
                           .secret = "file:" + (root / "token").string(),
                           .tenant = "default",
                           .roles = {"ingest"}}};
  settings.ingest.max_in_flight = static_cast<std::uint32_t>(in_flight * 2);
  settings.ingest.max_in_flight_bytes = in_flight * 16'384;
  settings.models.use = {"slow"};
  settings.models.read_text = false;
  settings.models.from_severity = "informational";
  settings.models.at_once = static_cast<std::uint32_t>(in_flight * 5 / 4);
  settings.models.providers["slow"] = {{"kind", "openai"},
                                       {"url", fmt::format("http://127.0.0.1:{}/v1", model_port)},
                                       {"model", "slow"},
                                       {"first_token_ms", 20'000},
                                       {"connections", connections_for(in_flight)}};
  return settings;
}

/// Sends alerts at a steady rate, until all are accepted.
asio::awaitable<void> send_alerts(http::Client& client,
                                  std::uint16_t port,
                                  std::size_t count,
                                  double per_second,
                                  std::size_t& refused) {
  asio::steady_timer timer{co_await asio::this_coro::executor};
  const auto begun = Steady::now();
  for (std::size_t n = 0; n < count; n += alerts_per_request) {
    const std::chrono::duration<double> due{static_cast<double>(n) / per_second};
    timer.expires_at(begun + std::chrono::duration_cast<Steady::duration>(due));
    co_await timer.async_wait(asio::use_awaitable);
    http::Call call{.origin = {.tls = false, .host = "127.0.0.1", .port = std::to_string(port)},
                    .request = {.method = "POST",
                                .target = "/v1/alerts?source=wazuh",
                                .headers = {{"Authorization", fmt::format("Bearer {}", token)}},
                                .body = {}},
                    .header_limit_bytes = 16'384,
                    .body_limit_bytes = 1 << 20};
    for (std::size_t i = n; i < std::min(n + alerts_per_request, count); ++i)
      call.request.body += alert(i) + '\n';
    // Nobody waits for the answer before the next ones are due.
    asio::co_spawn(co_await asio::this_coro::executor,
                   client.send(std::move(call), Deadline::in(20s)),
                   [&refused](const std::exception_ptr& thrown, const Result<http::Response>& got) {
                     if (thrown || !got || got->status != 202) ++refused;
                   });
  }
}

}  // namespace

int concurrency_bench(const Options& options) {
  const auto in_flight = possible(options.in_flight);
  if (in_flight == 0) {
    fmt::print(stderr, "too few descriptors for anything: ulimit -n\n");
    return 2;
  }
  if (in_flight < options.in_flight)
    fmt::print(
        stderr,
        "{} wait at a time instead of {}: each takes a descriptor, and this process may have "
        "no more (ulimit -Hn)\n",
        in_flight,
        options.in_flight);
  const SlowModel model{model_takes, judgement};
  const WorkingFolder folder{"concurrency-bench"};

  std::mutex mutex;
  std::vector<double> added_us;
  std::vector<double> on_the_way_us;
  std::atomic<std::size_t> verdicts = 0;
  std::atomic<std::size_t> by_model = 0;
  std::atomic<bool> full = false;
  auto engine = app::Engine::make(
      settings_in(folder.path(), model.port(), in_flight),
      observe::Log::silent(),
      {.verdict =
           [&](const model::Verdict& verdict) {
             ++verdicts;
             if (full) {
               const std::chrono::milliseconds took{verdict.timing_ms.total};
               const std::scoped_lock lock{mutex};
               on_the_way_us.push_back(
                   std::chrono::duration<double, std::micro>{took - model_takes}.count());
             }
             if (verdict.reasoner == "model:slow") {
               ++by_model;
             } else if (verdicts - by_model == 1 && !verdict.missing.empty()) {
               fmt::print(stderr, "not by the model: {}\n", verdict.missing.back());
             }
           },
       .action = {},
       .concluded =
           [&](std::chrono::microseconds since_arrival) {
             if (!full) return;
             const std::scoped_lock lock{mutex};
             added_us.push_back(static_cast<double>(
                 (since_arrival - std::chrono::microseconds{model_takes}).count()));
           }});
  if (!engine || !(*engine)->start()) {
    fmt::print(stderr, "the engine did not start: {}\n", engine ? "" : engine.error().detail);
    return 2;
  }

  const auto count = in_flight * rounds;
  const auto per_second = static_cast<double>(in_flight) / model_takes.count();
  std::size_t refused = 0;
  std::thread sender{[&, port = (*engine)->http_port()] {
    asio::io_context loop{1};
    http::Client client{
        loop.get_executor(), nullptr, {.connections_per_origin = sending_connections}};
    asio::co_spawn(loop,
                   send_alerts(client, port, count, per_second, refused),
                   [](const std::exception_ptr&) {});
    loop.run();
  }};
  std::size_t most = 0;
  double resident = 0;
  std::size_t descriptors = 0;
  const auto begun = Steady::now();
  while (verdicts < count && Steady::now() - begun < model_takes * (rounds + 1) + 30s) {
    std::this_thread::sleep_for(50ms);
    most = std::max(most, (*engine)->under_way());
    // Once as many wait as shall, until no more come in.
    full = Steady::now() - begun > model_takes && Steady::now() - begun < model_takes * rounds;
    resident = peak_megabytes();
    if (full && descriptors == 0) descriptors = open_descriptors();
  }
  sender.join();
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  const auto cpu_us = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_usec);
  };
  const auto cpu_per = (cpu_us(used.ru_utime) + cpu_us(used.ru_stime)) / static_cast<double>(count);
  (*engine)->stop(10s);

  print(options.json,
        {.bench = "concurrency",
         .name = fmt::format("in_flight_{}_model_8s", in_flight),
         .value = static_cast<double>(most),
         .unit = "at once",
         .latencies_us = std::move(added_us),
         .rss_mb = resident});
  print(options.json,
        {.bench = "concurrency",
         .name = "without_intake_and_commits",
         .value = static_cast<double>(on_the_way_us.size()),
         .unit = "verdicts",
         .latencies_us = std::move(on_the_way_us),
         .rss_mb = resident});
  print(options.json,
        {.bench = "concurrency",
         .name = "cpu_per_investigation",
         .value = cpu_per,
         .unit = "us",
         .latencies_us = {},
         .rss_mb = resident});
  print(options.json,
        {.bench = "concurrency",
         .name = "descriptors",
         .value = static_cast<double>(descriptors),
         .unit = "open",
         .latencies_us = {},
         .rss_mb = resident});
  print(options.json,
        {.bench = "concurrency",
         .name = "judged_by_the_model",
         .value = static_cast<double>(by_model) * 100 / static_cast<double>(count),
         .unit = "%",
         .latencies_us = {},
         .rss_mb = resident});
  if (verdicts == count && refused == 0) return 0;
  fmt::print(stderr, "{} of {} verdicts, {} requests refused\n", verdicts.load(), count, refused);
  return 1;
}

}  // namespace sallyport::benchmarks
