#include "engine/ingest/rdkafka.hpp"

#include <fmt/format.h>

#include <array>

namespace sallyport::ingest::rdkafka {

Result<Conf> configure(const std::map<std::string, std::string>& ours,
                       const std::map<std::string, std::string>& operators) {
  Conf conf{rd_kafka_conf_new()};
  std::array<char, 512> why{};
  for (const auto* properties : {&ours, &operators}) {
    for (const auto& [name, value] : *properties) {
      if (rd_kafka_conf_set(conf.get(), name.c_str(), value.c_str(), why.data(), why.size()) !=
          RD_KAFKA_CONF_OK) {
        // librdkafka's text may quote the value, which may be a password.
        return fail(Errc::invalid_input, fmt::format("Kafka property {} was refused", name));
      }
    }
  }
  return conf;
}

Result<Handle> create(rd_kafka_type_t type, Conf conf) {
  std::array<char, 512> why{};
  Handle client{rd_kafka_new(type, conf.get(), why.data(), why.size())};
  if (!client) return fail(Errc::invalid_input, fmt::format("Kafka client: {}", why.data()));
  (void)conf.release();  // the client owns it now
  return client;
}

void attach(rd_kafka_conf_t* conf, Context* context) {
  rd_kafka_conf_set_opaque(conf, context);
  rd_kafka_conf_set_log_cb(
      conf, [](const rd_kafka_t* client, int level, const char* facility, const char* text) {
        const auto* from = client ? static_cast<const Context*>(rd_kafka_opaque(client)) : nullptr;
        if (from && from->log) from->log(level, fmt::format("kafka {}: {}", facility, text));
      });
}

}  // namespace sallyport::ingest::rdkafka
