#include "engine/app/recorded_uses.hpp"

#include <algorithm>

namespace sallyport::app {

namespace {

template <class Uses>
std::uint32_t count(const Uses& uses,
                    std::string_view name,
                    gate::Window window,
                    Time moment,
                    std::uint64_t seq,
                    RecordedUses::Close close) {
  const auto found = uses.find(name);
  if (found == uses.end()) return 0;
  const auto begin = moment - gate::length(window);
  const auto counts = [&](const auto& use) {
    if (use.at <= begin || use.seq == seq) return false;
    const auto near =
        use.at > moment - RecordedUses::closeness && use.at < moment + RecordedUses::closeness;
    if (near && close != RecordedUses::Close::as_recorded) return close == RecordedUses::Close::all;
    return use.at < moment || (use.at == moment && use.seq < seq);
  };
  return static_cast<std::uint32_t>(std::ranges::count_if(found->second, counts));
}

}  // namespace

void RecordedUses::add(Uses& to, const std::string& name, Use use) {
  auto& uses = to[name];
  uses.push_back(use);
  // Some hours longer than a window: an action may wait between its permit and its sending.
  while (uses.front().at + std::chrono::hours{30} < use.at) uses.pop_front();
}

void RecordedUses::add(const RecordedDecision& decision) {
  const auto& made = decision.decision;
  if (decision.asking != Asking::first || made.decision != model::Ruling::auto_) return;
  const Use use{.at = decision.at, .seq = decision.seq};
  add(verbs_, decision.request.action, use);
  if (made.reason == model::Reason::whitelist && made.rule) add(entries_, *made.rule, use);
}

std::uint32_t RecordedUses::View::of_verb(std::string_view,
                                          std::string_view verb,
                                          gate::Window window,
                                          Time) const {
  return count(uses_.verbs_, verb, window, moment_, seq_, close_);
}

std::uint32_t RecordedUses::View::of_entry(std::string_view,
                                           std::string_view entry,
                                           gate::Window window,
                                           Time) const {
  return count(uses_.entries_, entry, window, moment_, seq_, close_);
}

}  // namespace sallyport::app
