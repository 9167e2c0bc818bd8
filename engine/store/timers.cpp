#include "engine/store/timers.hpp"

#include <fmt/format.h>

namespace sallyport::store {

namespace {

/// Microseconds in a fixed width: sorts as time does.
std::string moment(Time at) {
  return fmt::format("{:020}", at.time_since_epoch().count());
}

}  // namespace

void set_timer(Batch& batch, TimerKind kind, Time at, std::string_view id) {
  batch.put(Table::timers, key({name_of(kind), moment(at), id}), "");
}

void clear_timer(Batch& batch, TimerKind kind, Time at, std::string_view id) {
  batch.erase(Table::timers, key({name_of(kind), moment(at), id}));
}

Result<std::vector<std::string>> due_timers(const Store& store,
                                            TimerKind kind,
                                            Time now,
                                            std::size_t limit) {
  std::vector<std::string> due;
  const auto prefix = key({name_of(kind), ""});
  const auto end = moment(now);
  const auto scanned =
      store.scan(Table::timers, prefix, "", false, [&](std::string_view whole, std::string_view) {
        const auto rest = whole.substr(prefix.size());
        const auto at = rest.substr(0, end.size());
        if (at > end || due.size() >= limit) return false;
        due.emplace_back(rest.substr(end.size() + 1));
        return true;
      });
  if (!scanned) return std::unexpected{scanned.error()};
  return due;
}

}  // namespace sallyport::store
