#include "connectors/models/openai.hpp"

#include "connectors/models/json_access.hpp"
#include "connectors/models/waiting.hpp"

#include <utility>

namespace sallyport::connectors::models::openai {

namespace {

using reason::CallOutcome;
using reason::Finished;

constexpr std::size_t most_calls = 64;
constexpr std::size_t most_detail = 300;

bool is_hosted(Dialect dialect) {
  return dialect == Dialect::openai || dialect == Dialect::azure;
}

json::object tool(const reason::Tool& tool, Dialect dialect) {
  json::object function{
      {"name", tool.name}, {"description", tool.description}, {"parameters", tool.parameters}};
  if (is_hosted(dialect)) function["strict"] = true;
  return {{"type", "function"}, {"function", std::move(function)}};
}

json::object answer_format(const reason::QuestionForm& form, Dialect dialect) {
  json::object format{
      {"type", "json_schema"},
      {"json_schema",
       {{"name", form.answer_name}, {"strict", true}, {"schema", form.answer_schema}}}};
  // Older builds of llama.cpp's server look for the schema here.
  if (dialect == Dialect::llama_cpp) format["schema"] = form.answer_schema;
  return format;
}

bool says(std::string_view text, std::string_view what) {
  return text.find(what) != std::string_view::npos;
}

std::string detail_of(int status, std::string_view message) {
  return fmt::format(
      "status {}{}{}", status, message.empty() ? "" : ": ", message.substr(0, most_detail));
}

/// An error object, in an answer of its own or in the middle of a stream (then `status` is 0).
Finished meaning(int status, const json::object& error) {
  const auto message = text_at(error, "message");
  const auto type = text_at(error, "type");
  const auto code = text_at(error, "code");
  if (status == 0 && number_at(error, "code") > 0)
    status = static_cast<int>(number_at(error, "code"));
  Finished end{.outcome = CallOutcome::server_error,
               .detail = detail_of(status, message),
               .retry_after = std::nullopt};
  const auto* inner = object_at(error, "innererror");
  if (code == "content_filter" || (inner && says(text_at(*inner, "code"), "ResponsibleAI"))) {
    end.outcome = CallOutcome::content_filter;
  } else if (code == "context_length_exceeded" || type == "exceed_context_size_error" ||
             (status == 400 && (says(message, "context length") || says(message, "context size") ||
                                says(message, "context window")))) {
    end.outcome = CallOutcome::context_exceeded;
  } else if (code == "insufficient_quota" || type == "insufficient_quota" || status == 402) {
    end.outcome = CallOutcome::quota_exceeded;
  } else if (status == 429 || code == "rate_limit_exceeded" || says(type, "rate_limit")) {
    end.outcome = CallOutcome::rate_limited;
  } else if (status == 503 || status == 529 || says(type, "overloaded") ||
             says(code, "overloaded")) {
    end.outcome = CallOutcome::overloaded;
  } else if (status >= 400 && status < 500 && status != 408) {
    end.outcome = CallOutcome::rejected;
  }
  return end;
}

const json::object* error_in(const json::object& body) {
  if (const auto* error = object_at(body, "error")) return error;
  // Older vLLM: the error is the body.
  return text_at(body, "object") == "error" ? &body : nullptr;
}

void usage(const json::object& body, Events& events) {
  const auto* usage = object_at(body, "usage");
  if (!usage) return;
  const auto in = number_at(*usage, "prompt_tokens");
  const auto out = number_at(*usage, "completion_tokens");
  if (in <= 0 || out < 0) return;  // Ollama: 0 for a question that it still knows
  reason::Usage result{.tokens_in = in, .tokens_out = out, .tokens_cached = 0, .measured = true};
  if (const auto* details = object_at(*usage, "prompt_tokens_details"))
    result.tokens_cached = std::max<std::int64_t>(number_at(*details, "cached_tokens"), 0);
  events.emplace_back(reason::UsageReport{result});
}

}  // namespace

Frame frame(const reason::Form& form, const WireOptions& options) {
  Frame frame;
  if (!options.model.empty()) frame.head["model"] = options.model;
  frame.messages.push_back(json::object{{"role", "system"}, {"content", form.instructions}});
  auto& body = frame.tail;
  body[is_hosted(options.dialect) ? "max_completion_tokens" : "max_tokens"] =
      form.max_output_tokens;
  if (!form.tools.empty()) {
    json::array tools;
    for (const auto& item : form.tools) tools.push_back(tool(item, options.dialect));
    body["tools"] = std::move(tools);
    if (options.dialect != Dialect::ollama) body["tool_choice"] = "required";
  } else if (!form.answer_name.empty()) {
    body["response_format"] = answer_format(form, options.dialect);
  }
  if (options.temperature) body["temperature"] = *options.temperature;
  body["stream"] = options.stream;
  if (options.stream) {
    json::object stream{{"include_usage", true}};
    if (options.dialect == Dialect::openai) stream["include_obfuscation"] = false;
    body["stream_options"] = std::move(stream);
  }
  return frame;
}

Events Answer::event(const http::ServerSentEvent& event) {
  Events events;
  if (over_) return events;
  if (event.data == "[DONE]") {
    finish(events);
    return events;
  }
  const auto value = parse_json(event.data);
  const auto* chunk = value ? value->if_object() : nullptr;
  if (!chunk) {
    malformed("an event is no JSON object", events);
    return events;
  }
  if (const auto* error = error_in(*chunk)) {
    over_ = true;
    events.emplace_back(meaning(0, *error));
    return events;
  }
  // Usage comes with no choices (or null) after the last word; Azure begins without any.
  if (const auto* choices = list_at(*chunk, "choices")) {
    for (const auto& item : *choices) {
      if (const auto* one = item.if_object()) choice(*one, "delta", events);
    }
  }
  usage(*chunk, events);
  return events;
}

void Answer::choice(const json::object& choice, const char* part, Events& events) {
  if (number_at(choice, "index") > 0) return;
  if (const auto* delta = object_at(choice, part)) {
    if (const auto text = text_at(*delta, "content"); !text.empty())
      events.emplace_back(reason::TextDelta{std::string{text}});
    for (const auto* thought : {"reasoning_content", "reasoning"}) {
      if (const auto text = text_at(*delta, thought); !text.empty())
        events.emplace_back(reason::Thinking{text.size()});
    }
    refused_ = refused_ || !text_at(*delta, "refusal").empty();
    if (const auto* calls = list_at(*delta, "tool_calls")) {
      std::size_t position = 0;
      for (const auto& item : *calls) {
        const auto* call = item.if_object();
        const auto* function = call ? object_at(*call, "function") : nullptr;
        if (!function) continue;
        const auto index = number_at(*call, "index");
        const auto place = index < 0 ? position : static_cast<std::size_t>(index);
        ++position;
        if (place >= most_calls) continue;
        called_ = true;
        events.emplace_back(
            reason::ToolCallDelta{.index = place,
                                  .id = std::string{text_at(*call, "id")},
                                  .name = std::string{text_at(*function, "name")},
                                  .arguments = std::string{text_at(*function, "arguments")}});
      }
    }
  }
  const auto why = text_at(choice, "finish_reason");
  if (why.empty()) return;
  if (why == "length") {
    reason_ = CallOutcome::length;
  } else if (why == "content_filter") {
    reason_ = CallOutcome::content_filter;
  } else {
    reason_ = CallOutcome::stop;  // stop, tool_calls, function_call: what came says which
  }
}

void Answer::finish(Events& events) {
  if (!reason_) return malformed("the answer ended without saying why", events);
  over_ = true;
  auto outcome = *reason_;
  if (outcome == CallOutcome::stop && called_) outcome = CallOutcome::tool_calls;
  if (outcome == CallOutcome::stop && refused_) outcome = CallOutcome::refusal;
  events.emplace_back(Finished{.outcome = outcome, .detail = {}, .retry_after = std::nullopt});
}

void Answer::malformed(std::string_view why, Events& events) {
  over_ = true;
  events.emplace_back(Finished{
      .outcome = CallOutcome::malformed, .detail = std::string{why}, .retry_after = std::nullopt});
}

Events Answer::end() {
  Events events;
  if (!over_) finish(events);
  return events;
}

Events Answer::whole(std::string_view body) {
  Events events;
  const auto value = parse_json(body);
  const auto* answer = value ? value->if_object() : nullptr;
  if (!answer) {
    malformed("the answer is no JSON object", events);
    return events;
  }
  if (const auto* error = error_in(*answer)) {
    over_ = true;
    events.emplace_back(meaning(0, *error));
    return events;
  }
  usage(*answer, events);
  if (const auto* choices = list_at(*answer, "choices")) {
    for (const auto& item : *choices) {
      if (const auto* one = item.if_object()) choice(*one, "message", events);
    }
  }
  finish(events);
  return events;
}

Finished read_error(int status, const http::Headers& headers, std::string_view body, Time now) {
  const auto value = parse_json(body);
  const auto* object = value ? value->if_object() : nullptr;
  const auto* error = object ? error_in(*object) : nullptr;
  auto end = meaning(status, error ? *error : json::object{});
  if (end.outcome == CallOutcome::rate_limited || end.outcome == CallOutcome::overloaded)
    end.retry_after = asks_to_wait(headers, now);
  return end;
}

}  // namespace sallyport::connectors::models::openai
