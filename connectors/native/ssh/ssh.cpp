#include "connectors/native/ssh/ssh.hpp"

#include "connectors/native/base/blocking.hpp"
#include "connectors/native/base/network.hpp"
#include "connectors/native/base/network_namespace.hpp"
#include "connectors/native/base/text.hpp"
#include "connectors/native/ssh/script.hpp"
#include "connectors/native/ssh/session.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace sallyport::connectors::ssh {

namespace {

Result<> check_config(const Config& config) {
  if (config.timeout_ms < 1) return fail(Errc::invalid_input, "timeout_ms: must be positive");
  if (!config.quarantine_dir.starts_with('/') || config.quarantine_dir.ends_with('/'))
    return fail(Errc::invalid_input, "quarantine_dir: must be an absolute path");
  for (const auto& [name, host] : config.hosts) {
    if (host.address.empty() || host.port == 0)
      return fail(Errc::invalid_input, fmt::format("hosts/{}: address and port are needed", name));
    if (host.fingerprints.empty() && config.known_hosts.empty())
      return fail(Errc::invalid_input,
                  fmt::format("hosts/{}: name its key in fingerprints or a known_hosts file; an "
                              "unknown key is never trusted",
                              name));
    if (host.key_file.empty() && config.key_file.empty())
      return fail(Errc::invalid_input, fmt::format("hosts/{}: no key_file to log in with", name));
    for (const auto& print : host.fingerprints) {
      if (!print.starts_with("SHA256:") || print.ends_with('='))
        return fail(Errc::invalid_input,
                    fmt::format("hosts/{}: `{}` is not as `ssh-keygen -l` prints it", name, print));
    }
  }
  for (const auto& text : config.management) {
    if (const auto network = Network::parse(text); !network)
      return fail(Errc::invalid_input,
                  fmt::format("management: `{}`: {}", text, network.error().detail));
  }
  return {};
}

/// Errors: denied where `host` is a machine that we run on.
Result<> check_not_ourselves(const Config& config, const Host& host) {
  const auto address = Network::parse(host.address);
  if (!address) return {};  // a name: then its address is the resolver's word
  if (!special_purpose(*address).empty())
    return fail(Errc::denied, "that address is this machine's");
  std::vector<Network> own = own_addresses();
  auto there = in_network_namespace(config.network_namespace, [&] {
    const auto more = own_addresses();
    own.insert(own.end(), more.begin(), more.end());
  });
  if (!there) return there;
  if (std::ranges::find(own, *address) != own.end())
    return fail(Errc::denied, "that address is this machine's");
  return {};
}

/// The host that `job` is to change. Errors: as host_of(), and denied where that would cut us off.
Result<Host> host_to_change(const Config& config, const Job& job, const act::Operation& operation) {
  auto host = host_of(config, job.host);
  if (!host || operation.verb != "isolate_host") return host;
  if (auto ok = check_not_ourselves(config, *host); !ok) return std::unexpected{ok.error()};
  return host;
}

void name_process(Job& job, std::string pid, std::string start_time) {
  job.arguments.at(1) = std::move(pid);
  job.arguments.at(2) = std::move(start_time);
}

model::Outcome outcome_of(const Answer& answer) {
  model::Outcome outcome{.detail = answer.text, .product = {}};
  for (const auto& [key, value] : answer.facts) outcome.product[key] = value;
  if (answer.word == "done") {
    outcome.status = model::OutcomeStatus::succeeded;
  } else if (answer.word == "already") {
    outcome.status = model::OutcomeStatus::already_done;
  } else if (answer.word.empty()) {
    outcome.detail = "the order was sent and the connection ended before an answer";
  }
  return outcome;
}

}  // namespace

Ssh::Ssh(Config config, Secret passphrase, asio::any_io_executor pool)
    : config_{std::move(config)}, passphrase_{std::move(passphrase)}, pool_{std::move(pool)} {}

Result<std::unique_ptr<Ssh>> Ssh::make(Config config, asio::any_io_executor pool) {
  if (auto ok = check_config(config); !ok) return std::unexpected{ok.error()};
  for (auto& text : config.management) text = Network::parse(text)->text();
  Secret passphrase;
  if (!config.key_passphrase.empty()) {
    auto resolved = resolve_secret(config.key_passphrase);
    if (!resolved) return std::unexpected{resolved.error()};
    passphrase = *std::move(resolved);
  }
  return std::unique_ptr<Ssh>{new Ssh{std::move(config), std::move(passphrase), std::move(pool)}};
}

const std::vector<std::string>& Ssh::verbs() const {
  static const std::vector<std::string> list{
      "kill_process", "quarantine_file", "restore_file", "isolate_host", "release_host"};
  return list;
}

Result<> Ssh::check(const act::Operation& operation) const {
  const auto job = job_of(config_, operation);
  if (!job) return std::unexpected{job.error()};
  return {};
}

