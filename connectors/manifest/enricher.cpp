#include "connectors/manifest/enricher.hpp"

#include "connectors/manifest/compile_queries.hpp"
#include "engine/base/spelling.hpp"
#include "engine/investigate/gathering.hpp"
#include "engine/reason/urgency.hpp"

#include <algorithm>
#include <map>
#include <tuple>

namespace sallyport::connectors::manifest {

namespace {

/// Before the investigation stops to listen: what did come must not be lost with what did not.
constexpr std::chrono::milliseconds margin_to_answer{50};

using Evidence = std::vector<model::Evidence>;

/// What one alert leads to, in the order of the manifest's queries and the alert's entities.
struct Inquiries {
  std::vector<Inquiry> all;
  std::size_t too_many = 0;  ///< Entities past the bound.
};

Inquiries inquiries_of(const Asking& asking, const Connector& product, const model::Alert& alert) {
  Inquiries inquiries;
  if (!asking.config().at_arrival || !asking.for_tenant(alert.tenant)) return inquiries;
  for (const auto& [name, plan] : product.plan().queries) {
    if (!plan.at_arrival) continue;
    std::uint32_t n = 0;
    // What a product's own fields name comes before what stands in a text.
    for (const bool grounded : {true, false}) {
      for (const auto& mention : alert.entities) {
        if (mention.grounded != grounded || !asking.about(mention.entity.kind)) continue;
        auto inquiry = inquiry_of(plan, mention.entity, alert.time, asking.config().ours);
        if (!inquiry || std::ranges::find(inquiries.all, *inquiry) != inquiries.all.end()) continue;
        if (++n > asking.config().most) {
          ++inquiries.too_many;
          continue;
        }
        inquiries.all.push_back(*std::move(inquiry));
      }
    }
  }
  return inquiries;
}

model::Evidence note(const Connector& product,
                     const model::Alert& alert,
                     model::EvidenceStatus status,
                     std::string summary) {
  return {.id = {},
          .source = product.source(),
          .status = status,
          .trust = model::Trust::trusted,
          .summary = std::move(summary),
          .hash = {},
          .observed_at = alert.received_at,
          .signals = {},
          .data = {}};
}

/// One question, so that all of an alert's can be gathered.
class One final : public investigate::Enricher {
 public:
  One(std::shared_ptr<const Asking> asking, std::shared_ptr<Connector> product, Inquiry inquiry)
      : asking_{std::move(asking)}, product_{std::move(product)}, inquiry_{std::move(inquiry)} {}

  [[nodiscard]] std::string_view name() const override { return inquiry_.query; }

  [[nodiscard]] const Inquiry& inquiry() const { return inquiry_; }

  [[nodiscard]] std::optional<Answer> answer_now(const model::Alert& /*alert*/) const override {
    if (auto kept = asking_->kept(*product_, inquiry_)) return *std::move(kept);
    return std::nullopt;
  }

  Task<Evidence> enrich(std::shared_ptr<const model::Alert> alert, Deadline deadline) override {
    return asking_->ask(product_, inquiry_, *alert, deadline);
  }

 private:
  std::shared_ptr<const Asking> asking_;
  std::shared_ptr<Connector> product_;
  Inquiry inquiry_;
};

/// Failures of one query for one reason are one item.
class Failures {
 public:
  void add(const Inquiry& inquiry, const Error& error) {
    const bool late = error.code == Errc::expired;
    auto& entities = by_reason_[{inquiry.query, late ? "timed out" : error.detail, late}];
    entities.push_back(
        json::object{{"kind", inquiry.entity.kind}, {"value", inquiry.entity.value}});
  }

  void append_to(Evidence& evidence, const Connector& product, const model::Alert& alert) const {
    for (const auto& [reason, entities] : by_reason_) {
      const auto& [query, why, late] = reason;
      auto item = note(product,
                       alert,
                       model::EvidenceStatus::failed,
                       entities.size() == 1
                           ? fmt::format("{}: {}", query, why)
                           : fmt::format("{} of {} entities: {}", query, entities.size(), why));
      item.data = {
          {"query", query}, {"entities", entities}, {"error", late ? "expired" : "unavailable"}};
      evidence.push_back(std::move(item));
    }
  }

