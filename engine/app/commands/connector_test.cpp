#include "engine/app/commands/connector_commands.hpp"
#include "engine/app/commands/manifest_place.hpp"
#include "engine/app/commands/product_options.hpp"
#include "engine/app/loading.hpp"
#include "engine/app/policy_file.hpp"
#include "tools/conformance/questions.hpp"
#include "tools/conformance/report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace sallyport::app {

namespace {

namespace manifest = connectors::manifest;

/// Trials mostly wait: for verification, for the pause before a request is repeated.
constexpr std::size_t side_by_side = 3;

struct Options {
  std::vector<std::string> names;
  bool all = false;
  std::string schemas;
  ProductOptions product;
  std::string samples;
  std::string policy;
  std::string tenant;
  bool json = false;
  bool markdown = false;
};

struct Tested {
  ManifestPlace place;
  std::shared_ptr<const manifest::Plan> plan;
  std::string like;  ///< The shipped manifest that it is, or is a version of.
};

/// What a person tries a verb with.
struct OwnSample {
  model::Target target;
  json::object parameters{};
};

BOOST_DESCRIBE_STRUCT(OwnSample, (), (target, parameters))

/// One sample or question, and what came of it.
struct Job {
  const Tested* tested = nullptr;
  conformance::Sample sample{};
  std::optional<conformance::Question> question{};  ///< Instead of the sample.
  Result<conformance::Trials> trials = fail(Errc::cancelled, "not tried");
};

/// The shipped manifest of that id; empty: none.
std::string shipped_as(const std::string& id, const model::Catalogue& catalogue) {
  const auto shipped = shipped_manifests();
  if (!shipped) return {};
  for (const auto& place : *shipped) {
    const auto plan = manifest::load(place.file, catalogue);
    if (plan && (*plan)->connector.id == id) return place.shipped;
  }
  return {};
}

Result<std::vector<Tested>> tested_of(const Options& options, const model::Catalogue& catalogue) {
  std::vector<Tested> tested;
  const auto add = [&](ManifestPlace place) -> Result<> {
    auto plan = manifest::load(place.file, catalogue);
    if (!plan) return std::unexpected{plan.error()};
    auto like =
        place.shipped.empty() ? shipped_as((*plan)->connector.id, catalogue) : place.shipped;
    tested.push_back(
        {.place = std::move(place), .plan = *std::move(plan), .like = std::move(like)});
    return {};
  };
  if (options.all) {
    auto shipped = shipped_manifests();
    if (!shipped) return std::unexpected{shipped.error()};
    for (auto& place : *shipped)
      if (auto ok = add(std::move(place)); !ok) return std::unexpected{ok.error()};
    return tested;
  }
  for (const auto& name : options.names) {
    auto place = manifest_place(name);
    if (!place) return std::unexpected{place.error()};
    if (auto ok = add(*std::move(place)); !ok) return std::unexpected{ok.error()};
  }
  return tested;
}

/// `verb: { target: { kind, value }, parameters }` of a file.
Result<std::vector<conformance::Sample>> samples_in(const std::string& file) {
  const auto document = config::Document::load(file);
  if (!document) return std::unexpected{document.error()};
  std::map<std::string, OwnSample> read;
  Faults faults;
  read_json(document->root(), read, faults, "");
  if (has_errors(faults)) return fail(Errc::invalid_input, document->render(faults));
  std::vector<conformance::Sample> samples;
  for (auto& [verb, own] : read)
    samples.push_back(
        {.manifest = {}, .verb = verb, .target = own.target, .parameters = own.parameters});
  return samples;
}

Result<std::vector<Job>> jobs_of(const Options& options, const std::vector<Tested>& tested) {
  std::vector<Job> jobs;
  for (const auto& each : tested) {
    const auto* vendor = conformance::product_of(each.like);
    if (!vendor && (options.samples.empty() || options.product.url.empty()))
      return fail(Errc::not_found,
                  fmt::format("the lab has no vendor for {}: name a server with --url and what to "
                              "try with --samples",
                              each.place.file.string()));
    Result<std::vector<conformance::Sample>> samples;
    if (options.samples.empty()) {
      samples = conformance::samples_of(vendor->manifest);
    } else {
      samples = samples_in(options.samples);
    }
    if (!samples) return std::unexpected{samples.error()};
    for (auto& sample : *samples) {
      if (!each.plan->operations.contains(sample.verb)) {
        if (options.samples.empty()) continue;  // a version of the manifest with fewer verbs
        return fail(
            Errc::invalid_input,
            fmt::format(
                "{}: {} has no {}", options.samples, each.place.file.string(), sample.verb));
      }
      sample.manifest = each.place.shipped.empty() ? each.place.file.string() : each.place.shipped;
      jobs.push_back({.tested = &each, .sample = std::move(sample)});
    }
    if (!options.samples.empty()) continue;
    for (auto& question : conformance::questions_of(vendor->manifest)) {
      if (!each.plan->queries.contains(question.query)) continue;
      if (each.place.shipped.empty()) question.manifest = each.place.file.string();
      jobs.push_back({.tested = &each, .question = std::move(question)});
    }
  }
  return jobs;
}

void try_in_lab(std::vector<Job>& jobs, const model::Catalogue& catalogue) {
  std::atomic<std::size_t> next = 0;
  std::vector<std::jthread> threads;
  for (std::size_t n = 0; n < std::min(side_by_side, jobs.size()); ++n)
    threads.emplace_back([&] {
      for (auto i = next++; i < jobs.size(); i = next++) {
        auto& job = jobs[i];
        const auto& vendor = *conformance::product_of(job.tested->like);
        job.trials =
            job.question
                ? conformance::ask_in_lab(job.tested->plan, vendor, *job.question, catalogue)
                : conformance::try_in_lab(job.tested->plan, vendor, job.sample, catalogue);
      }
    });
}

/// One after the other, as another server is what is shared.
Result<> try_elsewhere(const Options& options,
                       std::vector<Job>& jobs,
                       const model::Catalogue& catalogue) {
  auto policy = load_policy(options.policy, catalogue, SystemClock{}.now());
  if (!policy) return std::unexpected{policy.error()};
  if (!policy->policy) return fail(Errc::invalid_input, policy->errors);
  for (auto& job : jobs) {
    auto config = options.product.config_for(*job.tested->plan);
    if (!config) return std::unexpected{config.error()};
    const auto stand = conformance::Stand::at(
        job.tested->plan, *std::move(config), {.policy = policy->policy, .tenant = options.tenant});
    if (!stand) return std::unexpected{stand.error()};
    job.trials = job.question ? conformance::ask_at(**stand, *job.question)
                              : conformance::try_at(**stand, job.sample);
  }
  return {};
}

int test(const Options& options) {
  if (options.all == !options.names.empty())
    return unusable("connector test", {Errc::invalid_input, "name manifests, or --all of them"});
  if (!options.product.url.empty() && (options.policy.empty() || options.tenant.empty()))
    return unusable("connector test",
                    {Errc::invalid_input,
                     "--url acts on what is there: --policy FILE --tenant NAME say what may run "
                     "without a person, and the gate holds to it"});
  const auto catalogue = load_catalogue(options.schemas);
  if (!catalogue) return unusable("connector test", catalogue.error());
  const auto tested = tested_of(options, *catalogue);
  if (!tested) return unusable("connector test", tested.error());
  auto jobs = jobs_of(options, *tested);
  if (!jobs) return unusable("connector test", jobs.error());
  if (options.product.url.empty()) {
    try_in_lab(*jobs, *catalogue);
  } else if (const auto tried = try_elsewhere(options, *jobs, *catalogue); !tried) {
    return unusable("connector test", tried.error());
  }
  std::vector<conformance::Trials> all;
  for (auto& job : *jobs) {
    if (!job.trials) return unusable("connector test", job.trials.error());
    all.push_back(*std::move(job.trials));
  }
  if (options.markdown) fmt::print("{}", conformance::as_markdown(all));
  for (const auto& trials : all) {
    if (options.json) fmt::print("{}\n", to_json(json::value(conformance::as_json(trials))));
    if (!options.json && !options.markdown) fmt::print("{}", conformance::as_text(trials));
    if (options.markdown && !trials.held()) fmt::print(stderr, "{}", conformance::as_text(trials));
  }
  const auto failed = std::ranges::count_if(all, [](const auto& one) { return !one.held(); });
  std::fflush(stdout);
  fmt::print(stderr, "{} operations tried, {} failed\n", all.size(), failed);
  return failed > 0 || all.empty() ? 1 : 0;
}

}  // namespace

