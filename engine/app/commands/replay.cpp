#include "engine/app/commands/commands.hpp"
#include "engine/app/commands/store_place.hpp"
#include "engine/app/investigation_replay.hpp"
#include "engine/app/loading.hpp"
#include "engine/app/models.hpp"
#include "engine/app/policy_file.hpp"
#include "engine/investigate/verdicts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace sallyport::app {

namespace fs = std::filesystem;

namespace {

struct Options {
  StorePlace place;
  std::vector<std::string> what;
  std::string policy;
  std::string reasoner;
  std::vector<std::string> models;
  bool json = false;
};

/// The other parts of a replay, read once for all that are replayed.
class Replay {
 public:
  explicit Replay(const Options& options) : options_{options} {}

  /// Errors: invalid_input, not_found.
  Result<> prepare() {
    const bool in_store = std::ranges::any_of(
        options_.what, [](const std::string& name) { return !fs::exists(name); });
    // Beside a store that is named otherwise the settings are what is put in its place.
    const bool other_settings =
        !options_.place.config.empty() && (!in_store || !options_.place.data.empty());
    std::optional<config::Settings> settings;
    if (other_settings || !options_.models.empty()) {
      auto loaded = config::load_settings(options_.place.config);
      if (!loaded) return std::unexpected{loaded.error()};
      settings = *std::move(loaded);
    }
    const auto catalogue = load_catalogue(settings ? settings->schemas : "");
    if (!catalogue) return std::unexpected{catalogue.error()};
    if (!options_.policy.empty()) {
      auto policy = load_policy(options_.policy, *catalogue, SystemClock{}.now());
      if (!policy) return std::unexpected{policy.error()};
      if (!policy->policy) return fail(Errc::invalid_input, std::move(policy->errors));
      replacements_.policy = std::move(policy->policy);
    }
    auto reasoner = options_.reasoner;
    if (reasoner.empty() && other_settings && options_.models.empty())
      reasoner = settings->reasoner;
    if (!reasoner.empty()) {
      auto rules = load_rules(reasoner, *catalogue);
      if (!rules) return std::unexpected{rules.error()};
      replacements_.rules = *std::move(rules);
    }
    if (!options_.models.empty()) {
      if (const auto made = use_models(*settings); !made) return made;
    }
    if (!in_store) return {};
    auto store = options_.place.open();
    if (!store) return std::unexpected{store.error()};
    store_ = *std::move(store);
    return {};
  }

  /// The exit status.
  int run() {
    int status = 0;
    for (const auto& name : options_.what) {
      for (const auto& one : all_of(name)) status = std::max(status, run_one(one));
    }
    return status;
  }

 private:
  Result<> use_models(config::Settings& settings) {
    for (const auto& name : options_.models) {
      if (!settings.models.providers.contains(name))
        return fail(Errc::invalid_input,
                    fmt::format("--model {}: not under models.providers of the settings", name));
    }
    settings.models.use = options_.models;
    Faults faults;
    auto made = make_models(settings, {}, loop_.get_executor(), clock_, faults);
    if (!made) return fail(Errc::invalid_input, settings.render(faults));
    replacements_.counsel = std::move(made->counsel);
    return {};
  }

  /// A folder is all that was recorded in it, in the order of names.
  static std::vector<std::string> all_of(const std::string& name) {
    std::error_code error;
    if (!fs::is_directory(name, error)) return {name};
    std::vector<std::string> files;
    for (const auto& entry : fs::directory_iterator{name, error})
      if (entry.path().extension() == ".json") files.push_back(entry.path().string());
    std::ranges::sort(files);
    if (files.empty()) files.push_back(name);
    return files;
  }

  int run_one(const std::string& name) {
    if (fs::exists(name)) return compare(recorded_at(name));
    auto versions = investigate::find_versions(*store_, name);
    if (!versions) return unusable("replay", versions.error());
    int status = 0;
    for (auto& verdict : *versions)
      status = std::max(status, compare(recorded_in(*store_, std::move(verdict))));
    return status;
  }