Result<std::vector<act::Planned>> Ssh::preview(const act::Operation& operation) const {
  auto job = job_of(config_, operation);
  if (!job) return std::unexpected{job.error()};
  const auto host = host_to_change(config_, *job, operation);
  if (!host) return std::unexpected{host.error()};
  const auto looking = job->looking();
  if (job->kind == "process") name_process(*job, "${{ state.pid }}", "${{ state.start_time }}");

  std::vector<act::Planned> planned;
  const auto add = [&](std::string phase, const Job& order, std::string when) {
    const bool v6 = host->address.contains(':');
    act::Sent request{.method = "exec",
                      .url = fmt::format("ssh://{}@{}{}{}:{}",
                                         host->user,
                                         v6 ? "[" : "",
                                         host->address,
                                         v6 ? "]" : "",
                                         host->port),
                      .headers = {{"command", command_line(order, config_.sudo)}},
                      .body = std::string{script()}};
    if (!config_.network_namespace.empty())
      request.headers.emplace_back("network_namespace", config_.network_namespace);
    planned.push_back({.phase = std::move(phase),
                       .step = order.mode,
                       .conditional = !when.empty(),
                       .request = std::move(request),
                       .when = std::move(when)});
  };
  add("state", looking, {});
  add("act", looking, {});
  add("act", *job, "the look shows that it is not so yet");
  return planned;
}

Result<act::Reading> Ssh::read_now(const act::Operation& operation, Deadline deadline) const {
  const auto job = job_of(config_, operation);
  if (!job) return std::unexpected{job.error()};
  const auto host = host_of(config_, job->host);
  if (!host) return std::unexpected{host.error()};
  auto session = Session::open(config_, *host, passphrase_, deadline);
  if (!session) return std::unexpected{session.error()};
  return look(*session, *job, operation);
}

Result<act::Reading> Ssh::look(Session& session,
                               const Job& job,
                               const act::Operation& operation) const {
  const auto answer = session.run(job.looking(), config_.sudo);
  if (!answer) return std::unexpected{answer.error()};
  if (auto error = error_of(*answer)) return std::unexpected{*std::move(error)};
  if (answer->word.empty())
    return fail(Errc::unavailable, "the connection ended before the host had answered");
  return reading_of(operation, *answer);
}

Result<model::Outcome> Ssh::execute_now(const act::Operation& operation, Deadline deadline) const {
  auto job = job_of(config_, operation);
  if (!job) return std::unexpected{job.error()};
  const auto host = host_to_change(config_, *job, operation);
  if (!host) return std::unexpected{host.error()};
  auto session = Session::open(config_, *host, passphrase_, deadline);
  if (!session) return std::unexpected{session.error()};
  const auto before = look(*session, *job, operation);
  if (!before) return std::unexpected{before.error()};
  if (before->in_effect.value_or(false))
    return model::Outcome{.status = model::OutcomeStatus::already_done,
                          .detail = before->detail,
                          .product = before->state};
  if (job->kind == "process") {
    const auto name = text_of(before->state, "name");
    if (std::ranges::find(config_.protected_processes, name) != config_.protected_processes.end())
      return fail(Errc::denied, fmt::format("protected_processes holds {}", name));
    // From here on exactly the process that was looked at.
    name_process(*job, text_of(before->state, "pid"), text_of(before->state, "start_time"));
  }
  const auto answer = session->run(*job, config_.sudo);
  if (!answer) return std::unexpected{answer.error()};
  if (auto error = error_of(*answer)) return std::unexpected{*std::move(error)};
  return outcome_of(*answer);
}

Task<act::Reading> Ssh::read(act::Operation operation, Deadline deadline) {
  const auto tight = deadline.tightened_to(std::chrono::milliseconds{config_.timeout_ms});
  std::function<Result<act::Reading>()> job = [this, operation = std::move(operation), tight] {
    return read_now(operation, tight);
  };
  co_return co_await run_blocking(pool_, tight, std::move(job));
}

Task<model::Outcome> Ssh::execute(act::Operation operation, Deadline deadline) {
  const auto tight = deadline.tightened_to(std::chrono::milliseconds{config_.timeout_ms});
  std::function<Result<model::Outcome>()> job = [this, operation = std::move(operation), tight] {
    return execute_now(operation, tight);
  };
  co_return co_await run_blocking(pool_, tight, std::move(job));
}

act::Inverse Ssh::inverse(const act::Operation& operation, const act::Reading& before) const {
  const auto& verb = operation.verb;
  if (verb == "kill_process") return {.operation = {}, .why = "cannot be undone"};
  if (before.in_effect.value_or(false))
    return {.operation = {}, .why = "was so already before: " + before.detail};
  act::Inverse inverse{.operation = {.verb = {},
                                     .target = operation.target,
                                     .parameters = {},
                                     .idempotency_key = operation.idempotency_key,
                                     .restore = before.state},
                       .why = {}};
  if (verb == "quarantine_file") inverse.operation.verb = "restore_file";
  if (verb == "restore_file") inverse.operation.verb = "quarantine_file";
  if (verb == "isolate_host") inverse.operation.verb = "release_host";
  if (verb == "release_host") inverse.operation.verb = "isolate_host";
  if (const auto* host = operation.parameters.if_contains("host"))
    inverse.operation.parameters["host"] = *host;
  return inverse;
}

}  // namespace sallyport::connectors::ssh
