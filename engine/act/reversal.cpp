#include "engine/act/reversal.hpp"

#include "engine/act/life.hpp"

#include <fmt/format.h>

#include <utility>

namespace sallyport::act {

using enum model::ActionState;

Result<model::ActionRequest> rollback_request(const model::Action& action, const model::Actor& by) {
  const bool in_force =
      action.state == verified || action.state == succeeded || action.state == rollback_failed;
  if (!in_force) {
    return fail(Errc::conflict,
                fmt::format("action {} is {}: there is nothing in force to undo",
                            action.id.text(),
                            name_of(action.state)));
  }
  if (!action.rollback || action.rollback->verb.empty()) {
    return fail(Errc::conflict,
                fmt::format("action {} cannot be undone: {}",
                            action.id.text(),
                            action.rollback ? action.rollback->why : "it has no rollback record"));
  }
  return model::ActionRequest{.tenant = action.tenant,
                              .action = action.rollback->verb,
                              .target = action.rollback->target,
                              .confidence = 1,
                              .requested_by = by,
                              .parameters = action.rollback->parameters,
                              .context = {{"rollback_of", action.id.text()}},
                              .grounded = true};
}

std::string missing_before(const Actions& actions, const model::Action& rollback) {
  if (rollback.reverses.empty()) return {};
  const auto* after = rollback.request.context.if_contains("after");
  if (!after || !after->is_string()) return {};
  const std::string id{std::string_view{after->get_string()}};
  const auto before = actions.get(id);
  if (before && (before->state == verified || before->state == succeeded)) return {};
  return fmt::format("nothing was sent: rollback {} on the same target comes first, and is {}",
                     id,
                     before ? name_of(before->state) : "not to be read");
}

Task<> conclude_reversed(Actions& actions,
                         const Tell& tell,
                         model::Action rollback,
                         model::ActionState to) {
  if (rollback.reverses.empty()) co_return Result<>{};
  auto reversed = actions.get(rollback.reverses);
  if (!reversed) co_return std::unexpected{reversed.error()};
  if (!may_follow(reversed->state, to)) co_return Result<>{};
  const auto edit = [&](model::Action& record) {
    record.reversed_by = rollback.id.text();
    record.verification = rollback.verification;
    record.detail = rollback.detail;
    record.drift.reset();
  };
  Change change{
      .to = to, .by = rollback.request.requested_by, .edit = edit, .with = {}, .entry = {}};
  if (to == rollback_failed) {
    auto as_it_will_be = *reversed;
    edit(as_it_will_be);
    as_it_will_be.state = to;
    tell(change.with, as_it_will_be, Notice::rollback_failed);
  } else {
    actions.set_end(change.with, *reversed, {});
  }
  const auto changed = co_await actions.change(*std::move(reversed), std::move(change));
  if (!changed) co_return std::unexpected{changed.error()};
  co_return Result<>{};
}

}  // namespace sallyport::act
