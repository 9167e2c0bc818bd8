#include "engine/ingest/kafka.hpp"
#include "engine/ingest/offsets.hpp"
#include "engine/ingest/rdkafka.hpp"

#include <fmt/format.h>

#include <atomic>
#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>

namespace sallyport::ingest {

namespace {

using PartitionName = std::pair<std::string, std::int32_t>;

constexpr std::size_t max_message_bytes = 64ULL << 20U;

/// How long we leave the client alone when there is no room. A pause would throw away what it has
/// fetched, so it is for those who are slow for longer than that.
constexpr std::chrono::seconds short_wait{2};
constexpr std::chrono::milliseconds moment{50};

}  // namespace

struct KafkaSource::Impl : rdkafka::Context {
  KafkaSourceOptions options;
  const Clock* clock = nullptr;
  Handler handler;
  rdkafka::Handle client;
  std::thread thread;
  std::atomic<bool> stopping = false;

  /// Shared with the `done` of messages in flight, which may outlive the source.
  struct InFlight {
    std::mutex mutex;
    std::condition_variable idle;  ///< Nothing is in flight.
    std::condition_variable room;
    std::map<PartitionName, Offsets> partitions;
    /// Counts assignments: what belongs to an earlier one is no longer ours to commit.
    std::uint64_t generation = 0;
    std::size_t messages = 0;
    std::size_t bytes = 0;
    bool assigned = false;
    std::size_t most_messages = 0;
    std::size_t most_bytes = 0;

    [[nodiscard]] bool full() const { return messages >= most_messages || bytes >= most_bytes; }

    [[nodiscard]] bool low() const {
      return messages <= most_messages / 2 && bytes <= most_bytes / 2;
    }
  };

  std::shared_ptr<InFlight> in_flight = std::make_shared<InFlight>();
  std::atomic<bool> paused = false;
  std::atomic<std::uint64_t> received = 0;

  void on_rebalance(rd_kafka_resp_err_t error, rd_kafka_topic_partition_list_t* partitions) {
    if (error == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
      rd_kafka_assign(client.get(), partitions);
      const std::scoped_lock lock{in_flight->mutex};
      in_flight->assigned = true;
      paused = false;  // what was paused was paused in the assignment before
      return;
    }
    // What is durable by now is committed before another member takes over; the rest it will read
    // again.
    commit(/*wait=*/true);
    {
      const std::scoped_lock lock{in_flight->mutex};
      in_flight->partitions.clear();
      ++in_flight->generation;
    }
    rd_kafka_assign(client.get(), nullptr);
  }

  void commit(bool wait) {
    rdkafka::Partitions list{rd_kafka_topic_partition_list_new(8)};
    {
      const std::scoped_lock lock{in_flight->mutex};
      for (auto& [partition, offsets] : in_flight->partitions) {
        if (const auto offset = offsets.take_committable()) {
          rd_kafka_topic_partition_list_add(list.get(), partition.first.c_str(), partition.second)
              ->offset = *offset;
        }
      }
    }
    if (list->cnt == 0) return;
    const auto error = rd_kafka_commit(client.get(), list.get(), wait ? 0 : 1);
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR && error != RD_KAFKA_RESP_ERR__NO_OFFSET && log) {
      // Harmless: the messages come again and are recognised.
      log(4, fmt::format("kafka commit: {}", rd_kafka_err2str(error)));
    }
  }

  /// Whether another message may be taken; waits a moment for it.
  bool has_room() {
    std::unique_lock lock{in_flight->mutex};
    return !in_flight->full() ||
           in_flight->room.wait_for(lock, moment, [this] { return in_flight->low(); });
  }

  void pause(bool wanted) {
    if (wanted == paused) return;
    rd_kafka_topic_partition_list_t* raw = nullptr;
    if (rd_kafka_assignment(client.get(), &raw) != RD_KAFKA_RESP_ERR_NO_ERROR) return;
    const rdkafka::Partitions assigned{raw};
    if (wanted) {
      rd_kafka_pause_partitions(client.get(), assigned.get());
    } else {
      rd_kafka_resume_partitions(client.get(), assigned.get());
    }
    paused = wanted;
  }

  void take(rdkafka::Message message) {
    if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
      if (log) log(4, fmt::format("kafka: {}", rd_kafka_message_errstr(message.get())));
      return;
    }
    KafkaMessage taken{.topic = rd_kafka_topic_name(message->rkt),
                       .partition = message->partition,
                       .offset = message->offset,
                       .truncated = message->len > max_message_bytes,
                       .size = message->len,
                       .received_at = clock->now()};
    taken.bytes.assign(static_cast<const char*>(message->payload),
                       std::min(message->len, max_message_bytes));
    message.reset();

