#pragma once

#include "engine/app/recorded_decision.hpp"
#include "engine/gate/usage.hpp"

#include <deque>
#include <map>
#include <string>

namespace sallyport::app {

/// What one tenant's record says was used up, when.
class RecordedUses {
 public:
  /// In the order of their times.
  void add(const RecordedDecision& decision);

  /// Which uses count that are as close to a decision as threads are to each other.
  enum class Close { as_recorded, none, all };

  /// What was used up at a moment. Refers to the uses.
  class View final : public gate::UsageView {
   public:
    View(const RecordedUses& uses, Time moment, std::uint64_t seq, Close close)
        : uses_{uses}, moment_{moment}, seq_{seq}, close_{close} {}

    [[nodiscard]] std::uint32_t of_verb(std::string_view tenant,
                                        std::string_view verb,
                                        gate::Window window,
                                        Time now) const override;
    [[nodiscard]] std::uint32_t of_entry(std::string_view tenant,
                                         std::string_view entry,
                                         gate::Window window,
                                         Time now) const override;

   private:
    const RecordedUses& uses_;
    Time moment_;
    std::uint64_t seq_;  ///< Of the decision itself, which does not count.
    Close close_;
  };

  static constexpr std::chrono::seconds closeness{1};

 private:
  struct Use {
    Time at;
    std::uint64_t seq = 0;
  };

  using Uses = std::map<std::string, std::deque<Use>, std::less<>>;

  static void add(Uses& to, const std::string& name, Use use);

  Uses verbs_;
  Uses entries_;
};

}  // namespace sallyport::app
