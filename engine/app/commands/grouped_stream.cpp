#include "engine/app/commands/grouped_stream.hpp"

#include <utility>

namespace sallyport::app {

GroupedStream::GroupedStream(std::shared_ptr<const ingest::GroupingRules> rules,
                             const investigate::Investigator& investigator,
                             UlidSource& ids,
                             Investigate investigate,
                             Print print,
                             Judged judged)
    : investigator_{investigator},
      investigate_{std::move(investigate)},
      print_{std::move(print)},
      judged_{std::move(judged)},
      groups_{std::move(rules),
              [&ids](Time at) { return ids.next(at); },
              [&investigator](const model::Alert& alert) { return investigator.listen(alert); }} {}

Result<> GroupedStream::take(std::shared_ptr<const model::Alert> alert) {
  const auto at = alert->time == Time{} ? alert->received_at : alert->time;
  const auto rules = groups_.rules();
  while (!cases_.empty() &&
         (cases_.front().opened + 2 * rules->longest() < at || cases_.size() > rules->remembered()))
    print_first();

  const auto placement = groups_.place(*alert, at);
  if (placement.part == ingest::Part::opens) {
    if (auto opened = open(alert, placement, at); !opened) return opened;
    return judged_(*alert, cases_.back().story->verdict.verdict);
  }
  auto& into = *by_id_.at(placement.investigation);
  if (placement.part == ingest::Part::follows) {
    auto followed = follow(alert, into);
    if (!followed) {
      groups_.take_back(placement);
      return followed;
    }
  }
  into.alerts.push_back(alert->uid);
  return judged_(*alert, into.story->verdict.verdict);
}

Result<> GroupedStream::open(const std::shared_ptr<const model::Alert>& alert,
                             const ingest::Placement& placement,
                             Time at) {
  auto verdict = investigate_(alert, placement.investigation, nullptr);
  (void)groups_.leave(placement.investigation);
  if (!verdict) {
    groups_.take_back(placement);
    return std::unexpected{verdict.error()};
  }
  groups_.heard(placement.investigation, *alert, investigator_.listen(*verdict));
  groups_.durable(placement.investigation, 1);
  cases_.push_back(
      {.story = std::make_shared<const investigate::Story>(*std::move(verdict), *alert),
       .opened = at,
       .alerts = {alert->uid}});
  by_id_.emplace(placement.investigation, std::prev(cases_.end()));
  return {};
}

Result<> GroupedStream::follow(const std::shared_ptr<const model::Alert>& alert, Case& into) {
  const auto& id = into.story->verdict.investigation;
  const std::shared_ptr<const model::Verdict> before{into.story, &into.story->verdict};
  const auto whole =
      std::make_shared<const model::Alert>(investigate::joined(into.story->whole, *alert));
  // No model is asked about what changes nothing.
  const auto at_once = investigator_.investigate_now(*whole, id, before.get());
  const auto by_itself = investigator_.investigate_now(*alert, id);
  groups_.heard(id, *alert, investigator_.listen(*alert));
  if (at_once && by_itself && !investigate::rises(*before, *at_once) &&
      !investigate::is_worse(*by_itself, *before))
    return {};
  auto verdict = investigate_(whole, id, before);
  if (!verdict) return std::unexpected{verdict.error()};
  auto alone = investigate_(alert, id, nullptr);
  if (!alone) return std::unexpected{alone.error()};
  if (investigate::is_worse(*alone, *verdict))
    verdict = investigate::as_version_of(*before, *std::move(alone), *whole, *alert);
  if (!investigate::rises(*before, *verdict)) return {};
  groups_.durable(id, verdict->version);
  into.story = std::make_shared<const investigate::Story>(*std::move(verdict), *whole);
  return {};
}

void GroupedStream::print_first() {
  auto& first = cases_.front();
  auto verdict = first.story->verdict;
  verdict.count = first.alerts.size();
  verdict.alerts = std::move(first.alerts);
  print_(verdict);
  groups_.close(verdict.investigation);
  by_id_.erase(verdict.investigation);
  cases_.pop_front();
}

void GroupedStream::end() {
  while (!cases_.empty()) print_first();
}

}  // namespace sallyport::app