  int compare(const Result<RecordedInvestigation>& recorded) {
    if (!recorded) return unusable("replay", recorded.error());
    const auto report = replay_investigation(*recorded, replacements_, loop_);
    if (!report) return unusable("replay", report.error());
    if (options_.json) {
      fmt::print("{}\n", to_json(*report));
    } else {
      print(*report, recorded->account.verdict);
    }
    return report->same ? 0 : 1;
  }

  void print(const ReplayReport& report, const model::Verdict& verdict) const {
    const auto shown = [](const std::optional<json::value>& value) {
      return value ? to_json(*value) : std::string{"(not there)"};
    };
    const auto name = report.version == 1
                          ? report.investigation
                          : fmt::format("{} version {}", report.investigation, report.version);
    if (report.same) {
      fmt::print("{}: the same: {} ({}), {} proposal{} and what was decided of {}\n",
                 name,
                 name_of(verdict.verdict),
                 verdict.confidence,
                 verdict.proposals.size(),
                 verdict.proposals.size() == 1 ? "" : "s",
                 verdict.proposals.size() == 1 ? "it" : "them");
    } else if (report.differences.empty()) {
      fmt::print("{}: the bytes differ, the values do not\n", name);
    } else {
      // Without a replacement one difference is a fault, and the first shows it.
      const auto n = replacements_.none() ? 1 : report.differences.size();
      fmt::print("{}: differs{}\n", name, n < report.differences.size() ? "; first" : "");
      for (std::size_t i = 0; i < n; ++i) {
        const auto& difference = report.differences[i];
        fmt::print("  {}\n    recorded  {}\n    replayed  {}\n",
                   difference.path,
                   shown(difference.recorded),
                   shown(difference.replayed));
      }
    }
    for (const auto& note : report.notes) fmt::print("  note: {}\n", note);
  }

  const Options& options_;
  SystemClock clock_;
  asio::io_context loop_{1};
  Replacements replacements_;
  std::unique_ptr<store::Store> store_;
};

int replay(const Options& options) {
  Replay work{options};
  if (const auto prepared = work.prepare(); !prepared) return unusable("replay", prepared.error());
  return work.run();
}

}  // namespace

void add_replay(Command app, Run& run) {
  const auto options = std::make_shared<Options>();
  auto command = app.add_subcommand(
      "replay", "Make an investigation again from what it was told, and compare");
  command
      .add_option("INVESTIGATION",
                  options->what,
                  "Its id in the store; or a file, or a folder, of `investigate --record`")
      .required();
  options->place.add_to(command);
  command.add_option("--policy", options->policy, "Decide by this policy instead")
      .value_name("FILE");
  command.add_option("--reasoner", options->reasoner, "Reason by this reasoner's file instead")
      .value_name("FILE");
  command
      .add_option("--model",
                  options->models,
                  "Ask this language model of the settings instead (over the network); repeatable")
      .one_value_each();
  command.add_flag("--json", options->json, "One JSON object per investigation");
  command.footer(
      "Runs the same loop on the recorded alert, evidence and answers of models, under the "
      "recorded "
      "rules and\npolicy, without a network. With --policy, --reasoner or --model that part is "
      "another one; so with\n--config, where --data or a file says what is replayed: the "
      "reasoner's "
      "file of those settings.\nAn investigation that later alerts gave new versions of its "
      "verdict "
      "is made again version by version.\nAnother model may look up what was looked up then; for "
      "anything else the answer is not_collected.\nPaths are JSON pointers into the verdict "
      "document.\n"
      "Exit status: 0 the same verdict, proposals and decisions, byte for byte; 1 they differ (the "
      "first\ndifference is printed; with another part all of them); 2 it cannot be replayed.\n\n"
      "Example:\n  sallyport replay 01JD8Z6Q4T3F8N6S2V9K7X5B1C --data data\n"
      "  sallyport replay tests/replay/recorded --policy new.yaml");
  command.callback([options, &run] { run = [options] { return replay(*options); }; });
}

}  // namespace sallyport::app
