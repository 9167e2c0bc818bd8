#include "engine/config/settings.hpp"

#include <fmt/format.h>

#include <array>

namespace sallyport::config {

namespace {

namespace fs = std::filesystem;

void check(const Settings& settings, Faults& faults) {
  const auto refuse = [&](std::string pointer, std::string message) {
    faults.push_back({.pointer = std::move(pointer), .message = std::move(message)});
  };
  static constexpr std::array roles{"viewer", "analyst", "approver", "admin", "ingest"};
  for (std::size_t i = 0; i < settings.http.tokens.size(); ++i) {
    const auto& token = settings.http.tokens[i];
    const auto at = child("/http/tokens", i);
    if (token.name.empty()) refuse(at, "a token needs a name: it is who the ledger says did it");
    if (token.roles.empty())
      refuse(at, fmt::format("a token needs roles: {}", fmt::join(roles, ", ")));
    for (std::size_t j = 0; j < token.roles.size(); ++j) {
      if (std::ranges::find(roles, token.roles[j]) == roles.end()) {
        refuse(child(child(at, "roles"), j),
               fmt::format("no role '{}'; known are {}", token.roles[j], fmt::join(roles, ", ")));
      }
    }
  }
  if (settings.http.tls.certificate.empty() != settings.http.tls.key.empty())
    refuse("/http/tls", "certificate and key come together");
  for (std::size_t i = 0; i < settings.kafka.topics.size(); ++i) {
    if (settings.kafka.topics[i].tenant.empty())
      refuse(child("/kafka/topics", i), "a topic needs a tenant");
  }
  if (settings.ingest.max_alert_depth < 8 || settings.ingest.max_alert_depth > 512)
    refuse("/ingest/max_alert_depth", "from 8 to 512");
  if (settings.ingest.max_in_flight == 0) refuse("/ingest/max_in_flight", "at least 1");
  if (settings.actions.attempts == 0) refuse("/actions/attempts", "at least 1");
  if (settings.approvals.expire_after_s == 0) refuse("/approvals/expire_after_s", "at least 1");
  if (settings.ledger.checkpoint_entries == 0) refuse("/ledger/checkpoint_entries", "at least 1");
  if (settings.ledger.checkpoint_s == 0) refuse("/ledger/checkpoint_s", "at least 1");
  static constexpr std::array levels{"trace", "debug", "info", "warn", "error"};
  if (std::ranges::find(levels, settings.log.level) == levels.end())
    refuse("/log/level", fmt::format("one of {}", fmt::join(levels, ", ")));
  if (settings.log.format != "text" && settings.log.format != "json")
    refuse("/log/format", "text or json");
}

void make_absolute(Settings& settings, const fs::path& folder) {
  const auto absolute = [&](std::string& path) {
    if (!path.empty() && fs::path{path}.is_relative())
      path = (folder / path).lexically_normal().string();
  };
  absolute(settings.data_dir);
  absolute(settings.policy);
  absolute(settings.reasoner);
  absolute(settings.schemas);
  absolute(settings.http.tls.certificate);
  absolute(settings.http.tls.key);
  for (auto* files : {&settings.intel, &settings.assets, &settings.identities})
    for (auto& file : *files) absolute(file);
}

}  // namespace

Result<Settings> load_settings(const fs::path& file) {
  const auto document = Document::load(file);
  if (!document) return std::unexpected{document.error()};
  Settings settings;
  Faults faults;
  if (!document->root().is_null()) read_json(document->root(), settings, faults);
  check(settings, faults);
  if (has_errors(faults)) return fail(Errc::invalid_input, document->render(faults));
  std::error_code ignored;
  make_absolute(settings, fs::absolute(file, ignored).parent_path());
  return settings;
}

Result<Settings> default_settings() {
  const auto installed = home();
  if (!installed) return std::unexpected{installed.error()};
  const auto shipped = *installed / "config" / "sallyport.yaml";
  std::error_code ignored;
  if (fs::exists(shipped, ignored)) return load_settings(shipped);
  Settings settings;
  make_absolute(settings, *installed / "config");
  return settings;
}

}  // namespace sallyport::config
