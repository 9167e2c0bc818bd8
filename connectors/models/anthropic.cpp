#include "connectors/models/anthropic.hpp"

#include "connectors/models/json_access.hpp"
#include "connectors/models/waiting.hpp"

#include <utility>

namespace sallyport::connectors::models::anthropic {

namespace {

using reason::CallOutcome;
using reason::Finished;

constexpr std::size_t most_blocks = 128;
constexpr std::size_t most_detail = 300;

json::object tool(std::string_view name, std::string_view description, const json::object& schema) {
  return {{"name", name}, {"description", description}, {"input_schema", schema}};
}

Finished meaning(int status, const json::object& error) {
  const auto type = text_at(error, "type");
  const auto message = text_at(error, "message");
  Finished end{.outcome = CallOutcome::server_error,
               .detail = fmt::format("{}{}{}",
                                     type.empty() ? fmt::format("status {}", status) : type,
                                     message.empty() ? "" : ": ",
                                     message.substr(0, most_detail)),
               .retry_after = std::nullopt};
  const bool too_long = message.find("prompt is too long") != std::string_view::npos ||
                        message.find("context window") != std::string_view::npos;
  if (type == "overloaded_error" || status == 529 || status == 503) {
    end.outcome = CallOutcome::overloaded;
  } else if (type == "rate_limit_error" || (type.empty() && status == 429)) {
    end.outcome = CallOutcome::rate_limited;
  } else if (type == "billing_error") {
    end.outcome = CallOutcome::quota_exceeded;
  } else if (type == "request_too_large" || (type == "invalid_request_error" && too_long)) {
    end.outcome = CallOutcome::context_exceeded;
  } else if (type == "authentication_error" || type == "permission_error" ||
             type == "not_found_error" || type == "invalid_request_error" ||
             (type.empty() && status >= 400 && status < 500)) {
    end.outcome = CallOutcome::rejected;
  }
  return end;
}

std::optional<CallOutcome> outcome_of(std::string_view stop_reason) {
  if (stop_reason.empty()) return std::nullopt;
  if (stop_reason == "max_tokens") return CallOutcome::length;
  if (stop_reason == "tool_use") return CallOutcome::tool_calls;
  if (stop_reason == "refusal") return CallOutcome::refusal;
  if (stop_reason == "model_context_window_exceeded") return CallOutcome::context_exceeded;
  return CallOutcome::stop;  // end_turn, stop_sequence, and what comes later
}

}  // namespace

Frame frame(const reason::Form& form, const WireOptions& options) {
  Frame frame;
  auto& body = frame.head;
  body["model"] = options.model;
  body["max_tokens"] = form.max_output_tokens;
  // The order in which a provider keeps what it has read: tools, system, messages.
  json::array tools;
  for (const auto& item : form.tools)
    tools.push_back(tool(item.name, item.description, item.parameters));
  if (tools.empty() && !form.answer_name.empty()) {
    tools.push_back(tool(form.answer_name, "Give the answer in this form", form.answer_schema));
    body["tool_choice"] = json::object{{"type", "tool"}, {"name", form.answer_name}};
  } else if (!tools.empty()) {
    body["tool_choice"] = json::object{{"type", "any"}};
  }
  if (!tools.empty()) body["tools"] = std::move(tools);
  json::array system;
  system.push_back(json::object{
      {"type", "text"}, {"text", form.instructions}, {"cache_control", {{"type", "ephemeral"}}}});
  body["system"] = std::move(system);
  if (options.temperature) frame.tail["temperature"] = *options.temperature;
  frame.tail["stream"] = options.stream;
  return frame;
}

void Answer::usage(const json::object& usage, Events& events) {
  const auto take = [&](const char* key, std::int64_t& into) {
    if (const auto n = number_at(usage, key); n >= 0) into = n;
  };
  std::int64_t fresh = -1;
  std::int64_t written = 0;
  std::int64_t read = usage_.tokens_cached;
  take("input_tokens", fresh);
  take("cache_creation_input_tokens", written);
  take("cache_read_input_tokens", read);
  take("output_tokens", usage_.tokens_out);
  if (fresh >= 0) {
    usage_.tokens_in = fresh + written + read;
    usage_.tokens_cached = read;
    usage_.measured = usage_.tokens_in > 0;
  }
  if (usage_.measured) events.emplace_back(reason::UsageReport{usage_});
}

void Answer::block_started(std::size_t index, const json::object& block, Events& events) {
  if (index >= most_blocks) return;
  auto& known = blocks_[index];
  const auto type = text_at(block, "type");
  if (type == "text") {
    if (const auto text = text_at(block, "text"); !text.empty())
      events.emplace_back(reason::TextDelta{std::string{text}});
    return;
  }
  if (type != "tool_use") return;
  const auto name = text_at(block, "name");
  known.call = true;
  known.answer = !answer_name_.empty() && name == answer_name_;
  known.place = known.answer ? 0 : calls_++;
  // Streamed, the input comes later and this one is empty; whole, it is all there.
  std::string arguments;
  if (const auto* input = object_at(block, "input"); input && !input->empty())
    arguments = to_json(*input);
  if (known.answer) {
    answered_ = true;
    if (!arguments.empty()) events.emplace_back(reason::TextDelta{std::move(arguments)});
    return;
  }
  events.emplace_back(reason::ToolCallDelta{.index = known.place,
                                            .id = std::string{text_at(block, "id")},
                                            .name = std::string{name},
                                            .arguments = std::move(arguments)});
}

void Answer::block_grew(std::size_t index, const json::object& delta, Events& events) {
  const auto type = text_at(delta, "type");
  if (type == "text_delta") {
    events.emplace_back(reason::TextDelta{std::string{text_at(delta, "text")}});
  } else if (type == "thinking_delta") {
    events.emplace_back(reason::Thinking{text_at(delta, "thinking").size()});
  } else if (type == "input_json_delta") {
    const auto known = blocks_.find(index);
    if (known == blocks_.end() || !known->second.call) return;
    std::string part{text_at(delta, "partial_json")};
    if (known->second.answer) {
      events.emplace_back(reason::TextDelta{std::move(part)});
    } else {
      events.emplace_back(reason::ToolCallDelta{
          .index = known->second.place, .id = {}, .name = {}, .arguments = std::move(part)});
    }
  }
}

Events Answer::event(const http::ServerSentEvent& event) {
  Events events;
  if (over_) return events;
  const auto value = parse_json(event.data);
  const auto* data = value ? value->if_object() : nullptr;
  if (!data) {
    malformed("an event is no JSON object", events);
    return events;
  }
  const auto type = text_at(*data, "type");
  const auto index = static_cast<std::size_t>(std::max<std::int64_t>(number_at(*data, "index"), 0));
  if (type == "message_start") {
    const auto* message = object_at(*data, "message");
    if (const auto* report = message ? object_at(*message, "usage") : nullptr)
      usage(*report, events);
  } else if (type == "content_block_start") {
    if (const auto* block = object_at(*data, "content_block")) block_started(index, *block, events);
  } else if (type == "content_block_delta") {
    if (const auto* delta = object_at(*data, "delta")) block_grew(index, *delta, events);
  } else if (type == "message_delta") {
    if (const auto* delta = object_at(*data, "delta")) {
      if (const auto outcome = outcome_of(text_at(*delta, "stop_reason"))) reason_ = outcome;
    }
    if (const auto* report = object_at(*data, "usage")) usage(*report, events);
  } else if (type == "message_stop") {
    finish(events);
  } else if (type == "error") {
    over_ = true;
    const auto* error = object_at(*data, "error");
    events.emplace_back(meaning(0, error ? *error : json::object{}));
  }
  return events;
}

void Answer::finish(Events& events) {
  if (!reason_) return malformed("the answer ended without saying why", events);
  over_ = true;
  auto outcome = *reason_;
  if (outcome == CallOutcome::tool_calls && answered_ && calls_ == 0) outcome = CallOutcome::stop;
  events.emplace_back(Finished{.outcome = outcome, .detail = {}, .retry_after = std::nullopt});
}

void Answer::malformed(std::string_view why, Events& events) {
  over_ = true;
  events.emplace_back(Finished{
      .outcome = CallOutcome::malformed, .detail = std::string{why}, .retry_after = std::nullopt});
}

Events Answer::end() {
  Events events;
  if (!over_) malformed("the stream ended before message_stop", events);
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
  if (text_at(*answer, "type") == "error") {
    over_ = true;
    const auto* error = object_at(*answer, "error");
    events.emplace_back(meaning(0, error ? *error : json::object{}));
    return events;
  }
  if (const auto* report = object_at(*answer, "usage")) usage(*report, events);
  if (const auto* content = list_at(*answer, "content")) {
    for (std::size_t i = 0; i < content->size(); ++i) {
      if (const auto* block = (*content)[i].if_object()) block_started(i, *block, events);
    }
  }
  reason_ = outcome_of(text_at(*answer, "stop_reason"));
  finish(events);
  return events;
}

Finished read_error(int status, const http::Headers& headers, std::string_view body, Time now) {
  const auto value = parse_json(body);
  const auto* object = value ? value->if_object() : nullptr;
  const auto* error = object ? object_at(*object, "error") : nullptr;
  auto end = meaning(status, error ? *error : json::object{});
  if (end.outcome == CallOutcome::rate_limited || end.outcome == CallOutcome::overloaded)
    end.retry_after = asks_to_wait(headers, now);
  return end;
}

}  // namespace sallyport::connectors::models::anthropic
