#include "connectors/models/wire.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sallyport::connectors::models {
namespace {

using reason::CallOutcome;
using reason::ModelAnswer;
using ::testing::HasSubstr;
using ::testing::Not;

/// An answer as it comes out of `bytes` of a stream that arrive in two pieces, cut at `cut`.
ModelAnswer streamed(Dialect dialect,
                     std::string_view bytes,
                     std::size_t cut,
                     const std::string& answer_name = "judgement") {
  http::SseParser parser{1 << 20};
  const auto decoder = make_decoder(dialect, answer_name);
  reason::Transcript transcript;
  for (const auto piece : {bytes.substr(0, cut), bytes.substr(cut)}) {
    const auto events = parser.push(piece);
    EXPECT_TRUE(events);
    for (const auto& event : *events) {
      for (auto& out : decoder->event(event)) transcript.add(std::move(out));
    }
  }
  for (auto& out : decoder->end()) transcript.add(std::move(out));
  return transcript.take();
}

/// The same at every byte, which must make no difference.
ModelAnswer streamed(Dialect dialect, std::string_view bytes) {
  const auto whole = streamed(dialect, bytes, bytes.size());
  for (std::size_t cut = 0; cut < bytes.size(); ++cut) {
    const auto parts = streamed(dialect, bytes, cut);
    EXPECT_EQ(parts.outcome, whole.outcome) << cut;
    EXPECT_EQ(parts.text, whole.text) << cut;
    EXPECT_EQ(parts.calls.size(), whole.calls.size()) << cut;
    EXPECT_EQ(parts.usage.tokens_in, whole.usage.tokens_in) << cut;
  }
  return whole;
}

ModelAnswer not_streamed(Dialect dialect, std::string_view body) {
  reason::Transcript transcript;
  for (auto& out : make_decoder(dialect, "judgement")->whole(body)) transcript.add(std::move(out));
  return transcript.take();
}

/// Cut short at every byte it is never taken for a whole answer.
void never_whole_when_cut_short(Dialect dialect, std::string_view bytes, std::size_t end_begins) {
  for (std::size_t length = 0; length < end_begins; ++length)
    EXPECT_EQ(streamed(dialect, bytes.substr(0, length), 0).outcome, CallOutcome::malformed)
        << length;
}

const std::string openai_text =
    "data: "
    "{\"id\":\"1\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"},"
    "\"finish_reason\":null}],\"usage\":null}\r\n\r\n"
    ": a comment\n\n"
    "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Gr\xc3\xbc\"}}]}\n\n"
    "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"\xc3\x9f \xf0\x9f\x9a\xaa\"}}]}\n\n"
    "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n"
    "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":12,\"completion_tokens\":5,"
    "\"prompt_tokens_details\":{\"cached_tokens\":8}}}\n\n"
    "data: [DONE]\n\n";

TEST(OpenAi, ReadsAStreamCutAtEveryByte) {
  const auto answer = streamed(Dialect::openai, openai_text);
  EXPECT_EQ(answer.outcome, CallOutcome::stop);
  EXPECT_EQ(answer.text, "Gr\xc3\xbc\xc3\x9f \xf0\x9f\x9a\xaa");
  EXPECT_TRUE(answer.usage.measured);
  EXPECT_EQ(answer.usage.tokens_in, 12);
  EXPECT_EQ(answer.usage.tokens_cached, 8);
  never_whole_when_cut_short(
      Dialect::openai, openai_text, openai_text.find("\"finish_reason\":\"stop\""));
}