 private:
  std::map<std::tuple<std::string, std::string, bool>, json::array> by_reason_;
};

/// A query's name as models see it, which say little but letters.
std::string spoken(std::string_view connector, std::string_view query) {
  auto name = fmt::format("{}_{}", connector, query);
  for (char& c : name) {
    const bool fine = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (!fine) c = '_';
  }
  return name;
}

}  // namespace

Asking::Asking(std::shared_ptr<LiveConnector> product, EnrichConfig config)
    : product_{std::move(product)},
      config_{std::move(config)},
      answers_{
          investigate::SharedAnswers::make(product_->executor(),
                                           {.at_once = config_.at_once,
                                            .kept = config_.kept,
                                            .kept_bytes = std::size_t{config_.kept_kb} << 10U})} {}

Result<std::shared_ptr<const Asking>> Asking::make(std::shared_ptr<LiveConnector> product,
                                                   EnrichConfig config) {
  if (config.at_once < 1) return fail(Errc::invalid_input, "enrich.at_once: at least 1");
  if (config.most < 1) return fail(Errc::invalid_input, "enrich.most: at least 1");
  for (const auto& kind : config.entities) {
    if (std::ranges::find(entity_kinds, kind) != entity_kinds.end()) continue;
    const std::vector<std::string_view> known{entity_kinds.begin(), entity_kinds.end()};
    return fail(
        Errc::invalid_input,
        fmt::format(
            "enrich.entities: '{:.40}' is no kind of entity{}", kind, suggestion(kind, known)));
  }
  return std::shared_ptr<const Asking>{new Asking{std::move(product), std::move(config)}};
}

bool Asking::about(std::string_view kind) const {
  return config_.entities.empty() ||
         std::ranges::find(config_.entities, kind) != config_.entities.end();
}

bool Asking::for_tenant(std::string_view tenant) const {
  return config_.tenants.empty() ||
         std::ranges::find(config_.tenants, tenant) != config_.tenants.end();
}

namespace {

/// Equal keys are equal questions, as long as the manifest is the same.
std::string key_of(const Connector& product, const Inquiry& inquiry) {
  const auto& plan = product.plan();
  const bool timed = plan.queries.at(inquiry.query).window.has_value();
  return fmt::format("{}\n{}\n{}\n{}\n{}\n{}",
                     plan.hash,
                     inquiry.query,
                     inquiry.entity.kind,
                     inquiry.entity.value,
                     inquiry.value,
                     timed ? inquiry.about.time_since_epoch().count() : 0);
}

}  // namespace

std::optional<Evidence> Asking::kept(const Connector& product, const Inquiry& inquiry) const {
  return answers_->kept(key_of(product, inquiry));
}

Task<Evidence> Asking::ask(std::shared_ptr<Connector> product,
                           Inquiry inquiry,
                           const model::Alert& alert,
                           Deadline deadline) const {
  auto key = key_of(*product, inquiry);
  auto call = [product = std::move(product), inquiry = std::move(inquiry)](
                  Deadline until) -> Task<investigate::SharedAnswers::Answer> {
    // Copies: the call outlives nothing but what it holds.
    const auto held = product;
    const auto keep = held->plan().queries.at(inquiry.query).keep;
    auto evidence = co_await held->ask(inquiry, until);
    if (!evidence) co_return std::unexpected{evidence.error()};
    co_return investigate::SharedAnswers::Answer{.evidence = *std::move(evidence),
                                                 .keep_for = keep};
  };
  return answers_->ask(std::move(key),
                       std::move(call),
                       {.tenant = alert.tenant, .urgency = reason::urgency_of(alert.severity)},
                       deadline);
}

ProductEnricher::ProductEnricher(std::shared_ptr<const Asking> asking)
    : asking_{std::move(asking)} {
  const auto product = asking_->product();
  name_ = product ? product->source() : "connector";
}

std::optional<investigate::Enricher::Answer> ProductEnricher::answer_now(
    const model::Alert& alert) const {
  const auto product = asking_->product();
  if (!product) return Evidence{};
  const auto inquiries = inquiries_of(*asking_, *product, alert);
  Evidence evidence;
  for (const auto& inquiry : inquiries.all) {
    auto kept = asking_->kept(*product, inquiry);
    if (!kept) return std::nullopt;
    std::ranges::move(*kept, std::back_inserter(evidence));
  }
  if (inquiries.too_many > 0)
    evidence.push_back(
        note(*product,
             alert,
             model::EvidenceStatus::not_collected,
             fmt::format("{} more entities were not asked about: {} of a query are the most",
                         inquiries.too_many,
                         asking_->config().most)));
  return evidence;
}

Task<Evidence> ProductEnricher::enrich(std::shared_ptr<const model::Alert> alert,
                                       Deadline deadline) {
  const auto product = asking_->product();
  if (!product) co_return Evidence{};
  auto inquiries = inquiries_of(*asking_, *product, *alert);
  std::vector<std::shared_ptr<investigate::Enricher>> questions;
  questions.reserve(inquiries.all.size());
  for (const auto& inquiry : inquiries.all)
    questions.push_back(std::make_shared<One>(asking_, product, inquiry));
  const auto until =
      deadline.tightened_to(deadline.at() - Deadline::Clock::now() - margin_to_answer);
  auto answers = co_await investigate::gather(questions, alert, until);
  if (!answers) co_return std::unexpected{answers.error()};
  Evidence evidence;
  Failures failures;
  for (std::size_t i = 0; i < answers->size(); ++i) {
    auto& answer = (*answers)[i];
    if (answer) {
      std::ranges::move(*answer, std::back_inserter(evidence));
    } else {
      failures.add(inquiries.all[i], answer.error());
    }
  }
  failures.append_to(evidence, *product, *alert);
  if (inquiries.too_many > 0)
    evidence.push_back(
        note(*product,
             *alert,
             model::EvidenceStatus::not_collected,
             fmt::format("{} more entities were not asked about: {} of a query are the most",
                         inquiries.too_many,
                         asking_->config().most)));
  co_return evidence;
}

ProductQuery::ProductQuery(std::shared_ptr<const Asking> asking,
                           const Connector& product,
                           const QueryPlan& plan)
    : asking_{std::move(asking)}, query_{plan.name}, name_{spoken(product.name(), plan.name)} {
  std::vector<std::string_view> kinds;
  for (const auto& [kind, value] : plan.entities) kinds.emplace_back(kind);
  description_ = fmt::format(
      "{}, of {}: {}", product.plan().connector.title, fmt::join(kinds, ", "), plan.about);
}

Task<Evidence> ProductQuery::run(std::shared_ptr<const model::Alert> alert,
                                 model::Entity entity,
                                 Deadline deadline) {
  const auto product = asking_->product();
  const auto* plan = product ? product->query(query_) : nullptr;
  if (!plan) co_return fail(Errc::unavailable, "the manifest has no such query any more");
  auto inquiry = inquiry_of(*plan, entity, alert->time, asking_->config().ours);
  if (inquiry && !asking_->for_tenant(alert->tenant))
    inquiry = fail(Errc::denied, "it is not asked for this tenant");
  if (inquiry && !asking_->about(entity.kind))
    inquiry = fail(Errc::denied, "it is not asked about this kind of entity");
  if (!inquiry) {
    auto item = note(*product,
                     *alert,
                     model::EvidenceStatus::not_collected,
                     fmt::format("{}: {}", query_, inquiry.error().detail));
    item.data = {{"entity", {{"kind", entity.kind}, {"value", entity.value}}}};
    Evidence none;
    none.push_back(std::move(item));
    co_return none;
  }
  co_return co_await asking_->ask(product, *std::move(inquiry), *alert, deadline);
}

std::vector<std::shared_ptr<investigate::Query>> queries_of(
    const std::shared_ptr<const Asking>& asking) {
  std::vector<std::shared_ptr<investigate::Query>> queries;
  const auto product = asking->product();
  if (!product) return queries;
  for (const auto& [name, plan] : product->plan().queries)
    queries.push_back(std::make_shared<ProductQuery>(asking, *product, plan));
  return queries;
}

}  // namespace sallyport::connectors::manifest
