#include "engine/reason/answer.hpp"

#include "engine/base/ascii.hpp"
#include "engine/reason/schema.hpp"
#include "engine/reason/shown_text.hpp"

#include <algorithm>
#include <array>

namespace sallyport::reason {

namespace {

constexpr std::size_t most_answer_bytes = 64UL << 10U;
constexpr std::size_t most_hypotheses = 8;
constexpr std::size_t most_citations = 32;
constexpr std::size_t most_techniques = 16;
constexpr std::size_t most_actions = 8;
constexpr std::size_t shortest_quote = 3;
constexpr std::size_t sentence_bytes = 500;
constexpr std::array required{
    "verdict", "summary", "hypotheses", "citations", "techniques", "actions"};

/// Every text and number of `value`, a line each: what a quote may be taken from.
void append_scalars(std::string& out, const json::value& value) {
  if (const auto* list = value.if_array()) {
    for (const auto& item : *list) append_scalars(out, item);
  } else if (const auto* map = value.if_object()) {
    for (const auto& item : *map) append_scalars(out, item.value());
  } else if (const auto* text = value.if_string()) {
    out.append(text->data(), text->size()).append("\n");
  } else {
    out.append(to_json(value)).append("\n");
  }
}

/// Holds an answer against the brief, and says all that is wrong.
class Check {
 public:
  Check(const Brief& brief, std::span<const Offer> offers) : brief_{brief}, offers_{offers} {}

  void all(Answer& answer) {
    answer.summary = shown_text(answer.summary, sentence_bytes);
    bounded("hypotheses", answer.hypotheses.size(), most_hypotheses);
    bounded("citations", answer.citations.size(), most_citations);
    bounded("techniques", answer.techniques.size(), most_techniques);
    bounded("actions", answer.actions.size(), most_actions);
    if (!faults_.empty()) return;
    if (answer.hypotheses.empty()) fault("hypotheses: name at least one");
    if (answer.citations.empty() && answer.verdict != model::Judgement::inconclusive)
      fault("citations: a verdict needs at least one quote from the evidence");
    for (auto& hypothesis : answer.hypotheses) {
      hypothesis.statement = shown_text(hypothesis.statement, sentence_bytes);
      known("hypotheses.supporting", hypothesis.supporting);
      known("hypotheses.refuting", hypothesis.refuting);
    }
    for (auto& citation : answer.citations) quoted(citation);
    for (const auto& id : answer.techniques) {
      if (!is_technique(id))
        fault(fmt::format("techniques: '{}' is not an ATT&CK technique id", shown_text(id, 40)));
    }
    for (auto& action : answer.actions) offered(action);
  }

  [[nodiscard]] const std::string& faults() const { return faults_; }

 private:
  void fault(std::string_view text) {
    if (!faults_.empty()) faults_ += '\n';
    faults_ += text;
  }

  void bounded(std::string_view what, std::size_t n, std::size_t most) {
    if (n > most) fault(fmt::format("{}: {} are too many, at most {}", what, n, most));
  }

  bool known(std::string_view where, const std::string& id) {
    if (brief_.shown.contains(id)) return true;
    fault(fmt::format("{}: there is no evidence '{}'", where, shown_text(id, 40)));
    return false;
  }

  void known(std::string_view where, const std::vector<std::string>& ids) {
    for (const auto& id : ids) (void)known(where, id);
  }

  void quoted(const model::Citation& citation) {
    if (!known("citations", citation.evidence)) return;
    const auto& line = brief_.shown.find(citation.evidence)->second;
    const bool long_enough = citation.quote.size() >= shortest_quote;
    if (long_enough && line.contains(citation.quote)) return;
    std::string texts = line + "\n";
    if (const auto value = parse_json(line)) append_scalars(texts, *value);
    if (long_enough && texts.contains(citation.quote)) return;
    fault(fmt::format("citations: '{}' does not stand in {}; quote it as it is written there",
                      shown_text(citation.quote, 120),
                      citation.evidence));
  }

  void offered(PickedAction& action) {
    action.why = shown_text(action.why, sentence_bytes);
    known("actions.evidence", action.evidence);
    const auto offer = std::ranges::find(offers_, action.verb, &Offer::verb);
    if (offer == offers_.end())
      return fault(fmt::format("actions: '{}' was not offered", shown_text(action.verb, 40)));
    if (std::ranges::find(offer->entities, action.entity) == offer->entities.end())
      fault(fmt::format("actions: {} was not offered for entity {}", action.verb, action.entity));
  }

  const Brief& brief_;
  std::span<const Offer> offers_;
  std::string faults_;
};

}  // namespace

json::object answer_schema(std::span<const std::string> verbs) {
  using namespace schema;  // NOLINT(google-build-using-namespace): the words of this function
  const auto verdict =
      one_of({"malicious", "suspicious", "benign", "false_positive", "inconclusive"});
  const json::array names(verbs.begin(), verbs.end());
  return object({
      {"hypotheses",
       list(object({{"statement", text()},
                    {"verdict", verdict},
                    {"supporting", list(text())},
                    {"refuting", list(text())}}))},
      {"citations", list(object({{"evidence", text()}, {"quote", text()}}))},
      {"verdict", verdict},
      {"techniques", list(text())},
      {"actions",
       list(object({{"verb", {{"type", "string"}, {"enum", names}}},
                    {"entity", {{"type", "integer"}}},
                    {"evidence", list(text())},
                    {"why", text()}}))},
      {"summary", text()},
  });
}

std::string_view object_in(std::string_view text) {
  // Thinking aloud comes before the answer, fences around it.
  if (const auto thought = text.rfind("</think>"); thought != std::string_view::npos)
    text.remove_prefix(thought);
  const auto open = text.find('{');
  const auto close = text.rfind('}');
  if (open == std::string_view::npos || close == std::string_view::npos || close < open) return {};
  return text.substr(open, close - open + 1);
}

bool is_technique(std::string_view id) {
  const auto digits = [](std::string_view part) {
    return std::ranges::all_of(part, ascii::is_digit);
  };
  if (id.size() != 5 && id.size() != 9) return false;
  return id[0] == 'T' && digits(id.substr(1, 4)) &&
         (id.size() == 5 || (id[5] == '.' && digits(id.substr(6))));
}

Result<Answer> read_answer(std::string_view text,
                           const Brief& brief,
                           std::span<const Offer> offers) {
  if (text.size() > most_answer_bytes) return fail(Errc::invalid_input, "the answer is too long");
  const auto value = parse_json(object_in(text));
  if (!value) return fail(Errc::invalid_input, "the answer is not a JSON object of the schema");
  const auto* object = value->if_object();
  if (!object) return fail(Errc::invalid_input, "the answer is not a JSON object");
  std::string missing;
  for (const auto* key : required) {
    if (!object->contains(key))
      missing += fmt::format("{}{}: is missing", missing.empty() ? "" : "\n", key);
  }
  if (!missing.empty()) return fail(Errc::invalid_input, missing);
  Answer answer;
  Faults faults;
  read_json(*value, answer, faults, "", UnknownKeys::ignored);
  if (!faults.empty()) return fail(Errc::invalid_input, shown_text(summary(faults), 1000));
  Check check{brief, offers};
  check.all(answer);
  if (!check.faults().empty()) return fail(Errc::invalid_input, check.faults());
  return answer;
}

}  // namespace sallyport::reason
