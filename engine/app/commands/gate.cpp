#include "connectors/native/base/known_places.hpp"
#include "engine/app/commands/commands.hpp"
#include "engine/app/commands/configured_products.hpp"
#include "engine/app/loading.hpp"
#include "engine/app/policy_file.hpp"
#include "engine/base/unambiguous_json.hpp"
#include "engine/gate/request_reader.hpp"
#include "engine/gate/usage.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace sallyport::app {

namespace {

struct ErrorLine {
  std::string error;
};

BOOST_DESCRIBE_STRUCT(ErrorLine, (), (error))

/// What the gate's answer depends on besides the policy: what no action may cut off, and which
/// connector would run a verb.
class Surroundings {
 public:
  /// Without settings (`config` empty): only what no engine cuts off, wherever it runs. Errors: as
  /// ConfiguredProducts::make().
  [[nodiscard]] static Result<Surroundings> make(const std::string& config) {
    Surroundings around;
    if (config.empty()) return around;
    auto configured = ConfiguredProducts::make(config, ConfiguredProducts::Secrets::left_out);
    if (!configured) return std::unexpected{configured.error()};
    around.configured_ = *std::move(configured);
    around.places_ = around.configured_->products.places;
    around.places_->resolve(connectors::addresses_of);
    return around;
  }

  [[nodiscard]] const connectors::KnownPlaces& places() const { return *places_; }

  /// Empty: none, or none is known.
  [[nodiscard]] std::string runner_of(std::string_view verb) const {
    if (!configured_) return {};
    for (const auto& actuator : configured_->products.actuators)
      if (std::ranges::find(actuator->verbs(), verb) != actuator->verbs().end())
        return std::string{actuator->name()};
    return {};
  }

 private:
  std::unique_ptr<ConfiguredProducts> configured_;
  std::shared_ptr<connectors::KnownPlaces> places_ =
      std::make_shared<connectors::KnownPlaces>(connectors::KnownPlaces::Machine::none);
};

/// Decides requests one after the other and writes one line for each.
class Evaluation {
 public:
  Evaluation(const gate::Policy& policy, Time now, const Surroundings& around)
      : policy_{policy}, now_{now}, around_{around} {}

  /// JSON Lines; or one document, or one array of requests, over any number of lines.
  void read(std::istream& stream, std::string name) {
    name_ = std::move(name);
    std::string line;
    std::size_t number = 0;
    for (bool first = true; std::getline(stream, line); first = false) {
      ++number;
      // Some editors put a mark before UTF-8.
      if (first && line.starts_with("\xef\xbb\xbf")) line.erase(0, 3);
      const auto start = line.find_first_not_of(" \t\r");
      if (start == std::string::npos) continue;
      const bool list = line[start] == '[';
      if (first && (list || (line[start] == '{' && !parse_json(line)))) {
        line += '\n';
        line.append(std::istreambuf_iterator<char>{stream}, {});
        return whole(line, list);
      }
      decide_line(line, number);
      // What waits on the other end of a pipe gets its answer before we wait for more.
      if (stream.rdbuf()->in_avail() <= 0) flush();
      if (!written_) return;
    }
  }

  void flush() {
    written_ = std::fwrite(out_.data(), 1, out_.size(), stdout) == out_.size() &&
               std::fflush(stdout) == 0 && written_;
    out_.clear();
  }

  /// False: nobody reads any more.
  [[nodiscard]] bool written() const { return written_; }

  [[nodiscard]] bool unreadable() const { return unreadable_; }

 private:
  /// `text` is all that there is. What is neither a list nor one document is lines after all.
  void whole(const std::string& text, bool list) {
    const auto parsed = parse_unambiguous_json(text);
    if (parsed && parsed->is_array()) {
      std::size_t number = 0;
      for (const auto& item : parsed->get_array())
        decide(item, fmt::format("{}: request {}", name_, ++number));
    } else if (parsed) {
      decide(*parsed, name_);
    } else if (list || parse_json(text)) {
      refuse(name_, parsed.error().detail);
    } else {
      std::istringstream lines{text};
      std::string line;
      for (std::size_t number = 1; std::getline(lines, line); ++number) decide_line(line, number);
    }
  }

  void decide_line(std::string_view line, std::size_t number) {
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) return;
    const auto where = fmt::format("{}:{}", name_, number);
    if (const auto parsed = parse_unambiguous_json(line)) {
      decide(*parsed, where);
    } else {
      refuse(where, parsed.error().detail);
    }
  }

  void decide(const json::value& document, const std::string& where) {
    const auto read = gate::read_request(document);
    if (!read) return refuse(where, read.error().detail);
    const auto& request = read->request;
    const auto connector =
        read->connector.empty() ? around_.runner_of(request.action) : read->connector;
    const auto found = policy_.decide(request, now_, usage_, connector);
    const auto within = around_.places().may_cut_off(request.action, request.target);
    if (!within) return refused(policy_.explain(found, request), within.error().detail);
    if (found.ruling == model::Ruling::auto_) {
      const bool listed = found.reason == model::Reason::whitelist;
      usage_.add({.tenant = request.tenant,
                  .verb = request.action,
                  .entry = listed ? found.entry->id : "",
                  .at = now_});
    }
    put(policy_.explain(found, request));
  }

