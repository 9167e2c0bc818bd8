// The public Sigma rules and their regression events, where they lie beside the project (or where
// SALLYPORT_SIGMA says): rules/ and regression/. They are not part of this repository.
#include "engine/config/document.hpp"
#include "engine/match/rule.hpp"
#include "engine/match/ruleset.hpp"
#include "engine/match/windows_event.hpp"
#include "tests/match/matching.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace sallyport::match {
namespace {

namespace fs = std::filesystem;

std::optional<fs::path> corpus() {
  if (const char* given = std::getenv("SALLYPORT_SIGMA")) return fs::path{given};
  const auto beside = fs::path{SALLYPORT_SOURCE_DIR}.parent_path() / "shared" / "sigma";
  if (fs::exists(beside / "rules")) return beside;
  return std::nullopt;
}

#define SKIP_WITHOUT_CORPUS() \
  if (!corpus())              \
  GTEST_SKIP() << "no Sigma rules at ../shared/sigma; set SALLYPORT_SIGMA to their folder"

std::vector<fs::path> files_below(const fs::path& folder, std::string_view extension) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator{folder})
    if (entry.path().extension() == extension) files.push_back(entry.path());
  std::ranges::sort(files);
  return files;
}

std::string text_of(const fs::path& file) {
  std::ifstream stream{file};
  return {std::istreambuf_iterator<char>{stream}, {}};
}

struct Loaded {
  std::optional<Rule> rule;
  std::string faults;
};

Loaded load(const fs::path& file) {
  const auto document = config::Document::load(file);
  if (!document) return {.rule = std::nullopt, .faults = document.error().detail};
  Faults faults;
  Loaded loaded{.rule = compile_rule(document->root(), faults), .faults = {}};
  if (!loaded.rule) loaded.faults = document->render(faults);
  return loaded;
}

/// The JSON values that stand one after the other in a regression file.
std::vector<json::value> events_of(const fs::path& file) {
  std::vector<json::value> events;
  const auto text = text_of(file);
  std::size_t begin = 0;
  for (std::size_t line = 0; line <= text.size();) {
    const auto end = std::min(text.find('\n', line), text.size());
    if (text.substr(line, end - line) == "}") {
      events.push_back(parsed(text.substr(begin, end - begin)));
      begin = end;
    }
    line = end + 1;
  }
  return events;
}

TEST(Corpus, EveryRuleCompilesOrSaysWhatIsMissing) {
  SKIP_WITHOUT_CORPUS();
  std::size_t compiled = 0;
  std::size_t placeholders = 0;
  std::size_t aggregations = 0;
  const auto begin = std::chrono::steady_clock::now();
  for (const auto& file : files_below(*corpus() / "rules", ".yml")) {
    const auto loaded = load(file);
    if (loaded.rule) {
      ++compiled;
    } else if (loaded.faults.find("the placeholder '%") != std::string::npos) {
      EXPECT_NE(text_of(file).find("|expand"), std::string::npos) << file;
      ++placeholders;
    } else {
      // Rules that look at more than one event were given up by Sigma itself.
      const bool old = file.string().find("/unsupported/") != std::string::npos ||
                       file.string().find("/deprecated/") != std::string::npos;
      EXPECT_TRUE(old) << loaded.faults;
      EXPECT_THAT(loaded.faults,
                  testing::AnyOf(testing::HasSubstr("/detection/condition: "),
                                 testing::HasSubstr("more than one document")))
          << file;
      ++aggregations;
    }
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  std::cout << fmt::format(
      "{} rules compiled, {} want placeholders, {} aggregate; {:.2f} s with their YAML\n",
      compiled,
      placeholders,
      aggregations,
      took.count());
  EXPECT_GT(compiled, 100U);
}

TEST(Corpus, EveryRegressionEventIsMatchedByItsRule) {
  SKIP_WITHOUT_CORPUS();
  std::map<std::string, fs::path> rules;
  for (const auto& file : files_below(*corpus() / "rules", ".yml")) {
    const auto document = config::Document::load(file);
    if (!document) continue;
    if (const auto* id = document->root().as_object().if_contains("id"))
      rules.emplace(std::string{id->as_string().data(), id->as_string().size()}, file);
  }
  std::size_t checked = 0;
  std::size_t exact = 0;
  for (const auto& file : files_below(*corpus() / "regression", ".json")) {
    const auto rule = rules.find(file.stem().string());
    if (rule == rules.end()) continue;
    const auto info = config::Document::load(file.parent_path() / "info.yml");
    ASSERT_TRUE(info) << info.error().detail;
    const auto& test = info->root().at("regression_tests_info").at(0).as_object();
    const auto* count = test.if_contains("match_count");
    const auto loaded = load(rule->second);
    ASSERT_TRUE(loaded.rule) << loaded.faults;
    std::size_t matched = 0;
    for (const auto& event : events_of(file))
      matched += loaded.rule->detection.matches(EventRecord{event});
    EXPECT_GE(matched, count == nullptr ? 1U : count->to_number<std::size_t>()) << file << "\n"
                                                                                << rule->second;
    exact += count == nullptr || matched == count->to_number<std::size_t>();
    ++checked;
  }
  std::cout << fmt::format(
      "{} regression files checked, {} with exactly their count\n", checked, exact);
  EXPECT_GT(checked, 50U);
  // The export of an event log may hold more matching events than were counted in the log.
  EXPECT_GE(exact, checked - checked / 25);
}

TEST(Corpus, AllRulesOverAllEventsMatchFewBesidesTheirOwn) {
  SKIP_WITHOUT_CORPUS();
  Ruleset rules;
  for (const auto& file : files_below(*corpus() / "rules", ".yml"))
    if (auto loaded = load(file); loaded.rule) rules.add(loaded.rule->detection);
  std::vector<json::value> events;
  for (const auto& file : files_below(*corpus() / "regression", ".json"))
    for (auto& event : events_of(file)) events.push_back(std::move(event));

  std::size_t matched = 0;
  const auto begin = std::chrono::steady_clock::now();
  for (const auto& event : events) {
    const EventRecord record{event};
    rules.match(record, [&matched](std::size_t) { ++matched; });
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  std::cout << fmt::format(
      "{} rules over {} events: {} matches, {:.0f} events/s, {:.0f} ns a rule\n",
      rules.size(),
      events.size(),
      matched,
      static_cast<double>(events.size()) / took.count(),
      took.count() * 1e9 / static_cast<double>(events.size() * rules.size()));
  EXPECT_GE(matched, events.size() / 2);
  EXPECT_LT(matched, events.size() * 30);
}

}  // namespace
}  // namespace sallyport::match
