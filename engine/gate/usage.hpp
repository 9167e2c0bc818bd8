#pragma once

#include "engine/base/time.hpp"
#include "engine/gate/by_name.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

namespace sallyport::gate {

/// The windows that limits speak of. A window is sliding: the last 60 seconds, not this minute.
enum class Window : std::uint8_t { minute, hour, day };

inline constexpr std::array windows{Window::minute, Window::hour, Window::day};

[[nodiscard]] constexpr std::chrono::seconds length(Window window) {
  constexpr std::array lengths{
      std::chrono::seconds{60}, std::chrono::seconds{3600}, std::chrono::seconds{86400}};
  return lengths.at(static_cast<std::size_t>(window));
}

/// The largest number that a limit may name: as many uses of one kind as are remembered.
inline constexpr std::uint32_t largest_limit = 100'000;

/// How many ran by themselves per window.
using Counts = std::array<std::uint32_t, windows.size()>;

/// How often what is limited has run by itself in the window that ends now.
class UsageView {
 public:
  virtual ~UsageView() = default;

  [[nodiscard]] virtual std::uint32_t of_verb(std::string_view tenant,
                                              std::string_view verb,
                                              Window window,
                                              Time now) const = 0;

  /// By one whitelist entry.
  [[nodiscard]] virtual std::uint32_t of_entry(std::string_view tenant,
                                               std::string_view entry,
                                               Window window,
                                               Time now) const = 0;
};

/// One action that the gate let through by itself.
struct Use {
  std::string tenant;
  std::string verb;   ///< Empty: counted already, only the entry is new.
  std::string entry;  ///< The whitelist entry that fired; empty: none did.
  Time at;
};

/// What had been used up when a permit was given. The permit keeps that place: later permits do not
/// push it out of a limit.
struct Place {
  Counts verb{};
  std::string entry;
  Counts by_entry{};
};

/// Counts of the last day, in memory. Exact up to largest_limit, and bounded: per kind at most that
/// many moments, none older than a day once another is added.
///
/// A moment after `now` counts: setting the clock back frees no place. Not thread-safe.
class Usage final : public UsageView {
 public:
  void add(const Use& use);

  [[nodiscard]] std::uint32_t of_verb(std::string_view tenant,
                                      std::string_view verb,
                                      Window window,
                                      Time now) const override;
  [[nodiscard]] std::uint32_t of_entry(std::string_view tenant,
                                       std::string_view entry,
                                       Window window,
                                       Time now) const override;

  /// What is used up at `now`, for a permit that is about to be given.
  [[nodiscard]] Place place(std::string_view tenant,
                            std::string_view verb,
                            std::string_view entry,
                            Time now) const;

 private:
  using Moments = std::deque<Time>;  // ascending

  struct Tenant {
    ByName<Moments> verbs;
    ByName<Moments> entries;
  };

  static void add(ByName<Moments>& to, const std::string& name, Time at);
  static std::uint32_t count(const ByName<Moments>& in,
                             std::string_view name,
                             Window window,
                             Time now);

  ByName<Tenant> tenants_;
};

}  // namespace sallyport::gate