  /// What the engine refuses whatever the policy says: its words, as in its record.
  void refused(model::Decision decision, const std::string& why) {
    decision.rationale += "; not run: " + why;
    auto line = to_json_value(decision);
    line.as_object().emplace("refused", why);
    put(line);
  }

  void refuse(std::string_view where, std::string_view why) {
    unreadable_ = true;
    put(ErrorLine{.error = fmt::format("{}: {}", where, why)});
  }

  template <class T>
  void put(const T& line) {
    append_json(out_, line);
    out_ += '\n';
    if (out_.size() > output_buffer_bytes) flush();
  }

  static constexpr std::size_t output_buffer_bytes = 1U << 16U;

  const gate::Policy& policy_;
  const Time now_;
  const Surroundings& around_;
  gate::Usage usage_;
  std::string name_;
  std::string out_;
  bool unreadable_ = false;
  bool written_ = true;
};

struct EvalOptions {
  std::string policy;
  std::string config;
  std::string at;
  std::vector<std::string> files;
};

int eval(const EvalOptions& options) {
  const auto wrong = [](std::string_view what) {
    fmt::print(stderr, "sallyport: {}\n", what);
    return 2;
  };
  auto now = SystemClock{}.now();
  if (!options.at.empty()) {
    const auto parsed = parse_rfc3339(options.at);
    if (!parsed) return wrong("--at: " + parsed.error().detail);
    now = *parsed;
  }
  const auto catalogue = load_catalogue("");
  if (!catalogue) return wrong(catalogue.error().detail);
  const auto loaded = load_policy(options.policy, *catalogue, now);
  if (!loaded) return wrong(loaded.error().detail);
  if (!loaded->policy) {
    fmt::print(stderr, "{}\n", loaded->errors);
    return 2;
  }

  const auto around = Surroundings::make(options.config);
  if (!around) return wrong(around.error().detail);
  Evaluation evaluation{*loaded->policy, now, *around};
  bool missing = false;
  std::error_code ignored;
  for (const auto& file : options.files.empty() ? std::vector<std::string>{"-"} : options.files) {
    if (file == "-") {
      std::ios::sync_with_stdio(false);
      evaluation.read(std::cin, "standard input");
    } else if (std::ifstream stream{file, std::ios::binary};
               stream && !std::filesystem::is_directory(file, ignored)) {
      evaluation.read(stream, file);
    } else {
      evaluation.flush();
      wrong(fmt::format("{}: cannot be read", file));
      missing = true;
    }
    evaluation.flush();
    if (!evaluation.written()) break;
  }
  return missing || evaluation.unreadable() ? 2 : 0;
}

}  // namespace

void add_gate(Command app, Run& run) {
  auto command = app.add_subcommand("gate", "Ask the gate");
  command.needs_subcommand();
  command.footer("Example:\n  sallyport gate eval --policy config/policy.yaml requests.jsonl");

  const auto options = std::make_shared<EvalOptions>();
  auto evaluating =
      command.add_subcommand("eval", "Decide requests by a policy file; acts on nothing");
  evaluating.add_option("--policy", options->policy, "The policy file").required();
  evaluating.add_option("--config",
                        options->config,
                        "Settings of the engine whose answer is wanted: its places, which no "
                        "action cuts off, and its connectors");
  evaluating.add_option(
      "--at", options->at, "Decide as if it were this time (RFC 3339); default: now");
  evaluating.add_option(
      "FILE",
      options->files,
      "Requests as JSON Lines, one document or one array; default, or `-`: standard input");
  evaluating.footer(
      "Prints one decision a line, in the order of the requests; a request that cannot be read "
      "gives "
      "an {\"error\":...}\nline in its place and exit status 2 at the end. All requests are "
      "decided "
      "at one time, and limits count what\nearlier requests of the same run were let through by "
      "themselves. A request may name the `connector` that would\nrun it; what it says besides is "
      "ignored.\n\nWhat the engine refuses whatever the policy says has a member `refused`, and `; "
      "not "
      "run: ...` in its rationale: to cut\noff everybody, loopback and the like; with --config "
      "also "
      "the addresses of this machine and where that engine\nis and connects to (names are looked "
      "up; nothing else is reached).\n\nExample:\n  echo "
      "'{\"tenant\":\"acme\",\"action\":\"isolate_host\",\"target\":"
      "{\"kind\":\"host\",\"value\":\"WKS-0042\"},\n    \"confidence\":0.97,\"requested_by\":{"
      "\"kind\":\"analyst\",\"id\":\"alice\"}}' | sallyport gate eval --policy config/policy.yaml");
  evaluating.callback([options, &run] { run = [options] { return eval(*options); }; });
}

}  // namespace sallyport::app
