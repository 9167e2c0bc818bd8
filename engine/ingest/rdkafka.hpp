#pragma once

// librdkafka's C header behind names of our own: handles that free themselves, errors as ours.
// Included by kafka_*.cpp only.

#include "engine/base/result.hpp"
#include "engine/ingest/kafka.hpp"

#include <librdkafka/rdkafka.h>

#include <map>
#include <memory>
#include <string>

namespace sallyport::ingest::rdkafka {

struct Destroy {
  void operator()(rd_kafka_t* p) const { rd_kafka_destroy(p); }

  void operator()(rd_kafka_conf_t* p) const { rd_kafka_conf_destroy(p); }

  void operator()(rd_kafka_message_t* p) const { rd_kafka_message_destroy(p); }

  void operator()(rd_kafka_topic_partition_list_t* p) const {
    rd_kafka_topic_partition_list_destroy(p);
  }
};

using Handle = std::unique_ptr<rd_kafka_t, Destroy>;
using Conf = std::unique_ptr<rd_kafka_conf_t, Destroy>;
using Message = std::unique_ptr<rd_kafka_message_t, Destroy>;
using Partitions = std::unique_ptr<rd_kafka_topic_partition_list_t, Destroy>;

/// A configuration with `ours`, then what the operator set. Errors: invalid_input, naming the
/// property.
[[nodiscard]] Result<Conf> configure(const std::map<std::string, std::string>& ours,
                                     const std::map<std::string, std::string>& operators);

/// Makes the client; takes `conf`. Errors: invalid_input.
[[nodiscard]] Result<Handle> create(rd_kafka_type_t type, Conf conf);

/// What the client's callbacks find behind its opaque pointer; the implementations of kafka.hpp
/// derive from it.
struct Context {
  KafkaLog log;
};

/// Gives `conf` its context, which must outlive the client, and routes librdkafka's log lines
/// there.
void attach(rd_kafka_conf_t* conf, Context* context);

}  // namespace sallyport::ingest::rdkafka
