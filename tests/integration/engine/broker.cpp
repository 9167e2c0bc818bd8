#include "tests/integration/engine/broker.hpp"

#include <fmt/format.h>
#include <librdkafka/rdkafka.h>

#include <array>
#include <atomic>
#include <cstdlib>
#include <stdexcept>
#include <thread>

namespace sallyport::testing {

namespace {

constexpr int patience_ms = 20'000;

struct Destroy {
  void operator()(rd_kafka_t* p) const { rd_kafka_destroy(p); }

  void operator()(rd_kafka_topic_partition_list_t* p) const {
    rd_kafka_topic_partition_list_destroy(p);
  }

  void operator()(rd_kafka_message_t* p) const { rd_kafka_message_destroy(p); }

  void operator()(rd_kafka_queue_t* p) const { rd_kafka_queue_destroy(p); }

  void operator()(rd_kafka_event_t* p) const { rd_kafka_event_destroy(p); }

  void operator()(rd_kafka_NewTopic_t* p) const { rd_kafka_NewTopic_destroy(p); }

  void operator()(const rd_kafka_metadata_t* p) const { rd_kafka_metadata_destroy(p); }
};

template <class T>
using Owned = std::unique_ptr<T, Destroy>;

void must(rd_kafka_resp_err_t error, const std::string& what) {
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR)
    throw std::runtime_error{fmt::format("{}: {}", what, rd_kafka_err2str(error))};
}

Owned<rd_kafka_t> client(rd_kafka_type_t type,
                         const std::map<std::string, std::string>& properties) {
  auto* conf = rd_kafka_conf_new();
  std::array<char, 512> why{};
  for (const auto& [name, value] : properties) {
    if (rd_kafka_conf_set(conf, name.c_str(), value.c_str(), why.data(), why.size()) !=
        RD_KAFKA_CONF_OK)
      throw std::runtime_error{why.data()};
  }
  Owned<rd_kafka_t> made{rd_kafka_new(type, conf, why.data(), why.size())};
  if (!made) throw std::runtime_error{why.data()};
  return made;
}

Received received(const rd_kafka_message_t& message) {
  Received record{.key = {static_cast<const char*>(message.key), message.key_len},
                  .value = {static_cast<const char*>(message.payload), message.len},
                  .headers = {},
                  .partition = message.partition,
                  .offset = message.offset};
  rd_kafka_headers_t* headers = nullptr;
  if (rd_kafka_message_headers(&message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR) return record;
  const char* name = nullptr;
  const void* value = nullptr;
  std::size_t size = 0;
  for (std::size_t i = 0;
       rd_kafka_header_get_all(headers, i, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR;
       ++i)
    record.headers[name] = {static_cast<const char*>(value), size};
  return record;
}

}  // namespace

struct Broker::Impl {
  std::string address;
  Owned<rd_kafka_t> producer;

  /// All partitions of `topic`.
  Owned<rd_kafka_topic_partition_list_t> partitions(const std::string& topic) const {
    auto* handle = rd_kafka_topic_new(producer.get(), topic.c_str(), nullptr);
    const rd_kafka_metadata_t* raw = nullptr;
    const auto error = rd_kafka_metadata(producer.get(), 0, handle, &raw, patience_ms);
    rd_kafka_topic_destroy(handle);
    must(error, "metadata of " + topic);
    const Owned<const rd_kafka_metadata_t> metadata{raw};
    Owned<rd_kafka_topic_partition_list_t> list{rd_kafka_topic_partition_list_new(8)};
    for (int i = 0; i < metadata->topics[0].partition_cnt; ++i)
      rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), i)->offset =
          RD_KAFKA_OFFSET_BEGINNING;
    return list;
  }

  std::int64_t end(const std::string& topic, std::int32_t partition) const {
    std::int64_t low = 0;
    std::int64_t high = 0;
    must(rd_kafka_query_watermark_offsets(
             producer.get(), topic.c_str(), partition, &low, &high, patience_ms),
         "end of " + topic);
    return high;
  }

  /// A reader of the whole topic.
  Owned<rd_kafka_t> reader(rd_kafka_topic_partition_list_t* from) const {
    auto consumer = client(RD_KAFKA_CONSUMER,
                           {{"bootstrap.servers", address},
                            {"group.id", "a-stranger"},
                            {"enable.auto.commit", "false"},
                            {"receive.message.max.bytes", "200000000"},
                            {"fetch.message.max.bytes", "70000000"}});
    rd_kafka_poll_set_consumer(consumer.get());
    must(rd_kafka_assign(consumer.get(), from), "assign");
    return consumer;
  }
};

