#include "engine/reason/language_model.hpp"

#include "engine/base/digest.hpp"

namespace sallyport::reason {

namespace {

template <class... Fs>
struct Overloaded : Fs... {
  using Fs::operator()...;
};

/// A model that opens call after call asks for nothing that we would do.
constexpr std::size_t most_calls = 64;

}  // namespace

void Transcript::add(ModelEvent event) {
  if (finished_) return;
  std::visit(Overloaded{
                 [&](TextDelta& delta) {
                   begun_ = begun_ || !delta.text.empty();
                   bytes_out_ += delta.text.size();
                   answer_.text += delta.text;
                 },
                 [&](ToolCallDelta& delta) {
                   begun_ = true;
                   bytes_out_ += delta.name.size() + delta.arguments.size();
                   if (delta.index >= most_calls) return;
                   if (delta.index >= answer_.calls.size()) answer_.calls.resize(delta.index + 1);
                   auto& call = answer_.calls[delta.index];
                   if (!delta.id.empty()) call.id = std::move(delta.id);
                   if (!delta.name.empty()) call.name = std::move(delta.name);
                   call.arguments += delta.arguments;
                 },
                 [&](const Thinking& thought) {
                   begun_ = begun_ || thought.bytes > 0;
                   bytes_out_ += thought.bytes;
                 },
                 [&](const UsageReport& report) { answer_.usage = report.usage; },
                 [&](Finished& end) {
                   finished_ = true;
                   answer_.outcome = end.outcome;
                   answer_.detail = std::move(end.detail);
                   answer_.retry_after = end.retry_after;
                 },
             },
             event);
}

ModelAnswer Transcript::take() {
  if (!finished_) {
    answer_.outcome = CallOutcome::malformed;
    answer_.detail = "the answer stopped before its end";
  }
  if (!answer_.usage.measured)
    answer_.usage.tokens_out = static_cast<std::int64_t>((bytes_out_ + 2) / 3);
  finished_ = true;
  return std::move(answer_);
}

std::int64_t estimated_tokens(std::string_view text) {
  return static_cast<std::int64_t>((text.size() + 2) / 3);
}

std::int64_t estimated_tokens(const ModelRequest& request) {
  auto tokens = request.form->tokens;
  for (const auto& message : request.messages) tokens += estimated_tokens(message.text);
  return tokens;
}

Form::Form(QuestionForm question)
    : QuestionForm{std::move(question)}, tokens{estimated_tokens(instructions)} {
  json::array list;
  for (const auto& tool : tools)
    list.push_back(json::array{tool.name, tool.description, tool.parameters});
  const auto tools_json = to_json(list);
  const auto schema_json = to_json(answer_schema);
  if (!tools.empty()) tokens += estimated_tokens(tools_json);
  if (!answer_schema.empty()) tokens += estimated_tokens(schema_json);
  hash = content_hash(
      to_json(json::array{instructions, tools_json, answer_name, schema_json, max_output_tokens}));
}

}  // namespace sallyport::reason
