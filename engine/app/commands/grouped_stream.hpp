#pragma once

#include "engine/ingest/groups.hpp"
#include "engine/investigate/investigator.hpp"
#include "engine/investigate/story.hpp"

#include <functional>
#include <list>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace sallyport::app {

/// A stream of alerts as one verdict per investigation, in memory: what the engine does with them,
/// without its store. The clock is the alerts' own time.
///
/// Holds an investigation until nothing can join it any more; at most as many as the rules
/// remember. Used by one thread.
class GroupedStream {
 public:
  /// Investigates an alert, as the next version of `before` where there is one.
  using Investigate =
      std::function<Result<model::Verdict>(std::shared_ptr<const model::Alert> alert,
                                           std::string investigation,
                                           std::shared_ptr<const model::Verdict> before)>;
  using Print = std::function<void(const model::Verdict& verdict)>;
  /// Hears of each alert how its investigation stands. Errors: of take().
  using Judged = std::function<Result<>(const model::Alert& alert, model::Judgement judgement)>;

  GroupedStream(std::shared_ptr<const ingest::GroupingRules> rules,
                const investigate::Investigator& investigator,
                UlidSource& ids,
                Investigate investigate,
                Print print,
                Judged judged);

  /// Errors: those of Investigate and Judged; of the former, the alert is in no investigation then.
  [[nodiscard]] Result<> take(std::shared_ptr<const model::Alert> alert);

  /// Prints what is left, in the order in which it was opened.
  void end();

 private:
  struct Case {
    std::shared_ptr<const investigate::Story> story;
    Time opened;
    std::vector<std::string> alerts;
  };

  using Cases = std::list<Case>;

  Result<> open(const std::shared_ptr<const model::Alert>& alert,
                const ingest::Placement& placement,
                Time at);
  Result<> follow(const std::shared_ptr<const model::Alert>& alert, Case& into);
  void print_first();

  const investigate::Investigator& investigator_;
  Investigate investigate_;
  Print print_;
  Judged judged_;
  ingest::Groups groups_;
  Cases cases_;  ///< Opened first, first.
  std::unordered_map<std::string, Cases::iterator> by_id_;
};

}  // namespace sallyport::app
