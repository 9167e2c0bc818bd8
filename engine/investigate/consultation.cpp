#include "engine/investigate/consultation.hpp"

#include "engine/reason/instructions.hpp"
#include "engine/reason/reading.hpp"
#include "engine/reason/schema.hpp"
#include "engine/reason/shown_text.hpp"
#include "engine/reason/urgency.hpp"

#include <algorithm>
#include <utility>

namespace sallyport::investigate {

namespace {

using reason::CallOutcome;

constexpr std::string_view look_tool = "look_up";
constexpr std::string_view judge_tool = "conclude";
constexpr std::size_t most_wishes = 4;  // of one round
constexpr std::size_t most_repeated_bytes = 8'000;

/// What a judge may ask for: which query, and on which entity.
struct LookUpArguments {
  std::string query;
  std::size_t entity = 0;
};
BOOST_DESCRIBE_STRUCT(LookUpArguments, (), (query, entity))

model::ModelCall call_of(std::string_view role, const reason::ModelAnswer& answer) {
  model::ModelCall call{.role = std::string{role},
                        .model = answer.model,
                        .outcome = std::string{name_of(answer.outcome)},
                        .detail = reason::shown_text(answer.detail, 300),
                        .attempts = answer.attempts,
                        .tokens_in = answer.usage.tokens_in,
                        .tokens_out = answer.usage.tokens_out,
                        .tokens_cached = answer.usage.tokens_cached,
                        .measured = answer.usage.measured,
                        .usd = answer.usd,
                        .first_token_ms = std::nullopt,
                        .took_ms = answer.took.count()};
  if (answer.first_token) call.first_token_ms = answer.first_token->count();
  return call;
}

std::string why_not(const reason::ModelAnswer& answer) {
  std::string why{name_of(answer.outcome)};
  std::ranges::replace(why, '_', ' ');
  if (!answer.detail.empty()) why += ": " + reason::shown_text(answer.detail, 200);
  return why;
}

Errc code_of(CallOutcome outcome) {
  // It is cancelled when its time is over, or with the whole investigation: then nobody listens.
  const bool late = outcome == CallOutcome::timeout || outcome == CallOutcome::cancelled;
  return late ? Errc::expired : Errc::unavailable;
}

/// Asks a model to describe the alert's text.
class Reader final : public Enricher {
 public:
  Reader(std::shared_ptr<const Counsel> counsel,
         std::string marker,
         Deadline due,
         std::shared_ptr<std::vector<model::ModelCall>> calls)
      : counsel_{std::move(counsel)},
        marker_{std::move(marker)},
        due_{due},
        calls_{std::move(calls)} {}

  [[nodiscard]] std::string_view name() const override { return reason::reading_source; }

  Task<std::vector<model::Evidence>> enrich(std::shared_ptr<const model::Alert> alert,
                                            Deadline deadline) override {
    const auto text = reason::text_to_read(*alert);
    auto question = reason::reader_request(*alert, text, marker_);
    question.due = due_;
    auto request = std::make_shared<const reason::ModelRequest>(std::move(question));
    const auto answer = co_await counsel_->reader->ask(std::move(request), deadline, {});
    if (answer.attempts > 0 || !answer.model.empty()) calls_->push_back(call_of("reader", answer));
    if (answer.outcome != CallOutcome::stop)
      co_return fail(code_of(answer.outcome), why_not(answer));
    auto reading = reason::read_reading(answer.text, text, *alert);
    if (!reading) {
      if (!calls_->empty()) calls_->back().detail = reading.error().detail;
      co_return std::unexpected{reading.error()};
    }
    co_return std::vector{*std::move(reading)};
  }

