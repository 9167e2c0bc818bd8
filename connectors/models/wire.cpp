#include "connectors/models/wire.hpp"

#include "connectors/models/anthropic.hpp"
#include "connectors/models/openai.hpp"

#include <utility>

namespace sallyport::connectors::models {

namespace {

/// `members` without the braces.
void append_members(std::string& out, const json::object& members) {
  const auto text = to_json(members);
  out.append(text, 1, text.size() - 2);
}

}  // namespace

Envelope make_envelope(const reason::Form& form, const WireOptions& options) {
  auto [head, messages, tail] = options.dialect == Dialect::anthropic
                                    ? anthropic::frame(form, options)
                                    : openai::frame(form, options);
  for (const auto& [key, value] : options.extra) (head.contains(key) ? head : tail)[key] = value;
  Envelope envelope{.before = "{", .holds_message = !messages.empty(), .after = "]"};
  append_members(envelope.before, head);
  if (!head.empty()) envelope.before += ',';
  envelope.before += R"("messages":[)";
  for (const auto& message : messages) append_json(envelope.before, message);
  if (!tail.empty()) envelope.after += ',';
  append_members(envelope.after, tail);
  envelope.after += '}';
  return envelope;
}

std::string encode_body(const Envelope& envelope, std::span<const reason::Message> messages) {
  std::size_t size = envelope.before.size() + envelope.after.size();
  for (const auto& message : messages) size += message.text.size() * 5 / 4 + 64;
  std::string body;
  body.reserve(size);
  body += envelope.before;
  bool comma = envelope.holds_message;
  for (const auto& message : messages) {
    if (std::exchange(comma, true)) body += ',';
    const bool asks = message.role == reason::Message::Role::user;
    body += asks ? R"({"role":"user","content":)" : R"({"role":"assistant","content":)";
    append_json(body, message.text);
    body += '}';
  }
  body += envelope.after;
  return body;
}

std::unique_ptr<Decoder> make_decoder(Dialect dialect, std::string answer_name) {
  if (dialect == Dialect::anthropic)
    return std::make_unique<anthropic::Answer>(std::move(answer_name));
  return std::make_unique<openai::Answer>();
}

reason::Finished read_error(
    Dialect dialect, int status, const http::Headers& headers, std::string_view body, Time now) {
  return dialect == Dialect::anthropic ? anthropic::read_error(status, headers, body, now)
                                       : openai::read_error(status, headers, body, now);
}

}  // namespace sallyport::connectors::models