    const PartitionName partition{taken.topic, taken.partition};
    const auto offset = taken.offset;
    const auto bytes = taken.bytes.size();
    std::uint64_t generation = 0;
    {
      const std::scoped_lock lock{in_flight->mutex};
      in_flight->partitions[partition].began(offset);
      generation = in_flight->generation;
      ++in_flight->messages;
      in_flight->bytes += bytes;
    }
    ++received;
    handler(std::move(taken), [shared = in_flight, partition, offset, bytes, generation] {
      const std::scoped_lock lock{shared->mutex};
      --shared->messages;
      shared->bytes -= bytes;
      if (shared->generation == generation) shared->partitions[partition].ended(offset);
      if (shared->low()) shared->room.notify_one();
      if (shared->messages == 0) shared->idle.notify_all();
    });
  }

  void run() {
    using std::chrono::steady_clock;
    auto next_commit = steady_clock::now() + options.commit_interval;
    auto had_room = steady_clock::now();
    while (!stopping) {
      const auto now = steady_clock::now();
      if (has_room()) {
        had_room = now;
        pause(false);
      } else if (now - had_room > short_wait) {
        pause(true);
      }
      if (paused || had_room == now) {
        // Also while paused, or the group would think that we are gone.
        rdkafka::Message message{rd_kafka_consumer_poll(client.get(), moment.count())};
        if (message) take(std::move(message));
      }
      if (now >= next_commit) {
        commit(/*wait=*/false);
        next_commit = now + options.commit_interval;
      }
    }
  }
};

Result<std::unique_ptr<KafkaSource>> KafkaSource::make(KafkaSourceOptions options,
                                                       const Clock& clock,
                                                       Handler handler,
                                                       KafkaLog log) {
  if (options.topics.empty()) return fail(Errc::invalid_input, "no topic to read from");
  auto impl = std::make_unique<Impl>();
  impl->log = std::move(log);
  impl->clock = &clock;
  impl->handler = std::move(handler);

  auto conf =
      rdkafka::configure({{"bootstrap.servers", options.brokers},
                          {"group.id", options.group},
                          {"enable.auto.commit", "false"},
                          {"enable.auto.offset.store", "false"},
                          {"auto.offset.reset", "earliest"},
                          {"partition.assignment.strategy", "range,roundrobin"},
                          {"queued.max.messages.kbytes", "32768"},
                          {"topic.metadata.refresh.interval.ms", "10000"},
                          {"allow.auto.create.topics", "true"},
                          {"client.id", "sallyport"},
                          // After a crash the group waits this long for the one that is gone.
                          {"session.timeout.ms", "10000"},
                          // What was fetched is thrown away by a pause; fetch again soon.
                          {"fetch.wait.max.ms", "100"}},
                         options.properties);
  if (!conf) return std::unexpected{conf.error()};
  rdkafka::attach(conf->get(), impl.get());
  rd_kafka_conf_set_rebalance_cb(conf->get(),
                                 [](rd_kafka_t*,
                                    rd_kafka_resp_err_t error,
                                    rd_kafka_topic_partition_list_t* partitions,
                                    void* opaque) {
                                   auto* context = static_cast<rdkafka::Context*>(opaque);
                                   static_cast<Impl*>(context)->on_rebalance(error, partitions);
                                 });

  auto client = rdkafka::create(RD_KAFKA_CONSUMER, *std::move(conf));
  if (!client) return std::unexpected{client.error()};
  impl->client = *std::move(client);
  rd_kafka_poll_set_consumer(impl->client.get());

  rdkafka::Partitions topics{rd_kafka_topic_partition_list_new(8)};
  for (const auto& topic : options.topics)
    rd_kafka_topic_partition_list_add(topics.get(), topic.c_str(), RD_KAFKA_PARTITION_UA);
  impl->in_flight->most_messages = options.max_in_flight;
  impl->in_flight->most_bytes = options.max_in_flight_bytes;
  impl->options = std::move(options);
  const auto error = rd_kafka_subscribe(impl->client.get(), topics.get());
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR)
    return fail(Errc::invalid_input, fmt::format("topics: {}", rd_kafka_err2str(error)));
  return std::unique_ptr<KafkaSource>{new KafkaSource{std::move(impl)}};
}

KafkaSource::KafkaSource(std::unique_ptr<Impl> impl) : impl_{std::move(impl)} {}

KafkaSource::~KafkaSource() {
  stop(std::chrono::milliseconds{0});
}

void KafkaSource::start() {
  impl_->thread = std::thread{[this] { impl_->run(); }};
}

void KafkaSource::stop(std::chrono::milliseconds patience) {
  if (!impl_->client) return;
  impl_->stopping = true;
  if (impl_->thread.joinable()) impl_->thread.join();
  {
    std::unique_lock lock{impl_->in_flight->mutex};
    impl_->in_flight->idle.wait_for(
        lock, patience, [this] { return impl_->in_flight->messages == 0; });
  }
  impl_->commit(/*wait=*/true);
  rd_kafka_consumer_close(impl_->client.get());
  impl_->client.reset();
}

KafkaSource::Status KafkaSource::status() const {
  const std::scoped_lock lock{impl_->in_flight->mutex};
  return {.assigned = impl_->in_flight->assigned,
          .paused = impl_->paused,
          .in_flight = impl_->in_flight->messages,
          .in_flight_bytes = impl_->in_flight->bytes,
          .received = impl_->received};
}

}  // namespace sallyport::ingest
