#pragma once

#include "connectors/models/wire.hpp"
#include "engine/base/secret.hpp"
#include "engine/base/turnstile.hpp"
#include "engine/http/client.hpp"
#include "engine/reason/language_model.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace sallyport::connectors::models {

/// The keys of one entry under `models.providers` of the settings.
struct ProviderSettings {
  Dialect kind = Dialect::openai;
  std::string url;          ///< Up to `/v1`; of Azure up to the deployment.
  std::string model;        ///< As the provider calls it.
  std::string key;          ///< A reference: env:, file:, credential:. Empty: none is sent.
  std::string api_version;  ///< Azure.
  std::string ca_file;      ///< PEM, for a server with a certificate of your own authority.
  bool stream = true;
  std::optional<double> temperature;
  json::object extra;  ///< Put into every request.
  std::uint32_t attempts = 2;
  std::uint32_t first_token_ms = 10000;  ///< A provider that says nothing for so long is given up.
  std::uint32_t stall_ms = 5000;         ///< So is one that stops in the middle.
  std::uint32_t connections = 64;        ///< Calls at once; the next wait for their turn.
  std::uint64_t tokens_per_minute = 0;   ///< In and out, of all tenants; 0: no limit of ours.
  std::optional<double> usd_per_million_in;  ///< Empty: the cost is not measured.
  std::optional<double> usd_per_million_cached;
  std::optional<double> usd_per_million_out;
};

BOOST_DESCRIBE_STRUCT(ProviderSettings,
                      (),
                      (kind,
                       url,
                       model,
                       key,
                       api_version,
                       ca_file,
                       stream,
                       temperature,
                       extra,
                       attempts,
                       first_token_ms,
                       stall_ms,
                       connections,
                       tokens_per_minute,
                       usd_per_million_in,
                       usd_per_million_cached,
                       usd_per_million_out))

/// One endpoint of one model.
///
/// Answers as they stream in; retries before the first token and within the deadline; while it is
/// known to be throttled it is not asked at all. It is the one owner of its places for calls and of
/// its tokens per minute: where there are none left a call waits for its turn, the nearest deadline
/// first and fair per tenant. Called on one executor, and outlives its calls.
class Provider final : public reason::LanguageModel {
 public:
  /// Between 0 and 1.
  using Chance = std::function<double()>;

  /// Errors: invalid_input (url, kind), and those of the key's reference.
  [[nodiscard]] static Result<std::shared_ptr<Provider>> make(std::string name,
                                                              ProviderSettings settings,
                                                              std::shared_ptr<http::Client> client,
                                                              const Clock& clock,
                                                              Chance chance);

  [[nodiscard]] std::string_view name() const override { return name_; }

  [[nodiscard]] bool has_room() const override { return turnstile_.has_room(); }

  /// Calls under way, and those that wait for their turn.
  [[nodiscard]] const Turnstile& turnstile() const { return turnstile_; }

  asio::awaitable<reason::ModelAnswer> ask(std::shared_ptr<const reason::ModelRequest> request,
                                           Deadline deadline,
                                           FirstToken first_token) override;

  /// Keeps a connection open that nobody uses, with TLS where that is spoken, and makes another
  /// when the peer has closed it: whoever asks does not wait for it. Until it is cancelled.
  asio::awaitable<void> keep_warm();

 private:
  Provider(std::string name,
           ProviderSettings settings,
           http::Url url,
           Secret key,
           std::shared_ptr<http::Client> client,
           const Clock& clock,
           Chance chance);

  using Steady = Deadline::Clock;

  [[nodiscard]] http::Call call(const reason::ModelRequest& request);
  [[nodiscard]] const Envelope& envelope_of(const std::shared_ptr<const reason::Form>& form);
  /// Once more: waits for its turn, then asks.
  asio::awaitable<reason::ModelAnswer> attempt(std::shared_ptr<const reason::ModelRequest> request,
                                               Deadline deadline,
                                               FirstToken first_token);
  asio::awaitable<reason::ModelAnswer> once(std::shared_ptr<const reason::ModelRequest> request,
                                            Deadline deadline,
                                            FirstToken first_token);
  asio::awaitable<reason::Finished> refused(http::StreamedResponse response, Deadline deadline);
  void price(reason::ModelAnswer& answer) const;

  std::string name_;
  ProviderSettings settings_;
  WireOptions wire_;
  http::Url url_;
  Secret key_;
  std::shared_ptr<http::Client> client_;
  const Clock& clock_;
  Chance chance_;
  Turnstile turnstile_;
  Steady::time_point throttled_until_{};
  /// Of the forms that are in use, the newest last: as many as there are kinds of questions.
  std::deque<std::pair<std::shared_ptr<const reason::Form>, Envelope>> envelopes_;
};

}  // namespace sallyport::connectors::models
