#pragma once

#include "engine/base/deadline.hpp"
#include "engine/base/json.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace sallyport::reason {

/// How a call to a language model ended. Everything that can happen to one has its own name,
/// because each is answered differently.
enum class CallOutcome : std::uint8_t {
  stop,              ///< It said what it had to say.
  tool_calls,        ///< It asks for tools.
  length,            ///< Cut off at the allowed length.
  refusal,           ///< It would not answer.
  content_filter,    ///< The provider withheld question or answer.
  context_exceeded,  ///< The question is longer than it reads.
  rate_limited,      ///< Asked too often; `retry_after` where it said.
  quota_exceeded,    ///< Its account is used up: waiting does not help.
  overloaded,        ///< The provider has no room.
  server_error,      ///< The provider failed.
  rejected,          ///< It does not accept the request: key, name or address are wrong.
  malformed,         ///< What came back is not the protocol.
  unreachable,       ///< No connection, or it broke.
  cancelled,         ///< We asked for it to stop.
  timeout,           ///< It did not answer in time.
  capped,            ///< Not asked: our own allowance is used up.
  no_room,           ///< Not asked: its turn among our own calls did not come in time.
};

/// What a call cost. `tokens_in` holds the cached ones too.
struct Usage {
  std::int64_t tokens_in = 0;
  std::int64_t tokens_out = 0;
  std::int64_t tokens_cached = 0;
  bool measured = false;  ///< The provider said so; false: our own estimate from the bytes.
};

/// Something that a model wants to be told, or its judgement in the shape of a call.
struct ToolCall {
  std::string id;
  std::string name;
  std::string arguments;  ///< JSON text as the model wrote it: to be checked.
};

// What comes out of a model, whichever it is, in this order: any number of deltas, at most a few
// usages (the last holds), and one end.
struct TextDelta {
  std::string text;
};

/// A piece of the call at `index`: id and name come with the first, arguments are joined.
struct ToolCallDelta {
  std::size_t index = 0;
  std::string id;
  std::string name;
  std::string arguments;
};

/// It thinks, and does not say what.
struct Thinking {
  std::size_t bytes = 0;
};

struct UsageReport {
  Usage usage;
};

struct Finished {
  CallOutcome outcome = CallOutcome::stop;
  std::string detail;  ///< One sentence for the log, where something went wrong.
  std::optional<std::chrono::milliseconds> retry_after;
};

using ModelEvent = std::variant<TextDelta, ToolCallDelta, Thinking, UsageReport, Finished>;

struct Tool {
  std::string name;
  std::string description;
  json::object parameters;  ///< JSON Schema.
};

/// One turn of the conversation. What a tool found is told in words, as the rest of the evidence
/// is: a request then means the same to every provider.
struct Message {
  enum class Role : std::uint8_t { user, assistant };

  Role role = Role::user;
  std::string text;
};

/// What every question of one kind has in common, made once: the same bytes in each request, so
/// that a provider can keep what it made of them.
struct QuestionForm {
  std::string instructions;
  std::vector<Tool> tools;     ///< Empty: the answer is text.
  std::string answer_name;     ///< What the schema is called; empty: free text.
  json::object answer_schema;  ///< Of the answer, where no tools are offered.
  std::uint32_t max_output_tokens = 0;
};

/// A QuestionForm with what is needed of it again and again. Shared as const: it does not change.
struct Form : QuestionForm {
  explicit Form(QuestionForm question);

  std::string hash;     ///< content_hash of all of it.
  std::int64_t tokens;  ///< About how many it takes.
};

/// A question to a model: what it has of its own, and its form.
struct ModelRequest {
  std::string tenant;  ///< Who pays.
  int urgency = 0;     ///< urgency_of() the alert.
  /// When the investigation has to be over: whoever has to wait for a place goes in this order.
  std::optional<Deadline> due;
  std::vector<Message> messages;
  std::shared_ptr<const Form> form;  ///< Never nullptr where a model is asked.
};

/// All of an answer.
struct ModelAnswer {
  CallOutcome outcome = CallOutcome::unreachable;
  std::string detail;
  std::optional<std::chrono::milliseconds> retry_after;
  std::string text;
  std::vector<ToolCall> calls;
  Usage usage;
  std::string model;  ///< The provider that answered, by the name that the settings give it.
  std::optional<double> usd;  ///< Empty: not measured, no price is given.
  std::uint32_t attempts = 0;
  std::optional<std::chrono::milliseconds> first_token;
  std::chrono::milliseconds took{0};
};

/// A language model: the port of this room.
///
/// Asking it ends at `deadline` at the latest, with an outcome in every case; cancelling ends it,
/// down to the socket. What it says is text of a stranger: nothing in it is trusted. Called on an
/// executor that runs one handler at a time.
class LanguageModel {
 public:
  /// Called with the first token of the answer.
  using FirstToken = std::function<void()>;

  virtual ~LanguageModel() = default;

  [[nodiscard]] virtual std::string_view name() const = 0;

  /// Whether it could be asked at once. Where not, a call waits for its turn.
  [[nodiscard]] virtual bool has_room() const { return true; }

  virtual asio::awaitable<ModelAnswer> ask(std::shared_ptr<const ModelRequest> request,
                                           Deadline deadline,
                                           FirstToken first_token) = 0;
};

/// Puts the events of one call together, in their order.
class Transcript {
 public:
  void add(ModelEvent event);

  /// Whether the model has said anything yet: until then a call may be repeated.
  [[nodiscard]] bool begun() const noexcept { return begun_; }

  [[nodiscard]] bool finished() const noexcept { return finished_; }

  /// What came: text, calls, usage, and how it ended. Without an end it is `malformed`: a stream
  /// that just stops has lost something. Spent afterwards.
  [[nodiscard]] ModelAnswer take();

 private:
  ModelAnswer answer_;
  std::size_t bytes_out_ = 0;
  bool begun_ = false;
  bool finished_ = false;
};

/// About how many tokens `text` is, never too few for the texts that we send (JSON, command
/// lines): three bytes a token.
[[nodiscard]] std::int64_t estimated_tokens(std::string_view text);

/// The estimate of all that a request sends.
[[nodiscard]] std::int64_t estimated_tokens(const ModelRequest& request);

BOOST_DESCRIBE_ENUM(CallOutcome,
                    stop,
                    tool_calls,
                    length,
                    refusal,
                    content_filter,
                    context_exceeded,
                    rate_limited,
                    quota_exceeded,
                    overloaded,
                    server_error,
                    rejected,
                    malformed,
                    unreachable,
                    cancelled,
                    timeout,
                    capped,
                    no_room)

}  // namespace sallyport::reason
