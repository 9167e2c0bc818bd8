#include "engine/app/kafka_intake.hpp"

#include "engine/base/secret.hpp"
#include "engine/ingest/dead_letter.hpp"
#include "engine/ingest/kafka.hpp"
#include "engine/ingest/publisher.hpp"

#include <boost/asio/post.hpp>
#include <fmt/format.h>

#include <regex>
#include <utility>

namespace sallyport::app {

namespace {

/// What is kept of a dead letter that no topic takes whole.
constexpr std::size_t cut_bytes = 256ULL << 10U;

/// With the secrets that resolve; those that do not are appended to `faults`.
std::map<std::string, std::string> properties_of(const config::KafkaSettings& settings,
                                                 Faults& faults) {
  auto properties = settings.properties;
  for (const auto& [name, reference] : settings.secret_properties) {
    const auto secret = resolve_secret(reference);
    if (secret) {
      properties[name] = secret->reveal();
    } else {
      faults.push_back(
          {.pointer = child("/kafka/secret_properties", name), .message = secret.error().detail});
    }
  }
  return properties;
}

ingest::KafkaSourceOptions source_options(const config::Settings& settings,
                                          std::map<std::string, std::string> properties) {
  ingest::KafkaSourceOptions options{.brokers = settings.kafka.brokers,
                                     .group = settings.kafka.group,
                                     .topics = {},
                                     .properties = std::move(properties),
                                     .max_in_flight = settings.ingest.max_in_flight,
                                     .max_in_flight_bytes = settings.ingest.max_in_flight_bytes};
  for (const auto& topic : settings.kafka.topics) options.topics.push_back(topic.name);
  return options;
}

bool is_pattern(const config::TopicSettings& topic) {
  return topic.name.starts_with('^');
}

/// librdkafka searches patterns with the C library's regcomp(); so do we, closely enough.
std::regex pattern_of(const config::TopicSettings& topic) {
  return std::regex{topic.name, std::regex::extended};
}

}  // namespace

struct KafkaIntake::Impl {
  config::KafkaSettings settings;
  Pipeline* pipeline = nullptr;
  observe::Log log = observe::Log::silent();
  std::unique_ptr<ingest::KafkaSink> sink;
  std::unique_ptr<ingest::Publisher> publisher;
  std::unique_ptr<ingest::KafkaSource> source;
  std::optional<observe::Metrics::Counter> dead_letters;

  [[nodiscard]] const config::TopicSettings& settings_of(const std::string& topic) const {
    for (const auto& known : settings.topics) {
      if (known.name == topic) return known;
      if (is_pattern(known) && std::regex_search(topic, pattern_of(known))) return known;
    }
    return settings.topics.front();
  }

