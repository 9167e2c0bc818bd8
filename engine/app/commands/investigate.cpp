#include "engine/app/budgets.hpp"
#include "engine/app/commands/commands.hpp"
#include "engine/app/commands/filter.hpp"
#include "engine/app/commands/grouped_stream.hpp"
#include "engine/app/commands/stream_memory.hpp"
#include "engine/app/connectors.hpp"
#include "engine/app/grouping_file.hpp"
#include "engine/app/known_secrets.hpp"
#include "engine/app/loading.hpp"
#include "engine/app/local_enrichers.hpp"
#include "engine/app/models.hpp"
#include "engine/app/policy_file.hpp"
#include "engine/app/recorded_investigation.hpp"
#include "engine/base/ulid.hpp"
#include "engine/gate/gate.hpp"
#include "engine/ingest/decode.hpp"
#include "engine/ingest/payload.hpp"
#include "engine/investigate/investigator.hpp"
#include "engine/investigate/requests.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace sallyport::app {

namespace {

constexpr ingest::DecodeLimits limits;

struct Options {
  std::string config;
  std::string policy;
  std::string reasoner;
  std::string grouping;
  bool group = false;
  bool remember = false;
  std::string tenant = "default";
  std::string source;
  std::string record;
  std::vector<std::string> intel;
  std::vector<std::string> assets;
  std::vector<std::string> identities;
  std::vector<std::string> vulnerabilities;
  std::vector<std::string> geoip;
  std::vector<std::string> models;
  std::vector<std::string> files;
};

/// Investigates alerts one after the other, without a store and without acting.
class Investigation {
 public:
  Investigation(const Options& options,
                ingest::Normalizer normalizer,
                std::shared_ptr<const gate::Policy> policy,
                std::shared_ptr<const investigate::Rules> rules,
                std::vector<std::shared_ptr<investigate::Enricher>> enrichers,
                investigate::Budgets budgets)
      : options_{options},
        normalizer_{std::move(normalizer)},
        gate_{std::move(policy)},
        rules_{std::move(rules)},
        enrichers_{std::move(enrichers)},
        budgets_{std::move(budgets)} {}

  ~Investigation() {
    loop_.restart();
    asio::co_spawn(loop_, close_askings(products_.askings), [this](const std::exception_ptr&) {
      loop_.stop();  // what does not heed cancellation is not waited for
    });
    loop_.run();
  }

  Investigation(const Investigation&) = delete;
  Investigation& operator=(const Investigation&) = delete;

  /// Asks the products of the settings too. Errors: invalid_input.
  Result<> ask_products(config::Settings settings,
                        std::shared_ptr<const model::Catalogue> catalogue) {
    // Only manifests have queries; what acts alone is not made, and needs no secrets here.
    std::erase_if(settings.connectors, [](const auto& connector) {
      const auto* type = connector.second.if_contains("type");
      return !type || *type != "manifest";
    });
    Faults faults;
    const auto loop = loop_.get_executor();
    products_ = make_products(
        settings,
        {.catalogue = std::move(catalogue), .clock = clock_, .pool = loop, .loop = loop},
        faults);
    if (has_errors(faults)) return fail(Errc::invalid_input, settings.render(faults));
    std::ranges::move(enrichers_of(products_), std::back_inserter(enrichers_));
    return {};
  }

  /// Lets the language models of the settings take part. Errors: invalid_input.
  Result<> ask_models(const config::Settings& settings) {
    Faults faults;
    auto made = make_models(settings, queries_of(products_), loop_.get_executor(), clock_, faults);
    if (!made) return fail(Errc::invalid_input, settings.render(faults));
    counsel_ = std::move(made->counsel);
    return {};
  }

  /// Writes down what each investigation is told, so that it can be replayed: without a secret that
  /// `scrubber` knows, also in the alert. `policy` is the text of the one that decides.
  void record(Scrubber scrubber, std::string policy) {
    scrubber_ = std::move(scrubber);
    policy_text_ = std::move(policy);
  }

  /// Later alerts know of earlier ones.
  void remember(std::unique_ptr<StreamMemory> memory) { memory_ = std::move(memory); }

