#include "engine/app/ledger_mailbox.hpp"

#include <utility>

namespace sallyport::app {

store::LedgerListener LedgerMailbox::listener(std::vector<model::EntryKind> kinds) {
  return {.kinds = std::move(kinds),
          .hear = [this](model::EntryKind, std::string_view line) { put(line); }};
}

void LedgerMailbox::put(std::string_view line) {
  const std::scoped_lock lock{mutex_};
  if (lines_.size() < most_) {
    lines_.emplace_back(line);
  } else {
    missing_ = true;
  }
}

std::optional<std::vector<std::string>> LedgerMailbox::take() {
  const std::scoped_lock lock{mutex_};
  auto lines = std::exchange(lines_, {});
  if (std::exchange(missing_, false)) return std::nullopt;
  return lines;
}

}  // namespace sallyport::app
