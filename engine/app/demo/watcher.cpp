#include "engine/app/demo/watcher.hpp"

namespace sallyport::app::demo {

Listener Watcher::listener() {
  return {.verdict =
              [this](const model::Verdict& verdict) {
                const std::lock_guard lock{mutex_};
                verdicts_.push_back(verdict);
                changed_.notify_all();
              },
          .action =
              [this](const model::Action& action) {
                const std::lock_guard lock{mutex_};
                actions_.insert_or_assign(action.id.text(), action);
                changed_.notify_all();
              },
          .concluded = {},
          .joined =
              [this] {
                const std::lock_guard lock{mutex_};
                ++joined_;
                changed_.notify_all();
              }};
}

bool Watcher::wait_alerts(std::size_t count, Patience patience) {
  std::unique_lock lock{mutex_};
  const auto there = [&] { return verdicts_.size() + joined_ >= count; };
  changed_.wait_for(lock, patience, [&] { return interrupted_ || there(); });
  return there();
}

std::size_t Watcher::joined() const {
  const std::lock_guard lock{mutex_};
  return joined_;
}

std::vector<model::Verdict> Watcher::verdicts(std::size_t from) const {
  const std::lock_guard lock{mutex_};
  if (from >= verdicts_.size()) return {};
  return {verdicts_.begin() + static_cast<std::ptrdiff_t>(from), verdicts_.end()};
}

std::optional<model::Action> Watcher::wait_action(const std::string& id, Patience patience) {
  std::unique_lock lock{mutex_};
  changed_.wait_for(lock, patience, [&] { return interrupted_ || actions_.contains(id); });
  const auto found = actions_.find(id);
  return found == actions_.end() ? std::nullopt : std::optional{found->second};
}

bool Watcher::pause(Patience patience) {
  std::unique_lock lock{mutex_};
  return changed_.wait_for(lock, patience, [&] { return interrupted_; });
}

void Watcher::wait_for_interrupt() {
  std::unique_lock lock{mutex_};
  changed_.wait(lock, [&] { return interrupted_; });
}

void Watcher::interrupt() {
  const std::lock_guard lock{mutex_};
  interrupted_ = true;
  changed_.notify_all();
}

bool Watcher::interrupted() const {
  const std::lock_guard lock{mutex_};
  return interrupted_;
}

}  // namespace sallyport::app::demo
