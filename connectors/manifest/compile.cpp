#include "connectors/manifest/compile_auth.hpp"
#include "connectors/manifest/compile_queries.hpp"
#include "connectors/manifest/compile_steps.hpp"
#include "connectors/manifest/pace.hpp"
#include "connectors/manifest/plan.hpp"
#include "connectors/manifest/scope.hpp"
#include "engine/base/digest.hpp"
#include "engine/base/spelling.hpp"
#include "engine/http/url.hpp"

#include <algorithm>

namespace sallyport::connectors::manifest {

namespace {

constexpr std::int64_t known_version = 1;

bool is_id(std::string_view text) {
  return !text.empty() && text.size() <= 64 && text.front() != '-' &&
         std::ranges::all_of(text, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
         });
}

/// Compiles a manifest; every member adds to `faults`.
struct Compiler {
  const ManifestSpec& spec;
  const model::Catalogue& catalogue;
  Faults& faults;
  std::set<std::string, std::less<>> used{};

  void wrong(std::string_view pointer, std::string message) const {
    faults.push_back({.pointer = std::string{pointer}, .message = std::move(message)});
  }

  void check_head() const {
    if (spec.manifest != known_version)
      wrong("/manifest",
            fmt::format("is {}: this engine reads version {}", spec.manifest, known_version));
    if (!is_id(spec.connector.id))
      wrong("/connector/id", "is 1 to 64 lower-case letters, digits and dashes");
    if (spec.connector.title.empty()) wrong("/connector/title", "names the product");
    if (!spec.endpoints.contains("api"))
      wrong("/endpoints", "has an entry `api`, where requests go that name no other");
    for (const auto& [name, endpoint] : spec.endpoints) {
      const auto where = child("/endpoints", name);
      if (endpoint.url.empty()) continue;
      const auto url = http::parse_url(endpoint.url);
      if (!url) {
        wrong(child(where, "url"), url.error().detail);
      } else if (!url->origin.tls) {
        wrong(child(where, "url"), "a product is reached by https");
      }
    }
    for (const auto& [name, option] : spec.options)
      check_spec(option, faults, child("/options", name));
    if (spec.limits.empty())
      wrong("/limits",
            "says how many requests the product takes, e.g. [{ requests: 100, per_s: 60 }]");
    for (std::size_t i = 0; i < spec.limits.size(); ++i) {
      if (auto fault = fault_of(spec.limits[i]); !fault.empty())
        wrong(child("/limits", i), std::move(fault));
    }
    if (auto fault = fault_of_concurrency(spec.concurrency); !fault.empty())
      wrong("/concurrency", std::move(fault));
    if (spec.operations.empty() && spec.queries.empty())
      wrong("/operations", "there is nothing that it can do, and no `queries` that it answers");
  }

  void check_verb(const std::string& verb, std::string_view where) const {
    std::vector<std::string_view> known;
    for (const auto& [name, about] : catalogue.verbs()) known.emplace_back(name);
    const auto meant = likely_meant(verb, known);
    wrong(where,
          meant ? fmt::format("there is no verb '{}'; did you mean '{}'?", verb, *meant)
                : fmt::format("there is no verb '{}'; schemas/actions.yaml names them", verb));
  }

  /// A product's word for a choice: itself, or the place of an option that says it.
  void check_word(const json::value& word, std::string_view where) const {
    if (!word.is_string()) return;
    const std::string_view text{word.get_string()};
    const auto option = option_named_by(text);
    if (option.empty()) {
      if (text.contains("${"))
        wrong(where, "a word is the product's, or the whole of one place: ${{ options.NAME }}");
      return;
    }
    const auto found = spec.options.find(option);
    if (found == spec.options.end() || !is_closed(found->second.type))
      wrong(where, fmt::format("there is no option '{}' of a closed type", option));
  }