Broker::Broker() : impl_{std::make_unique<Impl>()} {
  const char* address = std::getenv("SALLYPORT_KAFKA");
  if (!address)
    throw std::runtime_error{"SALLYPORT_KAFKA names no broker; tools/test starts one and sets it"};
  impl_->address = address;
  impl_->producer = client(RD_KAFKA_PRODUCER,
                           {{"bootstrap.servers", impl_->address},
                            {"acks", "all"},
                            {"linger.ms", "5"},
                            {"sticky.partitioning.linger.ms", "0"},  // each its own partition
                            {"message.max.bytes", "67108864"},
                            {"queue.buffering.max.kbytes", "1048576"}});
}

Broker::~Broker() = default;

const std::string& Broker::address() const {
  return impl_->address;
}

std::string Broker::unique(const std::string& what) {
  static const auto run = std::chrono::system_clock::now().time_since_epoch().count();
  static std::atomic<int> count = 0;
  return fmt::format("{}-{}-{}", what, run, ++count);
}

void Broker::create_topic(const std::string& name, int partitions) {
  std::array<char, 512> why{};
  const Owned<rd_kafka_NewTopic_t> topic{
      rd_kafka_NewTopic_new(name.c_str(), partitions, 1, why.data(), why.size())};
  if (!topic) throw std::runtime_error{why.data()};
  rd_kafka_NewTopic_set_config(topic.get(), "max.message.bytes", "62914560");
  const Owned<rd_kafka_queue_t> queue{rd_kafka_queue_new(impl_->producer.get())};
  std::array<rd_kafka_NewTopic_t*, 1> topics{topic.get()};
  rd_kafka_CreateTopics(impl_->producer.get(), topics.data(), topics.size(), nullptr, queue.get());
  const Owned<rd_kafka_event_t> event{rd_kafka_queue_poll(queue.get(), patience_ms)};
  if (!event) throw std::runtime_error{"the broker at " + impl_->address + " does not answer"};
  must(rd_kafka_event_error(event.get()), "create topic " + name);
  std::size_t count = 0;
  const auto** results =
      rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event.get()), &count);
  must(rd_kafka_topic_result_error(results[0]), "create topic " + name);
}

void Broker::send(const std::string& topic, const std::vector<std::string>& values) {
  for (const auto& value : values) {
    for (;;) {
      std::array<rd_kafka_vu_t, 3> fields{};
      fields[0].vtype = RD_KAFKA_VTYPE_TOPIC;
      fields[0].u.cstr = topic.c_str();
      fields[1].vtype = RD_KAFKA_VTYPE_VALUE;
      fields[1].u.mem = {.ptr = const_cast<char*>(value.data()), .size = value.size()};
      fields[2].vtype = RD_KAFKA_VTYPE_MSGFLAGS;
      fields[2].u.i = RD_KAFKA_MSG_F_COPY;
      auto* error = rd_kafka_produceva(impl_->producer.get(), fields.data(), fields.size());
      if (!error) break;
      const auto code = rd_kafka_error_code(error);
      rd_kafka_error_destroy(error);
      if (code != RD_KAFKA_RESP_ERR__QUEUE_FULL) must(code, "send to " + topic);
      rd_kafka_poll(impl_->producer.get(), 10);
    }
  }
  must(rd_kafka_flush(impl_->producer.get(), 3 * patience_ms), "send to " + topic);
}

std::vector<Received> Broker::read(const std::string& topic) {
  return await(topic, std::chrono::seconds{60}, [until = end(topic)](const auto& records) {
    return static_cast<std::int64_t>(records.size()) >= until;
  });
}

std::vector<Received> Broker::await(
    const std::string& topic,
    std::chrono::seconds patience,
    const std::function<bool(const std::vector<Received>&)>& enough) {
  const auto until = std::chrono::steady_clock::now() + patience;
  const auto partitions = impl_->partitions(topic);
  const auto consumer = impl_->reader(partitions.get());
  std::vector<Received> records;
  while (!enough(records) && std::chrono::steady_clock::now() < until) {
    const Owned<rd_kafka_message_t> message{rd_kafka_consumer_poll(consumer.get(), 100)};
    if (message && message->err == RD_KAFKA_RESP_ERR_NO_ERROR)
      records.push_back(received(*message));
  }
  return records;
}

std::int64_t Broker::end(const std::string& topic) {
  const auto partitions = impl_->partitions(topic);
  std::int64_t sum = 0;
  for (int i = 0; i < partitions->cnt; ++i)
    sum += impl_->end(topic, partitions->elems[i].partition);
  return sum;
}

std::int64_t Broker::committed(const std::string& group, const std::string& topic) {
  const auto partitions = impl_->partitions(topic);
  const auto consumer =
      client(RD_KAFKA_CONSUMER, {{"bootstrap.servers", impl_->address}, {"group.id", group}});
  must(rd_kafka_committed(consumer.get(), partitions.get(), patience_ms), "committed offsets");
  std::int64_t sum = 0;
  for (int i = 0; i < partitions->cnt; ++i)
    sum += std::max<std::int64_t>(partitions->elems[i].offset, 0);
  return sum;
}

}  // namespace sallyport::testing
