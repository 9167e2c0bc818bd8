#include "connectors/native/nftables/nftables.hpp"

#include "connectors/native/base/blocking.hpp"
#include "connectors/native/base/network_namespace.hpp"
#include "connectors/native/base/text.hpp"
#include "connectors/native/nftables/session.hpp"
#include "engine/base/digest.hpp"

#include <algorithm>
#include <utility>

namespace sallyport::connectors::nftables {

namespace {

constexpr int attempts =
    3;  ///< An element can end, or another writer come, between look and change.
constexpr std::size_t comment_limit_bytes = 120;  ///< nftables keeps 128.

bool is_identifier(std::string_view text) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  return !text.empty() && text.size() <= 31 && letter(text.front()) &&
         std::ranges::all_of(
             text, [&](char c) { return letter(c) || (c >= '0' && c <= '9') || c == '_'; });
}

/// What marks an element as made by one action: its key where that is short and plain.
std::string mark_of(const std::string& idempotency_key) {
  if (idempotency_key.empty()) return {};
  const bool plain = idempotency_key.size() <= 40 && check_comment("key", idempotency_key, 40);
  return "sallyport " + (plain ? idempotency_key : to_hex(sha256(idempotency_key)).substr(0, 16));
}

std::string comment_of(const act::Operation& operation) {
  auto comment = mark_of(operation.idempotency_key);
  for (const auto* key : {"reason", "comment"}) {
    const auto text = text_of(operation.parameters, key);
    if (!text.empty()) comment += (comment.empty() ? "" : " ") + text;
  }
  return comment.substr(0, comment_limit_bytes);
}

std::string until(const std::optional<Element>& element) {
  return element && element->ends_at ? "until " + to_rfc3339(*element->ends_at) : "without end";
}

}  // namespace

Nftables::Nftables(Config config,
                   std::vector<Network> never_block,
                   std::vector<Network> own,
                   const Clock& clock,
                   asio::any_io_executor pool)
    : config_{std::move(config)},
      never_block_{std::move(never_block)},
      own_{std::move(own)},
      clock_{clock},
      pool_{std::move(pool)} {}

Result<std::unique_ptr<Nftables>> Nftables::make(Config config,
                                                 const Clock& clock,
                                                 asio::any_io_executor pool) {
  for (const auto* name : {&config.table,
                           &config.hosts_v4,
                           &config.hosts_v6,
                           &config.networks_v4,
                           &config.networks_v6}) {
    if (!is_identifier(*name))
      return fail(Errc::invalid_input,
                  fmt::format("`{}` is not a name of nftables (letters, digits, _)", *name));
  }
  if (config.default_duration_s < 0 || config.default_duration_s > config.longest_duration_s)
    return fail(Errc::invalid_input,
                "default_duration_s must lie between 0 and longest_duration_s");
  if (config.default_duration_s == 0 && !config.allow_endless)
    return fail(Errc::invalid_input, "default_duration_s is 0 and allow_endless is false");
  if (config.widest_v4 < 8 || config.widest_v4 > 32 || config.widest_v6 < 16 ||
      config.widest_v6 > 128)
    return fail(Errc::invalid_input, "widest_v4 goes from 8 to 32, widest_v6 from 16 to 128");
  std::vector<Network> never;
  for (const auto& text : config.never_block) {
    const auto network = Network::parse(text);
    if (!network)
      return fail(Errc::invalid_input,
                  fmt::format("never_block `{}`: {}", text, network.error().detail));
    never.push_back(*network);
  }
  std::vector<Network> own;
  // A namespace that is not there yet is a matter of the first call, not of the configuration.
  const auto looked =
      in_network_namespace(config.network_namespace, [&] { own = own_addresses(); });
  if (!looked && looked.error().code == Errc::invalid_input) return std::unexpected{looked.error()};
  return std::unique_ptr<Nftables>{
      new Nftables{std::move(config), std::move(never), std::move(own), clock, std::move(pool)}};
}

const std::vector<std::string>& Nftables::verbs() const {
  static const std::vector<std::string> list{"block_ip", "unblock_ip"};
  return list;
}

