#pragma once

#include "engine/ingest/kafka.hpp"

#include <string>
#include <string_view>

namespace sallyport::ingest {

/// The record of what came from Kafka and is no alert: its bytes as they were, and the headers
/// `reason`, `source` (the mapping that was asked for; empty: none), `topic`, `partition` and
/// `offset`. Of a message that was larger than the source keeps there is only its beginning; then
/// `size` says how many bytes it had. A redelivery has the same key.
[[nodiscard]] KafkaRecord dead_letter(std::string dead_letter_topic,
                                      KafkaMessage message,
                                      std::string_view reason,
                                      std::string_view source);

/// The same for what came another way: it has no topic, partition and offset.
[[nodiscard]] KafkaRecord dead_letter(std::string dead_letter_topic,
                                      std::string bytes,
                                      std::string_view reason,
                                      std::string_view source);

}  // namespace sallyport::ingest
