#include "engine/app/api_backend.hpp"

#include "engine/app/change_check.hpp"
#include "engine/app/policy_desk.hpp"
#include "engine/app/rollbacks.hpp"
#include "engine/base/spelling.hpp"
#include "engine/ingest/group_records.hpp"
#include "engine/investigate/verdicts.hpp"
#include "engine/store/ledger.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/compile.h>
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <utility>

namespace sallyport::app {

namespace {

using store::Table;

/// A store key as text that survives a URL.
std::string to_cursor(std::string_view key) {
  std::string text;
  for (const char c : key)
    fmt::format_to(std::back_inserter(text), FMT_COMPILE("{:02x}"), static_cast<unsigned char>(c));
  return text;
}

Result<std::string> from_cursor(std::string_view text) {
  std::string key;
  const auto digit = [](char c) { return c >= 'a' ? c - 'a' + 10 : c - '0'; };
  if (text.size() % 2 != 0 || text.find_first_not_of("0123456789abcdef") != std::string_view::npos)
    return fail(Errc::invalid_input, "cursor: not one that this API gave");
  for (std::size_t i = 0; i < text.size(); i += 2)
    key += static_cast<char>(digit(text[i]) * 16 + digit(text[i + 1]));
  return key;
}

/// The alerts of one request, until the last has its answer.
struct Waiting {
  Waiting(std::size_t n, const asio::any_io_executor& loop)
      : receipts(n), open{n}, all{loop, asio::steady_timer::time_point::max()} {}

