#pragma once

#include "engine/base/time.hpp"
#include "engine/http/message.hpp"
#include "engine/http/sse.hpp"
#include "engine/reason/language_model.hpp"

#include <boost/describe.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sallyport::connectors::models {

using Events = std::vector<reason::ModelEvent>;

/// Whose Chat Completions it is, or Anthropic's Messages.
enum class Dialect : std::uint8_t { openai, azure, llama_cpp, vllm, ollama, anthropic };

BOOST_DESCRIBE_ENUM(Dialect, openai, azure, llama_cpp, vllm, ollama, anthropic)

struct WireOptions {
  Dialect dialect = Dialect::openai;
  std::string model;
  bool stream = true;
  std::optional<double> temperature;  ///< Empty: not sent, some models refuse it.
  json::object extra;                 ///< Put into every request as it is.
};

/// What a dialect puts around the messages of a request; its own first message among it.
struct Frame {
  json::object head;
  json::array messages;
  json::object tail;
};

/// The body of every request of one form, without the messages. Up to the first word that is of
/// the request alone all bodies of a form are equal: what providers cache is the beginning.
struct Envelope {
  std::string before;
  bool holds_message = false;  ///< `before` ends in a message of ours.
  std::string after;
};

/// Pure; the same form gives the same bytes. `options.extra` goes over what is ours.
[[nodiscard]] Envelope make_envelope(const reason::Form& form, const WireOptions& options);

/// The body of a request. Pure; the same request gives the same bytes.
[[nodiscard]] std::string encode_body(const Envelope& envelope,
                                      std::span<const reason::Message> messages);

/// Turns one answer into events. No I/O.
///
/// Never fails: what is not the protocol is an end with the outcome `malformed`. Unknown events and
/// fields are passed over. After the end nothing more comes out.
class Decoder {
 public:
  virtual ~Decoder() = default;

  /// One event of a stream.
  virtual Events event(const http::ServerSentEvent& event) = 0;

  /// The stream ended properly (the body was complete).
  virtual Events end() = 0;

  /// An answer that is not streamed.
  virtual Events whole(std::string_view body) = 0;
};

/// `answer_name` is that of the request: where a provider answers a schema through a tool, it comes
/// out as text all the same.
[[nodiscard]] std::unique_ptr<Decoder> make_decoder(Dialect dialect, std::string answer_name);

/// What an answer of a status other than 200 means.
[[nodiscard]] reason::Finished read_error(
    Dialect dialect, int status, const http::Headers& headers, std::string_view body, Time now);

}  // namespace sallyport::connectors::models
