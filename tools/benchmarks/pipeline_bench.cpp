#include "engine/app/engine.hpp"
#include "engine/base/ulid.hpp"
#include "engine/config/settings.hpp"
#include "engine/ingest/kafka.hpp"
#include "tools/benchmarks/benchmarks.hpp"
#include "tools/benchmarks/measured.hpp"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

// Alerts of about 1 kB wait in a topic of a real broker on this machine; the engine reads,
// normalises, investigates with the embedded reasoner, asks the gate and makes all of it durable.
// Broker and engine share the machine's cores.
namespace sallyport::benchmarks {

namespace {

namespace fs = std::filesystem;
using std::chrono::steady_clock;

constexpr std::size_t warm_up = 10'000;
constexpr std::size_t steady_alerts = 10'000;
constexpr std::size_t steady_rate = 1'000;  ///< Per second.

enum class Kind {
  distinct,  ///< No two belong to one investigation.
  storm,     ///< All of one source, host and rule.
};

/// As Wazuh writes them: 2,000 hosts, 10,000 addresses, 200 rules; every 50th address is on a list.
std::string alert(std::size_t n, Kind kind) {
  const bool distinct = kind == Kind::distinct;
  // Every 10,000 alerts the same addresses meet other hosts and rules.
  const auto round = n / 10'000;
  const auto host = distinct ? (n * 7919 + round) % 2000 : 7;
  const auto address = distinct ? n * 104'729 % 10'000 : 11;
  const auto rule = distinct ? (n + round) % 200 : 3;
  return fmt::format(
      R"({{"timestamp":"2026-11-20T{:02}:{:02}:{:02}.{:03}+0000","rule":{{"level":{},"description":"sshd: authentication failed for rule {}","id":"{}","mitre":{{"id":["T1110.001","T1021.004"],"tactic":["Credential Access","Lateral Movement"],"technique":["Password Guessing","SSH"]}},"firedtimes":{},"mail":false,"groups":["syslog","sshd","authentication_failed"],"gdpr":["IV_35.7.d","IV_32.2"],"pci_dss":["10.2.4","10.2.5"]}},"agent":{{"id":"{:04}","name":"srv-{:04}.acme.example","ip":"10.{}.{}.{}"}},"manager":{{"name":"wazuh-manager-1"}},"id":"{}.{}","full_log":"Nov 20 10:00:00 srv-{:04} sshd[{}]: Failed password for invalid user admin from 198.51.{}.{} port {} ssh2","predecoder":{{"program_name":"sshd","timestamp":"Nov 20 10:00:00","hostname":"srv-{:04}"}},"decoder":{{"parent":"sshd","name":"sshd"}},"data":{{"srcip":"198.51.{}.{}","srcport":"{}","srcuser":"admin"}},"location":"/var/log/auth.log"}})",
      n / 3600 % 24,
      n / 60 % 60,
      n % 60,
      n % 1000,
      3 + rule % 12,
      rule,
      5700 + rule,
      n % 9,
      host,
      host,
      host / 250,
      host % 250,
      host % 200 + 1,
      1'700'000'000 + n,
      n,
      host,
      1000 + n % 60'000,
      address / 250,
      address % 250 + 1,
      1024 + n % 60'000,
      host,
      address / 250,
      address % 250 + 1,
      1024 + n % 60'000);
}

/// Puts `count` alerts into the topic, `per_second` of them at most (0: as fast as the broker takes
/// them). False when the broker did not take them.
bool produce(const std::string& brokers,
             const std::string& topic,
             std::size_t first,
             std::size_t count,
             Kind kind,
             std::size_t per_second = 0) {
  auto sink = ingest::KafkaSink::make({.brokers = brokers, .properties = {}}, {});
  if (!sink) return false;
  std::atomic<std::size_t> lost = 0;
  const auto begun = steady_clock::now();
  for (std::size_t n = first; n < first + count; ++n) {
    if (per_second > 0)
      std::this_thread::sleep_until(
          begun + std::chrono::microseconds{1'000'000 * (n - first) / per_second});
    (*sink)->send(
        {.topic = topic, .key = fmt::to_string(n), .value = alert(n, kind), .headers = {}},
        [&](const Result<>& delivered) {
          if (!delivered) ++lost;
        });
    if (n % 20'000 == 0 && !(*sink)->flush(std::chrono::minutes{2})) return false;
  }
  return (*sink)->flush(std::chrono::minutes{2}).has_value() && lost == 0;
}

/// Used by all threads of this process so far.
double cpu_seconds() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

struct Measured {
  std::mutex mutex;
  std::vector<double> ms;                 ///< From arrival to the durable verdict.
  std::atomic<std::size_t> verdicts = 0;  ///< And alerts that joined: what is done with.

  /// Percentiles of what came since the last call.
  std::pair<double, double> p50_p99() {
    const std::scoped_lock lock{mutex};
    std::ranges::sort(ms);
    const auto at = [&](double p) {
      return ms.empty() ? 0 : ms[static_cast<std::size_t>(p * static_cast<double>(ms.size() - 1))];
    };
    const std::pair result{at(0.5), at(0.99)};
    ms.clear();
    return result;
  }
};

void write_file(const fs::path& path, std::string_view text) {
  std::ofstream{path} << text;
}

config::Settings settings_in(const fs::path& root,
                             const std::string& brokers,
                             const std::string& topic,
                             bool topics_out) {
  std::string list;
  for (std::size_t address = 0; address < 10'000; address += 50)
    list += fmt::format("198.51.{}.{}\n", address / 250, address % 250 + 1);
  write_file(root / "blocklist.txt", list);
  write_file(root / "policy.yaml",
             "tenants:\n  default:\n    tier: L2\n    authority: { owner: bench@acme.example, "
             "approved: 2026-11-01, "
             "review_by: 2099-01-01 }\n");
  auto settings = config::load_settings({}).value();
  settings.data_dir = (root / "data").string();
  settings.policy = (root / "policy.yaml").string();
  settings.intel = {(root / "blocklist.txt").string()};
  settings.http.listen = "";
  settings.kafka.brokers = brokers;
  settings.kafka.group = topic;
  settings.kafka.topics = {{.name = topic, .tenant = "default", .source = ""}};
  if (!topics_out) {
    settings.kafka.output.verdicts = "";
    settings.kafka.output.actions = "";
  }
  return settings;
}

/// One engine, from an empty store: a topic full of alerts, then a steady stream.
int run_case(std::string_view name,
             const std::string& brokers,
             Kind kind,
             bool topics_out,
             const Options& options) {
  const auto alerts = options.alerts;
  std::string folder = fs::temp_directory_path() / "sallyport-bench-XXXXXX";
  if (!::mkdtemp(folder.data())) return 2;
  const fs::path root{folder};
  const auto topic = "bench." + UlidSource{}.next(SystemClock{}.now());
  const auto settings = settings_in(root, brokers, topic, topics_out);

  // Everything waits in the broker before the clock starts.
  if (!produce(brokers, topic, 0, warm_up + alerts, kind)) {
    fmt::print(stderr, "the broker at {} did not take the alerts\n", brokers);
    return 2;
  }

  Measured measured;
  measured.ms.reserve(warm_up + alerts);
  auto engine = app::Engine::make(
      settings,
      observe::Log::silent(),
      {.verdict = [&](const model::Verdict&) { ++measured.verdicts; },
       .action = {},
       .concluded =
           [&](const model::Verdict&, std::chrono::microseconds since_arrival) {
             const std::scoped_lock lock{measured.mutex};
             measured.ms.push_back(
                 std::chrono::duration<double, std::milli>{since_arrival}.count());
           },
       .joined = [&] { ++measured.verdicts; }});
  if (!engine || !(*engine)->start()) {
    fmt::print(stderr, "the engine did not start: {}\n", engine ? "" : engine.error().detail);
    return 2;
  }
  const auto wait_for = [&](std::size_t n) {
    const auto until = steady_clock::now() + std::chrono::minutes{5};
    while (measured.verdicts < n && steady_clock::now() < until)
      std::this_thread::sleep_for(std::chrono::milliseconds{2});
    return measured.verdicts >= n;
  };
  int status = 0;
  if (!wait_for(warm_up)) status = 1;
  const auto begun = steady_clock::now();
  const auto cpu_before = cpu_seconds();
  const auto from = measured.verdicts.load();
  if (!wait_for(warm_up + alerts)) status = 1;
  const std::chrono::duration<double> took = steady_clock::now() - begun;
  const auto done = measured.verdicts.load() - from;
  const auto cpu_us = 1e6 * (cpu_seconds() - cpu_before) / static_cast<double>(done);
  const auto rate = static_cast<double>(done) / took.count();
  const auto per_alert =
      static_cast<double>((*engine)->bytes_written()) / static_cast<double>(warm_up + alerts);
  const auto [full_p50, full_p99] = measured.p50_p99();

  if (!produce(brokers, topic, warm_up + alerts, steady_alerts, kind, steady_rate)) status = 2;
  if (!wait_for(warm_up + alerts + steady_alerts)) status = 1;
  const auto [p50, p99] = measured.p50_p99();
  (*engine)->stop(std::chrono::seconds{10});
  engine->reset();
  fs::remove_all(root);

  const auto rss = peak_megabytes();
  if (options.json) {
    std::string times;
    if (kind == Kind::distinct) {
      times = fmt::format(
          R"("p50_us":{:.0f},"p99_us":{:.0f},"steady_rate":{},"steady_p50_us":{:.0f},"steady_p99_us":{:.0f},)",
          full_p50 * 1000,
          full_p99 * 1000,
          steady_rate,
          p50 * 1000,
          p99 * 1000);
    }
    fmt::print(
        R"({{"bench":"pipeline","case":"{}","value":{:.0f},"unit":"1/s",{}"cpu_us_per_alert":{:.0f},"rss_mib":{:.0f},"bytes_per_alert":{:.0f},"alerts":{}}})"
        "\n",
        name,
        rate,
        times,
        cpu_us,
        rss,
        per_alert,
        done);
  } else {
    fmt::print("{}: {} alerts of {} bytes, each durable in an investigation with its decisions\n",
               name,
               done,
               alert(1, kind).size());
    fmt::print("{:10.0f} alerts/s while the whole topic waits\n", rate);
    // A storm has one verdict: no percentiles.
    if (kind == Kind::distinct) {
      fmt::print("{:10.1f} ms from arrival to durable verdict then, p50\n", full_p50);
      fmt::print("{:10.1f} ms p99\n", full_p99);
      fmt::print("{:10.1f} ms at a steady {} alerts/s, p50\n", p50, steady_rate);
      fmt::print("{:10.1f} ms p99\n", p99);
    }
    fmt::print("{:10.0f} us of CPU per alert, of the engine\n", cpu_us);
    fmt::print("{:10.0f} bytes handed to the store per alert\n", per_alert);
    fmt::print("{:10.0f} MiB resident at most (of all cases so far)\n", rss);
  }
  std::fflush(stdout);  // the next case takes its time
  return status;
}

}  // namespace

int pipeline_bench(const Options& options) {
  const char* brokers = std::getenv("SALLYPORT_KAFKA");
  if (!brokers) {
    fmt::print(stderr, "set SALLYPORT_KAFKA to a broker; tools/bench pipeline does\n");
    return 2;
  }
  const auto alone = run_case("kafka_to_durable_verdict", brokers, Kind::distinct, false, options);
  // Verdicts also go out over Kafka, which costs the broker as much as the engine.
  const auto published = run_case("with_topics_out", brokers, Kind::distinct, true, options);
  // One scan: one investigation with a count.
  const auto storm = run_case("storm", brokers, Kind::storm, false, options);
  return std::max({alone, published, storm});
}

}  // namespace sallyport::benchmarks
