#include "engine/investigate/lessons.hpp"

#include "engine/base/json.hpp"

#include <fmt/compile.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace sallyport::investigate {

namespace {

/// So many answers of one mind count half: the first says little, the tenth much.
constexpr double doubt = 2;
constexpr std::size_t most_comment = 200;

std::string entity_key(std::string_view tenant, const model::Entity& entity) {
  return fmt::format(FMT_COMPILE("{}\n{}\n{}"), tenant, entity.kind, entity.value);
}

void drop(std::deque<std::shared_ptr<Lesson>>& cases, const std::shared_ptr<Lesson>& one) {
  std::erase(cases, one);
}

double leaning_of(double malicious, double benign) {
  const auto leaning = (malicious - benign) / (malicious + benign + doubt);
  return std::round(leaning * 1e4) / 1e4;
}

model::Evidence item(std::string source, model::EvidenceStatus status, const model::Alert& alert) {
  return {.id = {},
          .source = std::move(source),
          .status = status,
          .trust = model::Trust::trusted,
          .summary = {},
          .hash = {},
          .observed_at = alert.received_at,
          .signals = {},
          .data = {}};
}

LearnedClass class_of(const model::Alert& alert) {
  return {.tenant = alert.tenant, .source = alert.source, .detection = alert.detection};
}

/// A case and what it has in common with an alert.
struct Likeness {
  std::shared_ptr<Lesson> one;
  bool same_detection = false;
  std::vector<model::Entity> shared;

  [[nodiscard]] std::size_t degree() const { return (same_detection ? 2 : 0) + shared.size(); }
};

model::Evidence shown(const Likeness& like, const model::Alert& alert) {
  const auto& one = *like.one;
  auto evidence = item("cases", model::EvidenceStatus::found, alert);
  std::string common = like.same_detection ? "the same detection" : "";
  for (const auto& entity : like.shared) {
    if (common.size() > 120) break;
    fmt::format_to(std::back_inserter(common),
                   FMT_COMPILE("{}{} {}"),
                   common.empty() ? "" : ", ",
                   entity.kind,
                   std::string_view{entity.value}.substr(0, 60));
  }
  evidence.summary = fmt::format("{} judged {} to be {} on {}; in common: {}",
                                 std::string_view{one.by}.substr(0, 60),
                                 one.investigation,
                                 name_of(*one.verdict),
                                 to_rfc3339(one.at).substr(0, 10),
                                 common);
  json::object data{{"investigation", one.investigation},
                    {"judged", name_of(*one.verdict)},
                    {"by", one.by},
                    {"at", to_rfc3339(one.at)},
                    {"same_detection", like.same_detection}};
  if (!one.comment.empty()) data["comment"] = std::string_view{one.comment}.substr(0, most_comment);
  evidence.data = data;
  return evidence;
}

}  // namespace

void Lessons::add(Lesson lesson) {
  if (lesson.investigation.empty() || lesson.of.detection.empty()) return;
  if (lesson.entities.size() > limits_.entities) lesson.entities.resize(limits_.entities);
  const std::scoped_lock lock{mutex_};
  if (const auto known = by_id_.find(lesson.investigation); known != by_id_.end()) {
    const auto before = known->second;
    // What was answered about actions gives way to a verdict, and adds nothing to one.
    if (!lesson.verdict) {
      if (before->verdict) return;
      lesson.malicious = std::max(lesson.malicious, before->malicious);
      lesson.benign = std::max(lesson.benign, before->benign);
    }
    remove(before);
  }
  if (lesson.verdict) {
    const bool bad = *lesson.verdict == model::Judgement::malicious ||
                     *lesson.verdict == model::Judgement::suspicious;
    const bool good = *lesson.verdict == model::Judgement::benign ||
                      *lesson.verdict == model::Judgement::false_positive;
    lesson.malicious = bad ? 1 : 0;
    lesson.benign = good ? 1 : 0;
  }
  const auto one = std::make_shared<Lesson>(std::move(lesson));
  cases_.push_back(one);
  by_id_[one->investigation] = one;
  by_class_[one->of].push_back(one);
  for (const auto& entity : one->entities) {
    auto& of_entity = by_entity_[entity_key(one->of.tenant, entity)];
    of_entity.push_back(one);
    if (of_entity.size() > limits_.looked_at) of_entity.pop_front();
  }
  while (cases_.size() > limits_.cases) remove(CasePtr{cases_.front()});
}

