#include "connectors/manifest/scope.hpp"

#include "connectors/manifest/xml.hpp"
#include "engine/base/spelling.hpp"
#include "engine/http/message.hpp"

#include <algorithm>
#include <array>
#include <ranges>

namespace sallyport::connectors::manifest {

namespace {

constexpr std::uint32_t longest_timeout_s = 60;
constexpr std::uint32_t most_pages = 100;
constexpr std::uint32_t most_picked = 100;
constexpr std::array<std::string_view, 4> answer_roots{"status", "header", "body", "text"};

std::string_view first_part(std::string_view path) {
  return path.substr(0, path.find('.'));
}

/// The first two parts of a path.
std::string_view name_in(std::string_view path) {
  const auto dot = path.find('.');
  return dot == std::string_view::npos ? path : path.substr(0, path.find('.', dot + 1));
}

bool is_token(std::string_view name) {
  return !name.empty() && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view{"-_."}.contains(c);
  });
}

/// `type/subtype`, with parameters that need no quotes.
bool is_media_type(std::string_view text) {
  return text.size() <= 100 && std::ranges::count(text, '/') == 1 && text.front() != '/' &&
         std::ranges::all_of(text, [](char c) {
           return is_token({&c, 1}) || std::string_view{"/+;="}.contains(c);
         });
}

/// Headers that belong to the transport, to the body's encoder or to `auth`.
bool is_ours(std::string_view name) {
  constexpr std::array<std::string_view, 7> ours{"Host",
                                                 "Content-Length",
                                                 "Content-Type",
                                                 "Transfer-Encoding",
                                                 "Connection",
                                                 "Cookie",
                                                 "Expect"};
  return std::ranges::any_of(ours, [&](auto known) { return http::same_name(known, name); });
}

/// A path that says where in an answer something stands.
bool is_answer_path(std::string_view path) {
  return std::ranges::find(answer_roots, first_part(path)) != answer_roots.end();
}

void check_xml_names(const json::value& tree, std::string_view pointer, Faults& faults) {
  if (const auto* list = tree.if_array()) {
    for (std::size_t i = 0; i < list->size(); ++i)
      check_xml_names((*list)[i], child(pointer, i), faults);
  }
  const auto* map = tree.if_object();
  if (!map) return;
  for (const auto& [key, item] : *map) {
    std::string_view name{key.data(), key.size()};
    const auto where = child(pointer, name);
    if (name.starts_with('@')) name.remove_prefix(1);
    if (name != "#text" && !name.starts_with('$') && !is_xml_name(name))
      faults.push_back({.pointer = where, .message = "not a name of XML"});
    check_xml_names(item, where, faults);
  }
}

}  // namespace

const Scope::Value* Scope::find(std::string_view path) const {
  const auto found = values.find(name_in(path));
  return found == values.end() ? nullptr : &found->second;
}

std::string Scope::fault_of(std::string_view path) const {
  if (find(path) || open_roots.contains(first_part(path))) return {};
  const auto name = name_in(path);
  std::vector<std::string_view> known;
  for (const auto& [value, about] : values) known.emplace_back(value);
  if (const auto meant = likely_meant(name, known))
    return fmt::format("there is no '{:.60}' here; did you mean '{}'?", name, *meant);
  if (name.starts_with("secret."))
    return fmt::format("'{:.60}' is not declared, or stands outside 'auth'", name);
  known.insert(known.end(), open_roots.begin(), open_roots.end());
  return fmt::format("there is no '{:.60}' here; known are {}", name, fmt::join(known, ", "));
}

Template PieceCompiler::text(std::string_view text, std::string_view pointer, Place place) {
  auto made = Template::parse(text);
  if (!made) {
    wrong(pointer, made.error().detail);
    return {};
  }
  for (const auto& [literal, path] : made->pieces()) {
    if (path.empty()) continue;
    used_.insert(path);
    if (auto fault = scope_.fault_of(path); !fault.empty()) {
      wrong(pointer, std::move(fault));
      continue;
    }
    const auto* value = scope_.find(path);
    const bool closed = value && value->closed;
    if (!closed && (place == Place::syntax || !made->is_whole()))
      wrong(
          pointer,
          fmt::format("{} may hold any text: give it a closed type (id, hostname, ip, login ...), "
                      "or let it stand alone as a value",
                      path));
    if (place == Place::syntax && value && !value->always)
      wrong(pointer,
            fmt::format("{} may be without a value; give it `needed: true` or a fallback", path));
  }
  return *std::move(made);
}

MakeTemplate PieceCompiler::maker() {
  return [this](std::string_view value, std::string_view pointer) {
    return text(value, pointer, Place::value);
  };
}

