#include "engine/config/settings.hpp"

#include "engine/base/spelling.hpp"

#include <fmt/format.h>

#include <array>
#include <functional>
#include <utility>

namespace sallyport::config {

namespace {

namespace fs = std::filesystem;

/// Properties of librdkafka that the engine sets itself: another value would lose alerts, or reach
/// another cluster than `brokers`.
constexpr auto own_properties = std::to_array<std::pair<std::string_view, std::string_view>>({
    {"bootstrap.servers", "kafka.brokers names them"},
    {"metadata.broker.list", "kafka.brokers names them"},
    {"group.id", "kafka.group names it"},
    {"enable.auto.commit", "an offset is committed when its alert is durable"},
    {"auto.commit.enable", "an offset is committed when its alert is durable"},
    {"enable.auto.offset.store", "an offset is committed when its alert is durable"},
    {"enable.idempotence", "records are published once and in order"},
    {"acks", "a record counts as published when all replicas have it"},
    {"request.required.acks", "a record counts as published when all replicas have it"},
});

/// Whether a property of librdkafka holds the path of a file. `probe` lets it look for the
/// system's.
bool is_path(std::string_view property, std::string_view value) {
  return value != "probe" && (property.ends_with(".location") || property.ends_with(".keytab"));
}

using Refuse = std::function<void(std::string pointer, std::string message)>;

void check_autonomy(const AutonomySettings& autonomy, const Refuse& refuse) {
  constexpr std::uint32_t largest_window = 10'000;
  constexpr std::uint32_t most_days = 366;
  const auto is_share = [](double share) { return share >= 0 && share <= 1; };
  if (!is_share(autonomy.agreement_floor)) refuse("/autonomy/agreement_floor", "from 0 to 1");
  if (!is_share(autonomy.rollback_ceiling)) refuse("/autonomy/rollback_ceiling", "from 0 to 1");
  if (autonomy.min_samples == 0) refuse("/autonomy/min_samples", "at least 1");
  if (autonomy.window < autonomy.min_samples || autonomy.window > largest_window)
    refuse("/autonomy/window", fmt::format("from min_samples to {}", largest_window));
  if (autonomy.days == 0 || autonomy.days > most_days)
    refuse("/autonomy/days", fmt::format("from 1 to {}", most_days));
}

void check_notifications(const NotificationSettings& notifications, const Refuse& refuse) {
  if (notifications.give_up_after_s == 0) refuse("/notifications/give_up_after_s", "at least 1");
  for (const auto& [name, channel] : notifications.channels) {
    const auto at = child("/notifications/channels", name);
    if (name == "log" || name.empty() || name.find('\0') != std::string::npos)
      refuse(at, "a channel needs a name of its own; `log` is where everything is told");
    if (channel.url.empty()) refuse(at, "a channel needs a url");
    if (channel.secret.empty())
      refuse(at, "a channel needs a secret: without it nobody can tell who sent something");
    if (channel.timeout_s == 0) refuse(child(at, "timeout_s"), "at least 1");
  }
}

constexpr auto severities =
    std::to_array<std::string_view>({"informational", "low", "medium", "high", "critical"});

void check_budgets(const InvestigationSettings& usual, const Refuse& refuse) {
  constexpr std::uint64_t longest_ms = 600'000;
  const auto check_one = [&](const std::string& at, const BudgetSettings& own) {
    std::uint64_t total = own.context_ms.value_or(usual.context_ms);
    total += own.enrich_ms.value_or(usual.enrich_ms);
    total += own.reason_ms.value_or(usual.reason_ms);
    total += own.buffer_ms.value_or(usual.buffer_ms);
    if (total == 0 || total > longest_ms)
      refuse(at, fmt::format("a budget is from 1 to {} ms, all slices together", longest_ms));
  };
  check_one("/investigation", {});
  for (const auto& [name, own] : usual.by_severity) {
    const auto at = child("/investigation/by_severity", name);
    if (std::ranges::find(severities, name) == severities.end()) {
      refuse(at, fmt::format("no severity '{}': one of {}", name, fmt::join(severities, ", ")));
      continue;
    }
    check_one(at, own);
  }
}

void check(const Settings& settings, Faults& faults) {
  const Refuse refuse = [&](std::string pointer, std::string message) {
    faults.push_back({.pointer = std::move(pointer), .message = std::move(message)});
  };
  static const std::vector<std::string_view> roles{
      "viewer", "analyst", "approver", "admin", "ingest"};
  for (std::size_t i = 0; i < settings.http.tokens.size(); ++i) {
    const auto& token = settings.http.tokens[i];
    const auto at = child("/http/tokens", i);
    if (token.name.empty()) refuse(at, "a token needs a name: it is who the ledger says did it");
    if (token.roles.empty())
      refuse(at, fmt::format("a token needs roles: {}", fmt::join(roles, ", ")));
    for (std::size_t j = 0; j < token.roles.size(); ++j) {
      if (std::ranges::find(roles, token.roles[j]) == roles.end()) {
        refuse(child(child(at, "roles"), j),
               fmt::format("no role '{}'{}", token.roles[j], suggestion(token.roles[j], roles)));
      }
    }
  }
  if (settings.http.tls.certificate.empty() != settings.http.tls.key.empty())
    refuse("/http/tls", "certificate and key come together");
  for (std::size_t i = 0; i < settings.kafka.topics.size(); ++i) {
    if (settings.kafka.topics[i].tenant.empty())
      refuse(child("/kafka/topics", i), "a topic needs a tenant");
  }
  for (const auto& [name, why] : own_properties) {
    const std::string property{name};
    if (settings.kafka.properties.contains(property))
      refuse(child("/kafka/properties", name), fmt::format("not to be set here: {}", why));
    if (settings.kafka.secret_properties.contains(property))
      refuse(child("/kafka/secret_properties", name), fmt::format("not to be set here: {}", why));
  }
  if (!settings.kafka.brokers.empty() && settings.kafka.topics.empty())
    refuse("/kafka/topics", "name a topic to read from");
  if (settings.ingest.max_alert_depth < 8 || settings.ingest.max_alert_depth > 512)
    refuse("/ingest/max_alert_depth", "from 8 to 512");
  if (settings.ingest.max_in_flight == 0) refuse("/ingest/max_in_flight", "at least 1");
  if (settings.actions.at_once == 0) refuse("/actions/at_once", "at least 1");
  if (settings.actions.watch.unclear_every_s == 0)
    refuse("/actions/watch/unclear_every_s", "at least 1");
  if (settings.actions.watch.per_minute == 0) refuse("/actions/watch/per_minute", "at least 1");
  if (settings.actions.attempts == 0) refuse("/actions/attempts", "at least 1");
  if (settings.approvals.expire_after_s == 0) refuse("/approvals/expire_after_s", "at least 1");
  if (settings.retention.graph_days < 7)
    refuse("/retention/graph_days", "at least 7: an investigation looks back that far");
  if (settings.retention.idempotency_hours == 0)
    refuse("/retention/idempotency_hours", "at least 1");
  check_autonomy(settings.autonomy, refuse);
  check_notifications(settings.notifications, refuse);
  if (settings.ledger.checkpoint_entries == 0) refuse("/ledger/checkpoint_entries", "at least 1");
  if (settings.ledger.checkpoint_s == 0) refuse("/ledger/checkpoint_s", "at least 1");
  const auto& models = settings.models;
  for (const auto& [key, names] : {std::pair{"use", models.use}, {"reader", models.reader}}) {
    for (std::size_t i = 0; i < names.size(); ++i) {
      if (!models.providers.contains(names[i]))
        refuse(child(child("/models", key), i),
               fmt::format("'{}' is not under models.providers", names[i]));
    }
  }
  if (!models.reader.empty() && models.use.empty())
    refuse("/models/reader", "a reader without a model that judges: fill `use`");
  if (std::ranges::find(severities, models.from_severity) == severities.end())
    refuse("/models/from_severity", fmt::format("one of {}", fmt::join(severities, ", ")));
  check_budgets(settings.investigation, refuse);
  if (models.at_once == 0) refuse("/models/at_once", "at least 1");
  if (models.max_output_tokens < 200) refuse("/models/max_output_tokens", "at least 200");
  static constexpr std::array levels{"trace", "debug", "info", "warn", "error"};
  if (std::ranges::find(levels, settings.log.level) == levels.end())
    refuse("/log/level", fmt::format("one of {}", fmt::join(levels, ", ")));
  if (settings.log.format != "text" && settings.log.format != "json")
    refuse("/log/format", "text or json");
}

void make_absolute(Settings& settings) {
  for (auto* path : {&settings.data_dir,
                     &settings.policy,
                     &settings.reasoner,
                     &settings.grouping,
                     &settings.schemas,
                     &settings.connectors_folder,
                     &settings.http.tls.certificate,
                     &settings.http.tls.key})
    *path = settings.path_of(*path);
  for (auto* files : {&settings.intel,
                      &settings.assets,
                      &settings.identities,
                      &settings.vulnerabilities,
                      &settings.geoip})
    for (auto& file : *files) file = settings.path_of(file);
  for (auto& token : settings.http.tokens) token.secret = settings.secret_of(token.secret);
  for (auto& [name, channel] : settings.notifications.channels) {
    channel.secret = settings.secret_of(channel.secret);
    channel.ca_file = settings.path_of(channel.ca_file);
  }
  for (auto& [name, secret] : settings.kafka.secret_properties) secret = settings.secret_of(secret);
  for (auto& [name, value] : settings.kafka.properties)
    if (is_path(name, value)) value = settings.path_of(value);
}

Result<Settings> installed_settings() {
  const auto installed = home();
  if (!installed) return std::unexpected{installed.error()};
  const auto shipped = *installed / "config" / "sallyport.yaml";
  std::error_code ignored;
  if (fs::exists(shipped, ignored)) return load_settings(shipped);
  Settings settings;
  settings.folder = *installed / "config";
  make_absolute(settings);
  return settings;
}

/// The rules of grouping that are shipped, for settings that say nothing of it and have no such
/// file beside them: settings that are older than grouping go on to be enough.
void find_grouping(Settings& settings, const json::value& root) {
  const auto* keys = root.if_object();
  std::error_code ignored;
  if ((keys && keys->contains("grouping")) ||
      fs::exists(settings.path_of(settings.grouping), ignored))
    return;
  const auto installed = home();
  const auto shipped = installed ? *installed / "config" / settings.grouping : fs::path{};
  settings.grouping = fs::exists(shipped, ignored) ? shipped.string() : "";
}

}  // namespace

std::string Settings::path_of(const std::string& written) const {
  if (written.empty() || folder.empty() || fs::path{written}.is_absolute()) return written;
  return (folder / written).lexically_normal().string();
}

std::string Settings::secret_of(const std::string& reference) const {
  constexpr std::string_view file = "file:";
  if (!reference.starts_with(file)) return reference;
  return std::string{file} + path_of(reference.substr(file.size()));
}

std::string Settings::render(const Faults& faults) const {
  return source ? source->render(faults) : summary(faults);
}

Result<Settings> load_settings(const fs::path& file) {
  if (file.empty()) return installed_settings();
  auto document = Document::load(file);
  if (!document) return std::unexpected{document.error()};
  Settings settings;
  settings.source = std::make_shared<const Document>(*std::move(document));
  std::error_code ignored;
  settings.folder = fs::absolute(file, ignored).parent_path();
  Faults faults;
  const auto& root = settings.source->root();
  if (!root.is_null()) read_json(root, settings, faults);
  find_grouping(settings, root);
  check(settings, faults);
  if (has_errors(faults)) return fail(Errc::invalid_input, settings.render(faults));
  make_absolute(settings);
  return settings;
}

}  // namespace sallyport::config