void Lessons::remove(const CasePtr& one) {
  const auto kept = one;
  drop(cases_, kept);
  by_id_.erase(kept->investigation);
  if (const auto of = by_class_.find(kept->of); of != by_class_.end()) {
    drop(of->second, kept);
    if (of->second.empty()) by_class_.erase(of);
  }
  for (const auto& entity : kept->entities) {
    const auto of = by_entity_.find(entity_key(kept->of.tenant, entity));
    if (of == by_entity_.end()) continue;
    drop(of->second, kept);
    if (of->second.empty()) by_entity_.erase(of);
  }
}

void Lessons::forget(const LearnedClass& of) {
  const std::scoped_lock lock{mutex_};
  const auto found = by_class_.find(of);
  if (found == by_class_.end()) return;
  const auto all = found->second;
  for (const auto& one : all) remove(one);
}

void Lessons::clear() {
  const std::scoped_lock lock{mutex_};
  cases_.clear();
  by_id_.clear();
  by_class_.clear();
  by_entity_.clear();
}

Learned Lessons::summed(const LearnedClass& of, const Cases& cases) {
  Learned learned{.tenant = of.tenant, .source = of.source, .detection = of.detection};
  for (const auto& one : cases) {
    learned.malicious += one->malicious;
    learned.benign += one->benign;
    ++learned.investigations;
    learned.last = std::max(learned.last, one->at);
  }
  learned.leaning = leaning_of(learned.malicious, learned.benign);
  return learned;
}

std::vector<Learned> Lessons::all(std::string_view tenant) const {
  const std::scoped_lock lock{mutex_};
  std::vector<Learned> all;
  for (const auto& [of, cases] : by_class_)
    if (tenant.empty() || of.tenant == tenant) all.push_back(summed(of, cases));
  return all;
}

std::vector<model::Evidence> Lessons::similar(const model::Alert& alert) const {
  std::vector<Likeness> alike;
  const auto likeness = [&](const CasePtr& one) -> Likeness* {
    if (!one->verdict) return nullptr;
    const auto known = std::ranges::find(alike, one, &Likeness::one);
    if (known != alike.end()) return &*known;
    return &alike.emplace_back(Likeness{.one = one, .same_detection = one->of == class_of(alert)});
  };
  if (const auto found = by_class_.find(class_of(alert)); found != by_class_.end()) {
    const auto& cases = found->second;
    const auto newest = std::min(cases.size(), limits_.looked_at);
    for (auto one = cases.end() - static_cast<std::ptrdiff_t>(newest); one != cases.end(); ++one)
      likeness(*one);
  }
  for (const auto& mention : alert.entities) {
    const auto found = by_entity_.find(entity_key(alert.tenant, mention.entity));
    if (found == by_entity_.end()) continue;
    for (const auto& one : found->second) {
      auto* like = likeness(one);
      if (like && std::ranges::find(like->shared, mention.entity) == like->shared.end())
        like->shared.push_back(mention.entity);
    }
  }
  std::ranges::sort(alike, [](const Likeness& a, const Likeness& b) {
    return std::tuple{a.degree(), a.one->at, a.one->investigation} >
           std::tuple{b.degree(), b.one->at, b.one->investigation};
  });
  std::vector<model::Evidence> items;
  for (std::size_t i = 0; i < alike.size() && i < limits_.shown; ++i)
    items.push_back(shown(alike[i], alert));
  return items;
}

std::optional<Enricher::Answer> Lessons::answer_now(const model::Alert& alert) const {
  std::vector<model::Evidence> items;
  const std::scoped_lock lock{mutex_};
  const auto of = class_of(alert);
  const auto found = by_class_.find(of);
  if (found == by_class_.end()) {
    items.push_back(item("people", model::EvidenceStatus::empty, alert));
    items.back().summary = "nobody judged this detection before";
  } else {
    const auto learned = summed(of, found->second);
    auto evidence = item("people", model::EvidenceStatus::found, alert);
    evidence.summary = fmt::format(
        "people judged {} investigations of this detection: {:g} for "
        "malice, {:g} against",
        learned.investigations,
        learned.malicious,
        learned.benign);
    evidence.data = {{"malicious", learned.malicious},
                     {"benign", learned.benign},
                     {"investigations", learned.investigations}};
    if (learned.leaning > 0)
      evidence.signals.push_back({std::string{people_malicious}, learned.leaning});
    if (learned.leaning < 0)
      evidence.signals.push_back({std::string{people_benign}, -learned.leaning});
    items.push_back(std::move(evidence));
  }
  for (auto& one : similar(alert)) items.push_back(std::move(one));
  return items;
}

Task<std::vector<model::Evidence>> Lessons::enrich(std::shared_ptr<const model::Alert> alert,
                                                   Deadline /*deadline*/) {
  co_return *answer_now(*alert);
}

}  // namespace sallyport::investigate
