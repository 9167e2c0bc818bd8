#include "engine/ingest/kafka.hpp"
#include "engine/ingest/rdkafka.hpp"

#include <librdkafka/rdkafka_mock.h>

namespace sallyport::ingest {

struct KafkaInProcess::Impl : rdkafka::Context {
  struct DestroyCluster {
    void operator()(rd_kafka_mock_cluster_t* p) const { rd_kafka_mock_cluster_destroy(p); }
  };

  rdkafka::Handle host;  ///< The mock cluster lives in a client, which must outlive it.
  std::unique_ptr<rd_kafka_mock_cluster_t, DestroyCluster> cluster;
  std::string brokers;
};

Result<std::unique_ptr<KafkaInProcess>> KafkaInProcess::start(
    const std::vector<std::string>& topics) {
  auto impl = std::make_unique<Impl>();
  auto conf = rdkafka::configure({}, {});
  if (!conf) return std::unexpected{conf.error()};
  rdkafka::attach(conf->get(), impl.get());
  auto host = rdkafka::create(RD_KAFKA_PRODUCER, *std::move(conf));
  if (!host) return std::unexpected{host.error()};
  impl->host = *std::move(host);
  impl->cluster.reset(rd_kafka_mock_cluster_new(impl->host.get(), 1));
  if (!impl->cluster) return fail(Errc::unavailable, "the in-process broker did not start");
  for (const auto& topic : topics)
    rd_kafka_mock_topic_create(impl->cluster.get(), topic.c_str(), 2, 1);
  impl->brokers = rd_kafka_mock_cluster_bootstraps(impl->cluster.get());
  return std::unique_ptr<KafkaInProcess>{new KafkaInProcess{std::move(impl)}};
}

KafkaInProcess::KafkaInProcess(std::unique_ptr<Impl> impl) : impl_{std::move(impl)} {}

KafkaInProcess::~KafkaInProcess() = default;

const std::string& KafkaInProcess::brokers() const noexcept {
  return impl_->brokers;
}

}  // namespace sallyport::ingest
