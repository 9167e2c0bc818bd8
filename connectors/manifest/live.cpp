#include "connectors/manifest/live.hpp"

#include <fmt/format.h>

namespace sallyport::connectors::manifest {

LiveConnector::LiveConnector(Config config, Surroundings surroundings)
    : config_{std::move(config)},
      surroundings_{std::move(surroundings)},
      file_{{config_.manifest}, {}},
      verbs_now_{&*verbs_.emplace().first} {}

Result<std::shared_ptr<LiveConnector>> LiveConnector::make(Config config,
                                                           Surroundings surroundings) {
  if (config.manifest.empty()) return fail(Errc::invalid_input, "manifest: names the file");
  std::shared_ptr<LiveConnector> made{
      new LiveConnector{std::move(config), std::move(surroundings)}};
  const auto read = made->reload_if_changed();
  if (!read) return std::unexpected{read.error()};
  return made;
}

Result<bool> LiveConnector::reload_if_changed() {
  if (!file_.changed()) return false;
  auto again = read_again();
  const std::scoped_lock lock{mutex_};
  trouble_ = again ? std::string{} : again.error().detail;
  return again;
}

Result<bool> LiveConnector::read_again() {
  std::error_code error;
  if (!std::filesystem::exists(config_.manifest, error)) return false;
  const auto plan = load(config_.manifest, *surroundings_.catalogue);
  if (!plan) return std::unexpected{plan.error()};
  auto made = Connector::make(
      *plan, config_, surroundings_.places, surroundings_.clock, surroundings_.executor);
  if (!made) return std::unexpected{made.error()};
  const std::scoped_lock lock{mutex_};
  current_ = *std::move(made);
  verbs_now_ = &*verbs_.insert(current_->verbs()).first;
  return true;
}

std::shared_ptr<Connector> LiveConnector::current() const {
  const std::scoped_lock lock{mutex_};
  return current_;
}

Error LiveConnector::absent() const {
  return {
      .code = Errc::unavailable,
      .detail = fmt::format("{}: the manifest {} is not there", config_.name, config_.manifest)};
}

std::optional<ConnectorSpec> LiveConnector::product() const {
  const auto connector = current();
  return connector ? std::optional{connector->plan().connector} : std::nullopt;
}

std::string LiveConnector::trouble() const {
  const std::scoped_lock lock{mutex_};
  if (!trouble_.empty() || current_) return trouble_;
  return absent().detail;
}

Result<std::vector<Planned>> LiveConnector::preview(const act::Operation& operation) const {
  const auto connector = current();
  if (!connector) return std::unexpected{absent()};
  return connector->preview(operation);
}

const std::vector<std::string>& LiveConnector::verbs() const {
  const std::scoped_lock lock{mutex_};
  return *verbs_now_;
}

Result<> LiveConnector::check(const act::Operation& operation) const {
  const auto connector = current();
  if (!connector) return std::unexpected{absent()};
  return connector->check(operation);
}

Task<act::Reading> LiveConnector::read(act::Operation operation, Deadline deadline) {
  const auto connector = current();
  if (!connector) co_return std::unexpected{absent()};
  co_return co_await connector->read(std::move(operation), deadline);
}

Task<model::Outcome> LiveConnector::execute(act::Operation operation, Deadline deadline) {
  const auto connector = current();
  if (!connector) co_return std::unexpected{absent()};
  co_return co_await connector->execute(std::move(operation), deadline);
}

act::Inverse LiveConnector::inverse(const act::Operation& operation,
                                    const act::Reading& before) const {
  const auto connector = current();
  if (!connector) return {.operation = {}, .why = absent().detail};
  return connector->inverse(operation, before);
}

}  // namespace sallyport::connectors::manifest
