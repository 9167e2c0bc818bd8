#include "connectors/manifest/compile_queries.hpp"

#include <algorithm>
#include <array>

namespace sallyport::connectors::manifest {

namespace {

constexpr std::array<std::string_view, 4> of_the_world{"ip", "domain", "url", "hash"};
constexpr std::uint32_t longest_window_s = 30 * 86'400;
constexpr std::uint32_t longest_keep_s = 30 * 86'400;
constexpr std::size_t longest_name = 40;

bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= longest_name && text.front() >= 'a' &&
         text.front() <= 'z' && std::ranges::all_of(text, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
         });
}

bool is_signal(std::string_view text) {
  return text.contains('.') && !text.starts_with('.') && !text.ends_with('.') &&
         std::ranges::all_of(text, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.' ||
                  c == '-';
         });
}

bool is_address(const ValueSpec& value) {
  return value.type == ValueType::ip || value.type == ValueType::network;
}

struct QueryCompiler {
  const Compilation& compilation;
  const QuerySpec& spec;
  std::string where;

  void wrong(std::string_view pointer, std::string message) const {
    compilation.faults.push_back({.pointer = std::string{pointer}, .message = std::move(message)});
  }

  [[nodiscard]] std::string at(std::string_view key) const { return child(where, key); }

  void check_entities() const {
    if (spec.entities.empty())
      wrong(at("entities"), "says which kinds of entity it answers for, and of which type each is");
    for (const auto& [kind, value] : spec.entities) {
      const auto pointer = child(at("entities"), kind);
      check_spec(value, compilation.faults, pointer);
      if (std::ranges::find(entity_kinds, kind) == entity_kinds.end())
        wrong(pointer,
              fmt::format("is no kind of entity; these are: {}", fmt::join(entity_kinds, ", ")));
      if (value.type == ValueType::boolean || value.type == ValueType::integer ||
          value.type == ValueType::choice || value.type == ValueType::prose)
        wrong(child(pointer, "type"), "an entity is one line of text");
      if (spec.outside && std::ranges::find(of_the_world, kind) == of_the_world.end())
        wrong(
            pointer,
            fmt::format("is ours: others are asked about {} alone", fmt::join(of_the_world, ", ")));
    }
  }

  void check_steps() const {
    if (spec.steps.empty()) wrong(at("steps"), "there is nothing that it asks");
    for (std::size_t i = 0; i < spec.steps.size(); ++i) {
      const auto method = spec.steps[i].request.method;
      if (method != Method::GET && method != Method::HEAD && method != Method::POST)
        wrong(child(child(child(at("steps"), i), "request"), "method"),
              "a query reads: GET, HEAD, or the POST of a search");
    }
  }

  void check_rest() const {
    if (spec.about.empty()) wrong(at("about"), "says what it answers, in a sentence");
    if (spec.keep_s > longest_keep_s)
      wrong(at("keep_s"), fmt::format("goes to {}", longest_keep_s));
    if (spec.window &&
        (spec.window->before_s > longest_window_s || spec.window->after_s > longest_window_s))
      wrong(at("window"), fmt::format("before_s and after_s go to {}", longest_window_s));
  }

  [[nodiscard]] Scope scope() const {
    Scope scope;
    const bool closed = std::ranges::all_of(
        spec.entities, [](const auto& entity) { return is_closed(entity.second.type); });
    scope.values["entity.value"] = {.closed = closed, .always = true};
    scope.values["entity.kind"] = {.closed = true, .always = true};
    scope.values["entity.base64url"] = {.closed = true, .always = true};
    if (std::ranges::all_of(spec.entities,
                            [](const auto& entity) { return is_address(entity.second); }))
      scope.values["entity.family"] = {.closed = true, .always = true};
    if (spec.window) {
      for (const auto* edge : {"from", "to"})
        for (const auto* unit : {"", "_s", "_ms", "_ns"})
          scope.values[fmt::format("time.{}{}", edge, unit)] = {.closed = true, .always = true};
    }
    for (const auto& [name, value] : compilation.spec.options)
      scope.values["options." + name] = {.closed = is_closed(value.type),
                                         .always = value.needed || !value.fallback.is_null()};
    return scope;
  }

  void compile_evidence(const Scope& scope, QueryPlan& plan) const {
    const auto& evidence = spec.evidence;
    const auto pointer = at("evidence");
    PieceCompiler pieces{compilation.faults, scope};
    plan.source = evidence.source.empty() ? std::string{name_of(compilation.spec.connector.product)}
                                          : evidence.source;
    if (!is_name(plan.source))
      wrong(child(pointer, "source"), "is 1 to 40 lower-case letters, digits and underscores");
    plan.trust = evidence.trust;
    plan.found = pieces.question(evidence.found, child(pointer, "found"), false);
    const auto summary = child(pointer, "summary");
    if (evidence.summary.empty()) wrong(summary, "says in a sentence what was found");
    plan.summary = pieces.text(evidence.summary, summary, PieceCompiler::Place::value);
    for (const auto& [literal, path] : plan.summary.pieces()) {
      const auto* value = path.empty() ? nullptr : scope.find(path);
      if (value && !value->closed && plan.summary.is_whole())
        wrong(summary, fmt::format("{} may hold any text: give it a closed type", path));
    }
    for (std::size_t i = 0; i < evidence.signals.size(); ++i) {
      const auto& signal = evidence.signals[i];
      const auto here = child(child(pointer, "signals"), i);
      if (!is_signal(signal.name))
        wrong(child(here, "name"), "is written family.name, e.g. intel.known_bad");
      if (signal.strength < 0 || signal.strength > 1)
        wrong(child(here, "strength"), "goes from 0 to 1");
      if (!signal.from.empty()) {
        const auto* value = scope.find(signal.from);
        if (auto fault = scope.fault_of(signal.from); !fault.empty()) {
          wrong(child(here, "from"), std::move(fault));
        } else if (!value || !value->closed) {
          wrong(child(here, "from"), "names a number: give it `is: { type: integer }`");
        }
        if (signal.of <= 0) wrong(child(here, "of"), "is greater than 0");
      }
      plan.signals.push_back({.name = signal.name,
                              .when = pieces.question(signal.when, child(here, "when"), false),
                              .strength = signal.strength,
                              .from = signal.from,
                              .of = signal.of});
    }
    compilation.used.insert(pieces.used().begin(), pieces.used().end());
  }

  [[nodiscard]] QueryPlan compile(const std::string& name) const {
    check_entities();
    check_steps();
    check_rest();
    QueryPlan plan{.name = name,
                   .about = spec.about,
                   .entities = spec.entities,
                   .at_arrival = spec.at_arrival,
                   .outside = spec.outside,
                   .window = spec.window,
                   .keep = std::chrono::seconds{spec.keep_s}};
    auto known = scope();
    plan.steps = compile_steps(compilation, known, spec.steps, "found", at("steps"));
    compile_evidence(known, plan);
    return plan;
  }
};

}  // namespace

std::map<std::string, QueryPlan, std::less<>> compile_queries(const Compilation& compilation) {
  std::map<std::string, QueryPlan, std::less<>> plans;
  for (const auto& [name, spec] : compilation.spec.queries) {
    const auto where = child("/queries", name);
    if (!is_name(name))
      compilation.faults.push_back(
          {.pointer = where,
           .message = "a query's name is 1 to 40 lower-case letters, digits and underscores"});
    plans.emplace(
        name,
        QueryCompiler{.compilation = compilation, .spec = spec, .where = where}.compile(name));
  }
  return plans;
}

}  // namespace sallyport::connectors::manifest
