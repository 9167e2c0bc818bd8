#pragma once

#include "connectors/manifest/inquiry.hpp"
#include "connectors/manifest/live.hpp"
#include "engine/investigate/enricher.hpp"
#include "engine/investigate/query.hpp"
#include "engine/investigate/shared_answers.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace sallyport::connectors::manifest {

/// What a product is asked about the entities of alerts, and who owns the asking: one a product,
/// for the enricher and for what models look up alike.
///
/// Thread-safe.
class Asking {
 public:
  /// Errors: invalid_input, naming the option.
  [[nodiscard]] static Result<std::shared_ptr<const Asking>> make(
      std::shared_ptr<LiveConnector> product, EnrichConfig config);

  [[nodiscard]] const EnrichConfig& config() const noexcept { return config_; }

  /// The product as its manifest describes it now; nullptr: there is none.
  [[nodiscard]] std::shared_ptr<Connector> product() const { return product_->current(); }

  [[nodiscard]] const std::shared_ptr<investigate::SharedAnswers>& answers() const {
    return answers_;
  }

  /// Whether entities of this kind, of that tenant's alerts, are asked about at all.
  [[nodiscard]] bool about(std::string_view kind) const;
  [[nodiscard]] bool for_tenant(std::string_view tenant) const;

  /// An answer that is kept. Empty: it has to be asked for.
  [[nodiscard]] std::optional<std::vector<model::Evidence>> kept(const Connector& product,
                                                                 const Inquiry& inquiry) const;

  /// Errors: those of Connector::ask() and of SharedAnswers::ask().
  Task<std::vector<model::Evidence>> ask(std::shared_ptr<Connector> product,
                                         Inquiry inquiry,
                                         const model::Alert& alert,
                                         Deadline deadline) const;

 private:
  Asking(std::shared_ptr<LiveConnector> product, EnrichConfig config);

  std::shared_ptr<LiveConnector> product_;
  EnrichConfig config_;
  std::shared_ptr<investigate::SharedAnswers> answers_;
};

/// Asks a product what it knows of an alert's entities, from the alert's arrival on: each query of
/// its manifest that is `at_arrival`, for the first few entities of the kinds that it answers for.
///
/// What could be had by the deadline is returned; what failed or did not come is an item `failed`
/// for each query. Nothing to ask, or all answers kept: it answers at once. Thread-safe.
class ProductEnricher final : public investigate::Enricher {
 public:
  explicit ProductEnricher(std::shared_ptr<const Asking> asking);

  [[nodiscard]] std::string_view name() const override { return name_; }

  [[nodiscard]] std::optional<Answer> answer_now(const model::Alert& alert) const override;
  Task<std::vector<model::Evidence>> enrich(std::shared_ptr<const model::Alert> alert,
                                            Deadline deadline) override;

 private:
  std::shared_ptr<const Asking> asking_;
  std::string name_;
};

/// A query of a manifest that a model may choose by its name; it gives it an entity of the alert
/// and writes nothing. Thread-safe.
class ProductQuery final : public investigate::Query {
 public:
  ProductQuery(std::shared_ptr<const Asking> asking,
               const Connector& product,
               const QueryPlan& plan);

  [[nodiscard]] std::string_view name() const override { return name_; }

  [[nodiscard]] std::string_view description() const override { return description_; }

  Task<std::vector<model::Evidence>> run(std::shared_ptr<const model::Alert> alert,
                                         model::Entity entity,
                                         Deadline deadline) override;

 private:
  std::shared_ptr<const Asking> asking_;
  std::string query_;
  std::string name_;
  std::string description_;
};

/// The queries of a product's manifest as it is now.
[[nodiscard]] std::vector<std::shared_ptr<investigate::Query>> queries_of(
    const std::shared_ptr<const Asking>& asking);

}  // namespace sallyport::connectors::manifest