void add_connector_test(Command command, Run& run) {
  auto testing = command.add_subcommand(
      "test",
      "Try every operation of manifests: execute, verify, repeat, roll back, ask every query, and "
      "every class of error; against the lab's vendor, or another server");
  auto options = std::make_shared<Options>();
  testing.add_option(
      "NAME", options->names, "Manifests: files, or of the installation (okta, idp/okta.yaml)");
  testing.add_flag("--all", options->all, "All of the installation");
  testing.add_option(
      "--schemas", options->schemas, "Folder with actions.yaml (default: the installation's)");
  options->product.add_to(testing);
  testing.add_option(
      "--samples",
      options->samples,
      "What to try operations with: `verb: { target: { kind, value }, parameters }`");
  testing.add_option(
      "--policy", options->policy, "With --url: the policy whose gate lets each action run or not");
  testing.add_option("--tenant", options->tenant, "With --policy: whose tier it is");
  testing.add_flag("--json", options->json, "A line for each operation, with all that was sent");
  testing.add_flag("--markdown", options->markdown, "The table of connectors/README.md");
  testing.footer(
      "Without --url against a server of this process that keeps state and refuses what the vendor "
      "would refuse.\nWith --url it acts for real, and leaves things as they were where it can; "
      "classes of error are then not tried.\nExit status: 0 all held; 1 something did not; 2 could "
      "not be tried.\n\nExample:\n"
      "  sallyport connector test okta\n"
      "  sallyport connector test my.yaml --url https://staging.acme.example --samples try.yaml "
      "\\\n    --secret api_token=env:TOKEN --policy staging.yaml --tenant acme");
  testing.callback([&run, options] { run = [options] { return test(*options); }; });
}

}  // namespace sallyport::app