TEST(OpenAi, PutsToolCallsTogetherByTheirIndex) {
  const auto answer = streamed(
      Dialect::openai,
      "data: "
      "{\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0,\"id\":\"a\",\"type\":\"function\","
      "\"function\":{\"name\":\"look_up\",\"arguments\":\"\"}}]}}]}\n\n"
      "data: {\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":1,\"id\":\"b\",\"function\":"
      "{\"name\":\"conclude\",\"arguments\":\"{\\\"x\\\"\"}},{\"index\":0,\"function\":"
      "{\"arguments\":\"{}\"}}]}}]}\n\n"
      "data: "
      "{\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":1,\"function\":{\"arguments\":\":1}\"}}"
      "]}}]}\n\n"
      "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"tool_calls\"}]}\n\ndata: [DONE]\n\n");
  EXPECT_EQ(answer.outcome, CallOutcome::tool_calls);
  ASSERT_EQ(answer.calls.size(), 2U);
  EXPECT_EQ(answer.calls[0].name, "look_up");
  EXPECT_EQ(answer.calls[0].arguments, "{}");
  EXPECT_EQ(answer.calls[1].id, "b");
  EXPECT_EQ(answer.calls[1].arguments, "{\"x\":1}");
}

TEST(OpenAi, TellsTheWaysOfNotAnsweringApart) {
  const auto ended = [](std::string_view delta, std::string_view reason) {
    return streamed(Dialect::openai,
                    fmt::format("data: {{\"choices\":[{{\"delta\":{},\"finish_reason\":\"{}\"}}]}}"
                                "\n\ndata: [DONE]\n\n",
                                delta,
                                reason))
        .outcome;
  };
  EXPECT_EQ(ended("{}", "length"), CallOutcome::length);
  EXPECT_EQ(ended("{}", "content_filter"), CallOutcome::content_filter);
  EXPECT_EQ(ended(R"({"refusal":"I cannot"})", "stop"), CallOutcome::refusal);
  EXPECT_EQ(streamed(Dialect::openai,
                     "data: {\"error\":{\"message\":\"busy\",\"type\":\"overloaded_error\"}}\n\n")
                .outcome,
            CallOutcome::overloaded);
  EXPECT_EQ(streamed(Dialect::openai, "data: nonsense\n\n").outcome, CallOutcome::malformed);
  EXPECT_EQ(streamed(Dialect::openai, "data: [DONE]\n\n").outcome, CallOutcome::malformed);
}

TEST(OpenAi, BearsWithTheOthers) {
  // Azure begins without choices; vLLM ends with choices null; llama.cpp thinks aloud.
  const auto answer = streamed(
      Dialect::azure,
      "data: {\"choices\":[],\"prompt_filter_results\":[{\"prompt_index\":0}]}\n\n"
      "data: {\"choices\":[{\"delta\":{\"reasoning_content\":\"hm\"}}]}\n\n"
      "data: {\"choices\":[{\"delta\":{\"content\":\"ok\"},\"content_filter_results\":{}}]}\n\n"
      "data: {\"choices\":[{\"delta\":{\"content\":null},\"finish_reason\":\"stop\"}]}\n\n"
      "data: {\"choices\":null,\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":1}}\n\n"
      "data: [DONE]\n\n");
  EXPECT_EQ(answer.outcome, CallOutcome::stop);
  EXPECT_EQ(answer.text, "ok");
  // Ollama: no tokens for a question that it still knows: our own estimate, and said so.
  const auto cached = streamed(Dialect::ollama,
                               "data: {\"choices\":[{\"delta\":{\"content\":\"abcdef\"},"
                               "\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":0,"
                               "\"completion_tokens\":2}}\n\ndata: [DONE]\n\n");
  EXPECT_FALSE(cached.usage.measured);
  EXPECT_EQ(cached.usage.tokens_out, 2);
}

TEST(OpenAi, ReadsAnAnswerThatIsNotStreamed) {
  const auto answer = not_streamed(
      Dialect::openai,
      R"({"choices":[{"index":0,"message":{"role":"assistant","content":"yes","refusal":null},
          "finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":1}})");
  EXPECT_EQ(answer.outcome, CallOutcome::stop);
  EXPECT_EQ(answer.text, "yes");
  EXPECT_EQ(not_streamed(Dialect::openai, "<html>").outcome, CallOutcome::malformed);
}

CallOutcome refused(Dialect dialect, int status, std::string_view body) {
  return read_error(dialect, status, {}, body, {}).outcome;
}

