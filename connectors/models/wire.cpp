#include "connectors/models/wire.hpp"

#include "connectors/models/anthropic.hpp"
#include "connectors/models/openai.hpp"

namespace sallyport::connectors::models {

std::string encode_body(const reason::ModelRequest& request, const WireOptions& options) {
  return options.dialect == Dialect::anthropic ? anthropic::encode(request, options)
                                               : openai::encode(request, options);
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