  void check_parameter(const model::Verb& verb,
                       const std::string& name,
                       const ValueSpec& value,
                       std::string_view where) const {
    check_spec(value, faults, where);
    const auto* all = verb.parameters.if_contains("properties");
    const auto* properties = all ? all->if_object() : nullptr;
    const auto* found = properties ? properties->if_contains(name) : nullptr;
    const auto* schema = found ? found->if_object() : nullptr;
    if (!schema) {
      std::vector<std::string_view> known;
      if (properties)
        for (const auto& [key, item] : *properties) known.emplace_back(key.data(), key.size());
      wrong(where,
            fmt::format("the verb has no such parameter; it has {}", fmt::join(known, ", ")));
      return;
    }
    if (const auto* choices = schema->if_contains("enum")) {
      if (value.type != ValueType::choice) return wrong(where, "the verb has a choice here");
      const auto known = [&](const json::value& word) {
        const auto& list = choices->as_array();
        return std::ranges::find(list, word) != list.end();
      };
      if (const auto* list = value.values.if_array()) {
        for (const auto& word : *list)
          if (!known(word)) wrong(where, fmt::format("the verb has no choice {}", to_json(word)));
      } else if (const auto* map = value.values.if_object()) {
        for (const auto& [word, item] : *map) {
          if (!known(json::value(word)))
            wrong(where, fmt::format("the verb has no choice '{}'", std::string_view{word}));
          check_word(item, where);
        }
      }
      return;
    }
    const auto* type = schema->if_contains("type");
    const auto wanted = type && type->is_string() ? std::string_view{type->get_string()} : "";
    const bool fits = wanted == "integer"   ? value.type == ValueType::integer
                      : wanted == "boolean" ? value.type == ValueType::boolean
                      : wanted == "string"
                          ? value.type != ValueType::integer && value.type != ValueType::boolean
                          : false;
    if (!fits)
      wrong(
          child(where, "type"),
          fmt::format(
              "the verb's parameter is of type {}, which {} is not", wanted, name_of(value.type)));
  }

  void check_interface(const std::string& name,
                       const OperationSpec& operation,
                       const model::Verb& verb,
                       std::string_view where) const {
    if (operation.summary.empty()) wrong(child(where, "summary"), "says what it does, in one line");
    if (operation.targets.empty())
      wrong(child(where, "targets"),
            fmt::format("says which kinds of target it takes: {}", fmt::join(verb.targets, ", ")));
    for (const auto& [kind, value] : operation.targets) {
      const auto at = child(child(where, "targets"), kind);
      check_spec(value, faults, at);
      if (std::ranges::find(verb.targets, kind) == verb.targets.end())
        wrong(at,
              fmt::format("{} takes no target of this kind; it takes {}",
                          name,
                          fmt::join(verb.targets, ", ")));
      if (value.type == ValueType::boolean || value.type == ValueType::integer)
        wrong(at, "a target is text");
    }
    for (const auto& [kind, option] : operation.targets_from) {
      const auto at = child(child(where, "targets_from"), kind);
      const auto found = spec.options.find(option);
      if (std::ranges::find(verb.targets, kind) == verb.targets.end() ||
          operation.targets.contains(kind))
        wrong(at, "is no target of the verb, or one of `targets`");
      else if (found == spec.options.end() || !is_closed(found->second.type))
        wrong(at, "names an option of a closed type that says where it goes");
    }
    for (const auto& [parameter, value] : operation.parameters)
      check_parameter(verb, parameter, value, child(child(where, "parameters"), parameter));
    if (const auto* needed = verb.parameters.if_contains("required");
        needed && needed->is_array()) {
      for (const auto& item : needed->get_array()) {
        const std::string key{item.as_string()};
        if (!operation.parameters.contains(key))
          wrong(child(where, "parameters"), fmt::format("the verb needs `{}`", key));
      }
    }
    for (const auto& [parameter, values] : operation.implied)
      check_implied(verb, operation, parameter, values, child(child(where, "implied"), parameter));
    if (!operation.ends_after.empty()) {
      const auto found = operation.parameters.find(operation.ends_after);
      if (found == operation.parameters.end() || found->second.type != ValueType::integer) {
        wrong(child(where, "ends_after"), "names the parameter that holds the seconds");
      } else if (const auto all = duration_of(verb);
                 all && !operation.without_end &&
                 (found->second.least > all->least || found->second.most < all->most)) {
        wrong(child(where, "without_end"),
              fmt::format("the verb's duration_s goes from {} to {}: say what tells the product "
                          "that there is no end, where it cannot keep the time",
                          *all->least,
                          *all->most));
      }
    } else if (operation.parameters.contains("duration_s")) {
      wrong(child(where, "ends_after"),
            "it takes duration_s: say `ends_after: duration_s`, if the product lets go by itself");
    }
  }