  std::vector<serve::AlertReceipt> receipts;
  std::atomic<std::size_t> open;
  asio::steady_timer all;  ///< Cancelled by the last answer.
};

serve::AlertReceipt receipt_of(const Result<ingest::Receipt>& receipt) {
  using enum serve::ReceiptStatus;
  if (!receipt) {
    const bool refused_for_good = receipt.error().code != Errc::unavailable;
    return {.status = refused_for_good ? refused : unavailable, .reason = receipt.error().detail};
  }
  serve::AlertReceipt answer{.uid = receipt->alert->uid};
  switch (receipt->admission) {
    case ingest::Admission::accepted:
      answer.status = accepted;
      break;
    case ingest::Admission::duplicate:
      answer.status = duplicate;
      break;
    case ingest::Admission::updated:
      answer.status = updated;
      break;
  }
  return answer;
}

/// The document of an investigation says how many alerts it had when it was written; they may be
/// more by now. Errors: corrupt, unavailable.
Result<> count_alerts(const store::Store& store, model::Verdict& verdict) {
  auto members = ingest::members_of(store, verdict.investigation, model::most_listed_alerts);
  if (!members) return std::unexpected{members.error()};
  if (members->count == 0) return {};
  verdict.count = members->count;
  verdict.alerts = std::move(members->uids);
  return {};
}

}  // namespace

ApiBackend::ApiBackend(Rooms rooms,
                       Pipeline& pipeline,
                       Dispatcher& dispatcher,
                       PolicyKeeper& policy,
                       const model::Catalogue& catalogue,
                       asio::any_io_executor loop,
                       std::size_t max_in_flight)
    : rooms_{std::move(rooms)},
      pipeline_{pipeline},
      dispatcher_{dispatcher},
      policy_{policy},
      catalogue_{catalogue},
      loop_{std::move(loop)},
      max_in_flight_{max_in_flight} {}

std::optional<std::chrono::seconds> ApiBackend::congested() const {
  if (pipeline_.in_flight() < max_in_flight_) return std::nullopt;
  return std::chrono::seconds{1};
}

Task<std::vector<serve::AlertReceipt>> ApiBackend::submit(serve::Submission submission) {
  if (submission.alerts.empty()) co_return std::vector<serve::AlertReceipt>{};
  const auto waiting = std::make_shared<Waiting>(submission.alerts.size(), loop_);
  for (std::size_t i = 0; i < submission.alerts.size(); ++i) {
    ingest::RawAlert raw{.bytes = std::move(submission.alerts[i]),
                         .arrival = {.source = submission.source,
                                     .tenant = submission.tenant,
                                     .received_at = rooms_.clock.now()},
                         .intake = "http"};
    pipeline_.submit(
        std::move(raw),
        [waiting, i, loop = loop_](const Result<ingest::Receipt>& receipt) {
          waiting->receipts[i] = receipt_of(receipt);
          if (--waiting->open == 0) asio::post(loop, [waiting] { waiting->all.cancel(); });
        },
        [] {});
  }
  // Also when the client has gone: the alerts are taken all the same.
  while (waiting->open > 0) {
    const auto [error] = co_await waiting->all.async_wait(asio::as_tuple(asio::use_awaitable));
    if (error && waiting->open > 0) co_return fail(Errc::cancelled, "cancelled");
  }
  co_return std::move(waiting->receipts);
}

Task<serve::Page<model::Alert>> ApiBackend::alerts(serve::ListQuery query) {
  const auto prefix = query.tenant.empty() ? std::string{} : store::key({query.tenant, ""});
  const auto from = from_cursor(query.cursor);
  if (!from) co_return std::unexpected{from.error()};
  serve::Page<model::Alert> page;
  std::optional<Error> broken;
  std::string last;
  const auto scanned = rooms_.store.scan(
      Table::alerts, prefix, *from, false, [&](std::string_view key, std::string_view value) {
        if (!from->empty() && key <= *from) return true;
        if (page.items.size() == query.limit) {
          page.next = to_cursor(last);
          return false;
        }
        auto alert = from_json<model::Alert>(value);
        if (!alert) {
          broken = alert.error();
          return false;
        }
        last = key;
        page.items.push_back(*std::move(alert));
        return true;
      });
  if (!scanned) co_return std::unexpected{scanned.error()};
  if (broken) co_return std::unexpected{*broken};
  co_return page;
}

Task<serve::Page<model::Verdict>> ApiBackend::investigations(serve::ListQuery query) {
  serve::Page<model::Verdict> page;
  std::optional<Error> broken;
  const auto listed = investigate::list_verdicts(
      rooms_.store, query.tenant, query.cursor, [&](model::Verdict verdict) {
        if (page.items.size() == query.limit) {
          page.next = page.items.back().investigation;
          return false;
        }
        const auto counted = count_alerts(rooms_.store, verdict);
        if (!counted) return broken.emplace(counted.error()), false;
        page.items.push_back(std::move(verdict));
        return true;
      });
  if (!listed) co_return std::unexpected{listed.error()};
  if (broken) co_return std::unexpected{*broken};
  co_return page;
}

Task<model::Verdict> ApiBackend::investigation(std::string id) {
  auto verdict = investigate::find_verdict(rooms_.store, id);
  if (!verdict) co_return verdict;
  const auto counted = count_alerts(rooms_.store, *verdict);
  if (!counted) co_return std::unexpected{counted.error()};
  co_return verdict;
}

Task<serve::Page<serve::Question>> ApiBackend::approvals(serve::ApprovalQuery query) {
  auto found = rooms_.approvals.list({.state = query.state,
                                      .tenant = query.list.tenant,
                                      .after = query.list.cursor,
                                      .limit = query.list.limit + 1});
  if (!found) co_return std::unexpected{found.error()};
  serve::Page<serve::Question> page;
  for (auto& approval : *found) {
    if (page.items.size() == query.list.limit) {
      page.next = page.items.back().approval.id.text();
      break;
    }
    auto action = rooms_.actions.get(approval.action.text());
    if (!action) co_return std::unexpected{action.error()};
    page.items.push_back({.approval = std::move(approval), .action = *std::move(action)});
  }
  co_return page;
}

Task<serve::Question> ApiBackend::approval(std::string id) {
  auto approval = rooms_.approvals.get(id);
  if (!approval) co_return std::unexpected{approval.error()};
  auto action = rooms_.actions.get(approval->action.text());
  if (!action) co_return std::unexpected{action.error()};
  co_return serve::Question{.approval = *std::move(approval), .action = *std::move(action)};
}

Task<model::Action> ApiBackend::approve(std::string id, serve::Ruling ruling) {
  approve::Answer answer{.request_hash = std::move(ruling.request_hash),
                         .by = std::move(ruling.by),
                         .comment = std::move(ruling.comment),
                         .with = std::move(ruling.with)};
  auto approved = co_await rooms_.approvals.approve(std::move(id), std::move(answer));
  if (!approved) co_return std::unexpected{approved.error()};
  auto action = approved->action;
  dispatcher_.run(std::move(approved->action), std::move(approved->permit));
  co_return action;
}

Task<model::Action> ApiBackend::deny(std::string id, serve::Ruling ruling) {
  approve::Answer answer{.request_hash = std::move(ruling.request_hash),
                         .by = std::move(ruling.by),
                         .comment = std::move(ruling.comment)};
  auto denied = co_await rooms_.approvals.deny(std::move(id), std::move(answer));
  if (denied) dispatcher_.ended(*denied);
  co_return denied;
}

Task<serve::Page<model::Action>> ApiBackend::actions(serve::ActionQuery query) {
  auto found = rooms_.actions.list({.state = query.state,
                                    .tenant = query.list.tenant,
                                    .investigation = query.investigation,
                                    .before = query.list.cursor,
                                    .limit = query.list.limit + 1});
  if (!found) co_return std::unexpected{found.error()};
  serve::Page<model::Action> page{.items = *std::move(found), .next = {}};
  if (page.items.size() > query.list.limit) {
    page.items.pop_back();
    page.next = page.items.back().id.text();
  }
  co_return page;
}

Task<model::Action> ApiBackend::action(std::string id) {
  co_return rooms_.actions.get(id);
}

Task<model::Action> ApiBackend::propose(model::ActionRequest request) {
  // A verb that is not in the catalogue is the gate's to decide.
  if (const auto* verb = catalogue_.find(request.action)) {
    if (const auto fits = check_request(*verb, request); !fits)
      co_return std::unexpected{fits.error()};
  }
  co_return co_await dispatcher_.propose(std::move(request));
}

Task<model::Action> ApiBackend::roll_back(std::string id, model::Actor by) {
  auto action = rooms_.actions.get(id);
  if (!action) co_return std::unexpected{action.error()};
  co_return co_await dispatcher_.roll_back(*std::move(action), std::move(by));
}

Task<serve::RollbackReport> ApiBackend::roll_back_all(serve::RollbackOrder order) {
  co_return co_await app::roll_back_all(rooms_, dispatcher_, std::move(order));
}

Task<serve::PolicyDocument> ApiBackend::policy(serve::PolicyChoice choice) {
  co_return show_policy(policy_, choice);
}

Task<serve::Page<serve::PolicyDocument>> ApiBackend::policy_history(serve::ListQuery query) {
  co_return page_of_versions(policy_, query);
}

Task<serve::PolicyDocument> ApiBackend::set_tier(std::string tenant,
                                                 model::Tier tier,
                                                 serve::PolicyAuthor author) {
  co_return change_tier(policy_, rooms_.gate, std::move(tenant), tier, std::move(author));
}

Task<serve::PolicyDocument> ApiBackend::replace_policy(std::string text,
                                                       serve::PolicyAuthor author) {
  co_return change_whole(policy_, rooms_.gate, std::move(text), std::move(author));
}

Task<serve::PolicyDocument> ApiBackend::kill_switch(serve::KillSwitchOrder order,
                                                    serve::PolicyAuthor author) {
  const auto known = rooms_.executor.products().names();
  if (order.on && order.scope == serve::KillScope::connector &&
      std::ranges::find(known, order.name) == known.end()) {
    co_return fail(Errc::invalid_input,
                   fmt::format("no connector is called '{:.80}'; there are: {}",
                               order.name,
                               known.empty() ? "none" : fmt::format("{}", fmt::join(known, ", "))));
  }
  if (order.on && order.scope == serve::KillScope::verb && !catalogue_.find(order.name)) {
    std::vector<std::string_view> verbs;
    for (const auto& item : catalogue_.verbs()) verbs.emplace_back(item.first);
    co_return fail(
        Errc::invalid_input,
        fmt::format("no verb is called '{:.80}'{}", order.name, suggestion(order.name, verbs)));
  }
  co_return change_kill_switch(policy_, rooms_.gate, std::move(order), std::move(author));
}

Task<serve::Page<std::string>> ApiBackend::ledger(serve::LedgerSearch search) {
  store::LedgerQuery query{.kinds = std::move(search.kinds),
                           .subject = std::move(search.subject),
                           .verb = std::move(search.verb),
                           .target = std::move(search.target),
                           .decision = std::move(search.decision),
                           .reason = std::move(search.reason),
                           .actor = std::move(search.actor),
                           .from = search.from,
                           .to = search.to,
                           .newest_first = search.newest_first};
  if (!search.list.cursor.empty()) {
    // `time,number` of the entry before
    const auto comma = search.list.cursor.find(',');
    const auto at = parse_rfc3339(search.list.cursor.substr(0, comma));
    const auto number = comma == std::string::npos
                            ? Result<json::value>{fail(Errc::invalid_input, "")}
                            : parse_json(std::string_view{search.list.cursor}.substr(comma + 1));
    if (!at || !number || !number->is_int64())
      co_return fail(Errc::invalid_input, "cursor: not one that this API gave");
    query.after = store::LedgerQuery::Position{
        .at = *at, .seq = static_cast<std::uint64_t>(number->get_int64())};
  }
  serve::Page<std::string> page;
  std::optional<Error> broken;
  const auto read = store::query_ledger(
      rooms_.store, search.list.tenant, query, [&](std::uint64_t seq, std::string_view line) {
        if (page.items.size() == search.list.limit) {
          const auto last = from_json<model::LedgerEntry>(page.items.back());
          if (!last) {
            broken = last.error();
          } else {
            page.next = fmt::format("{},{}", to_rfc3339(last->at), last->seq);
          }
          return false;
        }
        (void)seq;
        page.items.emplace_back(line);
        return true;
      });
  if (!read) co_return std::unexpected{read.error()};
  if (broken) co_return std::unexpected{*broken};
  co_return page;
}

Task<std::optional<serve::StoredAnswer>> ApiBackend::recall(std::string key) {
  auto answer = rooms_.store.load<serve::StoredAnswer>(Table::idempotency, key);
  if (!answer && answer.error().code == Errc::not_found)
    co_return std::optional<serve::StoredAnswer>{};
  if (!answer) co_return std::unexpected{answer.error()};
  co_return std::optional{*std::move(answer)};
}

Task<> ApiBackend::remember(std::string key, serve::StoredAnswer answer) {
  store::Batch batch;
  batch.put(Table::idempotency, std::move(key), to_json(answer));
  co_return co_await rooms_.store.commit(std::move(batch));
}

}  // namespace sallyport::app