 private:
  std::shared_ptr<const Counsel> counsel_;
  std::string marker_;
  Deadline due_;
  std::shared_ptr<std::vector<model::ModelCall>> calls_;
};

std::vector<reason::Tool> tools_of(const Counsel& counsel, const json::object& answer) {
  using namespace reason::schema;  // NOLINT(google-build-using-namespace)
  json::array names;
  std::string described = "Look something up about one entity. Queries:";
  for (const auto& query : counsel.queries) {
    names.emplace_back(query->name());
    described += fmt::format(" {} ({}).", query->name(), query->description());
  }
  return {{.name = std::string{look_tool},
           .description = std::move(described),
           .parameters = object({{"query", {{"type", "string"}, {"enum", std::move(names)}}},
                                 {"entity", {{"type", "integer"}}}})},
          {.name = std::string{judge_tool},
           .description = "Give the judgement, when what is known decides",
           .parameters = answer}};
}

}  // namespace

JudgeForms judge_forms(const Counsel& counsel, std::span<const std::string> verbs) {
  reason::QuestionForm form{.instructions = std::string{reason::judge_instructions},
                            .tools = {},
                            .answer_name = "judgement",
                            .answer_schema = reason::answer_schema(verbs),
                            .max_output_tokens = counsel.max_output_tokens};
  JudgeForms forms;
  forms.concluding = std::make_shared<const reason::Form>(form);
  form.tools = tools_of(counsel, form.answer_schema);
  form.answer_name.clear();
  form.answer_schema.clear();
  forms.looking = std::make_shared<const reason::Form>(std::move(form));
  return forms;
}

Consultation::Consultation(std::shared_ptr<const Counsel> counsel,
                           JudgeForms forms,
                           const reason::Reasoner& reasoner,
                           std::shared_ptr<const model::Alert> alert,
                           const std::string& investigation,
                           Deadline due)
    : counsel_{std::move(counsel)},
      alert_{std::move(alert)},
      due_{due},
      marker_{reason::marker_of(investigation)},
      forms_{std::move(forms)},
      entities_{reason::entities_of(*alert_)},
      offers_{reasoner.offers(entities_)} {}

std::shared_ptr<Enricher> Consultation::reader() const {
  if (!counsel_->reader) return nullptr;
  return std::make_shared<Reader>(counsel_, marker_, due_, calls_);
}

std::shared_ptr<const reason::ModelRequest> Consultation::request(const Ask& how) {
  using Role = reason::Message::Role;
  reason::ModelRequest request{.tenant = alert_->tenant,
                               .urgency = reason::urgency_of(alert_->severity),
                               .due = due_,
                               .messages = {},
                               .form = how.may_look ? forms_.looking : forms_.concluding};
  // Thousands wait for an answer at a time: the text of the brief is kept once, in the question.
  auto text = question_ ? question_->messages.front().text : std::exchange(brief_->text, {});
  text += std::exchange(told_, {});
  text.shrink_to_fit();
  request.messages.push_back({.role = Role::user, .text = std::move(text)});
  if (how.repair) {
    request.messages.push_back({.role = Role::assistant, .text = said_});
    request.messages.push_back(
        {.role = Role::user,
         .text = "This judgement was not accepted:\n" + faults_ +
                 "\nGive it again as one JSON object of the schema, with these faults mended."});
  }
  question_ = std::make_shared<const reason::ModelRequest>(std::move(request));
  return question_;
}

asio::awaitable<Said> Consultation::ask(Ask how, const std::vector<model::Evidence>& evidence) {
  if (!brief_) {
    brief_ = reason::write_brief(*alert_, evidence, entities_, offers_, marker_, counsel_->brief);
  }
  auto answer = co_await counsel_->judge->ask(request(how), Deadline::in(how.within), {});
  calls_->push_back(call_of(how.repair ? "repair" : "judge", answer));
  co_return take(how, std::move(answer));
}

Said Consultation::take(const Ask& how, reason::ModelAnswer answer) {
  judge_ = answer.model;
  failure_ = fmt::format("{}: {}", judge_, why_not(answer));
  switch (answer.outcome) {
    case CallOutcome::stop:
    case CallOutcome::tool_calls:
      break;
    case CallOutcome::length:
      said_ = answer.text.substr(0, most_repeated_bytes);
      faults_ = "it is too long: it was cut off";
      return Said::faulty;
    case CallOutcome::timeout:
      return answer.first_token ? Said::cut_off : Said::nothing;
    case CallOutcome::no_room:
      return Said::cut_off;  // as long as there is time it may wait again
    default:
      return Said::nothing;
  }
  const auto conclusion = std::ranges::find(answer.calls, judge_tool, &reason::ToolCall::name);
  if (conclusion != answer.calls.end()) return judged(conclusion->arguments);
  if (how.may_look && wishes(answer.calls)) return Said::asks;
  return judged(answer.text);
}

Said Consultation::judged(std::string_view text) {
  auto answer = reason::read_answer(text, *brief_, offers_);
  if (answer) {
    answer_ = *std::move(answer);
    failure_.clear();
    return Said::judged;
  }
  said_ = reason::shown_text(text, most_repeated_bytes);
  if (said_.empty()) said_ = "(nothing)";
  faults_ = answer.error().detail;
  failure_ = fmt::format("{}: its answer did not hold: {}", judge_, faults_);
  std::ranges::replace(failure_, '\n', ';');
  calls_->back().detail = faults_;
  return Said::faulty;
}

bool Consultation::wishes(const std::vector<reason::ToolCall>& calls) {
  wishes_.clear();
  for (const auto& call : calls) {
    const auto value = parse_json(call.arguments.empty() ? "{}" : call.arguments);
    if (call.name != look_tool || !value || wishes_.size() == most_wishes) continue;
    LookUpArguments arguments;
    Faults faults;
    read_json(*value, arguments, faults, "", UnknownKeys::ignored);
    const auto query = std::ranges::find_if(
        counsel_->queries, [&](const auto& q) { return q->name() == arguments.query; });
    if (!faults.empty() || query == counsel_->queries.end() || arguments.entity >= entities_.size())
      continue;
    wishes_.push_back({.query = static_cast<std::size_t>(query - counsel_->queries.begin()),
                       .entity = arguments.entity});
  }
  return !wishes_.empty();
}

asio::awaitable<std::vector<Consultation::Found>> Consultation::look_up(Deadline deadline) {
  std::vector<Found> all;
  for (const auto& [place, about] : std::exchange(wishes_, {})) {
    const auto& query = counsel_->queries[place];
    const auto& [entity, roles, grounded] = entities_[about];
    auto& found = all.emplace_back();
    found.query = query->name();
    found.about = entity;
    auto task = query->run(alert_, entity, deadline);
    auto items = co_await with_deadline(deadline, std::move(task));
    if (items) {
      for (auto& item : *items) {
        if (!grounded) item.trust = model::Trust::untrusted;  // an attacker chose whom to ask about
      }
      found.evidence = *std::move(items);
      continue;
    }
    found.evidence.push_back({.id = {},
                              .source = std::string{query->name()},
                              .status = model::EvidenceStatus::failed,
                              .trust = model::Trust::trusted,
                              .summary = items.error().detail,
                              .hash = {},
                              .observed_at = alert_->received_at,
                              .signals = {},
                              .data = {}});
  }
  co_return all;
}

void Consultation::tell(std::span<const model::Evidence> evidence) {
  told_ += "\nLOOKED UP\n";
  told_ += reason::more_evidence(*brief_, evidence, marker_, counsel_->brief);
}

void Consultation::account(model::Verdict& verdict) const {
  auto calls = *calls_;
  // A reader that was cut off says so when it can, in an order of chance: it is the first.
  const auto reading = std::ranges::find(calls, "reader", &model::ModelCall::role);
  if (reading != calls.end()) std::rotate(calls.begin(), reading, reading + 1);
  verdict.model_calls = std::move(calls);
  double usd = 0;
  bool priced = true;
  for (const auto& call : *calls_) {
    verdict.cost.tokens_in += call.tokens_in;
    verdict.cost.tokens_out += call.tokens_out;
    usd += call.usd.value_or(0);
    priced = priced && (call.usd || call.tokens_in + call.tokens_out == 0);
  }
  verdict.cost.usd = usd;
  if (priced) return;
  verdict.cost.usd.reset();
  verdict.cost.price = "not measured";
}

}  // namespace sallyport::investigate