Result<Wanted> Nftables::wanted(const act::Operation& operation) const {
  const bool block = operation.verb == "block_ip";
  if (!block && operation.verb != "unblock_ip")
    return fail(Errc::invalid_input, "this firewall runs block_ip and unblock_ip");
  if (operation.target.kind != "ip")
    return fail(Errc::invalid_input, "the target must be of kind ip");
  const auto network = Network::parse(operation.target.value);
  if (!network) return std::unexpected{network.error()};
  if (network->length() == 0) return fail(Errc::denied, "that is everybody");
  if (auto ok = check_parameters(operation.parameters, {"duration_s", "direction"}); !ok)
    return std::unexpected{ok.error()};
  const auto direction = text_parameter(operation.parameters, "direction");
  if (!direction) return std::unexpected{direction.error()};
  if (direction->value_or("both") != "both")
    return fail(Errc::invalid_input, "this firewall blocks both directions: `direction` is both");
  if (!operation.restore.empty()) return restored(operation.restore, *network, clock_.now());

  Wanted wanted{.network = *network, .blocked = block, .comment = comment_of(operation)};
  const auto asked = integer_parameter(operation.parameters, "duration_s");
  if (!asked) return std::unexpected{asked.error()};
  const auto duration = asked->value_or(config_.default_duration_s);
  if (duration < 0 || duration > config_.longest_duration_s)
    return fail(Errc::invalid_input,
                fmt::format("duration_s goes from 1 to {}", config_.longest_duration_s));
  if (duration == 0 && !config_.allow_endless)
    return fail(Errc::denied, "a block without end is not allowed here");
  if (duration > 0) wanted.duration_s = duration;
  return wanted;
}

Result<> Nftables::may_block(const Network& network, const std::vector<Network>& own) const {
  if (network.length() < (network.is_v4() ? config_.widest_v4 : config_.widest_v6))
    return fail(
        Errc::denied,
        fmt::format("wider than /{}", network.is_v4() ? config_.widest_v4 : config_.widest_v6));
  if (const auto why = special_purpose(network); !why.empty())
    return fail(Errc::denied, fmt::format("{} are never blocked", why));
  for (const auto& kept : never_block_) {
    if (kept.overlaps(network))
      return fail(Errc::denied, fmt::format("never_block holds {}", kept.text()));
  }
  for (const auto& mine : own) {
    if (mine.overlaps(network))
      return fail(Errc::denied, fmt::format("{} is an address of the firewall", mine.text()));
  }
  return {};
}

Result<> Nftables::check(const act::Operation& operation) const {
  const auto asked = wanted(operation);
  if (!asked) return std::unexpected{asked.error()};
  if (operation.verb == "block_ip") return may_block(asked->network, own_);
  return {};
}

Result<Found> Nftables::look(const Network& network) const {
  const auto listing = run(config_.network_namespace, list_command(config_));
  if (!listing && listing.error().code == Errc::not_found) return Found{};
  if (!listing) return std::unexpected{listing.error()};
  return find_in(*listing, config_, network, clock_.now());
}

Result<Found> Nftables::look_and_prepare(const Network& network) const {
  auto found = look(network);
  if (!found || (found->prepared && (found->enforced || !config_.manage))) return found;
  if (!config_.manage)
    return fail(
        Errc::unavailable,
        fmt::format("table inet {} lacks a set; see the connector's README", config_.table));
  if (auto made = run(config_.network_namespace, prepare_command(config_)); !made)
    return std::unexpected{made.error()};
  return look(network);
}

Result<act::Reading> Nftables::read_now(const act::Operation& operation) const {
  const auto asked = wanted(operation);
  if (!asked) return std::unexpected{asked.error()};
  const auto found = look(asked->network);
  if (!found) return std::unexpected{found.error()};
  if (!found->prepared && !config_.manage)
    return fail(Errc::unavailable, fmt::format("table inet {} lacks a set", config_.table));

  act::Reading reading{.state = state_of(config_, asked->network, *found)};
  // The executor keeps this state as the rollback record: a rollback takes away only this action's.
  if (operation.verb == "block_ip" && operation.restore.empty())
    reading.state["made_by"] = mark_of(operation.idempotency_key);
  const bool held = holds(*asked, *found, clock_.now());
  const auto subject = asked->network.text();
  if (found->element) {
    reading.detail = fmt::format("{} is blocked {}", subject, until(found->element));
  } else if (found->cover) {
    reading.detail = fmt::format("{} is blocked as part of {} {}",
                                 subject,
                                 found->cover->network.text(),
                                 until(found->cover));
  } else {
    reading.detail = fmt::format("{} is not blocked", subject);
  }
  if (held && asked->blocked && !found->enforced) {
    reading.detail += "; no rule of the table drops what the set holds";
    if (config_.manage) reading.in_effect = false;  // else the rule may stand in another table
    return reading;
  }
  reading.in_effect = held;
  return reading;
}

