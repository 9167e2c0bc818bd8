#include "connectors/manifest/inquiry.hpp"

#include "connectors/native/base/network.hpp"
#include "engine/http/url.hpp"
#include "engine/match/encode.hpp"
#include "engine/reason/responses.hpp"

#include <algorithm>

namespace sallyport::connectors::manifest {

namespace {

constexpr std::size_t longest_answer_text_bytes = 500;
constexpr std::size_t longest_list = 50;
constexpr std::size_t most_text_bytes = 8UL << 10U;
constexpr std::size_t shown_entity_bytes = 100;
constexpr int deepest = 4;

std::string base64url(std::string_view text) {
  auto encoded = match::to_base64(text);
  std::ranges::replace(encoded, '+', '-');
  std::ranges::replace(encoded, '/', '_');
  while (encoded.ends_with('=')) encoded.pop_back();
  return encoded;
}

/// Whether `name` is one of `domains` or below it.
bool is_below(std::string_view name, const std::vector<std::string>& domains) {
  return std::ranges::any_of(domains, [&](const std::string& domain) {
    if (http::same_name(name, domain)) return true;
    return name.size() > domain.size() && name[name.size() - domain.size() - 1] == '.' &&
           http::same_name(name.substr(name.size() - domain.size()), domain);
  });
}

/// What may be told to others of `value`; where nothing may: why.
Result<std::string> told_outside(std::string_view kind,
                                 std::string value,
                                 const std::vector<std::string>& ours) {
  const auto own = [] { return fail(Errc::denied, "it is ours, and others would learn of it"); };
  if (kind == "ip") {
    if (!reason::is_public_address(value)) return own();
  } else if (kind == "domain") {
    if (is_below(value, ours)) return own();
  } else if (kind == "url") {
    const auto url = http::parse_url(value);
    if (!url) return std::unexpected{url.error()};
    const auto& host = url->origin.host;
    const bool address = Network::parse(host).has_value();
    if (address ? !reason::is_public_address(host) : !host.contains('.') || is_below(host, ours))
      return own();
    // Queries carry tokens and names of people.
    value.resize(std::min(value.find_first_of("?#"), value.size()));
  }
  return value;
}

/// `value` cut down to what is worth keeping; `cut` says whether something was left out.
json::value shortened(const json::value& value, bool& cut, int depth = 0) {
  if (const auto* text = value.if_string()) {
    if (text->size() <= longest_answer_text_bytes) return value;
    cut = true;
    auto end = longest_answer_text_bytes;  // not in the middle of a character
    while (end > 0 && (static_cast<unsigned char>((*text)[end]) & 0xc0U) == 0x80U) --end;
    return json::value(text->subview(0, end));
  }
  if (const auto* list = value.if_array()) {
    json::array kept;
    for (const auto& item : *list) {
      if (kept.size() == longest_list || depth == deepest) {
        cut = true;
        break;
      }
      kept.push_back(shortened(item, cut, depth + 1));
    }
    return json::value(std::move(kept));
  }
  if (const auto* map = value.if_object()) {
    json::object kept;
    for (const auto& [key, item] : *map) {
      if (kept.size() == longest_list || depth == deepest) {
        cut = true;
        break;
      }
      kept.emplace(key.substr(0, shown_entity_bytes), shortened(item, cut, depth + 1));
    }
    return json::value(std::move(kept));
  }
  return value;
}

/// Puts what fits into `data`, and a note where something did not.
void put_texts(json::object& data, const json::object& texts) {
  bool cut = false;
  std::size_t bytes = 0;
  for (const auto& [key, value] : texts) {
    auto kept = shortened(value, cut);
    auto size = to_json(kept).size();
    // A list gives up its last elements before it is left out whole.
    if (auto* list = kept.if_array()) {
      while (!list->empty() && bytes + size > most_text_bytes) {
        list->pop_back();
        cut = true;
        size = to_json(kept).size();
      }
    }
    if (bytes + size > most_text_bytes) {
      cut = true;
      continue;
    }
    bytes += size;
    data.emplace(key, std::move(kept));
  }
  if (cut) data["cut"] = true;
}

double strength_of(const SignalPlan& signal, const json::value& facts) {
  if (signal.from.empty()) return signal.strength;
  const auto value = value_at(facts, signal.from);
  if (!value || !value->is_number()) return 0;
  return std::clamp(value->to_number<double>() / signal.of, 0.0, 1.0) * signal.strength;
}

/// An answer of a product, on its way to evidence.
struct Reply {
  const QueryPlan& plan;
  const Inquiry& inquiry;
  std::string source;
  Time at{};
  std::int64_t requests = 0;
  std::int64_t took_ms = 0;

