#include "engine/investigate/recording.hpp"

#include "engine/base/digest.hpp"

#include <fmt/compile.h>
#include <fmt/format.h>

#include <utility>

namespace sallyport::investigate {

namespace {

/// A model that is listened to.
class Witnessed final : public reason::LanguageModel {
 public:
  Witnessed(std::string role,
            std::shared_ptr<reason::LanguageModel> model,
            std::shared_ptr<std::vector<RecordedSpeech>> into,
            std::shared_ptr<const Scrubber> scrubber)
      : role_{std::move(role)},
        model_{std::move(model)},
        into_{std::move(into)},
        scrubber_{std::move(scrubber)} {}

  [[nodiscard]] std::string_view name() const override { return model_->name(); }

  asio::awaitable<reason::ModelAnswer> ask(std::shared_ptr<const reason::ModelRequest> request,
                                           Deadline deadline,
                                           FirstToken first_token) override {
    auto asking = model_->ask(request, deadline, std::move(first_token));
    auto answer = co_await std::move(asking);
    scrubber_->scrub(answer.detail);
    scrubber_->scrub(answer.text);
    for (auto& call : answer.calls) {
      scrubber_->scrub(call.name);
      scrubber_->scrub(call.arguments);
    }
    into_->push_back(speech_of(role_, *request, answer));
    co_return answer;
  }

 private:
  std::string role_;
  std::shared_ptr<reason::LanguageModel> model_;
  std::shared_ptr<std::vector<RecordedSpeech>> into_;
  std::shared_ptr<const Scrubber> scrubber_;
};

/// What distinguishes recordings without a dialogue, made faster than their bytes; empty: this one
/// is its own.
std::string shared_key(const Recording& recording) {
  if (recording.dialogue || recording.story) return {};
  std::string key = recording.rules;
  for (const auto& answer : recording.answers) {
    if (answer.failed) return {};
    key += '\n';
    key += answer.name;
    key += ' ';
    key += std::to_string(answer.items);
  }
  return key;
}

}  // namespace

std::shared_ptr<const model::Kept> keep_text(std::string text) {
  auto kept = std::make_shared<model::Kept>();
  kept->hash = content_hash(text);
  kept->text = std::move(text);
  return kept;
}

std::shared_ptr<const model::Kept> Recordings::keep(const Recording& recording) const {
  auto key = shared_key(recording);
  if (!key.empty()) {
    const std::scoped_lock lock{mutex_};
    if (const auto found = shared_.find(key); found != shared_.end()) return found->second;
  }
  auto text = to_json(recording);
  if (text.size() > most_recorded_bytes) return nullptr;
  auto kept = keep_text(std::move(text));
  if (key.empty()) return kept;
  const std::scoped_lock lock{mutex_};
  if (shared_.size() >= most_shared) shared_.clear();
  return shared_.emplace(std::move(key), std::move(kept)).first->second;
}

std::string question_hash(const reason::ModelRequest& request) {
  auto text = request.form->hash;
  std::size_t size = text.size();
  for (const auto& message : request.messages) size += message.text.size() + 32;
  text.reserve(size);
  for (const auto& message : request.messages) {
    // With its length, so that no two lists of messages are the same text.
    fmt::format_to(std::back_inserter(text),
                   FMT_COMPILE("\n{} {} "),
                   message.role == reason::Message::Role::user ? "user" : "assistant",
                   message.text.size());
    text += message.text;
  }
  return content_hash(text);
}

std::shared_ptr<const Counsel> witnessed(const Counsel& counsel,
                                         std::shared_ptr<std::vector<RecordedSpeech>> into,
                                         std::shared_ptr<const Scrubber> scrubber) {
  auto own = std::make_shared<Counsel>(counsel);
  own->judge = std::make_shared<Witnessed>("judge", counsel.judge, into, scrubber);
  if (counsel.reader)
    own->reader =
        std::make_shared<Witnessed>("reader", counsel.reader, std::move(into), std::move(scrubber));
  return own;
}

RecordedSpeech speech_of(std::string_view role,
                         const reason::ModelRequest& request,
                         const reason::ModelAnswer& answer) {
  RecordedSpeech speech{.role = std::string{role},
                        .question = question_hash(request),
                        .outcome = answer.outcome,
                        .detail = answer.detail,
                        .text = answer.text,
                        .calls = {},
                        .model = answer.model,
                        .tokens_in = answer.usage.tokens_in,
                        .tokens_out = answer.usage.tokens_out,
                        .tokens_cached = answer.usage.tokens_cached,
                        .measured = answer.usage.measured,
                        .usd = answer.usd,
                        .attempts = answer.attempts,
                        .first_token_ms = std::nullopt,
                        .took_ms = answer.took.count()};
  for (const auto& call : answer.calls)
    speech.calls.push_back({.id = call.id, .name = call.name, .arguments = call.arguments});
  if (answer.first_token) speech.first_token_ms = answer.first_token->count();
  return speech;
}

reason::ModelAnswer answer_of(const RecordedSpeech& speech) {
  reason::ModelAnswer answer;
  answer.outcome = speech.outcome;
  answer.detail = speech.detail;
  answer.text = speech.text;
  for (const auto& call : speech.calls)
    answer.calls.push_back({.id = call.id, .name = call.name, .arguments = call.arguments});
  answer.usage = {.tokens_in = speech.tokens_in,
                  .tokens_out = speech.tokens_out,
                  .tokens_cached = speech.tokens_cached,
                  .measured = speech.measured};
  answer.model = speech.model;
  answer.usd = speech.usd;
  answer.attempts = speech.attempts;
  if (speech.first_token_ms) answer.first_token = std::chrono::milliseconds{*speech.first_token_ms};
  answer.took = std::chrono::milliseconds{speech.took_ms};
  return answer;
}

}  // namespace sallyport::investigate