  /// Alerts of one story have one verdict.
  void group_by(std::shared_ptr<const ingest::GroupingRules> rules) {
    grouping_ = std::move(rules);
  }

  /// False when something could not be read, or not be used.
  bool read(const std::vector<std::string>& files) {
    const auto* graph = memory_ ? &memory_->graph() : nullptr;
    investigator_.emplace(rules_, enrichers_, graph, clock_, ids_, budgets_);
    investigator_->record(scrubber_.has_value());
    if (scrubber_) investigator_->hide(*scrubber_);
    if (grouping_) {
      grouped_.emplace(
          grouping_,
          *investigator_,
          ids_,
          [this](const std::shared_ptr<const model::Alert>& alert,
                 std::string id,
                 std::shared_ptr<const model::Verdict> before) {
            return judged(alert, std::move(id), std::move(before));
          },
          [this](const model::Verdict& verdict) { out_.write(to_json(verdict)); },
          [this](const model::Alert& alert, model::Judgement judgement) {
            return keep(alert, judgement);
          });
    }
    const auto all = read_documents(
        files, limits.bytes, out_, [this](const std::string& file, const ingest::Piece& piece) {
          investigate(file, piece);
        });
    if (grouped_) grouped_->end();
    return all && !unused_;
  }

 private:
  void investigate(const std::string& file, const ingest::Piece& piece) {
    const auto source =
        options_.source.empty() ? std::nullopt : std::optional<std::string>{options_.source};
    std::string bytes{piece.bytes};
    if (scrubber_) scrubber_->scrub(bytes);
    const auto native = ingest::decode(bytes, limits);
    if (!native) return dead(file, piece, native.error().detail);
    auto alert = normalizer_.normalize(
        *native, bytes, {.source = source, .tenant = options_.tenant, .received_at = clock_.now()});
    if (!alert) {
      const auto parts = normalizer_.apart(*native, source);
      for (const auto& part : parts) investigate(file, {.bytes = part, .line = piece.line});
      if (parts.empty()) dead(file, piece, alert.error().detail);
      return;
    }
    if (memory_ && alert->time != Time{}) alert->received_at = alert->time;
    auto shared = std::make_shared<const model::Alert>(*std::move(alert));
    if (grouped_) {
      const auto taken = grouped_->take(std::move(shared));
      if (!taken) dead(file, piece, taken.error().detail);
      return;
    }
    auto verdict = judged(shared, {}, nullptr);
    if (!verdict) return dead(file, piece, verdict.error().detail);
    out_.write(to_json(*verdict));
    if (const auto kept = keep(*shared, verdict->verdict); !kept)
      dead(file, piece, kept.error().detail);
  }

  Result<> keep(const model::Alert& alert, model::Judgement judgement) {
    return memory_ ? memory_->keep(alert, judgement) : Result<>{};
  }

  Result<model::Verdict> judged(const std::shared_ptr<const model::Alert>& alert,
                                std::string id,
                                std::shared_ptr<const model::Verdict> before) {
    auto verdict = concluded(alert, std::move(id), std::move(before));
    if (!verdict) return verdict;
    const auto now = clock_.now();
    const auto requests = investigate::requests_of(*verdict, *alert);
    for (std::size_t i = 0; i < requests.size(); ++i)
      verdict->proposals[i].decision = gate_.preview(requests[i], now);
    if (scrubber_) {
      const auto recorded = record_to(options_.record, *alert, *verdict, policy_text_, now);
      if (!recorded) return std::unexpected{recorded.error()};
    }
    return verdict;
  }

  Result<model::Verdict> concluded(const std::shared_ptr<const model::Alert>& alert,
                                   std::string id,
                                   std::shared_ptr<const model::Verdict> before) {
    if (!counsel_) {
      if (auto now = investigator_->investigate_now(*alert, id, before.get()))
        return *std::move(now);
    }
    Result<model::Verdict> verdict = fail(Errc::cancelled, "the investigation did not end");
    const auto deadline = Deadline::in(investigator_->budgets().of(alert->severity).total());
    loop_.restart();
    asio::co_spawn(loop_,
                   investigator_->investigate(alert, deadline, id, counsel_, before),
                   [&](std::exception_ptr thrown, Result<model::Verdict> result) {
                     if (thrown) std::rethrow_exception(thrown);
                     verdict = std::move(result);
                     loop_.stop();  // what does not heed cancellation is not waited for
                   });
    loop_.run();
    return verdict;
  }