Result<model::Outcome> Nftables::change(const Wanted& wanted, const Found& found) const {
  const auto subject = wanted.network.text();
  if (holds(wanted, found, clock_.now()))
    return model::Outcome{
        .status = model::OutcomeStatus::already_done,
        .detail =
            fmt::format("{} was already {}", subject, wanted.blocked ? "blocked" : "not blocked"),
        .product = state_of(config_, wanted.network, found)};
  if (!wanted.blocked && !found.element)
    return fail(Errc::conflict,
                fmt::format("{} is blocked as part of {}: unblock that network",
                            subject,
                            found.cover->network.text()));
  if (found.element && !wanted.made_by.empty() &&
      !found.element->comment.starts_with(wanted.made_by))
    return fail(
        Errc::conflict,
        fmt::format(
            "{} is blocked by somebody else by now: `{}`", subject, found.element->comment));
  const auto sent = run(config_.network_namespace, change_command(config_, wanted, found));
  if (!sent) return std::unexpected{sent.error()};

  json::object product{
      {"table", config_.table}, {"set", set_of(config_, wanted.network)}, {"element", subject}};
  if (wanted.blocked && wanted.duration_s) {
    product["timeout_s"] = *wanted.duration_s;
    product["ends_at"] = to_rfc3339(clock_.now() + std::chrono::seconds{*wanted.duration_s});
  }
  const auto how = !wanted.blocked ? "unblocked" : found.element ? "blocked for longer" : "blocked";
  return model::Outcome{.status = model::OutcomeStatus::succeeded,
                        .detail = fmt::format("{} is {}", subject, how),
                        .product = std::move(product)};
}

Result<model::Outcome> Nftables::execute_now(const act::Operation& operation) const {
  auto asked = wanted(operation);
  if (!asked) return std::unexpected{asked.error()};
  if (operation.verb == "block_ip") {
    std::vector<Network> own;
    if (auto there =
            in_network_namespace(config_.network_namespace, [&] { own = own_addresses(); });
        !there)
      return std::unexpected{there.error()};
    if (auto allowed = may_block(asked->network, own); !allowed)
      return std::unexpected{allowed.error()};
  }
  Result<model::Outcome> outcome = fail(Errc::unavailable, "not tried");
  for (int attempt = 0; attempt < attempts; ++attempt) {
    const auto found = asked->blocked ? look_and_prepare(asked->network) : look(asked->network);
    if (!found) return std::unexpected{found.error()};
    outcome = change(*asked, *found);
    if (outcome || outcome.error().code != Errc::not_found) return outcome;
  }
  return outcome;
}

Task<act::Reading> Nftables::read(act::Operation operation, Deadline deadline) {
  std::function<Result<act::Reading>()> job = [this, operation = std::move(operation)] {
    return read_now(operation);
  };
  co_return co_await run_blocking(pool_, deadline, std::move(job));
}

Task<model::Outcome> Nftables::execute(act::Operation operation, Deadline deadline) {
  std::function<Result<model::Outcome>()> job = [this, operation = std::move(operation)] {
    return execute_now(operation);
  };
  co_return co_await run_blocking(pool_, deadline, std::move(job));
}

act::Inverse Nftables::inverse(const act::Operation& operation, const act::Reading& before) const {
  const bool block = operation.verb == "block_ip";
  if (before.in_effect.value_or(false))
    return {.operation = {},
            .why = block ? "was already blocked before" : "was already not blocked before"};
  const bool present = !text_of(before.state, "element").empty();
  if (!present) return {.operation = {}, .why = "the state before was not read"};
  return {.operation = {.verb = block ? "unblock_ip" : "block_ip",
                        .target = operation.target,
                        .parameters = {},
                        .idempotency_key = operation.idempotency_key,
                        .restore = before.state},
          .why = {}};
}

}  // namespace sallyport::connectors::nftables
