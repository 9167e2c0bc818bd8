#include "engine/audit/reviews.hpp"

#include "engine/store/ledger.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace sallyport::audit {

namespace {

constexpr std::size_t longest_note = 2000;  // bytes

}  // namespace

Result<GateLogReview> review_of(
    const store::Store& store, std::string_view tenant, Window window, std::string note, Time now) {
  if (window.to <= window.from) return fail(Errc::invalid_input, "to is not after from");
  if (window.to > now)
    return fail(Errc::invalid_input,
                fmt::format("to is not over yet: it is {} now", to_rfc3339(now)));
  if (note.find_first_not_of(" \t\r\n") == std::string::npos || note.size() > longest_note)
    return fail(Errc::invalid_input,
                fmt::format("a note of 1 to {} bytes is needed: what was found", longest_note));
  const auto head = store::ledger_head(store, tenant);
  if (!head) return std::unexpected{head.error()};
  if (head->seq == 0) return fail(Errc::not_found, "nothing is on record of that tenant");
  GateLogReview review{.from = window.from,
                       .to = window.to,
                       .note = std::move(note),
                       .seq = head->seq,
                       .head = head->hash};
  const auto read = store::query_ledger(
      store,
      tenant,
      {.kinds = {model::EntryKind::decided}, .from = window.from, .to = window.to},
      [&](std::uint64_t, std::string_view) {
        ++review.decisions;
        return true;
      });
  if (!read) return std::unexpected{read.error()};
  return review;
}

std::string not_reviewed(std::string_view tenant,
                         std::vector<Window> reviews,
                         Time first,
                         Time now) {
  std::ranges::sort(reviews, {}, &Window::from);
  auto until = first;
  for (const auto& review : reviews)
    if (review.from <= until) until = std::max(until, review.to);
  // A glance at the first of them is no review of what came after.
  if (until > first && until >= now - review_patience && until - first >= (now - first) / 2)
    return {};
  return fmt::format(
      "gate log reviewed: {} (sallyport audit review --tenant {} --from {} --to TIME --note TEXT)",
      until > first ? "up to " + to_rfc3339(until) : "nobody has",
      tenant,
      to_rfc3339(until));
}

}  // namespace sallyport::audit