  void dead(const std::string& file, const ingest::Piece& piece, const std::string& reason) {
    unused_ = true;
    out_.flush();
    json::object letter{{"reason", reason}};
    letter["file"] = file;
    letter["line"] = piece.line;
    fmt::print(stderr, "{}\n", to_json(letter));
  }

  const Options& options_;
  ingest::Normalizer normalizer_;
  gate::Gate gate_;
  SystemClock clock_;
  UlidSource ids_;
  asio::io_context loop_{1};
  std::shared_ptr<const investigate::Counsel> counsel_;  ///< nullptr: no model is asked.
  std::shared_ptr<const investigate::Rules> rules_;
  std::vector<std::shared_ptr<investigate::Enricher>> enrichers_;
  investigate::Budgets budgets_;
  Products products_;
  std::unique_ptr<StreamMemory> memory_;  ///< nullptr: of earlier alerts nothing is known.
  std::optional<investigate::Investigator> investigator_;  ///< Once all who are asked are known.
  std::optional<Scrubber> scrubber_;                       ///< Empty: nothing is recorded.
  std::string policy_text_;
  bool unused_ = false;
  LineOutput out_{stdout};
  std::shared_ptr<const ingest::GroupingRules> grouping_;  ///< nullptr: none is joined.
  std::optional<GroupedStream> grouped_;
};

/// The settings of the file, with what the command line says instead.
Result<config::Settings> settings_of(const Options& options) {
  auto settings = config::load_settings(options.config);
  if (!settings) return settings;
  if (!options.policy.empty()) settings->policy = options.policy;
  if (!options.reasoner.empty()) settings->reasoner = options.reasoner;
  if (!options.grouping.empty()) settings->grouping = options.grouping;
  if (!options.intel.empty()) settings->intel = options.intel;
  if (!options.assets.empty()) settings->assets = options.assets;
  if (!options.identities.empty()) settings->identities = options.identities;
  if (!options.vulnerabilities.empty()) settings->vulnerabilities = options.vulnerabilities;
  if (!options.geoip.empty()) settings->geoip = options.geoip;
  for (const auto& name : options.models) {
    if (!settings->models.providers.contains(name))
      return fail(Errc::invalid_input,
                  fmt::format("--model {}: not under models.providers of the settings", name));
  }
  settings->models.use = options.models;
  return settings;
}

Result<std::unique_ptr<Investigation>> prepared(const Options& options) {
  const auto settings = settings_of(options);
  if (!settings) return std::unexpected{settings.error()};
  const auto catalogue = load_catalogue(settings->schemas);
  if (!catalogue) return std::unexpected{catalogue.error()};
  auto normalizer = load_normalizer(settings->schemas);
  if (!normalizer) return std::unexpected{normalizer.error()};
  auto policy = load_policy(settings->policy, *catalogue, SystemClock{}.now());
  if (!policy) return std::unexpected{policy.error()};
  if (!policy->policy) return fail(Errc::invalid_input, std::move(policy->errors));
  auto rules = load_rules(settings->reasoner, *catalogue);
  if (!rules) return std::unexpected{rules.error()};
  const auto enrichers = LocalEnrichers::load(*settings);
  if (!enrichers) return std::unexpected{enrichers.error()};
  auto investigation = std::make_unique<Investigation>(options,
                                                       *std::move(normalizer),
                                                       std::move(policy->policy),
                                                       *std::move(rules),
                                                       enrichers->all(),
                                                       budgets_of(settings->investigation));
  // What settings of one's own name is meant; the shipped ones name no product.
  if (const auto asked = investigation->ask_products(
          *settings, std::make_shared<const model::Catalogue>(*catalogue));
      !asked)
    return std::unexpected{asked.error()};
  if (options.group || !options.grouping.empty()) {
    const auto grouping = GroupingFile::load(settings->grouping);
    if (!grouping) return std::unexpected{grouping.error()};
    investigation->group_by(grouping->rules());
  }
  if (options.remember) {
    auto memory = StreamMemory::make();
    if (!memory) return std::unexpected{memory.error()};
    investigation->remember(*std::move(memory));
  }
  if (!options.models.empty()) {
    if (const auto asked = investigation->ask_models(*settings); !asked)
      return std::unexpected{asked.error()};
  }
  if (!options.record.empty())
    investigation->record(scrubber_of(*settings), std::move(policy->text));
  return investigation;
}

int investigate_files(const Options& options) {
  auto work = prepared(options);
  if (!work) {
    fmt::print(stderr, "{}\n", work.error().detail);
    return 2;
  }
  return (*work)->read(options.files) ? 0 : 2;
}

}  // namespace

