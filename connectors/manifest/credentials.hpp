#pragma once

#include "connectors/manifest/plan.hpp"
#include "connectors/manifest/sent.hpp"
#include "connectors/manifest/wire.hpp"
#include "engine/base/deadline.hpp"
#include "engine/base/secret.hpp"
#include "engine/base/time.hpp"
#include "engine/http/message.hpp"

#include <boost/asio/steady_timer.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace sallyport::connectors::manifest {

/// Gives requests their credential: a key, a password, a signature, or a token that a login gave.
/// A token is fetched once for all who wait for it, kept until shortly before its end, and fetched
/// anew when the product refuses it. After a refused login none is tried for a minute: products
/// lock accounts.
///
/// Not thread-safe: used on one executor that runs one handler at a time.
class Credentials {
 public:
  /// Resolves the secrets. Errors: invalid_input (one that is not given, or not asked for),
  /// not_found.
  [[nodiscard]] static Result<std::unique_ptr<Credentials>> make(std::shared_ptr<const Plan> plan,
                                                                 const Config& config,
                                                                 Wire& wire,
                                                                 const Clock& clock);

  /// Adds the credential to `request`, which outlives the call, for `endpoint`; `options` are the
  /// operator's. The number is the token's, for refused(). Errors: denied (the product does not
  /// take our credential), unavailable, expired, cancelled; nothing of `request` was sent.
  Task<std::uint64_t> apply(http::Request& request,
                            std::string endpoint,
                            json::value options,
                            Deadline deadline);

  /// The product refused the credential with that number. True: another can be had.
  [[nodiscard]] bool refused(std::uint64_t number);

  /// `text` without any of our secrets in it.
  [[nodiscard]] std::string redacted(std::string text) const;

  /// A product's words, fit for records: redacted, then as short as a line of a log.
  [[nodiscard]] std::string reason(std::string why) const;

  /// Who is told of each request. Set before the first.
  void set_witness(Witness witness) { witness_ = std::move(witness); }

  /// `request` for people, where somebody wants to see it; without our secrets and `besides`.
  [[nodiscard]] std::optional<Sent> shown(const http::Request& request,
                                          const std::string& endpoint,
                                          const std::string& besides) const;

  void tell(const std::optional<Sent>& sent) const {
    if (sent) witness_(*sent);
  }

 private:
  struct Token {
    Secret text;
    Pace::Clock::time_point until = Pace::Clock::time_point::max();
    std::uint64_t number = 0;
  };

  Credentials(std::shared_ptr<const Plan> plan, Wire& wire, const Clock& clock);

  [[nodiscard]] json::value facts(const json::value& options) const;
  [[nodiscard]] std::vector<std::string> hidden() const;
  Task<> need_token(json::value options, Deadline deadline);
  Task<> log_in(json::value options, Deadline deadline);
  [[nodiscard]] Result<std::string> assertion(const json::value& facts) const;
  Result<> keep_token(const json::value& record);
  Result<> sign(http::Request& request, const std::string& endpoint, const json::value& options);
  Result<> sign_for_aws(http::Request& request,
                        const std::string& endpoint,
                        const json::value& options) const;
  [[nodiscard]] Result<std::string> basic(const json::value& facts);

  std::shared_ptr<const Plan> plan_;
  Wire& wire_;
  const Clock& clock_;
  Witness witness_;
  std::map<std::string, Secret> secrets_;
  Token token_;
  Secret basic_;                                  ///< User and password as they were sent last.
  std::shared_ptr<asio::steady_timer> fetching_;  ///< Who waits for the login under way.
  Pace::Clock::time_point no_login_until_;
  std::string why_no_login_;
  std::mt19937_64 chance_{std::random_device{}()};
};

}  // namespace sallyport::connectors::manifest
