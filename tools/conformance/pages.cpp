#include "tools/conformance/pages.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace sallyport::conformance {

namespace {

using Course = lab::Paging::Course;

constexpr std::string_view of_the_body = "body";
constexpr std::size_t most_attempts = 3;  ///< Of one reading, by whoever repeats it.

/// `data.items` of `body.data.items`.
std::string below_body(std::string_view path) {
  path.remove_prefix(std::min(path.size(), of_the_body.size()));
  return std::string{path.substr(path.starts_with('.') ? 1 : 0)};
}

std::vector<const manifest::StepPlan*> paged(std::span<const manifest::StepPlan> steps) {
  std::vector<const manifest::StepPlan*> found;
  for (const auto& step : steps)
    if (step.request.pages) found.push_back(&step);
  return found;
}

/// What of a target tells the step's requests from those for one element by its id.
std::string told_apart_by(const manifest::RequestPlan& request) {
  if (!request.query.empty()) return fmt::format("?{}=", request.query.front().first);
  return request.segments.back().pieces().front().literal;
}

void cut(const PageTrials& trials, Course course, Stand& stand) {
  for (const auto* step : paged(trials.steps))
    stand.vendor().page({.course = course,
                         .path = told_apart_by(step->request),
                         .items = below_body(step->request.pages->items),
                         .next = below_body(step->request.pages->next),
                         .query = step->request.pages->query});
}

/// Whether each reading began with the first page, and went on page by page to the last.
bool each_once(const std::vector<lab::Pager::Asked>& asked) {
  std::size_t expected = 0;
  for (const auto& one : asked) {
    if (one.page != expected) return false;
    expected = one.last ? 0 : expected + 1;
  }
  return expected == 0 && !asked.empty();
}

Finding finding(Stand& stand, std::string trial, bool held, std::string detail) {
  return {.trial = std::move(trial),
          .status = held ? FindingStatus::held : FindingStatus::failed,
          .detail = std::move(detail),
          .sent = stand.take_sent()};
}

Finding whole(const PageTrials& trials, Stand& stand) {
  for (const auto* step : paged(trials.steps))
    if (step->request.pages->kind != manifest::PageKind::cursor)
      return finding(stand, "pages", false, "the lab cuts no pages of this kind yet");
  cut(trials, Course::ends, stand);
  const auto why = trials.done(stand);
  std::size_t read = 0;
  bool once = true;
  for (const auto& asked : stand.vendor().pages_asked()) {
    once = once && each_once(asked);
    read += asked.size();
  }
  return finding(stand,
                 "pages",
                 why.empty() && once,
                 !why.empty() ? why
                 : once       ? fmt::format("{} pages read, each once", read)
                              : "a page was left out, or read twice");
}

/// Pages that never end, or lead back to one that was read, give no answer, and soon.
Finding without_end(const PageTrials& trials, std::string trial, Course course, Stand& stand) {
  cut(trials, course, stand);
  const auto why = trials.done(stand);
  std::size_t most = 0;
  for (const auto* step : paged(trials.steps)) most += step->request.pages->most * most_attempts;
  std::size_t read = 0;
  for (const auto& asked : stand.vendor().pages_asked()) read += asked.size();
  const bool bounded = read > 0 && read <= most;
  return finding(stand,
                 std::move(trial),
                 !why.empty() && bounded,
                 why.empty() ? "was taken for an answer" : fmt::format("{} ({} read)", why, read));
}

}  // namespace

std::vector<std::function<Finding(Stand& stand)>> page_tries(PageTrials trials) {
  if (paged(trials.steps).empty()) return {};
  return {
      [=](Stand& stand) { return whole(trials, stand); },
      [=](Stand& stand) { return without_end(trials, "endless_pages", Course::endless, stand); },
      [=](Stand& stand) { return without_end(trials, "pages_in_a_ring", Course::circle, stand); }};
}

}  // namespace sallyport::conformance