  void check_implied(const model::Verb& verb,
                     const OperationSpec& operation,
                     const std::string& parameter,
                     const json::value& values,
                     std::string_view where) const {
    const auto* all = verb.parameters.if_contains("properties");
    if (!all || !all->is_object() || !all->get_object().contains(parameter))
      return wrong(where, "the verb has no such parameter");
    if (operation.parameters.contains(parameter))
      return wrong(where, "`parameters` has it: the product is told");
    const auto* list = values.if_array();
    const auto* word = values.if_string();
    if ((!list || list->empty()) && (!word || *word != "any"))
      wrong(where, "the values that hold anyhow, e.g. [true], or `any` where they only inform");
  }

  /// The catalogue's `duration_s`, where the verb has it.
  [[nodiscard]] static std::optional<ValueSpec> duration_of(const model::Verb& verb) {
    const auto* all = verb.parameters.if_contains("properties");
    const auto* properties = all ? all->if_object() : nullptr;
    const auto* found = properties ? properties->if_contains("duration_s") : nullptr;
    const auto* schema = found ? found->if_object() : nullptr;
    if (!schema) return std::nullopt;
    const auto bound = [&](std::string_view key) -> std::optional<std::int64_t> {
      const auto* value = schema->if_contains(key);
      return value && value->is_int64() ? std::optional{value->get_int64()} : std::nullopt;
    };
    return ValueSpec{.type = ValueType::integer,
                     .least = bound("minimum").value_or(1),
                     .most = bound("maximum").value_or(31'536'000)};
  }

  void check_undo(const std::string& name,
                  const UndoSpec& undo,
                  const model::Verb& verb,
                  std::string_view where) const {
    if (undo.verb.empty() == undo.none.empty())
      return wrong(where, "says with `verb` what undoes it, or with `none` why nothing does");
    if (undo.verb.empty()) return;
    const auto at = child(where, "verb");
    if (undo.verb != verb.reversed_by)
      return wrong(at,
                   verb.reversed_by.empty()
                       ? fmt::format("{} cannot be undone; say why with `none`", name)
                       : fmt::format("{} is undone by {}", name, verb.reversed_by));
    if (!spec.operations.contains(undo.verb))
      wrong(at, fmt::format("this manifest has no operation {}", undo.verb));
  }

  [[nodiscard]] Scope scope_of(const std::string& verb, const OperationSpec& operation) const {
    Scope scope;
    const bool closed = std::ranges::all_of(
        operation.targets, [](const auto& target) { return is_closed(target.second.type); });
    scope.values["target.value"] = {.closed = closed, .always = true};
    scope.values["target.kind"] = {.closed = true, .always = true};
    const bool addresses = std::ranges::all_of(operation.targets, [](const auto& target) {
      return target.second.type == ValueType::ip || target.second.type == ValueType::network;
    });
    if (addresses) scope.values["target.cidr"] = {.closed = true, .always = true};
    scope.values["run.id"] = {.closed = true, .always = true};
    const auto add = [&](std::string_view under, const std::map<std::string, ValueSpec>& values) {
      for (const auto& [name, value] : values)
        scope.values[fmt::format("{}.{}", under, name)] = {
            .closed = is_closed(value.type), .always = value.needed || !value.fallback.is_null()};
    };
    add("parameters", operation.parameters);
    add("options", spec.options);
    // A rollback finds what the operation that it undoes had saved.
    for (const auto& [other, undone] : spec.operations)
      if (undone.undo.verb == verb) add_saved(scope, undone.state.steps, "restore");
    return scope;
  }

  void compile_state(const StateSpec& state,
                     Scope& scope,
                     OperationPlan& plan,
                     std::string_view where) {
    plan.identity = state.identity;
    plan.unverifiable = state.unverifiable;
    plan.state =
        compile_steps({spec, faults, used}, scope, state.steps, "state", child(where, "steps"));
    for (std::size_t i = 0; i < state.identity.size(); ++i) {
      if (!scope.values.contains("state." + state.identity[i]))
        wrong(child(child(where, "identity"), i), "no step saves it");
    }
    PieceCompiler pieces{faults, scope};
    plan.in_effect = pieces.question(state.in_effect, child(where, "in_effect"), false);
    plan.pending = pieces.question(state.pending, child(where, "pending"), false);
    if (state.in_effect.is_null() == state.unverifiable.empty())
      wrong(where,
            "says with `in_effect` when the state is as wanted, or with `unverifiable` why the "
            "product cannot say");
    if (!state.in_effect.is_null() && state.steps.empty())
      wrong(child(where, "steps"), "say how the state is read");
    for (std::size_t i = 0; i < state.refuse.size(); ++i) {
      const auto at = child(child(where, "refuse"), i);
      if (state.refuse[i].because.empty()) wrong(at, "says with `because` why");
      plan.refuse.push_back(
          {.when = pieces.question(state.refuse[i].when, child(at, "when"), false),
           .because = state.refuse[i].because});
    }
  }

