#pragma once

#include "engine/act/actions.hpp"
#include "engine/act/executor.hpp"
#include "engine/app/dispatcher.hpp"

#include <cstdint>

namespace sallyport::app {

/// Rings for actions: timed ones whose time is over, and those to be looked at again, at most so
/// many a minute. The times are in the store, so a restart forgets none.
///
/// Not thread-safe: on the loop. What it is given must outlive it.
class ActionWatch {
 public:
  ActionWatch(Rooms rooms, Dispatcher& dispatcher, std::uint32_t looks_per_minute);

  /// Ends the timed actions that are due: where the product keeps the time, sees that it let go;
  /// else proposes the rollback, which passes the gate as any other, again until it is done.
  /// Errors: unavailable.
  Task<> release_due();

  /// Looks again at the actions that are due, as many as the minute still allows. Errors:
  /// unavailable.
  Task<> look_at_due();

 private:
  Task<> end(model::Action action);
  [[nodiscard]] std::size_t allowed_now();
  void count(std::string_view result);

  Rooms rooms_;
  Dispatcher& dispatcher_;
  std::uint32_t per_minute_;
  double allowed_;
  Time counted_at_;
};

}  // namespace sallyport::app