TEST(OpenAi, ReadsErrorsOfEveryShape) {
  const auto outcome = [](int status, std::string_view error) {
    return refused(Dialect::openai, status, fmt::format("{{\"error\":{}}}", error));
  };
  EXPECT_EQ(outcome(429, R"({"code":"rate_limit_exceeded"})"), CallOutcome::rate_limited);
  EXPECT_EQ(outcome(429, R"({"type":"insufficient_quota","code":"insufficient_quota"})"),
            CallOutcome::quota_exceeded);
  EXPECT_EQ(outcome(400, R"({"code":"context_length_exceeded"})"), CallOutcome::context_exceeded);
  EXPECT_EQ(outcome(400, R"({"code":400,"type":"exceed_context_size_error"})"),
            CallOutcome::context_exceeded);
  EXPECT_EQ(outcome(400, R"({"code":"content_filter","innererror":{}})"),
            CallOutcome::content_filter);
  EXPECT_EQ(outcome(401, R"({"message":"bad key"})"), CallOutcome::rejected);
  EXPECT_EQ(outcome(500, R"({"code":500,"message":"oops"})"), CallOutcome::server_error);
  EXPECT_EQ(outcome(503, R"({"code":503,"message":"Loading model"})"), CallOutcome::overloaded);
  EXPECT_EQ(refused(Dialect::vllm,
                    400,
                    R"({"object":"error","message":"maximum context length is 4096","code":400})"),
            CallOutcome::context_exceeded);
  EXPECT_EQ(refused(Dialect::openai, 502, "<html>bad gateway</html>"), CallOutcome::server_error);
  EXPECT_EQ(refused(Dialect::openai, 404, ""), CallOutcome::rejected);
  // What stands before a model says it by the status alone.
  EXPECT_EQ(refused(Dialect::openai, 429, "slow down"), CallOutcome::rate_limited);
  EXPECT_EQ(refused(Dialect::openai, 529, ""), CallOutcome::overloaded);
}

reason::QuestionForm form() {
  return {.instructions = "Judge.",
          .tools = {},
          .answer_name = "judgement",
          .answer_schema = {{"type", "object"}},
          .max_output_tokens = 100};
}

std::string body_of(const reason::QuestionForm& form, const WireOptions& options) {
  const std::vector<reason::Message> messages{{reason::Message::Role::user, "brief"}};
  return encode_body(make_envelope(reason::Form{form}, options), messages);
}

TEST(OpenAi, AsksEachDialectInItsOwnWay) {
  const auto body = [](Dialect dialect, const reason::QuestionForm& what = form()) {
    return body_of(what, {.dialect = dialect, .model = "m", .stream = true});
  };
  EXPECT_EQ(body(Dialect::openai),
            R"({"model":"m","messages":[{"role":"system","content":"Judge."},)"
            R"({"role":"user","content":"brief"}],"max_completion_tokens":100,)"
            R"("response_format":{"type":"json_schema","json_schema":{"name":"judgement",)"
            R"("strict":true,"schema":{"type":"object"}}},"stream":true,)"
            R"("stream_options":{"include_usage":true,"include_obfuscation":false}})");
  EXPECT_THAT(body(Dialect::vllm), HasSubstr("\"max_tokens\":100"));
  EXPECT_THAT(body(Dialect::llama_cpp), HasSubstr("\"schema\":{\"type\":\"object\"}}"));
  auto looks = form();
  looks.tools.push_back({.name = "look_up", .description = "d", .parameters = {}});
  EXPECT_THAT(body(Dialect::vllm, looks), HasSubstr("\"tool_choice\":\"required\""));
  EXPECT_THAT(body(Dialect::vllm, looks), Not(HasSubstr("response_format")))
      << "tools and a schema together conflict";
  EXPECT_THAT(body(Dialect::ollama, looks), Not(HasSubstr("tool_choice")));
}