  /// What the data of all of its items begins with.
  [[nodiscard]] json::object data() const {
    const auto& entity = inquiry.entity;
    return {{"entity", {{"kind", entity.kind}, {"value", entity.value}}}, {"query", plan.name}};
  }

  [[nodiscard]] model::Evidence item(model::EvidenceStatus status, std::string summary) const {
    const auto& entity = inquiry.entity;
    return {.id = {},
            .source = source,
            .status = status,
            .trust = plan.trust,
            .summary = fmt::format("{} {}: {}",
                                   entity.kind,
                                   std::string_view{entity.value}.substr(0, shown_entity_bytes),
                                   summary),
            .hash = {},
            .observed_at = at,
            .signals = {},
            .data = {}};
  }

  [[nodiscard]] json::object cost() const { return {{"requests", requests}, {"took_ms", took_ms}}; }

  [[nodiscard]] std::vector<model::Evidence> empty(const std::string& why) const {
    auto none = item(model::EvidenceStatus::empty, why.empty() ? "nothing is known" : why);
    auto known = data();
    known["cost"] = cost();
    none.data = known;
    std::vector<model::Evidence> evidence;
    evidence.push_back(std::move(none));
    return evidence;
  }

  void add_signals(model::Evidence& found, json::object& known, const json::value& facts) const {
    double bad = 0;
    for (const auto& signal : plan.signals) {
      if (signal.when && !holds(signal.when, facts)) continue;
      const auto strength = strength_of(signal, facts);
      if (strength <= 0) continue;
      found.signals.push_back({signal.name, strength});
      // What responses ask for: which kind of indicator it is.
      if (signal.name != "intel.known_bad") continue;
      found.signals.push_back({signal.name + "." + inquiry.entity.kind, strength});
      bad = std::max(bad, strength);
    }
    if (bad > 0) known["confidence"] = bad;
  }