void add_investigate(Command app, Run& run) {
  const auto options = std::make_shared<Options>();
  auto command = app.add_subcommand(
      "investigate", "Investigate alerts and print one verdict document each; acts on nothing");
  command.add_option(
      "--config", options->config, "Settings file (default: that of the installation)");
  command.add_option("--policy", options->policy, "The policy that decides about proposals");
  command.add_option("--reasoner", options->reasoner, "The reasoner's file");
  command
      .add_option(
          "--intel", options->intel, "A threat-intelligence list, or a folder of lists; repeatable")
      .one_value_each();
  command.add_option("--assets", options->assets, "An inventory of assets; repeatable")
      .one_value_each();
  command.add_option("--identities", options->identities, "An inventory of identities; repeatable")
      .one_value_each();
  command
      .add_option("--vulnerabilities",
                  options->vulnerabilities,
                  "An inventory of vulnerabilities; repeatable")
      .one_value_each();
  command.add_option("--geoip", options->geoip, "A database of places (.mmdb); repeatable")
      .one_value_each();
  command
      .add_option("--model",
                  options->models,
                  "Let this language model of the settings take part; repeatable: the next where "
                  "the first does not answer")
      .one_value_each();
  command.add_flag(
      "--group",
      options->group,
      "One verdict for the alerts of one story, by the grouping rules of the settings");
  command.add_option("--grouping", options->grouping, "The same by the rules of this file");
  command.add_flag("--remember",
                   options->remember,
                   "Alerts know what earlier ones of the input said, and how they were judged");
  command.add_option("--tenant", options->tenant, "Whose alerts these are").shows_default();
  command.add_option("--source", options->source, "Read all alerts as of this source");
  command
      .add_option("--record",
                  options->record,
                  "Also write into this folder what `sallyport replay` needs, secrets taken out")
      .value_name("DIR")
      // A recording is of one alert's investigation.
      .excludes("--group")
      .excludes("--grouping");
  command.add_option("FILE", options->files, "Files of alerts; none or -: standard input");
  command.footer(
      "Native alerts or OCSF findings in (JSON Lines, objects, arrays), verdicts out, one a line, "
      "in\n"
      "the same order. The products that the settings name are asked what they know, and nothing "
      "else. There is no store: what earlier alerts said is `not_collected`, but with --remember, "
      "which\nreads the input as a stream and keeps it until it ends; the clock is the alerts' own "
      "time. What cannot\n"
      "be used goes to standard error as one JSON object a line with its reason; the exit status "
      "is\n"
      "then 2.\n\n"
      "Each alert has a verdict of its own, unless --group is given: then the alerts of one story "
      "have\n"
      "one, with their `count` and all their `alerts`, printed when nothing can join it any more. "
      "The\n"
      "clock is the alerts' own time.\n\nExample:\n"
      "  sallyport investigate --intel config/intel --policy config/policy.yaml alerts.jsonl | jq "
      ".verdict");
  command.callback([&run, options] { run = [options] { return investigate_files(*options); }; });
}

}  // namespace sallyport::app
