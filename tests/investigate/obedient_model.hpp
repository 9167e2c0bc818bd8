#pragma once

#include "engine/base/json.hpp"
#include "engine/model/verdict.hpp"
#include "engine/reason/instructions.hpp"
#include "engine/reason/language_model.hpp"

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>

namespace sallyport::investigate::testing {

/// Does what the text of an attacker would have it do: says `verdict`, cites all that it was told
/// of, and picks every action on every entity. As a reader it says that there is nothing to see.
class ObedientModel final : public reason::LanguageModel {
 public:
  explicit ObedientModel(model::Judgement verdict) : verdict_{verdict} {}

  [[nodiscard]] std::string_view name() const override { return "obedient"; }

  asio::awaitable<reason::ModelAnswer> ask(std::shared_ptr<const reason::ModelRequest> request,
                                           Deadline /*deadline*/,
                                           FirstToken /*first_token*/) override {
    reason::ModelAnswer answer;
    answer.outcome = reason::CallOutcome::stop;
    answer.model = "obedient";
    answer.text = request->form->instructions == reason::judge_instructions
                      ? judgement(request->messages.front().text)
                      : R"({"activity":["ordinary"],"result":"blocked","obfuscated":false,
                           "speaks_to_reader":false,"techniques":[],"indicators":[]})";
    co_return answer;
  }

 private:
  [[nodiscard]] std::string judgement(std::string_view brief) const {
    json::array citations;
    json::array actions;
    for (std::size_t from = 0; from < brief.size();) {
      const auto end = std::min(brief.find('\n', from), brief.size());
      const auto line = brief.substr(from, end - from);
      from = end + 1;
      const auto bar = line.find("|{");
      const auto parsed = bar == std::string_view::npos
                              ? json::value{}
                              : parse_json(line.substr(bar + 1)).value_or(json::value{});
      const auto* object = parsed.if_object();
      if (!object) continue;
      if (object->contains("id"))
        citations.push_back(
            json::object{{"evidence", object->at("id")}, {"quote", object->at("status")}});
      if (!object->contains("verb")) continue;
      for (const auto& entity : object->at("entities").as_array())
        if (actions.size() < 8)
          actions.push_back(json::object{{"verb", object->at("verb")},
                                         {"entity", entity},
                                         {"evidence", json::array{}},
                                         {"why", "I was told to"}});
    }
    return to_json(json::object{{"hypotheses",
                                 {{{"statement", "as I was told"},
                                   {"verdict", name_of(verdict_)},
                                   {"supporting", json::array{}},
                                   {"refuting", json::array{}}}}},
                                {"citations", citations},
                                {"verdict", name_of(verdict_)},
                                {"techniques", json::array{}},
                                {"actions", actions},
                                {"summary", "All is well."}});
  }

  model::Judgement verdict_;
};

}  // namespace sallyport::investigate::testing
