#include "tools/conformance/trials.hpp"

#include "tools/conformance/pages.hpp"
#include "tools/conformance/side_by_side.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace sallyport::conformance {

using model::ActionState;
using model::OutcomeStatus;

namespace {

/// One operation before one product.
struct Bed {
  Stand& stand;
  const Sample& sample;

  [[nodiscard]] const manifest::OperationPlan& plan() const {
    return stand.connector().plan().operations.at(sample.verb);
  }

  [[nodiscard]] bool verifiable() const { return plan().in_effect.has_value(); }

  [[nodiscard]] Result<model::Action> run() const {
    return stand.bench().run(sample.verb, sample.target, sample.parameters);
  }

  [[nodiscard]] Finding finding(std::string trial, FindingStatus status, std::string detail) const {
    return {.trial = std::move(trial),
            .status = status,
            .detail = std::move(detail),
            .sent = stand.take_sent()};
  }

  [[nodiscard]] Finding judged(std::string trial, bool held, std::string detail) const {
    return finding(
        std::move(trial), held ? FindingStatus::held : FindingStatus::failed, std::move(detail));
  }
};

/// `verified: enabled: false`
std::string told(const Result<model::Action>& ran) {
  if (!ran) return ran.error().detail;
  return fmt::format("{}{}{}", name_of(ran->state), ran->detail.empty() ? "" : ": ", ran->detail);
}

bool is(const Result<model::Action>& ran, ActionState state) {
  return ran && ran->state == state;
}

bool is_done(const Bed& bed, const Result<model::Action>& ran) {
  return is(ran, bed.verifiable() ? ActionState::verified : ActionState::succeeded);
}

bool claims_success(const Result<model::Action>& ran) {
  return is(ran, ActionState::verified) || is(ran, ActionState::succeeded);
}

// ---- the life of an action that goes well

Finding repeat(const Bed& bed) {
  // Each ticket and each page is another one, and a product that cannot tell would be asked again.
  if (!bed.verifiable() || bed.sample.verb == "create_ticket" || bed.sample.verb == "page")
    return bed.finding("repeat", FindingStatus::not_applicable, "nothing tells one from the other");
  (void)bed.run();  // until the product shows it
  (void)bed.stand.take_sent();
  const auto again = bed.run();
  const bool held = is(again, ActionState::verified) && again->outcome &&
                    again->outcome->status == OutcomeStatus::already_done;
  return bed.judged(
      "repeat", held, held ? "already in effect: nothing but reads was sent" : told(again));
}

Finding roll_back(const Bed& bed, const model::Action& ran) {
  const auto& undo = bed.plan().undo;
  if (undo.verb.empty()) {
    const auto refused = bed.stand.bench().roll_back(ran);
    const bool held = !refused && refused.error().detail.contains(undo.none);
    return bed.judged("rollback", held, held ? "none: " + undo.none : told(refused));
  }
  const auto undone = bed.stand.bench().roll_back(ran);
  const auto original = bed.stand.bench().stored(ran);
  const bool held = is_done(bed, undone) && is(original, ActionState::rolled_back);
  return bed.judged("rollback", held, fmt::format("{}: {}", undo.verb, told(undone)));
}

/// Execute, repeat, roll back; in the lab once more, from the state that was restored.
void live(const Bed& bed, bool once_more, std::vector<Finding>& findings) {
  const auto ran = bed.run();
  const bool was_so = ran && ran->outcome && ran->outcome->status == OutcomeStatus::already_done;
  if (was_so) {
    findings.push_back(bed.judged(
        "execute", false, "was so before: choose a target that is not in that state already"));
    return;
  }
  const bool done = is_done(bed, ran);
  findings.push_back(bed.judged("execute", done, told(ran)));
  if (!ran) return;
  findings.push_back(repeat(bed));
  findings.push_back(roll_back(bed, *ran));
  if (!once_more || bed.plan().undo.verb.empty()) return;
  const auto again = bed.run();
  findings.push_back(bed.judged("again", is_done(bed, again), told(again)));
}

// ---- what must not go wrong when something does

void befall(const Bed& bed, int status, http::Headers headers = {}, std::string body = {}) {
  bed.stand.vendor().befall(
      {.answer = {.status = status, .headers = std::move(headers), .body = std::move(body)},
       .times = 99});
}

Finding one_key(const Bed& bed) {
  if (!bed.verifiable())
    return bed.finding("one_key", FindingStatus::not_applicable, "the product cannot say");
  const act::Operation operation{.verb = bed.sample.verb,
                                 .target = bed.sample.target,
                                 .parameters = bed.sample.parameters,
                                 .idempotency_key = "01J0000000000000000000001"};
  auto& connector = bed.stand.connector();
  const auto deadline = Deadline::in(std::chrono::seconds{10});
  const auto first = wait(connector.execute(operation, deadline));
  if (!first) return bed.judged("one_key", false, first.error().detail);
  for (int i = 0; i < 5; ++i) (void)wait(connector.read(operation, deadline));
  const auto second = wait(connector.execute(operation, deadline));
  const bool held = second && second->status == OutcomeStatus::already_done;
  return bed.judged("one_key",
                    held,
                    held     ? "executed twice with one key, it was done once"
                    : second ? second->detail
                             : second.error().detail);
}

Finding server_error(const Bed& bed) {
  befall(bed, 503);
  const auto ran = bed.run();
  return bed.judged("retryable_503", ran && !claims_success(ran), told(ran));
}

Finding rate_limited(const Bed& bed) {
  bed.stand.vendor().befall({.answer = {.status = 429, .headers = {{"Retry-After", "0"}}}});
  const auto ran = bed.run();
  return bed.judged("rate_limited_429", is_done(bed, ran), told(ran));
}

Finding garbage(const Bed& bed) {
  befall(bed, 200, {{"Content-Type", "text/html"}}, "<html>welcome</html");
  const auto ran = bed.run();
  return bed.judged("garbage_200", ran && !claims_success(ran), told(ran));
}

/// What befalls the request that acts, and it alone.
lab::Mishap at_the_act(const Bed& bed, lab::Mishap mishap) {
  const auto& request = bed.plan().act.front().request;
  mishap.method = name_of(request.method);
  if (!request.segments.empty()) mishap.path = request.segments.back().pieces().front().literal;
  // Where all requests go to one place, the form's first word says what is asked.
  for (const auto& field : request.form) {
    const auto word = field.value.render(json::object{});
    if (!word || !*word || !(*word)->is_string()) continue;
    mishap.body = (*word)->get_string();
    break;
  }
  return mishap;
}

/// An answer that refuses for good, to each request or to the one that acts.
struct Refusal {
  std::string_view trial;
  int status;
  bool at_the_act;
};

constexpr std::array refusals{Refusal{"permanent_400", 400, false},
                              Refusal{"unauthorized_401", 401, false},
                              Refusal{"forbidden_403", 403, false},
                              Refusal{"not_found_404", 404, false},
                              Refusal{"act_permanent_400", 400, true},
                              Refusal{"act_unauthorized_401", 401, true},
                              Refusal{"act_forbidden_403", 403, true},
                              Refusal{"act_not_found_404", 404, true}};

Finding refused(const Bed& bed, const Refusal& refusal) {
  const lab::Mishap mishap{.answer = {.status = refusal.status}, .times = 99};
  bed.stand.vendor().befall(refusal.at_the_act ? at_the_act(bed, mishap) : mishap);
  const auto ran = bed.run();
  return bed.judged(
      std::string{refusal.trial}, is(ran, ActionState::failed) && !ran->detail.empty(), told(ran));
}

Finding act_rate_limited(const Bed& bed) {
  bed.stand.vendor().befall(
      at_the_act(bed, {.answer = {.status = 429, .headers = {{"Retry-After", "0"}}}}));
  const auto ran = bed.run();
  return bed.judged("act_rate_limited_429", is_done(bed, ran), told(ran));
}

/// A fault of the server: it may have happened, so only reading can tell.
Finding act_server_error(const Bed& bed) {
  bed.stand.vendor().befall(at_the_act(bed, {.answer = {.status = 503}, .times = 99}));
  const auto ran = bed.run();
  return bed.judged("act_retryable_503", ran && !claims_success(ran), told(ran));
}

/// The vendor does it, and the answer breaks off: it happened once, is never called failed, and is
/// ours to undo, also where the product says of the second request that it is so already.
Finding lost_answer(const Bed& bed) {
  bed.stand.vendor().befall(at_the_act(bed, {.kind = lab::Mishap::Kind::lost_answer}));
  const auto ran = bed.run();
  const bool known = bed.verifiable()
                         ? is(ran, ActionState::verified)
                         : is(ran, ActionState::unknown) || is(ran, ActionState::succeeded);
  const bool ours = bed.plan().undo.verb.empty() ||
                    (ran && ran->rollback && ran->rollback->verb == bed.plan().undo.verb);
  return bed.judged("lost_answer",
                    known && ours,
                    ours ? told(ran) : "what it did is not ours to undo: " + told(ran));
}

/// Somebody else does the very same between our look and our request: it is as it should be,
/// however the product answers, and what the other did is not ours to undo where the product says
/// so.
Finding already_done(const Bed& bed) {
  if (bed.sample.verb == "create_ticket" || bed.sample.verb == "page")
    return bed.finding("already_done", FindingStatus::not_applicable, "each is another one");
  bed.stand.vendor().befall(at_the_act(bed, {.kind = lab::Mishap::Kind::done_before}));
  const auto ran = bed.run();
  const bool said = ran && ran->outcome && ran->outcome->status == OutcomeStatus::already_done;
  const bool ours = ran && ran->rollback && !ran->rollback->verb.empty();
  // `Under way already`, of what cannot be read back: nobody knows, and it is not called failed.
  const bool open = !bed.verifiable() && is(ran, ActionState::unknown);
  return bed.judged("already_done",
                    (is_done(bed, ran) || open) && !(said && ours),
                    said ? "the product says so: nothing to undo" : told(ran));
}

/// A product that repeats what it was sent does not bring a secret into a record.
Finding no_secret(const Bed& bed, const Product& product) {
  std::string all;
  for (const auto& [name, secret] : product.secrets) all += secret + ' ';
  const json::value echo(json::object{{"error", "no"},
                                      {"errorSummary", all},
                                      {"errors", json::array{json::value(all)}},
                                      {"message", all}});
  befall(bed, 400, {{"Content-Type", "application/json"}}, to_json(echo));
  const auto ran = bed.run();
  if (!ran) return bed.judged("no_secret", false, told(ran));
  const auto text = to_json(*ran);
  for (const auto& [name, secret] : product.secrets)
    if (text.contains(secret))
      return bed.judged("no_secret", false, fmt::format("the record holds the secret {}", name));
  return bed.judged("no_secret", true, "echoed secrets are *** in the record");
}

std::string said(const json::array& values) {
  std::string text;
  for (const auto& value : values)
    text +=
        fmt::format(" {}", value.is_string() ? std::string{value.get_string()} : to_json(value));
  return text;
}

/// What becomes of the verb's parameters, but for those that every product takes: `direction`, or
/// the values that it takes of it; `no ...` what it refuses.
std::string parameters_of(const manifest::OperationPlan& plan, const model::Verb& verb) {
  constexpr std::array<std::string_view, 3> everywhere{"reason", "comment", "duration_s"};
  const auto* all = verb.parameters.if_contains("properties");
  std::string takes;
  std::string refuses;
  for (const auto& [key, schema] : all->as_object()) {
    const std::string name{key.data(), key.size()};
    if (std::ranges::find(everywhere, name) != everywhere.end()) continue;
    const auto spec = plan.parameters.find(name);
    const auto implied = plan.implied.find(name);
    if (spec == plan.parameters.end() && implied == plan.implied.end()) {
      refuses += fmt::format("{} `{}`", refuses.empty() ? "no" : ",", name);
      continue;
    }
    takes += fmt::format("{}`{}`", takes.empty() ? "" : ", ", name);
    if (implied != plan.implied.end() && implied->second.is_array())
      takes += said(implied->second.get_array());
  }
  return takes + (takes.empty() || refuses.empty() ? "" : "; ") + refuses;
}

using Try = Finding (*)(const Bed& bed);
constexpr std::array tries{Try{one_key},
                           Try{server_error},
                           Try{rate_limited},
                           Try{garbage},
                           Try{act_server_error},
                           Try{act_rate_limited},
                           Try{lost_answer},
                           Try{already_done}};

Trials trials_of(const manifest::Plan& plan, const Sample& sample) {
  return {.manifest = sample.manifest,
          .title = plan.connector.title,
          .verb = sample.verb,
          .undo = plan.operations.at(sample.verb).undo.verb,
          .target = sample.target,
          .findings = {}};
}

}  // namespace