const std::string anthropic_text =
    "event: message_start\ndata: "
    "{\"type\":\"message_start\",\"message\":{\"usage\":{\"input_tokens\":10,"
    "\"cache_creation_input_tokens\":2,\"cache_read_input_tokens\":30,\"output_tokens\":1}}}\n\n"
    "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,"
    "\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n"
    "event: ping\ndata: {\"type\":\"ping\"}\n\n"
    "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,"
    "\"delta\":{\"type\":\"text_delta\",\"text\":\"{\\\"a\\\":\"}}\n\n"
    "event: something_new\ndata: {\"type\":\"something_new\"}\n\n"
    "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,"
    "\"delta\":{\"type\":\"text_delta\",\"text\":\"1}\"}}\n\n"
    "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\n"
    "event: message_delta\ndata: "
    "{\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},"
    "\"usage\":{\"output_tokens\":7}}\n\n"
    "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n";

TEST(Anthropic, ReadsAStreamCutAtEveryByte) {
  const auto answer = streamed(Dialect::anthropic, anthropic_text);
  EXPECT_EQ(answer.outcome, CallOutcome::stop);
  EXPECT_EQ(answer.text, "{\"a\":1}");
  EXPECT_EQ(answer.usage.tokens_in, 42) << "cached ones too";
  EXPECT_EQ(answer.usage.tokens_cached, 30);
  EXPECT_EQ(answer.usage.tokens_out, 7);
  never_whole_when_cut_short(
      Dialect::anthropic, anthropic_text, anthropic_text.rfind("\"message_stop\"}"));
}

TEST(Anthropic, GivesTheAnswerOfASchemaAsText) {
  const std::string stream =
      "data: "
      "{\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"tool_use\","
      "\"id\":\"t\",\"name\":\"judgement\",\"input\":{}}}\n\n"
      "data: "
      "{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"input_json_delta\","
      "\"partial_json\":\"{\\\"v\\\":\"}}\n\n"
      "data: "
      "{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"input_json_delta\","
      "\"partial_json\":\"2}\"}}\n\n"
      "data: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"tool_use\"}}\n\n"
      "data: {\"type\":\"message_stop\"}\n\n";
  const auto answer = streamed(Dialect::anthropic, stream);
  EXPECT_EQ(answer.outcome, CallOutcome::stop);
  EXPECT_EQ(answer.text, "{\"v\":2}");
  const auto call = streamed(Dialect::anthropic, stream, 0, "");
  EXPECT_EQ(call.outcome, CallOutcome::tool_calls);
  ASSERT_EQ(call.calls.size(), 1U);
  EXPECT_EQ(call.calls[0].arguments, "{\"v\":2}");
  const auto whole = not_streamed(
      Dialect::anthropic,
      R"({"type":"message","content":[{"type":"tool_use","id":"t","name":"judgement","input":{"v":2}}],
          "stop_reason":"tool_use","usage":{"input_tokens":5,"output_tokens":2}})");
  EXPECT_EQ(whole.outcome, CallOutcome::stop);
  EXPECT_EQ(whole.text, "{\"v\":2}");
}

TEST(Anthropic, TellsTheWaysOfNotAnsweringApart) {
  const auto ended = [](std::string_view reason) {
    return streamed(Dialect::anthropic,
                    fmt::format("data: {{\"type\":\"message_delta\",\"delta\":{{\"stop_reason\":"
                                "\"{}\"}}}}\n\ndata: {{\"type\":\"message_stop\"}}\n\n",
                                reason))
        .outcome;
  };
  EXPECT_EQ(ended("max_tokens"), CallOutcome::length);
  EXPECT_EQ(ended("refusal"), CallOutcome::refusal);
  EXPECT_EQ(ended("model_context_window_exceeded"), CallOutcome::context_exceeded);
  EXPECT_EQ(streamed(Dialect::anthropic,
                     "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":"
                     "\"overloaded_error\",\"message\":\"Overloaded\"}}\n\n")
                .outcome,
            CallOutcome::overloaded);
}