NamedTemplates PieceCompiler::named(const json::object& map,
                                    std::string_view pointer,
                                    Place place) {
  NamedTemplates result;
  for (const auto& [key, value] : map) {
    const std::string name{key.data(), key.size()};
    const auto where = child(pointer, name);
    const auto scalar = text_of_scalar(value);
    if (!scalar) {
      wrong(where, "must be text, a number, true or false");
      continue;
    }
    if (place == Place::syntax && (!is_token(name) || is_ours(name)))
      wrong(where, "is no header that a manifest sets");
    result.emplace_back(name, text(*scalar, where, place));
  }
  return result;
}

Question PieceCompiler::question(const json::value& block,
                                 std::string_view pointer,
                                 bool of_answer) {
  if (block.is_null()) return std::nullopt;
  auto compiled = match::Detection::compile(block, faults_, pointer);
  if (!compiled) return std::nullopt;
  for (const auto& field : compiled->fields()) {
    if (of_answer && is_answer_path(field.whole)) continue;
    if (auto fault = scope_.fault_of(field.whole); !fault.empty())
      wrong(pointer,
            of_answer ? fmt::format("{}; of the answer: {}", fault, fmt::join(answer_roots, ", "))
                      : fault);
  }
  return compiled;
}

void PieceCompiler::body(const RequestSpec& spec, RequestPlan& plan, std::string_view pointer) {
  const int bodies =
      int{spec.json.has_value()} + int{spec.form.has_value()} + int{spec.xml.has_value()};
  if (bodies > 1) wrong(pointer, "has more than one body: json, form or xml");
  if (bodies > 0 && (spec.method == Method::GET || spec.method == Method::HEAD))
    wrong(child(pointer, "method"), "GET and HEAD have no body");
  if (spec.json)
    plan.json_body = Tree::compile(*spec.json, child(pointer, "json"), faults_, maker());
  plan.content_type = spec.content_type.empty() ? "application/json" : spec.content_type;
  if (!is_media_type(plan.content_type) || (!spec.content_type.empty() && !spec.json))
    wrong(child(pointer, "content_type"), "is the type of a json body, e.g. application/x+json");
  if (spec.xml) {
    const auto where = child(pointer, "xml");
    check_xml_names(*spec.xml, where, faults_);
    plan.xml_body = Tree::compile(*spec.xml, where, faults_, maker());
  }
  if (!spec.form) return;
  plan.has_form = true;
  for (const auto& [key, value] : *spec.form) {
    const std::string name{key.data(), key.size()};
    auto where = child(child(pointer, "form"), name);
    FormField field{.name = name, .kind = FormField::Kind::text, .value = {}};
    const auto* nested = value.if_object();
    const bool is_json = nested && nested->size() == 1 && nested->contains("json");
    const bool is_xml = nested && nested->size() == 1 && nested->contains("xml");
    if (is_json || is_xml) {
      field.kind = is_json ? FormField::Kind::json : FormField::Kind::xml;
      where = child(where, is_json ? "json" : "xml");
      const auto& tree = nested->begin()->value();
      if (is_xml) check_xml_names(tree, where, faults_);
      field.value = Tree::compile(tree, where, faults_, maker());
    } else if (value.is_object() || value.is_array()) {
      wrong(where, "a field of a form is text, { json: ... } or { xml: ... }");
    } else {
      field.value = Tree::compile(value, where, faults_, maker());
    }
    plan.form.push_back(std::move(field));
  }
}

RequestPlan PieceCompiler::request(const RequestSpec& spec,
                                   const std::map<std::string, EndpointSpec>& endpoints,
                                   std::string_view pointer) {
  RequestPlan plan{.method = spec.method,
                   .endpoint = spec.endpoint,
                   .accept = spec.accept,
                   .timeout = std::chrono::seconds{spec.timeout_s},
                   .pages = spec.pages};
  if (!endpoints.contains(spec.endpoint))
    wrong(child(pointer, "endpoint"), "is none of `endpoints`");
  const auto where = child(pointer, "path");
  std::string_view path{spec.path};
  if (!path.starts_with('/')) {
    wrong(where, "begins with a slash, and goes below the endpoint's URL");
  } else if (path.contains('?') || path.contains('#')) {
    wrong(where, "holds no query; write it under `query`");
  } else {
    path.remove_prefix(1);
    plan.slash_at_end = path.ends_with('/');
    if (plan.slash_at_end) path.remove_suffix(1);
    for (const auto part : std::views::split(path, '/')) {
      const std::string_view segment{part.begin(), part.end()};
      if (segment.empty() && path.empty()) break;  // the root itself
      if (segment.empty() || segment == "." || segment == "..")
        wrong(where, "has a segment that is empty, '.' or '..'");
      plan.segments.push_back(text(segment, where, Place::syntax));
    }
  }
  plan.query = named(spec.query, child(pointer, "query"), Place::value);
  plan.headers = named(spec.headers, child(pointer, "headers"), Place::syntax);
  body(spec, plan, pointer);
  if (spec.timeout_s < 1 || spec.timeout_s > longest_timeout_s)
    wrong(child(pointer, "timeout_s"), fmt::format("goes from 1 to {}", longest_timeout_s));
  if (spec.pages) {
    const auto pages = child(pointer, "pages");
    if (spec.pages->most < 1 || spec.pages->most > most_pages)
      wrong(child(pages, "most"), fmt::format("goes from 1 to {}", most_pages));
    if (!spec.pages->items.starts_with("body"))
      wrong(child(pages, "items"), "says where the list stands: `body` or a path below it");
    if (spec.pages->kind != PageKind::link && spec.pages->query.empty())
      wrong(child(pages, "query"), "names the parameter that carries the next page");
    if (spec.pages->kind == PageKind::cursor && !is_answer_path(spec.pages->next))
      wrong(child(pages, "next"), "says where the next page's cursor stands, e.g. body.next");
    if (spec.method != Method::GET) wrong(pages, "only a GET has pages");
  }
  return plan;
}