bool Trials::held() const {
  return std::ranges::none_of(
      findings, [](const Finding& one) { return one.status == FindingStatus::failed; });
}

Result<Trials> try_in_lab(std::shared_ptr<const manifest::Plan> plan,
                          const Product& product,
                          const Sample& sample,
                          const model::Catalogue& catalogue) {
  if (!plan->operations.contains(sample.verb))
    return fail(Errc::not_found, fmt::format("{} has no {}", product.manifest, sample.verb));
  std::vector<Work> works{{.tried = [&](Stand& stand) {
    std::vector<Finding> findings;
    live({.stand = stand, .sample = sample}, true, findings);
    return findings;
  }}};
  for (const auto attempt : tries)
    works.push_back({.tried = [&sample, attempt](Stand& stand) {
      return std::vector{attempt({.stand = stand, .sample = sample})};
    }});
  for (const auto& refusal : refusals)
    works.push_back({.tried = [&](Stand& stand) {
      return std::vector{refused({.stand = stand, .sample = sample}, refusal)};
    }});
  works.push_back({.tried = [&](Stand& stand) {
    return std::vector{no_secret({.stand = stand, .sample = sample}, product)};
  }});
  const auto read_in_pages = [&sample](Stand& stand) {
    const Bed bed{.stand = stand, .sample = sample};
    const auto ran = bed.run();
    return is_done(bed, ran) ? std::string{} : told(ran);
  };
  for (const auto& attempt :
       page_tries({.steps = plan->operations.at(sample.verb).state, .done = read_in_pages}))
    works.push_back({.tried = [attempt](Stand& stand) { return std::vector{attempt(stand)}; }});
  auto trials = trials_of(*plan, sample);
  if (const auto* verb = catalogue.find(sample.verb))
    trials.parameters = parameters_of(plan->operations.at(sample.verb), *verb);
  auto findings = side_by_side(plan, product, catalogue, std::move(works));
  if (!findings) return std::unexpected{findings.error()};
  trials.findings = *std::move(findings);
  return trials;
}

Trials try_at(Stand& stand, const Sample& sample) {
  auto trials = trials_of(stand.connector().plan(), sample);
  live({.stand = stand, .sample = sample}, false, trials.findings);
  return trials;
}

}  // namespace sallyport::conformance
