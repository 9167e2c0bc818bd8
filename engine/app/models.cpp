#include "engine/app/models.hpp"

#include "connectors/models/chain.hpp"
#include "engine/model/verdict.hpp"
#include "engine/store/ledger.hpp"

#include <algorithm>
#include <random>

namespace sallyport::app {

namespace {

namespace models = connectors::models;
using Provider = std::shared_ptr<models::Provider>;

/// Providers close after a minute or more; what they close earlier is noticed (keep_warm()).
constexpr std::chrono::seconds idle_connection{45};

std::optional<models::ProviderSettings> options_of(const std::string& name,
                                                   const json::object& entry,
                                                   Faults& faults) {
  models::ProviderSettings own;
  Faults found;
  read_json(json::value(entry), own, found, child("/models/providers", name));
  faults.insert(faults.end(), found.begin(), found.end());
  if (has_errors(found)) return std::nullopt;
  return own;
}

/// nullptr, and a fault, where an entry cannot be used.
Provider make_provider(const std::string& name,
                       models::ProviderSettings own,
                       const config::Settings& settings,
                       const boost::asio::any_io_executor& executor,
                       const Clock& clock,
                       Faults& faults) {
  const auto at = child("/models/providers", name);
  const auto refuse = [&](const std::string& why) {
    faults.push_back({.pointer = at, .message = why});
    return nullptr;
  };
  own.ca_file = settings.path_of(own.ca_file);
  own.key = settings.secret_of(own.key);
  auto tls = http::TlsContext::client({.ca_file = own.ca_file});
  if (!tls) return refuse(tls.error().detail);
  const http::PoolLimits limits{.connections_per_origin = own.connections,
                                .idle_per_origin = own.connections,
                                .idle = idle_connection};
  auto client = std::make_shared<http::Client>(executor, *std::move(tls), limits);
  auto chance = [engine = std::minstd_rand{std::random_device{}()}]() mutable {
    return std::uniform_real_distribution<double>{0, 1}(engine);
  };
  auto made =
      models::Provider::make(name, std::move(own), std::move(client), clock, std::move(chance));
  if (!made) return refuse(made.error().detail);
  return *std::move(made);
}

}  // namespace

std::optional<Models> make_models(const config::Settings& settings,
                                  std::vector<std::shared_ptr<investigate::Query>> queries,
                                  boost::asio::any_io_executor executor,
                                  const Clock& clock,
                                  Faults& faults) {
  const auto& options = settings.models;
  std::map<std::string, Provider> made;
  bool sound = true;
  for (const auto& [name, entry] : options.providers) {
    auto own = options_of(name, entry, faults);
    sound = sound && own;
    const auto named = [&](const std::vector<std::string>& names) {
      return std::ranges::find(names, name) != names.end();
    };
    if (!own || (!named(options.use) && !named(options.reader))) continue;
    auto& provider = made[name];
    provider = make_provider(name, *std::move(own), settings, executor, clock, faults);
    sound = sound && provider;
  }
  if (!sound || options.use.empty()) return std::nullopt;
  const auto chain_of = [&](const std::vector<std::string>& names) {
    std::vector<std::shared_ptr<reason::LanguageModel>> chain;
    for (const auto& name : names) chain.push_back(made.at(name));
    return chain;
  };
  const auto allowance = std::make_shared<models::Allowance>(
      models::DailyLimits{.tokens = static_cast<std::int64_t>(options.daily_tokens),
                          .usd = options.daily_usd},
      clock);
  const models::Hedging hedging{.after = std::chrono::milliseconds{options.hedge_after_ms}};
  auto counsel = std::make_shared<investigate::Counsel>();
  counsel->judge = std::make_shared<models::Chain>(chain_of(options.use), allowance, hedging);
  if (options.read_text) {
    const auto& readers = options.reader.empty() ? options.use : options.reader;
    counsel->reader = std::make_shared<models::Chain>(chain_of(readers), allowance, hedging);
  }
  counsel->queries = std::move(queries);
  counsel->rounds = options.rounds;
  counsel->max_output_tokens = options.max_output_tokens;
  return Models{
      .counsel = std::move(counsel), .allowance = allowance, .providers = std::move(made)};
}

Result<> remember_spending(const store::Store& store,
                           const Clock& clock,
                           models::Allowance& allowance) {
  const auto tenants = store::ledger_tenants(store);
  if (!tenants) return std::unexpected{tenants.error()};
  store::LedgerQuery query;
  query.kinds = {model::EntryKind::model_call};
  query.from = std::chrono::floor<std::chrono::days>(clock.now());
  for (const auto& tenant : *tenants) {
    const auto read = store::query_ledger(store, tenant, query, [&](std::uint64_t, auto line) {
      const auto entry = from_json<model::LedgerEntry>(line);
      if (!entry) return true;
      model::ModelCall call;
      Faults ignored;
      read_json(json::value(entry->body), call, ignored, "", UnknownKeys::ignored);
      allowance.remember(tenant, entry->at, call.tokens_in + call.tokens_out, call.usd.value_or(0));
      return true;
    });
    if (!read) return read;
  }
  return {};
}

}  // namespace sallyport::app
