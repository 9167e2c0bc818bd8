#include "engine/app/stories.hpp"

#include "engine/ingest/group_records.hpp"
#include "engine/investigate/verdicts.hpp"

#include <algorithm>

namespace sallyport::app {

namespace {

/// Alerts that a story's entities are taken from.
constexpr std::size_t most_alerts = 32;

}  // namespace

Result<std::shared_ptr<const investigate::Story>> Stories::find(const std::string& investigation) {
  {
    const std::scoped_lock lock{mutex_};
    const auto found = std::ranges::find(
        stories_, investigation, [](const auto& one) -> const auto& { return one.first; });
    if (found != stories_.end()) {
      stories_.splice(stories_.begin(), stories_, found);
      return found->second;
    }
  }
  auto verdict = investigate::find_verdict(store_, investigation);
  if (!verdict) return std::unexpected{verdict.error()};
  const auto alerts = ingest::deciding_alerts(store_, investigation, most_alerts);
  if (!alerts) return std::unexpected{alerts.error()};
  auto story = std::make_shared<investigate::Story>();
  story->verdict = *std::move(verdict);
  if (!alerts->empty()) story->whole = investigate::joined(*alerts);
  const std::scoped_lock lock{mutex_};
  stories_.emplace_front(investigation, story);
  if (stories_.size() > kept_) stories_.pop_back();
  return story;
}

void Stories::forget(std::string_view investigation) {
  const std::scoped_lock lock{mutex_};
  std::erase_if(stories_, [&](const auto& one) { return one.first == investigation; });
}

}  // namespace sallyport::app