  void take(ingest::KafkaMessage message, ingest::KafkaSource::Done done);
  void bury(ingest::KafkaMessage message, std::string reason, ingest::KafkaSource::Done done);
};

void KafkaIntake::Impl::take(ingest::KafkaMessage message, ingest::KafkaSource::Done done) {
  const auto& topic = settings_of(message.topic);
  ingest::RawAlert raw{
      .bytes = message.bytes,
      .arrival = {.source = topic.source.empty() ? std::nullopt : std::optional{topic.source},
                  .tenant = topic.tenant,
                  .received_at = message.received_at},
      .intake = "kafka"};
  // The offset passes when both have happened: what is refused has to reach the dead-letter topic
  // first.
  auto shared = std::make_shared<ingest::KafkaSource::Done>(std::move(done));
  auto refused = std::make_shared<bool>(false);
  pipeline->submit(
      std::move(raw),
      [this, message = std::move(message), shared, refused](
          Result<ingest::Receipt> receipt) mutable {
        if (receipt) return;
        *refused = true;
        if (receipt.error().code == Errc::invalid_input ||
            receipt.error().code == Errc::not_found) {
          dead_letters->add();
          bury(std::move(message), receipt.error().detail, std::move(*shared));
          return;
        }
        // The store is in trouble, the alert is not: it waits, unacknowledged, and is tried again.
        log.error("alert not stored; trying again",
                  {{"topic", message.topic},
                   {"offset", message.offset},
                   {"why", receipt.error().detail}});
        pipeline->later([this, message = std::move(message), shared]() mutable {
          take(std::move(message), std::move(*shared));
        });
      },
      [shared, refused] {
        if (!*refused) (*shared)();
      });
}

void KafkaIntake::Impl::bury(ingest::KafkaMessage message,
                             std::string reason,
                             ingest::KafkaSource::Done done) {
  log.debug("dead letter",
            {{"topic", message.topic}, {"offset", message.offset}, {"reason", reason}});
  if (settings.output.dead_letter.empty()) return done();
  // The message waits here until the broker has it; the source stops reading when too many wait.
  auto letter = std::make_shared<ingest::KafkaMessage>(message);
  auto record = ingest::dead_letter(
      settings.output.dead_letter, std::move(message), reason, settings_of(letter->topic).source);
  sink->send(
      std::move(record),
      [this, letter, reason = std::move(reason), done = std::move(done)](
          const Result<>& delivered) mutable {
        if (delivered) return done();
        if (delivered.error().code == Errc::invalid_input && letter->bytes.size() > cut_bytes) {
          // More than the topic takes: its beginning says more than nothing.
          reason += fmt::format("; cut: the {} bytes are more than the topic takes", letter->size);
          letter->bytes.resize(cut_bytes);
        } else {
          log.warn("dead letter not delivered; trying again", {{"why", delivered.error().detail}});
        }
        pipeline->later(
            [this, letter, reason = std::move(reason), done = std::move(done)]() mutable {
              bury(std::move(*letter), std::move(reason), std::move(done));
            });
      });
}

void KafkaIntake::check(const config::Settings& settings, Faults& faults) {
  const auto refuse = [&](std::string pointer, std::string message) {
    faults.push_back({.pointer = std::move(pointer), .message = std::move(message)});
  };
  const auto& topics = settings.kafka.topics;
  for (std::size_t i = 0; i < topics.size(); ++i) {
    try {
      if (is_pattern(topics[i])) (void)pattern_of(topics[i]);
    } catch (const std::regex_error& error) {
      refuse(child("/kafka/topics", i),
             fmt::format("'{}' is no pattern: {}", topics[i].name, error.what()));
    }
  }
  auto properties = properties_of(settings.kafka, faults);
  if (has_errors(faults)) return;
  // Clients without a broker look at their properties and speak to nobody.
  const auto sink = ingest::KafkaSink::make({.brokers = {}, .properties = properties}, {});
  if (!sink) return refuse("/kafka/properties", sink.error().detail);
  auto options = source_options(settings, std::move(properties));
  options.brokers.clear();
  const SystemClock clock;
  const auto source = ingest::KafkaSource::make(std::move(options), clock, {}, {});
  if (!source) refuse("/kafka", source.error().detail);
}

Result<std::unique_ptr<KafkaIntake>> KafkaIntake::start(const config::Settings& settings,
                                                        Pipeline& pipeline,
                                                        store::Store& store,
                                                        const model::Catalogue& catalogue,
                                                        const Clock& clock,
                                                        observe::Log log) {
  auto impl = std::make_unique<Impl>();
  impl->settings = settings.kafka;
  impl->pipeline = &pipeline;
  impl->log = log;
  impl->dead_letters =
      pipeline.metrics().counter("sallyport_dead_letters_total", "Messages that are no alerts", {});
  const ingest::KafkaLog kafka_log = [log](int level, std::string_view text) {
    if (level <= 3) {
      log.error(text);
    } else if (level == 4) {
      log.warn(text);
    } else {
      log.debug(text);
    }
  };
  Faults faults;
  auto properties = properties_of(settings.kafka, faults);
  if (!faults.empty()) return fail(Errc::invalid_input, settings.render(faults));

  auto sink = ingest::KafkaSink::make({.brokers = settings.kafka.brokers, .properties = properties},
                                      kafka_log);
  if (!sink) return std::unexpected{sink.error()};
  impl->sink = *std::move(sink);

  const auto& output = settings.kafka.output;
  ingest::PublisherOptions publishing;
  publishing.feed.topics = {
      .verdicts = output.verdicts, .actions = output.actions, .ledger = output.ledger};
  impl->publisher = std::make_unique<ingest::Publisher>(
      store,
      catalogue,
      publishing,
      [to = impl->sink.get()](ingest::KafkaRecord record, ingest::KafkaSink::Delivered delivered) {
        to->send(std::move(record), std::move(delivered));
      },
      kafka_log);
  impl->publisher->start();

  auto source = ingest::KafkaSource::make(
      source_options(settings, std::move(properties)),
      clock,
      [self = impl.get()](ingest::KafkaMessage message, ingest::KafkaSource::Done done) {
        self->take(std::move(message), std::move(done));
      },
      kafka_log);
  if (!source) return std::unexpected{source.error()};
  impl->source = *std::move(source);
  impl->source->start();
  return std::unique_ptr<KafkaIntake>{new KafkaIntake{std::move(impl)}};
}

KafkaIntake::KafkaIntake(std::unique_ptr<Impl> impl) : impl_{std::move(impl)} {}

KafkaIntake::~KafkaIntake() = default;

void KafkaIntake::stop_reading(std::chrono::milliseconds patience) {
  impl_->source->stop(patience);
}

void KafkaIntake::stop_publishing(std::chrono::milliseconds patience) {
  impl_->publisher->stop(patience);
  (void)impl_->sink->flush(patience);  // what was not delivered goes again at the next start
}

bool KafkaIntake::ready() const {
  return impl_->source->status().assigned;
}

}  // namespace sallyport::app
