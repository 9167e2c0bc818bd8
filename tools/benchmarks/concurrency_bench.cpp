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
#include <cmath>
#include <cstdio>
#include <fstream>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>

// The whole engine from POST /v1/alerts to the durable verdict, over real sockets to a model server
// in a process of its own that takes eight seconds for each answer. Alerts come in at the rate at
// which as many wait for it as is asked for. What an investigation took beyond the time that the
// server held its question is what the engine added: intake, evidence, brief, waiting for a core,
// checking the answer, commits. Without intake and both commits it waited for cores alone.
// Model server and engine share the machine's cores. The server says itself how long it held a
// question, by the kernel's time stamp of the question's last byte: where it is late because it got
// no core, that is its own delay, which is printed beside the engine's and is no part of it. What
// it took until the engine's answer was read is the engine's.
// The engine has one descriptor for each that waits; where the machine allows fewer than are asked
// for, as many wait as it allows.
namespace sallyport::benchmarks {

namespace {

using namespace std::chrono_literals;
using Steady = std::chrono::steady_clock;

constexpr std::chrono::seconds model_takes{8};
/// Alerts come in ever faster until they come at the full rate: every connection is made anew at
/// first, which costs as much again as a question.
constexpr std::chrono::seconds speeding_up = model_takes;
constexpr std::chrono::seconds sending = speeding_up + 3 * model_takes;
constexpr std::size_t alerts_per_request = 5;
constexpr auto token = "0123456789-bench-token";

/// As the judge has to answer: it cites the alert itself. Its summary comes back with the verdict.
std::string judgement() {
  return fmt::format(
      R"({{"hypotheses":[{{"statement":"password guessing","verdict":"suspicious","supporting":["E1"],"refuting":[]}}],)"
      R"("citations":[{{"evidence":"E1","quote":"wazuh reports"}}],"verdict":"suspicious","techniques":["T1110.001"],)"
      R"("actions":[],"summary":"Somebody guesses passwords, {}."}})",
      SlowModel::held_place);
}

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

/// Of so many connections to the model one is spare. Alerts come in as fast as `in_flight` are
/// answered: without any to spare, whoever was held up once would wait for a connection for good,
/// however idle the engine is.
constexpr std::uint64_t one_spare_of = 40;

/// Connections to the model for `in_flight` that wait for it.
constexpr std::uint64_t connections_for(std::uint64_t in_flight) {
  return in_flight + in_flight / (one_spare_of - 1) + 1;
}

/// How many of `wanted` can wait at a time with the descriptors that this process may have.
std::uint64_t possible(std::uint64_t wanted) {
  const auto allowed = allow_connections(connections_for(wanted));
  if (allowed == connections_for(wanted)) return wanted;
  return allowed - allowed / one_spare_of - std::min<std::uint64_t>(allowed, 1);
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

/// What it took beside the model's time, while as many wait as shall. Thread-safe.
struct Added {
  void take(const model::Verdict& verdict, std::chrono::microseconds since_arrival) {
    const auto held = SlowModel::held(verdict.opinion->summary);
    if (!held) throw std::logic_error{"the model server did not say how long it held a question"};
    const auto us = [](auto time) {
      return std::chrono::duration<double, std::micro>{time}.count();
    };
    const std::chrono::milliseconds on_the_way{verdict.timing_ms.total};
    const std::scoped_lock lock{mutex};
    whole_us.push_back(us(since_arrival - *held));
    on_the_way_us.push_back(us(on_the_way - *held));
    by_server_us.push_back(us(*held - model_takes));
  }

  std::mutex mutex;
  std::vector<double> whole_us;
  std::vector<double> on_the_way_us;  ///< To the millisecond.
  std::vector<double> by_server_us;
};

/// Of this process or thread so far.
double cpu_us(int who) {
  rusage used{};
  ::getrusage(who, &used);
  const auto us = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_usec);
  };
  return us(used.ru_utime) + us(used.ru_stime);
}

/// When the `n`-th alert is due, where `per_second` come in at the full rate.
std::chrono::duration<double> due(double n, double per_second) {
  const std::chrono::duration<double> ramp = speeding_up;
  const auto during = per_second * ramp.count() / 2;
  if (n < during) return ramp * std::sqrt(n / during);
  return ramp + std::chrono::duration<double>{(n - during) / per_second};
}

/// Sends alerts, ever faster and then at a steady rate, until all are accepted.
asio::awaitable<void> send_alerts(http::Client& client,
                                  std::uint16_t port,
                                  std::size_t count,
                                  double per_second,
                                  std::size_t& refused) {
  asio::steady_timer timer{co_await asio::this_coro::executor};
  const auto begun = Steady::now();
  for (std::size_t n = 0; n < count; n += alerts_per_request) {
    const auto after = due(static_cast<double>(n), per_second);
    timer.expires_at(begun + std::chrono::duration_cast<Steady::duration>(after));
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
  const SlowModel model{model_takes, judgement()};
  const WorkingFolder folder{"concurrency-bench"};

  Added added;
  std::atomic<std::size_t> verdicts = 0;
  std::atomic<std::size_t> by_model = 0;
  std::atomic<bool> full = false;
  auto engine = app::Engine::make(
      settings_in(folder.path(), model.port(), in_flight),
      observe::Log::silent(),
      {.verdict = {},
       .action = {},
       .concluded = [&](const model::Verdict& verdict, std::chrono::microseconds since_arrival) {
         ++verdicts;
         if (verdict.opinion) {
           ++by_model;
           if (full) added.take(verdict, since_arrival);
         } else if (verdicts - by_model == 1 && !verdict.missing.empty()) {
           fmt::print(stderr, "not by the model: {}\n", verdict.missing.back());
         }
       }});
  if (!engine || !(*engine)->start()) {
    fmt::print(stderr, "the engine did not start: {}\n", engine ? "" : engine.error().detail);
    return 2;
  }

  const auto per_second = static_cast<double>(in_flight) / model_takes.count();
  const auto count = static_cast<std::size_t>(per_second * (sending - speeding_up / 2).count());
  std::size_t refused = 0;
  double sending_us = 0;
  std::thread sender{[&, port = (*engine)->http_port()] {
    asio::io_context loop{1};
    http::Client client{
        loop.get_executor(), nullptr, {.connections_per_origin = sending_connections}};
    asio::co_spawn(loop,
                   send_alerts(client, port, count, per_second, refused),
                   [](const std::exception_ptr&) {});
    loop.run();
    sending_us = cpu_us(RUSAGE_THREAD);
  }};
  std::size_t most = 0;
  std::size_t descriptors = 0;
  const auto begun = Steady::now();
  while (verdicts < count && Steady::now() - begun < sending + model_takes + 30s) {
    std::this_thread::sleep_for(50ms);
    most = std::max(most, (*engine)->under_way());
    // Once as many wait as shall, until no more come in.
    const auto since = Steady::now() - begun;
    full = since > speeding_up + model_takes && since < sending;
    if (full && descriptors == 0) descriptors = open_descriptors();
  }
  sender.join();
  const auto cpu_per = (cpu_us(RUSAGE_SELF) - sending_us) / static_cast<double>(count);
  const auto resident = peak_megabytes();
  (*engine)->stop(10s);

  const auto say = [&](std::string name,
                       double value,
                       std::string_view unit,
                       std::vector<double> latencies_us = {}) {
    print(options.json,
          {.bench = "concurrency",
           .name = std::move(name),
           .value = value,
           .unit = unit,
           .latencies_us = std::move(latencies_us),
           .rss_mb = resident});
  };
  say(fmt::format("in_flight_{}_model_8s", in_flight),
      static_cast<double>(most),
      "at once",
      std::move(added.whole_us));
  const auto measured = static_cast<double>(added.on_the_way_us.size());
  say("without_intake_and_commits", measured, "verdicts", std::move(added.on_the_way_us));
  say("late_by_the_model_server_itself", measured, "verdicts", std::move(added.by_server_us));
  say("cpu_per_investigation", cpu_per, "us");
  say("descriptors", static_cast<double>(descriptors), "open");
  say("judged_by_the_model", static_cast<double>(by_model) * 100 / static_cast<double>(count), "%");
  if (verdicts == count && refused == 0) return 0;
  fmt::print(stderr, "{} of {} verdicts, {} requests refused\n", verdicts.load(), count, refused);
  return 1;
}

}  // namespace sallyport::benchmarks
