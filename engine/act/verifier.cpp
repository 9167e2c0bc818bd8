#include "engine/act/verifier.hpp"

#include "engine/act/life.hpp"
#include "engine/act/reversal.hpp"
#include "engine/act/timed.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace sallyport::act {

namespace {

using enum model::ActionState;
using std::chrono::milliseconds;

const model::Actor engine{.kind = "engine", .id = "act"};

asio::awaitable<void> pause(milliseconds time) {
  asio::steady_timer timer{co_await asio::this_coro::executor, time};
  co_await timer.async_wait(asio::use_awaitable);
}

model::Action as_it_will_be(model::Action action, const Change& change) {
  action.state = change.to;
  if (change.edit) change.edit(action);
  return action;
}

void take(model::Verification& seen, const Result<Reading>& reading, Time now) {
  seen.at = now;
  if (reading) {
    seen.in_effect = reading->in_effect;
    seen.state = reading->state;
    seen.detail = reading->detail;
  } else {
    seen.detail = "the state could not be read back: " + reading.error().detail;
  }
}

}  // namespace

Verifier::Verifier(Actions& actions, const Clock& clock, Options options, Tell tell)
    : actions_{actions}, clock_{clock}, options_{options}, tell_{std::move(tell)} {}

void Verifier::look_later(Change& change, const model::Action& action) const {
  const auto at = next_look(options_.watch, as_it_will_be(action, change), clock_.now());
  actions_.set_look(change.with, action.id.text(), at);
}

Task<model::Action> Verifier::verify(model::Action action, Product& product, Operation operation) {
  const auto until = Deadline::in(options_.verify_for);
  model::Verification seen;
  for (auto wait = milliseconds{50};; wait = std::min(wait * 2, milliseconds{2000})) {
    const auto left = until.at() - Deadline::Clock::now();
    const auto patience = std::clamp(
        std::chrono::duration_cast<milliseconds>(left), milliseconds{0}, product.wait_for());
    const auto asked = co_await product.read(operation, patience);
    const auto& reading = asked.answer;
    take(seen, reading, clock_.now());
    const bool clear = reading && !reading->pending && (!reading->in_effect || *reading->in_effect);
    if (clear || Deadline::Clock::now() + wait >= until.at()) break;
    co_await pause(wait);
  }

  if (action.state == unknown) {
    auto settled = co_await settle_unknown(std::move(action), seen);
    if (!settled || settled->state != succeeded) co_return settled;
    action = *std::move(settled);
  }
  if (seen.in_effect == true) co_return co_await confirm(std::move(action), seen);
  co_return co_await doubt(std::move(action), seen);
}

Task<model::Action> Verifier::settle_unknown(model::Action action,
                                             const model::Verification& seen) {
  if (!seen.in_effect) co_return co_await stay_unknown(std::move(action), seen);
  const bool holds = *seen.in_effect;
  const auto now = clock_.now();
  Change settle{.to = holds ? succeeded : failed,
                .by = engine,
                .edit =
                    [&](model::Action& record) {
                      record.outcome =
                          model::Outcome{.status = holds ? model::OutcomeStatus::succeeded
                                                         : model::OutcomeStatus::failed,
                                         .detail = "settled by reading the state: " + seen.detail,
                                         .product = seen.state};
                      record.detail = record.outcome->detail;
                      if (holds) record.ends_at = end_of(record, now);
                    },
                .with = {},
                .entry = {}};
  look_later(settle, action);
  const auto as_settled = as_it_will_be(action, settle);
  if (as_settled.ends_at) actions_.set_end(settle.with, as_settled, as_settled.ends_at);
  if (!holds) {
    const auto told = co_await conclude_reversed(actions_, tell_, as_settled, rollback_failed);
    if (!told) co_return std::unexpected{told.error()};
  }
  co_return co_await actions_.change(std::move(action), std::move(settle));
}

Task<model::Action> Verifier::stay_unknown(model::Action action, const model::Verification& seen) {
  if (action.verification) {  // told before
    const auto rested = co_await actions_.look_later(
        action.id.text(), next_look(options_.watch, action, clock_.now()));
    if (!rested) co_return std::unexpected{rested.error()};
    co_return action;
  }
  Change unclear{.to = unknown,
                 .by = engine,
                 .edit =
                     [&](model::Action& record) {
                       record.verification = seen;
                       record.detail = "nobody knows whether it happened: " + seen.detail;
                     },
                 .with = {},
                 .entry = model::EntryKind::verified};
  look_later(unclear, action);
  tell_(unclear.with, as_it_will_be(action, unclear), Notice::unclear);
  co_return co_await actions_.change(std::move(action), std::move(unclear));
}

Task<model::Action> Verifier::confirm(model::Action action, const model::Verification& seen) {
  Change confirm{.to = verified,
                 .by = engine,
                 .edit = [&](model::Action& record) { record.verification = seen; },
                 .with = {},
                 .entry = {}};
  look_later(confirm, action);
  const auto told =
      co_await conclude_reversed(actions_, tell_, as_it_will_be(action, confirm), rolled_back);
  if (!told) co_return std::unexpected{told.error()};
  co_return co_await actions_.change(std::move(action), std::move(confirm));
}

