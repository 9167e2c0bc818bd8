#pragma once

#include "engine/config/document.hpp"

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace sallyport::config {

/// A Kafka topic that alerts come from.
struct TopicSettings {
  std::string name = "alerts";  ///< Or a pattern that begins with `^`.
  std::string tenant = "default";
  std::string source;  ///< Empty: recognised from the alert itself.
};

struct KafkaOutputSettings {
  std::string verdicts = "sallyport.verdicts";  ///< Empty: not published. So for each.
  std::string actions = "sallyport.actions";
  std::string ledger;
  std::string dead_letter = "sallyport.deadletter";
};

struct KafkaSettings {
  std::string brokers;  ///< Empty: no Kafka; alerts come over HTTP.
  std::string group = "sallyport";
  std::vector<TopicSettings> topics = {{}};
  KafkaOutputSettings output;
  std::map<std::string, std::string> properties;
  std::map<std::string, std::string>
      secret_properties;  ///< Values are references: env:, file:, credential:
};

struct TokenSettings {
  std::string name;
  std::string secret;              ///< A reference: env:, file:, credential:
  std::string tenant = "default";  ///< `*`: all.
  std::vector<std::string> roles;
};

struct TlsSettings {
  std::string certificate;  ///< PEM file; empty: no TLS.
  std::string key;
};

struct HttpSettings {
  std::string listen = "127.0.0.1:8080";  ///< Empty: no HTTP.
  TlsSettings tls;
  std::vector<TokenSettings> tokens;
  bool metrics_need_token = false;
  std::uint32_t max_connections = 1024;
  std::uint32_t max_header_bytes = 16384;
  std::uint64_t max_body_bytes = 16ULL << 20U;
  std::uint32_t request_timeout_s = 30;
  std::uint32_t idle_timeout_s = 60;
};

struct IngestSettings {
  std::uint64_t max_alert_bytes = 8ULL << 20U;
  std::uint32_t max_alert_depth = 64;
  std::uint32_t max_in_flight = 10000;
  std::uint64_t max_in_flight_bytes = 128ULL << 20U;
};

/// The slices of a budget that differ from the usual ones.
struct BudgetSettings {
  std::optional<std::uint32_t> context_ms;
  std::optional<std::uint32_t> enrich_ms;
  std::optional<std::uint32_t> reason_ms;
  std::optional<std::uint32_t> buffer_ms;
};

struct InvestigationSettings {
  std::uint32_t workers = 0;  ///< 0: one a core.
  std::uint32_t context_ms = 5000;
  std::uint32_t enrich_ms = 5000;
  std::uint32_t reason_ms = 10000;
  std::uint32_t buffer_ms = 10000;
  std::map<std::string, BudgetSettings> by_severity;
};

/// The language models that take part in investigations.
struct ModelSettings {
  std::vector<std::string> use;     ///< In this order, the first that answers; empty: none.
  std::vector<std::string> reader;  ///< The same for reading texts; empty: as `use`.
  bool read_text = true;            ///< Whether texts of alerts are read by a model at all.
  std::string from_severity = "low";
  std::uint32_t rounds = 1;
  std::uint32_t max_output_tokens = 1500;
  std::uint32_t at_once = 1000;
  std::uint32_t waiting = 1000;   ///< For one of these places.
  std::uint32_t least_ms = 8000;  ///< With less than this left an investigation does not begin one.
  std::uint32_t hedge_after_ms = 0;
  std::uint64_t daily_tokens = 0;  ///< Of a tenant; 0: no limit. So for `daily_usd`.
  double daily_usd = 0;
  /// Name -> {kind: openai | azure | ..., url: ..., ...}: the adapter reads its own keys.
  std::map<std::string, json::object> providers;
};

struct ApprovalSettings {
  std::uint32_t expire_after_s = 14400;
};

/// When a connector that does not answer is left alone.
struct BreakerSettings {
  std::uint32_t failures = 5;  ///< 0: never.
  std::uint32_t open_for_s = 30;
  std::uint32_t wait_for_s = 120;
};

/// When an action is looked at again after it came to rest.
struct WatchSettings {
  std::uint32_t every_s = 3600;  ///< 0: never.
  std::uint32_t for_s = 604800;
  std::uint32_t unclear_every_s = 60;
  std::uint32_t per_minute = 120;
};

struct ActionSettings {
  std::uint32_t request_timeout_s = 30;
  std::uint32_t verify_for_s = 30;
  std::uint32_t attempts = 3;
  std::uint32_t join_window_s = 3600;
  std::uint32_t at_once = 16;  ///< Requests to one connector.
  BreakerSettings breaker;
  WatchSettings watch;
};

/// When the engine takes a verb back to the queue (audit/track_record.hpp).
struct AutonomySettings {
  double agreement_floor = 0.8;   ///< 0: never for this reason.
  double rollback_ceiling = 0.2;  ///< 1: never for this reason.
  std::uint32_t window = 30;
  std::uint32_t min_samples = 5;
  std::uint32_t days = 30;
};

/// A webhook that people are told things by.
struct ChannelSettings {
  std::string url;
  std::string secret;   ///< A reference: env:, file:, credential:
  std::string ca_file;  ///< PEM; empty: the system's authorities.
  std::uint32_t timeout_s = 10;
};

struct NotificationSettings {
  std::uint32_t give_up_after_s = 86400;
  std::map<std::string, ChannelSettings> channels;
};

struct StoreSettings {
  std::uint32_t block_cache_mb = 64;
  std::uint32_t write_buffer_mb = 96;
  std::uint32_t group_window_us = 5000;
};

/// How long what can be spared is kept. The ledger, and what it speaks of, stays.
struct RetentionSettings {
  std::uint32_t graph_days = 90;
  std::uint32_t recordings_days = 90;  ///< 0: investigations are not recorded.
  std::uint32_t idempotency_hours = 24;
};

/// How often the end of each ledger is signed.
struct LedgerSettings {
  std::uint32_t checkpoint_entries = 10000;
  std::uint32_t checkpoint_s = 60;
};

struct LogSettings {
  std::string level = "info";
  std::string format = "text";  ///< text or json
};

/// config/sallyport.yaml. Paths, and the files of `file:` references, are relative to the folder of
/// that file.
struct Settings {
  std::string data_dir = "../data";
  std::string policy = "policy.yaml";
  std::string reasoner = "reasoner.yaml";
  std::string grouping = "grouping.yaml";  ///< Empty: each alert has its own investigation.
  std::string schemas;                     ///< Empty: the folder `schemas` of the installation.
  std::vector<std::string> intel;
  std::vector<std::string> assets;
  std::vector<std::string> identities;
  std::vector<std::string> vulnerabilities;
  std::vector<std::string> geoip;
  /// Name -> {url: ..., ...}: feeds of threat intelligence; the adapter reads its own keys.
  std::map<std::string, json::object> taxii;
  HttpSettings http;
  KafkaSettings kafka;
  IngestSettings ingest;
  InvestigationSettings investigation;
  ModelSettings models;
  ApprovalSettings approvals;
  ActionSettings actions;
  AutonomySettings autonomy;
  NotificationSettings notifications;
  StoreSettings store;
  RetentionSettings retention;
  LedgerSettings ledger;
  LogSettings log;
  /// A folder that is watched: its files are connectors, or manifests. Empty: none.
  std::string connectors_folder;
  /// Name -> {type: manifest | nftables | ldap | ssh, ...}; each adapter reads its own keys.
  std::map<std::string, json::object> connectors;

  /// What they were read from, to say where something stands; nullptr: from no file.
  std::shared_ptr<const Document> source;
  std::filesystem::path folder;  ///< Where relative paths begin; empty: the working directory.

  /// A path, or a reference to a secret, that a connector's options hold.
  [[nodiscard]] std::string path_of(const std::string& written) const;
  [[nodiscard]] std::string secret_of(const std::string& reference) const;

  /// The faults, one a line, with file, line and column where they came from a file.
  [[nodiscard]] std::string render(const Faults& faults) const;
};

BOOST_DESCRIBE_STRUCT(TopicSettings, (), (name, tenant, source))
BOOST_DESCRIBE_STRUCT(KafkaOutputSettings, (), (verdicts, actions, ledger, dead_letter))
BOOST_DESCRIBE_STRUCT(KafkaSettings,
                      (),
                      (brokers, group, topics, output, properties, secret_properties))
BOOST_DESCRIBE_STRUCT(TokenSettings, (), (name, secret, tenant, roles))
BOOST_DESCRIBE_STRUCT(TlsSettings, (), (certificate, key))
BOOST_DESCRIBE_STRUCT(HttpSettings,
                      (),
                      (listen,
                       tls,
                       tokens,
                       metrics_need_token,
                       max_connections,
                       max_header_bytes,
                       max_body_bytes,
                       request_timeout_s,
                       idle_timeout_s))
BOOST_DESCRIBE_STRUCT(IngestSettings,
                      (),
                      (max_alert_bytes, max_alert_depth, max_in_flight, max_in_flight_bytes))
BOOST_DESCRIBE_STRUCT(BudgetSettings, (), (context_ms, enrich_ms, reason_ms, buffer_ms))
BOOST_DESCRIBE_STRUCT(InvestigationSettings,
                      (),
                      (workers, context_ms, enrich_ms, reason_ms, buffer_ms, by_severity))
BOOST_DESCRIBE_STRUCT(ModelSettings,
                      (),
                      (use,
                       reader,
                       read_text,
                       from_severity,
                       rounds,
                       max_output_tokens,
                       at_once,
                       waiting,
                       least_ms,
                       hedge_after_ms,
                       daily_tokens,
                       daily_usd,
                       providers))
BOOST_DESCRIBE_STRUCT(ApprovalSettings, (), (expire_after_s))
BOOST_DESCRIBE_STRUCT(BreakerSettings, (), (failures, open_for_s, wait_for_s))
BOOST_DESCRIBE_STRUCT(WatchSettings, (), (every_s, for_s, unclear_every_s, per_minute))
BOOST_DESCRIBE_STRUCT(
    ActionSettings,
    (),
    (request_timeout_s, verify_for_s, attempts, join_window_s, at_once, breaker, watch))
BOOST_DESCRIBE_STRUCT(AutonomySettings,
                      (),
                      (agreement_floor, rollback_ceiling, window, min_samples, days))
BOOST_DESCRIBE_STRUCT(ChannelSettings, (), (url, secret, ca_file, timeout_s))
BOOST_DESCRIBE_STRUCT(NotificationSettings, (), (give_up_after_s, channels))
BOOST_DESCRIBE_STRUCT(StoreSettings, (), (block_cache_mb, write_buffer_mb, group_window_us))
BOOST_DESCRIBE_STRUCT(RetentionSettings, (), (graph_days, recordings_days, idempotency_hours))
BOOST_DESCRIBE_STRUCT(LedgerSettings, (), (checkpoint_entries, checkpoint_s))
BOOST_DESCRIBE_STRUCT(LogSettings, (), (level, format))
BOOST_DESCRIBE_STRUCT(Settings,
                      (),
                      (data_dir,
                       policy,
                       reasoner,
                       grouping,
                       schemas,
                       intel,
                       assets,
                       identities,
                       vulnerabilities,
                       geoip,
                       taxii,
                       http,
                       kafka,
                       ingest,
                       investigation,
                       models,
                       approvals,
                       actions,
                       autonomy,
                       notifications,
                       store,
                       retention,
                       ledger,
                       log,
                       connectors_folder,
                       connectors))

/// Reads the settings file and makes its paths absolute; those in `connectors` stay as they are
/// written (path_of()). Without `file`: the shipped config/sallyport.yaml if it is there, else
/// every default. Errors: not_found, invalid_input (every fault, one a line, file:line:column).
[[nodiscard]] Result<Settings> load_settings(const std::filesystem::path& file);

}  // namespace sallyport::config
