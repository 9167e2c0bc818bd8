#include "engine/app/feedback.hpp"

#include "engine/act/actions.hpp"
#include "engine/ingest/group_records.hpp"
#include "engine/investigate/story.hpp"
#include "engine/investigate/verdicts.hpp"
#include "engine/store/ledger.hpp"

#include <algorithm>
#include <utility>

namespace sallyport::app {

namespace {

using investigate::LearnedClass;
using investigate::Lesson;
using store::Table;

constexpr std::size_t most_entities = 16;
constexpr std::size_t most_comment = 2000;
constexpr std::size_t most_alerts = 32;

/// An action that ran by the verdict that a person speaks of.
struct RanAction {
  std::string action;
  std::string verb;
  model::Target target;
};
BOOST_DESCRIBE_STRUCT(RanAction, (), (action, verb, target))

/// What the ledger keeps of a person's verdict: all that it teaches, so that nothing else has to be
/// asked when it is read again.
struct JudgedBody {
  std::string investigation;
  model::Judgement verdict = model::Judgement::inconclusive;  ///< The person's.
  model::Judgement was = model::Judgement::inconclusive;      ///< The engine's.
  std::uint32_t version = 1;                                  ///< Of the engine's.
  std::string comment;
  std::string source;
  std::string detection;
  std::vector<model::Entity> entities;
  std::vector<RanAction> ran;
};
BOOST_DESCRIBE_STRUCT(
    JudgedBody,
    (),
    (investigation, verdict, was, version, comment, source, detection, entities, ran))

struct UnlearnedBody {
  std::string source;
  std::string detection;
  std::string reason;
};
BOOST_DESCRIBE_STRUCT(UnlearnedBody, (), (source, detection, reason))

/// What an investigation was about.
struct Subject {
  LearnedClass of;
  std::vector<model::Entity> entities;
};

std::string text_in(const json::object& object, std::string_view name) {
  const auto* found = object.if_contains(name);
  const auto* text = found ? found->if_string() : nullptr;
  return text ? std::string{std::string_view{*text}} : std::string{};
}

Subject subject_of(const model::Alert& alert) {
  Subject subject{
      .of = {.tenant = alert.tenant, .source = alert.source, .detection = alert.detection},
      .entities = {}};
  for (const auto& mention : alert.entities) {
    if (subject.entities.size() == most_entities) break;
    if (std::ranges::find(subject.entities, mention.entity) == subject.entities.end())
      subject.entities.push_back(mention.entity);
  }
  return subject;
}

/// From its alerts; those of an investigation that nothing could join are found by the evidence.
Result<Subject> subject_of(const store::Store& store, const model::Verdict& verdict) {
  const auto alerts = ingest::deciding_alerts(store, verdict.investigation, most_alerts);
  if (!alerts) return std::unexpected{alerts.error()};
  if (!alerts->empty()) {
    auto subject = subject_of(investigate::joined(*alerts));
    subject.of.source = alerts->front().source;
    subject.of.detection = alerts->front().detection;
    return subject;
  }
  const auto said = std::ranges::find(verdict.evidence, "alert", &model::Evidence::source);
  if (said == verdict.evidence.end() || verdict.alerts.empty())
    return fail(Errc::not_found, "the investigation names no alert");
  const auto alert = store.load<model::Alert>(
      Table::alerts,
      store::key({verdict.tenant, text_in(said->data.tree(), "source"), verdict.alerts.front()}));
  if (!alert) return std::unexpected{alert.error()};
  return subject_of(*alert);
}

bool is_person(const model::Actor& actor) {
  return actor.kind == "analyst";
}

}  // namespace

Result<> Feedback::learn(const model::LedgerEntry& entry) {
  if (!is_person(entry.actor)) return {};
  if (entry.kind == model::EntryKind::unlearned) {
    lessons_->forget({.tenant = entry.tenant,
                      .source = text_in(entry.body, "source"),
                      .detection = text_in(entry.body, "detection")});
    return {};
  }
  if (entry.kind == model::EntryKind::judged) {
    auto body = from_json<JudgedBody>(to_json(entry.body));
    if (!body) return std::unexpected{body.error()};
    lessons_->add({.of = {.tenant = entry.tenant,
                          .source = std::move(body->source),
                          .detection = std::move(body->detection)},
                   .investigation = std::move(body->investigation),
                   .verdict = body->verdict,
                   .entities = std::move(body->entities),
                   .by = entry.actor.id,
                   .comment = std::move(body->comment),
                   .at = entry.at});
    return {};
  }
  // Somebody did not want done what the engine proposed, half a word against it; or wanted it done
  // in another way, half a word for it. An approval as it stands says no more than the verdict did.
  const bool denied = entry.kind == model::EntryKind::denied;
  if (!denied && !entry.body.contains("changed")) return {};
  auto investigation = text_in(entry.body, "investigation");
  if (investigation.empty()) {
    const auto action = store_.load<model::Action>(
        Table::actions, store::key({"id", text_in(entry.body, "action")}));
    if (action) investigation = action->investigation;
  }
  if (investigation.empty()) return {};
  const auto verdict = investigate::find_verdict(store_, investigation);
  if (!verdict && verdict.error().code == Errc::not_found) return {};
  if (!verdict) return std::unexpected{verdict.error()};
  auto subject = subject_of(store_, *verdict);
  if (!subject && subject.error().code == Errc::not_found) return {};
  if (!subject) return std::unexpected{subject.error()};
  lessons_->add({.of = std::move(subject->of),
                 .investigation = investigation,
                 .verdict = std::nullopt,
                 .malicious = denied ? 0 : 0.5,
                 .benign = denied ? 0.5 : 0,
                 .entities = std::move(subject->entities),
                 .by = entry.actor.id,
                 .at = entry.at});
  return {};
}

Result<> Feedback::load() {
  (void)mailbox_.take();  // by now it is in the ledger
  lessons_->clear();
  const auto tenants = store::ledger_tenants(store_);
  if (!tenants) return std::unexpected{tenants.error()};
  store::LedgerQuery query;
  query.kinds.assign(kinds.begin(), kinds.end());
  for (const auto& tenant : *tenants) {
    const auto head = store::ledger_head(store_, tenant);
    if (!head) return std::unexpected{head.error()};
    loaded_to_[tenant] = head->seq;
    Result<> outcome;
    auto read =
        store::query_ledger(store_, tenant, query, [&](std::uint64_t seq, std::string_view line) {
          if (seq > head->seq) return true;
          const auto entry = from_json<model::LedgerEntry>(line);
          outcome = entry ? learn(*entry) : Result<>{std::unexpected{entry.error()}};
          return outcome.has_value();
        });
    if (!read) return read;
    if (!outcome) return outcome;
  }
  return {};
}

Result<> Feedback::hear() {
  const auto lines = mailbox_.take();
  if (!lines) return load();
  for (const auto& line : *lines) {
    const auto entry = from_json<model::LedgerEntry>(line);
    if (!entry) return std::unexpected{entry.error()};
    if (entry->seq <= loaded_to_[entry->tenant]) continue;
    const auto learned = learn(*entry);
    if (!learned) return learned;
  }
  return {};
}

Task<> Feedback::judge(std::string investigation,
                       model::Judgement verdict,
                       std::string comment,
                       model::Actor by) {
  if (comment.empty())
    co_return fail(Errc::invalid_input, "comment is missing: say why, for whoever comes after you");
  if (comment.size() > most_comment)
    co_return fail(Errc::invalid_input, fmt::format("comment: at most {} bytes", most_comment));
  const auto was = investigate::find_verdict(store_, investigation);
  if (!was) co_return std::unexpected{was.error()};
  auto subject = subject_of(store_, *was);
  if (!subject) co_return std::unexpected{subject.error()};
  JudgedBody body{.investigation = investigation,
                  .verdict = verdict,
                  .was = was->verdict,
                  .version = was->version,
                  .comment = std::move(comment),
                  .source = std::move(subject->of.source),
                  .detection = std::move(subject->of.detection),
                  .entities = std::move(subject->entities),
                  .ran = {}};
  for (const auto& proposal : was->proposals) {
    if (!proposal.action_id) continue;
    const auto action =
        store_.load<model::Action>(Table::actions, store::key({"id", *proposal.action_id}));
    if (!action) continue;
    using enum model::ActionState;
    if (action->state == verified || action->state == succeeded)
      body.ran.push_back({.action = *proposal.action_id,
                          .verb = proposal.action,
                          .target = action->request.target});
  }
  store::Batch batch;
  batch.append(
      was->tenant, model::EntryKind::judged, investigation, by, clock_.now(), to_json(body));
  const auto committed = co_await store_.commit(std::move(batch));
  if (!committed) co_return committed;
  co_return hear();
}

Task<> Feedback::unlearn(LearnedClass of, std::string reason, model::Actor by) {
  if (reason.empty()) co_return fail(Errc::invalid_input, "reason is missing");
  const auto heard = hear();
  if (!heard) co_return heard;
  const auto known = lessons_->all(of.tenant);
  const bool learned = std::ranges::any_of(known, [&](const investigate::Learned& one) {
    return one.source == of.source && one.detection == of.detection;
  });
  if (!learned) co_return fail(Errc::not_found, "nothing was learned of this detection");
  store::Batch batch;
  batch.append(of.tenant,
               model::EntryKind::unlearned,
               fmt::format("{}/{}", of.source, of.detection),
               by,
               clock_.now(),
               to_json(UnlearnedBody{
                   .source = of.source, .detection = of.detection, .reason = std::move(reason)}));
  const auto committed = co_await store_.commit(std::move(batch));
  if (!committed) co_return committed;
  co_return hear();
}

}  // namespace sallyport::app