/// The product said yes and the state says no, or says nothing: never called verified.
Task<model::Action> Verifier::doubt(model::Action action, const model::Verification& seen) {
  Change doubt{
      .to = succeeded,
      .by = engine,
      .edit =
          [&](model::Action& record) {
            record.verification = seen;
            record.detail =
                seen.in_effect
                    ? "unverified: the product said yes, but the state is not what it should be"
                    : "unverified: " + seen.detail;
          },
      .with = {},
      .entry = model::EntryKind::verified};
  look_later(doubt, action);
  const auto told = co_await conclude_reversed(actions_,
                                               tell_,
                                               as_it_will_be(action, doubt),
                                               seen.in_effect ? rollback_failed : rolled_back);
  if (!told) co_return std::unexpected{told.error()};
  co_return co_await actions_.change(std::move(action), std::move(doubt));
}

Task<model::Action> Verifier::reconcile(model::Action action,
                                        Product& product,
                                        Operation operation) {
  if (action.state == executing) {
    Change cut_off{.to = unknown,
                   .by = engine,
                   .edit =
                       [](model::Action& record) {
                         record.outcome =
                             model::Outcome{.status = model::OutcomeStatus::unknown,
                                            .detail = "the engine stopped while it was under way",
                                            .product = {}};
                       },
                   .with = {},
                   .entry = {}};
    auto unclear = co_await actions_.change(std::move(action), std::move(cut_off));
    if (!unclear) co_return unclear;
    action = *std::move(unclear);
  }
  co_return co_await verify(std::move(action), product, std::move(operation));
}

Task<model::Action> Verifier::release(model::Action action, Product& product, Operation operation) {
  const auto asked = co_await product.read(std::move(operation), milliseconds{0});
  const auto& reading = asked.answer;
  if (!reading) co_return std::unexpected{reading.error()};
  // What cannot be read has ended if the product keeps the time, and not if the engine does.
  if (reading->in_effect.value_or(!ends_itself(action)))
    co_return fail(Errc::unavailable, "the product still holds it");
  Change ended{.to = released,
               .by = engine,
               .edit =
                   [&](model::Action& record) {
                     record.verification.emplace();
                     take(*record.verification, reading, clock_.now());
                     record.detail = "its time was over";
                     record.drift.reset();
                   },
               .with = {},
               .entry = {}};
  actions_.set_end(ended.with, action, {});
  look_later(ended, action);
  co_return co_await actions_.change(std::move(action), std::move(ended));
}

Task<std::optional<model::Action>> Verifier::look_again(model::Action action,
                                                        Product& product,
                                                        Operation operation) {
  const auto changed = [](Result<model::Action> result) -> Result<std::optional<model::Action>> {
    if (!result) return std::unexpected{result.error()};
    return std::optional{*std::move(result)};
  };
  const auto now = clock_.now();
  const auto asked = co_await product.read(std::move(operation), milliseconds{0});
  model::Verification seen;
  take(seen, asked.answer, now);
  const bool shows = asked.answer && !asked.answer->pending && seen.in_effect;

  if (action.state == unknown && asked.answer && !asked.answer->pending) {
    auto settled = co_await settle_unknown(std::move(action), seen);
    if (settled && settled->state == unknown) co_return std::optional<model::Action>{};
    if (!settled || settled->state != succeeded) co_return changed(std::move(settled));
    co_return changed(co_await confirm(*std::move(settled), seen));
  }
  if (action.state == succeeded && shows && *seen.in_effect)
    co_return changed(co_await confirm(std::move(action), seen));

  const bool ends_now = action.ends_at && *action.ends_at <= now;
  const bool turned =
      action.state == verified && shows && !ends_now && *seen.in_effect == action.drift.has_value();
  if (!turned) {
    const auto rested =
        co_await actions_.look_later(action.id.text(), next_look(options_.watch, action, now));
    if (!rested) co_return std::unexpected{rested.error()};
    co_return std::optional<model::Action>{};
  }
  const bool back = *seen.in_effect;
  Change turn{.to = verified,
              .by = engine,
              .edit =
                  [&](model::Action& record) {
                    record.verification = seen;
                    if (back) {
                      record.drift.reset();
                      record.detail = "in effect again; somebody restored it: " + seen.detail;
                    } else {
                      record.drift = model::Drift{.seen_at = now, .detail = seen.detail};
                      record.detail = "not in effect any more; somebody undid it: " + seen.detail;
                    }
                  },
              .with = {},
              .entry = back ? model::EntryKind::restored : model::EntryKind::drifted};
  look_later(turn, action);
  tell_(turn.with, as_it_will_be(action, turn), back ? Notice::restored : Notice::drifted);
  co_return changed(co_await actions_.change(std::move(action), std::move(turn)));
}

}  // namespace sallyport::act