  void compile_act(const ActSpec& act, Scope& scope, OperationPlan& plan, std::string_view where) {
    const auto before = used;
    used.clear();
    plan.repeat = act.repeat;
    plan.alone = act.alone;
    scope.values["run.password"] = {.closed = false, .always = true};
    plan.act = compile_steps(
        {spec, faults, used}, scope, act.steps, "act", child(where, "steps"), Waiting::allowed);
    if (act.steps.empty()) wrong(child(where, "steps"), "there is nothing that it sends");
    if (act.repeat == Repeat::by_key && !used.contains("run.id"))
      wrong(child(where, "repeat"), "by_key: the product has to be told ${{ run.id }}");
    if (act.wait)
      plan.wait = compile_wait({spec, faults, used}, scope, *act.wait, child(where, "wait"));
    scope.values["run.outcome"] = {.closed = true, .always = true};
    plan.finally =
        compile_steps({spec, faults, used}, scope, act.finally, "act", child(where, "finally"));
    used.insert(before.begin(), before.end());
  }

  OperationPlan compile_operation(const std::string& name, const OperationSpec& operation) {
    const auto where = child("/operations", name);
    OperationPlan plan{.verb = name,
                       .targets = operation.targets,
                       .targets_from = operation.targets_from,
                       .parameters = operation.parameters,
                       .implied = operation.implied,
                       .ends_after = operation.ends_after,
                       .without_end = operation.without_end,
                       .undo = operation.undo};
    const auto* verb = catalogue.find(name);
    if (!verb) {
      check_verb(name, where);
    } else {
      check_interface(name, operation, *verb, where);
      check_undo(name, operation.undo, *verb, child(where, "undo"));
      if (!operation.undo.verb.empty()) plan.duration = duration_of(*verb);
    }
    auto scope = scope_of(name, operation);
    compile_state(operation.state, scope, plan, child(where, "state"));
    compile_act(operation.act, scope, plan, child(where, "act"));
    return plan;
  }

  void check_unused() const {
    for (std::size_t i = 0; i < spec.secrets.size(); ++i) {
      if (!used.contains("secret." + spec.secrets[i]))
        faults.push_back({.pointer = child("/secrets", i),
                          .message = fmt::format("'{}' is used nowhere", spec.secrets[i]),
                          .warning = true});
    }
  }

  std::shared_ptr<const Plan> compile(std::string hash) {
    check_head();
    auto plan = std::make_shared<Plan>(Plan{.connector = spec.connector,
                                            .endpoints = spec.endpoints,
                                            .options = spec.options,
                                            .secrets = spec.secrets,
                                            .limits = spec.limits,
                                            .concurrency = spec.concurrency,
                                            .error_detail = spec.error_detail,
                                            .hash = std::move(hash)});
    plan->auth = compile_auth(spec, faults, used);
    const Scope answers;
    plan->errors = PieceCompiler{faults, answers}.errors(spec.errors, "/errors");
    for (const auto& [name, operation] : spec.operations)
      plan->operations.emplace(name, compile_operation(name, operation));
    plan->queries = compile_queries({spec, faults, used});
    check_unused();
    return plan;
  }
};

}  // namespace

std::shared_ptr<const Plan> compile(const config::Document& document,
                                    const model::Catalogue& catalogue,
                                    Faults& faults) {
  ManifestSpec spec;
  Faults own;
  if (!document.root().is_object()) {
    faults.push_back({.pointer = "", .message = "a manifest is a map"});
    return nullptr;
  }
  read_json(document.root(), spec, own);
  auto plan = Compiler{.spec = spec, .catalogue = catalogue, .faults = own}.compile(
      content_hash(to_json(document.root())));
  const bool sound = !has_errors(own);
  faults.insert(faults.end(), own.begin(), own.end());
  return sound ? plan : nullptr;
}

Result<std::shared_ptr<const Plan>> load(const std::filesystem::path& file,
                                         const model::Catalogue& catalogue) {
  const auto document = config::Document::load(file, file_limits);
  if (!document) return std::unexpected{document.error()};
  Faults faults;
  auto plan = compile(*document, catalogue, faults);
  if (!plan) return fail(Errc::invalid_input, document->render(faults));
  return plan;
}

}  // namespace sallyport::connectors::manifest
