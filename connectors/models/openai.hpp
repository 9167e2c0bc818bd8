#pragma once

#include "connectors/models/wire.hpp"

/// OpenAI Chat Completions. The dialects differ in what they take; what they give is read alike.
namespace sallyport::connectors::models::openai {

[[nodiscard]] Frame frame(const reason::Form& form, const WireOptions& options);

/// The end is given out when the stream says `[DONE]`, because the usage comes after the last
/// word; a stream that ends properly after a finish_reason counts as well.
class Answer final : public Decoder {
 public:
  Events event(const http::ServerSentEvent& event) override;
  Events end() override;
  Events whole(std::string_view body) override;

 private:
  void choice(const json::object& choice, const char* part, Events& events);
  void finish(Events& events);
  void malformed(std::string_view why, Events& events);

  std::optional<reason::CallOutcome> reason_;  ///< Why it stopped, once it said.
  bool refused_ = false;
  bool called_ = false;
  bool over_ = false;
};

[[nodiscard]] reason::Finished read_error(int status,
                                          const http::Headers& headers,
                                          std::string_view body,
                                          Time now);

}  // namespace sallyport::connectors::models::openai