  [[nodiscard]] std::vector<model::Evidence> found(const json::value& facts) const {
    const auto& values = facts.at("found").as_object();
    if (plan.found ? !holds(plan.found, facts) : values.empty()) return empty({});
    const auto said = plan.summary.text(facts);
    auto main = item(model::EvidenceStatus::found,
                     said && *said ? **said : std::string{"the product knows it"});
    auto known = data();
    json::object texts;
    for (const auto& step : plan.steps) {
      for (const auto& pick : step.save) {
        const auto* value = values.if_contains(pick.name);
        if (value && pick.record) (pick.closed() ? known : texts).emplace(pick.name, *value);
      }
    }
    add_signals(main, known, facts);
    known["cost"] = cost();
    main.data = known;
    std::vector<model::Evidence> evidence;
    evidence.push_back(std::move(main));
    if (texts.empty()) return evidence;
    auto words = item(model::EvidenceStatus::found, "what else the product says of it");
    words.source += ".text";
    words.trust = model::Trust::untrusted;
    auto said_of_it = data();
    put_texts(said_of_it, texts);
    words.data = said_of_it;
    evidence.push_back(std::move(words));
    return evidence;
  }
};

}  // namespace

Result<Inquiry> inquiry_of(const QueryPlan& plan,
                           const model::Entity& entity,
                           Time about,
                           const std::vector<std::string>& ours) {
  const auto spec = plan.entities.find(entity.kind);
  if (spec == plan.entities.end()) {
    std::vector<std::string_view> kinds;
    for (const auto& [kind, value] : plan.entities) kinds.emplace_back(kind);
    return fail(Errc::not_found, fmt::format("answers for {} only", fmt::join(kinds, ", ")));
  }
  auto good = checked("it", spec->second, json::value(entity.value));
  if (!good) return fail(Errc::invalid_input, good.error().detail);
  std::string value{good->get_string()};
  if (plan.outside) {
    auto told = told_outside(entity.kind, std::move(value), ours);
    if (!told) return std::unexpected{told.error()};
    value = *std::move(told);
  }
  return Inquiry{.query = plan.name,
                 .entity = entity,
                 .value = std::move(value),
                 .about = std::chrono::floor<std::chrono::minutes>(about)};
}

json::value facts_of(const QueryPlan& plan, const Inquiry& inquiry, const json::object& options) {
  json::object entity{{"kind", inquiry.entity.kind},
                      {"value", inquiry.value},
                      {"base64url", base64url(inquiry.value)}};
  if (const auto network = Network::parse(inquiry.value))
    entity["family"] = network->is_v4() ? 4 : 6;
  json::object facts{
      {"entity", std::move(entity)}, {"options", options}, {"found", json::object{}}};
  if (plan.window) {
    json::object time;
    const auto put = [&](const std::string& name, Time edge) {
      const auto us = edge.time_since_epoch().count();
      time[name] = to_rfc3339(edge);
      time[name + "_s"] = us / 1'000'000;
      time[name + "_ms"] = us / 1000;
      time[name + "_ns"] = us * 1000;
    };
    put("from", inquiry.about - std::chrono::seconds{plan.window->before_s});
    put("to", inquiry.about + std::chrono::minutes{1} + std::chrono::seconds{plan.window->after_s});
    facts["time"] = std::move(time);
  }
  return json::value(std::move(facts));
}

Task<std::vector<model::Evidence>> inquire(const QueryPlan& plan,
                                           Caller& caller,
                                           Inquiry inquiry,
                                           json::object options,
                                           std::string source,
                                           const Clock& clock,
                                           Deadline deadline) {
  const auto started = Deadline::Clock::now();
  auto facts = facts_of(plan, inquiry, options);
  Reply reply{.plan = plan, .inquiry = inquiry, .source = std::move(source)};
  for (const auto& step : plan.steps) {
    if (step.when && !holds(step.when, facts)) continue;
    const auto called = co_await caller.call(step, facts, true, deadline);
    reply.at = clock.now();
    ++reply.requests;
    reply.took_ms =
        std::chrono::duration_cast<std::chrono::milliseconds>(Deadline::Clock::now() - started)
            .count();
    if (!called) co_return std::unexpected{called.error()};
    const auto& judgement = called->judgement;
    // What did not come in time is not what the product said.
    if (judgement.kind == Judgement::Kind::unclear && Deadline::Clock::now() >= deadline.at())
      co_return fail(Errc::expired, "timed out");
    if (judgement.kind == Judgement::Kind::unclear)
      co_return fail(Errc::unavailable, judgement.why);
    if (judgement.kind == Judgement::Kind::classed) {
      if (judgement.means == AnswerClass::not_found) co_return reply.empty({});
      const bool again =
          judgement.means == AnswerClass::rate_limited || judgement.means == AnswerClass::retryable;
      co_return fail(again ? Errc::unavailable : Errc::denied, judgement.why);
    }
    auto values = picked(step.save, called->record);
    if (!values && values.error().code == Errc::not_found)
      co_return reply.empty(values.error().detail);
    if (!values) co_return fail(Errc::unavailable, values.error().detail);
    // A product that echoes what let us in must not carry it into records. Before anything is
    // shortened: of a part of a secret nobody could tell what it is.
    auto clean = caller.redacted(*std::move(values));
    auto& found = facts.as_object()["found"].as_object();
    for (auto& [key, value] : clean) found[key] = std::move(value);
  }
  co_return reply.found(facts);
}

}  // namespace sallyport::connectors::manifest