TEST(Anthropic, DecidesOnTheTypeOfAnErrorAndNotOnItsStatusAlone) {
  const auto outcome = [](int status, std::string_view type, std::string_view message = "") {
    return refused(
        Dialect::anthropic,
        status,
        fmt::format(R"({{"type":"error","error":{{"type":"{}","message":"{}"}}}})", type, message));
  };
  EXPECT_EQ(outcome(429, "rate_limit_error"), CallOutcome::rate_limited);
  EXPECT_EQ(outcome(529, "overloaded_error"), CallOutcome::overloaded);
  EXPECT_EQ(outcome(500, "api_error"), CallOutcome::server_error);
  EXPECT_EQ(outcome(504, "timeout_error"), CallOutcome::server_error);
  EXPECT_EQ(outcome(401, "authentication_error"), CallOutcome::rejected);
  EXPECT_EQ(outcome(402, "billing_error"), CallOutcome::quota_exceeded);
  EXPECT_EQ(outcome(413, "request_too_large"), CallOutcome::context_exceeded);
  EXPECT_EQ(outcome(400, "invalid_request_error", "prompt is too long: 9"),
            CallOutcome::context_exceeded);
  EXPECT_EQ(outcome(400, "invalid_request_error", "no"), CallOutcome::rejected);
  EXPECT_EQ(refused(Dialect::anthropic, 529, ""), CallOutcome::overloaded);
}

TEST(Anthropic, AsksForASchemaThroughAToolThatHasToBeCalled) {
  const auto body = body_of(form(), {.dialect = Dialect::anthropic, .model = "m", .stream = false});
  EXPECT_EQ(body,
            R"({"model":"m","max_tokens":100,"tool_choice":{"type":"tool","name":"judgement"},)"
            R"("tools":[{"name":"judgement","description":"Give the answer in this form",)"
            R"("input_schema":{"type":"object"}}],"system":[{"type":"text","text":"Judge.",)"
            R"("cache_control":{"type":"ephemeral"}}],"messages":[{"role":"user",)"
            R"("content":"brief"}],"stream":false})");
}

TEST(Envelope, IsAJsonObjectWhateverTheDialectAndWhatTheSettingsAddGoesOverOurs) {
  for (const auto dialect : {Dialect::openai,
                             Dialect::azure,
                             Dialect::llama_cpp,
                             Dialect::vllm,
                             Dialect::ollama,
                             Dialect::anthropic}) {
    WireOptions options{.dialect = dialect, .model = "m", .stream = true, .temperature = 0.5};
    options.extra = {{"model", "another"}, {"temperature", 1}, {"seed", 7}};
    const std::vector<reason::Message> messages{{reason::Message::Role::user, "a \"brief\"\n"},
                                                {reason::Message::Role::assistant, "hm"},
                                                {reason::Message::Role::user, "again"}};
    const auto text = encode_body(make_envelope(reason::Form{form()}, options), messages);
    const auto body = parse_json(text);
    ASSERT_TRUE(body) << text;
    EXPECT_EQ(body->at("model"), "another");
    EXPECT_EQ(body->at("temperature"), 1);
    EXPECT_EQ(body->at("seed"), 7);
    const auto model = text.find(R"("model":)");
    EXPECT_EQ(model, text.rfind(R"("model":)")) << "a key that stands twice: " << text;
    const auto& told = body->at("messages").as_array();
    ASSERT_GE(told.size(), 3U);
    EXPECT_EQ(told[told.size() - 3].at("content"), "a \"brief\"\n");
    EXPECT_EQ(told[told.size() - 2].at("role"), "assistant");
    EXPECT_EQ(told[told.size() - 1].at("content"), "again");
  }
}

TEST(Decoders, SurviveWhateverComes) {
  // Bytes of a generator with a fixed seed, some of them from a real stream.
  std::uint32_t state = 42;
  const auto next = [&] { return (state = state * 1664525U + 1013904223U) >> 16U; };
  for (const auto dialect : {Dialect::openai, Dialect::anthropic}) {
    const auto& real = dialect == Dialect::openai ? openai_text : anthropic_text;
    for (int round = 0; round < 2000; ++round) {
      auto bytes = real;
      for (int i = 0; i < 8; ++i) bytes[next() % bytes.size()] = static_cast<char>(next());
      const auto answer = streamed(dialect, bytes, next() % bytes.size());
      EXPECT_FALSE(name_of(answer.outcome).empty());
    }
  }
}

}  // namespace
}  // namespace sallyport::connectors::models
