#include "connectors/manifest/caller.hpp"

#include "connectors/manifest/request.hpp"
#include "connectors/manifest/shown.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <ranges>
#include <set>

namespace sallyport::connectors::manifest {

namespace {

constexpr unsigned most_attempts = 3;
constexpr std::chrono::milliseconds first_pause{200};
constexpr std::chrono::milliseconds usual_hold{1000};

/// Waits, unless the deadline comes first: false.
asio::awaitable<bool> pause(std::chrono::milliseconds time, Deadline deadline) {
  if (Deadline::Clock::now() + time >= deadline.at()) co_return false;
  asio::steady_timer timer{co_await asio::this_coro::executor, time};
  co_await timer.async_wait(asio::use_awaitable);
  co_return true;
}

/// The target of the link `rel="next"` (RFC 8288), where it leads to `origin`.
std::optional<std::string> next_link(std::string_view header, const http::Origin& origin) {
  for (const auto part : std::views::split(header, ',')) {
    const std::string_view link{part.begin(), part.end()};
    const auto begin = link.find('<');
    const auto end = link.find('>');
    if (begin == std::string_view::npos || end == std::string_view::npos || end < begin) continue;
    const auto parameters = link.substr(end);
    if (!parameters.contains("rel=\"next\"") && !parameters.contains("rel=next")) continue;
    const auto url = http::parse_url(link.substr(begin + 1, end - begin - 1));
    if (url && url->origin == origin) return url->target;
  }
  return std::nullopt;
}

/// The password that an act makes up; empty: none.
std::string password_in(const json::value& facts) {
  const auto password = value_at(facts, "run.password");
  return password ? text_of_scalar(*password).value_or("") : std::string{};
}

/// Puts `items` where `path` says in `record`.
void put_at(json::value& record, std::string_view path, json::array items) {
  auto* place = &record;
  for (const auto part : std::views::split(path, '.')) {
    auto* object = place->if_object();
    if (!object) return;
    place = &(*object)[std::string_view{part.begin(), part.end()}];
  }
  *place = std::move(items);
}

}  // namespace

json::object Caller::redacted(json::object values) const {
  const auto text = to_json(values);
  const auto shown = credentials_.redacted(text);
  if (shown == text) return values;
  auto clean = parse_json(shown);
  return clean && clean->is_object() ? std::move(clean->get_object()) : json::object{};
}

Judgement Caller::judged(const StepPlan& step, const json::value& record) const {
  auto judgement = judge(*plan_, step, record, clock_.now());
  if (judgement.kind != Judgement::Kind::good && holds(plan_->auth.refused, record)) {
    judgement.kind = Judgement::Kind::classed;
    judgement.means = AnswerClass::unauthorized;
  }
  judgement.why = credentials_.reason(without(std::move(judgement.why), {password_in(record)}));
  return judgement;
}

Task<Called> Caller::call_once(const StepPlan& step,
                               json::value facts,
                               std::optional<std::string> target,
                               bool may_repeat,
                               Deadline deadline) {
  const auto& endpoint = step.request.endpoint;
  bool renewed = false;
  bool perhaps_done = false;
  auto wait = first_pause;
  for (unsigned attempt = 1;; ++attempt, wait *= 2) {
    const bool last = attempt >= most_attempts;
    auto request = build(step.request, wire_.base(endpoint), facts);
    if (!request)
      co_return fail(request.error().code, fmt::format("{}: {}", step.id, request.error().detail));
    if (target) request->target = *target;
    const auto token = co_await credentials_.apply(
        *request, endpoint, value_at(facts, "options").value_or(nullptr), deadline);
    if (!token) co_return std::unexpected{token.error()};
    const auto sent = credentials_.shown(*request, endpoint, password_in(facts));
    auto exchange =
        co_await wire_.exchange(endpoint, *std::move(request), step.request.timeout, deadline);
    if (!exchange) co_return std::unexpected{exchange.error()};
    if (exchange->sent) credentials_.tell(sent);
    if (!exchange->answer) {
      const auto why = fmt::format("{}: {}", step.id, exchange->answer.error().detail);
      if (!exchange->sent) co_return fail(exchange->answer.error().code, why);
      perhaps_done = true;
      if (may_repeat && !last && co_await pause(wait, deadline)) continue;
      co_return Called{
          .judgement = {.kind = Judgement::Kind::unclear, .why = "sent, no answer: " + why},
          .record = std::move(facts),
          .perhaps_done = true};
    }
    auto record = with_answer(facts, *std::move(exchange->answer), step.request.accept);
    auto judgement = judged(step, record);
    if (judgement.kind == Judgement::Kind::classed) {
      if (judgement.means == AnswerClass::unauthorized && !renewed &&
          credentials_.refused(*token)) {
        renewed = true;
        continue;
      }
      if (judgement.means == AnswerClass::rate_limited) {
        const auto delay = judgement.retry_after.value_or(usual_hold);
        wire_.hold_for(delay);
        // The next attempt waits for its turn.
        if (!last && Deadline::Clock::now() + delay < deadline.at()) continue;
      }
      if (judgement.means == AnswerClass::retryable && may_repeat && !last &&
          co_await pause(wait, deadline)) {
        perhaps_done = true;
        continue;
      }
    }
    judgement.why = fmt::format("{}: {}", step.id, judgement.why);
    co_return Called{.judgement = std::move(judgement),
                     .record = std::move(record),
                     .perhaps_done = perhaps_done};
  }
}

std::optional<std::string> Caller::next_page(const StepPlan& step,
                                             const json::value& record,
                                             const std::string& target,
                                             std::size_t seen) const {
  const auto& pages = *step.request.pages;
  switch (pages.kind) {
    case PageKind::link: {
      const auto header = value_at(record, "header.link");
      const auto* text = header ? header->if_string() : nullptr;
      if (!text) return std::nullopt;
      return next_link({text->data(), text->size()}, wire_.base(step.request.endpoint).origin);
    }
    case PageKind::cursor: {
      const auto cursor = value_at(record, pages.next);
      const auto text = cursor ? text_of_scalar(*cursor) : fail(Errc::not_found, "");
      if (!text || text->empty()) return std::nullopt;
      auto next = with_query_replaced(target, pages.query, *text);
      return next ? std::optional{*std::move(next)} : std::nullopt;
    }
    case PageKind::offset: {
      auto next = with_query_replaced(target, pages.query, std::to_string(seen));
      return next ? std::optional{*std::move(next)} : std::nullopt;
    }
  }
  return std::nullopt;
}

Task<Called> Caller::call(const StepPlan& step,
                          json::value facts,
                          bool may_repeat,
                          Deadline deadline) {
  if (!step.request.pages) {
    co_return co_await call_once(step, std::move(facts), std::nullopt, may_repeat, deadline);
  }
  const auto& pages = *step.request.pages;
  const auto first = build(step.request, wire_.base(step.request.endpoint), facts);
  if (!first) co_return std::unexpected{first.error()};
  auto target = first->target;
  std::set<std::string> read{target};
  json::array items;
  for (std::uint32_t page = 0; page < pages.most; ++page) {
    auto called = co_await call_once(step, facts, target, may_repeat, deadline);
    if (!called || called->judgement.kind != Judgement::Kind::good) co_return called;
    auto found = value_at(called->record, pages.items);
    const auto* list = found ? found->if_array() : nullptr;
    if (list) items.insert(items.end(), list->begin(), list->end());
    const bool over = pages.kind == PageKind::offset && (!list || list->empty());
    auto next = over ? std::nullopt : next_page(step, called->record, target, items.size());
    if (!next) {
      put_at(called->record, pages.items, std::move(items));
      co_return called;
    }
    if (!read.insert(*next).second)
      co_return fail(Errc::unavailable,
                     fmt::format("{}: its pages lead back to one that was read", step.id));
    target = *std::move(next);
  }
  co_return fail(Errc::unavailable, fmt::format("{}: more than {} pages", step.id, pages.most));
}

}  // namespace sallyport::connectors::manifest
