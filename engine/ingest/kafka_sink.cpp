#include "engine/ingest/kafka.hpp"
#include "engine/ingest/rdkafka.hpp"

#include <fmt/format.h>

#include <array>
#include <atomic>
#include <thread>

namespace sallyport::ingest {

namespace {

/// A record that is too large stays so; everything else may go better later.
Errc code_of(rd_kafka_resp_err_t error) {
  return error == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE ? Errc::invalid_input : Errc::unavailable;
}

}  // namespace

struct KafkaSink::Impl : rdkafka::Context {
  rdkafka::Handle client;
  std::atomic<bool> stopping = false;
  std::thread thread;  ///< Serves delivery reports.
};

Result<std::unique_ptr<KafkaSink>> KafkaSink::make(KafkaSinkOptions options, KafkaLog log) {
  auto impl = std::make_unique<Impl>();
  impl->log = std::move(log);
  auto conf = rdkafka::configure({{"bootstrap.servers", options.brokers},
                                  {"enable.idempotence", "true"},
                                  {"acks", "all"},
                                  {"linger.ms", "20"},
                                  {"compression.codec", "lz4"},
                                  {"message.max.bytes", "67108864"},
                                  {"queue.buffering.max.kbytes", "131072"},
                                  {"client.id", "sallyport"}},
                                 options.properties);
  if (!conf) return std::unexpected{conf.error()};
  rdkafka::attach(conf->get(), impl.get());
  rd_kafka_conf_set_dr_msg_cb(
      conf->get(), [](rd_kafka_t*, const rd_kafka_message_t* message, void*) {
        const std::unique_ptr<Delivered> delivered{static_cast<Delivered*>(message->_private)};
        if (!delivered) return;
        if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
          (*delivered)(Result<>{});
        } else {
          (*delivered)(fail(code_of(message->err),
                            fmt::format("topic {}: {}",
                                        rd_kafka_topic_name(message->rkt),
                                        rd_kafka_err2str(message->err))));
        }
      });
  auto client = rdkafka::create(RD_KAFKA_PRODUCER, *std::move(conf));
  if (!client) return std::unexpected{client.error()};
  impl->client = *std::move(client);
  auto* raw = impl.get();
  impl->thread = std::thread{[raw] {
    while (!raw->stopping) rd_kafka_poll(raw->client.get(), 50);
  }};
  return std::unique_ptr<KafkaSink>{new KafkaSink{std::move(impl)}};
}

KafkaSink::KafkaSink(std::unique_ptr<Impl> impl) : impl_{std::move(impl)} {}

KafkaSink::~KafkaSink() {
  impl_->stopping = true;
  impl_->thread.join();
  // What was not delivered is told so, so that nobody waits for ever.
  rd_kafka_purge(impl_->client.get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
  rd_kafka_flush(impl_->client.get(), 1000);
}

void KafkaSink::send(KafkaRecord record, Delivered delivered) {
  auto* headers = rd_kafka_headers_new(record.headers.size());
  for (const auto& [name, value] : record.headers)
    rd_kafka_header_add(headers,
                        name.data(),
                        static_cast<ssize_t>(name.size()),
                        value.data(),
                        static_cast<ssize_t>(value.size()));
  auto owned = std::make_unique<Delivered>(std::move(delivered));
  // The macros of rd_kafka_producev() hold C casts; the array form does not.
  std::array<rd_kafka_vu_t, 6> fields{};
  fields[0].vtype = RD_KAFKA_VTYPE_TOPIC;
  fields[0].u.cstr = record.topic.c_str();
  fields[1].vtype = RD_KAFKA_VTYPE_KEY;
  fields[1].u.mem = {.ptr = record.key.data(), .size = record.key.size()};
  fields[2].vtype = RD_KAFKA_VTYPE_VALUE;
  fields[2].u.mem = {.ptr = record.value.data(), .size = record.value.size()};
  fields[3].vtype = RD_KAFKA_VTYPE_MSGFLAGS;
  fields[3].u.i = RD_KAFKA_MSG_F_COPY;
  fields[4].vtype = RD_KAFKA_VTYPE_OPAQUE;
  fields[4].u.ptr = owned.get();
  fields[5].vtype = RD_KAFKA_VTYPE_HEADERS;
  fields[5].u.headers = headers;
  if (auto* error = rd_kafka_produceva(impl_->client.get(), fields.data(), fields.size())) {
    const auto code = code_of(rd_kafka_error_code(error));
    auto why = fmt::format("topic {}: {}", record.topic, rd_kafka_error_string(error));
    rd_kafka_error_destroy(error);
    rd_kafka_headers_destroy(headers);
    (*owned)(fail(code, std::move(why)));
    return;
  }
  (void)owned.release();  // the delivery report takes it back
}

Result<> KafkaSink::flush(std::chrono::milliseconds patience) {
  if (rd_kafka_flush(impl_->client.get(), static_cast<int>(patience.count())) !=
      RD_KAFKA_RESP_ERR_NO_ERROR)
    return fail(Errc::expired, "records still wait for the broker");
  return {};
}

}  // namespace sallyport::ingest
