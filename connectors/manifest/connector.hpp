#pragma once

#include "connectors/manifest/address_guard.hpp"
#include "connectors/manifest/caller.hpp"
#include "connectors/manifest/config.hpp"
#include "connectors/manifest/credentials.hpp"
#include "connectors/manifest/inquiry.hpp"
#include "connectors/manifest/plan.hpp"
#include "connectors/manifest/runner.hpp"
#include "connectors/manifest/sent.hpp"
#include "connectors/manifest/wire.hpp"
#include "connectors/native/base/known_places.hpp"
#include "engine/act/actuator.hpp"
#include "engine/base/time.hpp"

#include <boost/asio/strand.hpp>

#include <memory>
#include <string_view>
#include <vector>

namespace sallyport::connectors::manifest {

/// A product that a manifest describes: reads its state, acts, waits for its jobs, undoes.
///
/// Thread-safe: what is asked of it runs on a strand of its own, over `executor`. What is under way
/// keeps it alive only as long as its caller does.
class Connector final : public act::Actuator {
 public:
  /// Resolves secrets; does not connect. Errors: invalid_input (naming the option), not_found (a
  /// secret).
  [[nodiscard]] static Result<std::shared_ptr<Connector>> make(std::shared_ptr<const Plan> plan,
                                                               Config config,
                                                               std::shared_ptr<KnownPlaces> places,
                                                               const Clock& clock,
                                                               asio::any_io_executor executor);

  [[nodiscard]] std::string_view name() const override { return config_.name; }

  [[nodiscard]] const std::vector<std::string>& verbs() const override { return verbs_; }

  [[nodiscard]] const Plan& plan() const noexcept { return *plan_; }

  /// Who is told of each request that is sent. Set before the first.
  void set_witness(Witness witness) { credentials_->set_witness(std::move(witness)); }

  /// The requests that `operation` would lead to, in their order, without sending any: no I/O, and
  /// nothing runs on the executor. Errors: as check().
  [[nodiscard]] Result<std::vector<Planned>> preview(
      const act::Operation& operation) const override;

  /// Of the evidence that its queries give, where they do not say otherwise: `intel.NAME`.
  [[nodiscard]] const std::string& source() const noexcept { return source_; }

  /// nullptr: the manifest has no such query.
  [[nodiscard]] const QueryPlan* query(std::string_view name) const;

  /// What the product says to a query (inquiry.hpp). Errors: unavailable, denied, expired,
  /// cancelled.
  Task<std::vector<model::Evidence>> ask(Inquiry inquiry, Deadline deadline);

  [[nodiscard]] Result<> check(const act::Operation& operation) const override;
  Task<act::Reading> read(act::Operation operation, Deadline deadline) override;

  /// Errors besides the port's: conflict, where the object changed under every attempt or a name
  /// fits several.
  Task<model::Outcome> execute(act::Operation operation, Deadline deadline) override;
  [[nodiscard]] act::Inverse inverse(const act::Operation& operation,
                                     const act::Reading& before) const override;

 private:
  Connector(std::shared_ptr<const Plan> plan,
            Config config,
            json::object options,
            std::shared_ptr<KnownPlaces> places,
            const Clock& clock,
            asio::any_io_executor executor);

  [[nodiscard]] Result<const OperationPlan*> plan_of(const act::Operation& operation) const;
  /// What the templates and questions of an operation speak of. Errors: invalid_input, denied.
  [[nodiscard]] Result<json::value> facts_of(const OperationPlan& plan,
                                             const act::Operation& operation) const;
  [[nodiscard]] Result<json::value> target_of(const OperationPlan& plan,
                                              const act::Operation& operation) const;
  /// `given` as the product is told it, also where a choice's word is an option's.
  [[nodiscard]] Result<json::value> value_of(const std::string& what,
                                             const ValueSpec& spec,
                                             const json::value& given) const;
  [[nodiscard]] Result<json::object> parameters_of(const OperationPlan& plan,
                                                   const act::Operation& operation) const;

  Task<act::Reading> read_now(act::Operation operation, Deadline deadline);
  Task<model::Outcome> execute_now(act::Operation operation, Deadline deadline);

  std::shared_ptr<const Plan> plan_;
  Config config_;
  json::object options_;
  std::shared_ptr<KnownPlaces> places_;
  const Clock& clock_;
  asio::strand<asio::any_io_executor> strand_;
  std::vector<std::string> verbs_;
  std::string source_;
  std::unique_ptr<Wire> wire_;
  std::unique_ptr<Credentials> credentials_;
  std::unique_ptr<Caller> caller_;
  std::unique_ptr<Runner> runner_;
};

}  // namespace sallyport::connectors::manifest