std::vector<ErrorPlan> PieceCompiler::errors(const std::vector<ErrorRule>& rules,
                                             std::string_view pointer) {
  std::vector<ErrorPlan> plans;
  for (std::size_t i = 0; i < rules.size(); ++i) {
    const auto& rule = rules[i];
    const auto where = child(pointer, i);
    if (rule.when.is_null()) wrong(where, "says with `when` which answers it means");
    if (!rule.retry_after.empty() && !is_answer_path(rule.retry_after))
      wrong(child(where, "retry_after"), "says where the delay stands, e.g. header.retry-after");
    plans.push_back({.when = question(rule.when, child(where, "when"), true),
                     .means = rule.means,
                     .retry_after = rule.retry_after,
                     .milliseconds = rule.milliseconds,
                     .because = rule.because});
  }
  return plans;
}

void PieceCompiler::check_numbered(const NumberedSpec& spec, std::string_view pointer) {
  if (spec.at.empty()) wrong(child(pointer, "at"), "says where an element's number stands");
  for (const auto& [key, path] : {std::pair{"least", spec.least}, std::pair{"most", spec.most}}) {
    if (auto fault = scope_.fault_of(path); !fault.empty())
      wrong(child(pointer, key), std::move(fault));
  }
}

PickPlan PieceCompiler::pick(const std::string& name,
                             const json::value& value,
                             std::string_view pointer) {
  PickSpec spec;
  if (const auto* path = value.if_string()) {
    spec.from.assign(path->data(), path->size());
  } else {
    read_json(value, spec, faults_, pointer);
  }
  if (!is_answer_path(spec.from))
    wrong(pointer,
          fmt::format("says where in the answer the value stands: {}",
                      fmt::join(answer_roots, ", ")));
  if (spec.is) check_spec(*spec.is, faults_, child(pointer, "is"));
  if (int{spec.count} + int{spec.most > 0} + int{!spec.latest_by.empty()} + int{spec.unused} > 1)
    wrong(pointer, "says one of count, most, latest_by and unused");
  if (spec.unused && !spec.numbered)
    wrong(child(pointer, "unused"), "says with `numbered` of which numbers one is wanted");
  if (spec.numbered) check_numbered(*spec.numbered, child(pointer, "numbered"));
  if ((spec.count || spec.unused || spec.most > 0) && spec.is)
    wrong(child(pointer, "is"), "a number or a list of them needs no type");
  if (spec.most > most_picked)
    wrong(child(pointer, "most"), fmt::format("goes to {}", most_picked));
  Scope items = scope_;
  items.open_roots.insert("item");
  PieceCompiler of_items{faults_, items};
  return {.name = name,
          .from = spec.from,
          .where = of_items.question(spec.where, child(pointer, "where"), false),
          .numbered = spec.numbered,
          .unused = spec.unused,
          .latest_by = spec.latest_by,
          .take = spec.take,
          .count = spec.count,
          .most = spec.most,
          .needed = spec.needed,
          .is = spec.is,
          .record = spec.record};
}

StepPlan PieceCompiler::step(const StepSpec& spec,
                             const std::map<std::string, EndpointSpec>& endpoints,
                             std::string_view pointer) {
  StepPlan plan{.id = spec.id,
                .request = request(spec.request, endpoints, child(pointer, "request")),
                .when = question(spec.when, child(pointer, "when"), false),
                .success = question(spec.success, child(pointer, "success"), true),
                .errors = errors(spec.errors, child(pointer, "errors")),
                .save = {},
                .wait = {}};
  if (spec.id.empty()) wrong(child(pointer, "id"), "names the step in messages");
  for (const auto& [key, value] : spec.save) {
    const std::string name{key.data(), key.size()};
    plan.save.push_back(pick(name, value, child(child(pointer, "save"), name)));
  }
  return plan;
}

}  // namespace sallyport::connectors::manifest
