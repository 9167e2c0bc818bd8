#pragma once

#include "connectors/models/wire.hpp"

#include <map>

/// Anthropic Messages. A schema is answered through a tool that the model has to call: every model
/// can; it comes out as text.
namespace sallyport::connectors::models::anthropic {

[[nodiscard]] Frame frame(const reason::Form& form, const WireOptions& options);

/// Done only when message_stop was seen.
class Answer final : public Decoder {
 public:
  explicit Answer(std::string answer_name) : answer_name_{std::move(answer_name)} {}

  Events event(const http::ServerSentEvent& event) override;
  Events end() override;
  Events whole(std::string_view body) override;

 private:
  struct Block {
    bool call = false;
    bool answer = false;    ///< The tool that stands for the schema: its input is the text.
    std::size_t place = 0;  ///< Among the calls.
  };

  void block_started(std::size_t index, const json::object& block, Events& events);
  void block_grew(std::size_t index, const json::object& delta, Events& events);
  void usage(const json::object& usage, Events& events);
  void finish(Events& events);
  void malformed(std::string_view why, Events& events);

  std::string answer_name_;
  std::map<std::size_t, Block> blocks_;
  std::size_t calls_ = 0;
  reason::Usage usage_;
  std::optional<reason::CallOutcome> reason_;
  bool answered_ = false;
  bool over_ = false;
};

[[nodiscard]] reason::Finished read_error(int status,
                                          const http::Headers& headers,
                                          std::string_view body,
                                          Time now);

}  // namespace sallyport::connectors::models::anthropic
