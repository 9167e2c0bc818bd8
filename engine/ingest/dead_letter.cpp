#include "engine/ingest/dead_letter.hpp"

#include <fmt/format.h>

#include <utility>

namespace sallyport::ingest {

KafkaRecord dead_letter(std::string dead_letter_topic,
                        KafkaMessage message,
                        std::string_view reason,
                        std::string_view source) {
  auto record = dead_letter(std::move(dead_letter_topic), std::move(message.bytes), reason, source);
  record.key = fmt::format("{}/{}/{}", message.topic, message.partition, message.offset);
  record.headers.emplace_back("topic", std::move(message.topic));
  record.headers.emplace_back("partition", fmt::format("{}", message.partition));
  record.headers.emplace_back("offset", fmt::format("{}", message.offset));
  if (message.truncated) record.headers.emplace_back("size", fmt::format("{}", message.size));
  return record;
}

KafkaRecord dead_letter(std::string dead_letter_topic,
                        std::string bytes,
                        std::string_view reason,
                        std::string_view source) {
  return {.topic = std::move(dead_letter_topic),
          .key = {},
          .value = std::move(bytes),
          .headers = {{"reason", std::string{reason}}, {"source", std::string{source}}}};
}

}  // namespace sallyport::ingest
