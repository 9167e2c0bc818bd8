#pragma once

#include "engine/base/result.hpp"
#include "engine/base/time.hpp"
#include "engine/ingest/grouping_rules.hpp"
#include "engine/model/alert.hpp"

#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace sallyport::ingest {

/// What an alert is to its investigation.
enum class Part : std::uint8_t {
  opens,    ///< The first: it is investigated.
  joins,    ///< It says nothing that is not known: it is counted.
  follows,  ///< It may: it has to be looked at.
};

BOOST_DESCRIBE_ENUM(Part, opens, joins, follows)

/// Where an alert belongs.
struct Placement {
  std::string investigation;
  Part part = Part::opens;
  std::string rule{};            ///< By which it joined.
  std::uint64_t number = 1;      ///< Of the investigation's alerts, from 1.
  std::vector<GroupKey> keys{};  ///< Of one that opens: others join by these. Empty: none can.

  /// Whether its investigation has, or can have, more than one alert.
  [[nodiscard]] bool grouped() const noexcept { return part != Part::opens || !keys.empty(); }
};

/// An investigation as a restart finds it.
struct OpenGroup {
  std::string investigation;
  std::vector<GroupKey> keys;
  Time opened;
  Time last;
  std::uint64_t count = 0;
};

/// Which investigation an alert belongs to: the decision, in memory.
///
/// An alert joins the investigation that a rule finds for it, inside the rule's window and cap. It
/// `follows` while that investigation is not durable, or when it brings a severity, an entity, a
/// technique or a signal that the investigation has not heard of; where the investigation has used
/// up its versions, it opens one of its own instead: nothing new is ever swallowed.
///
/// Also keeps turns: one alert at a time is judged in an investigation.
///
/// No I/O and no clock: the time of an alert is what the caller says. Bounded by the rules'
/// `remembered`. Thread-safe.
class Groups {
 public:
  using NewId = std::function<std::string(Time at)>;
  /// The names of the signals in an alert: what it says beside whom it names.
  using Listen = std::function<std::vector<std::string>(const model::Alert& alert)>;
  using Work = std::move_only_function<void()>;

  Groups(std::shared_ptr<const GroupingRules> rules, NewId new_id, Listen listen);

  /// Other rules, from the next alert on.
  void use(std::shared_ptr<const GroupingRules> rules);

  /// Places an alert that is new. One that opens has the turn of its investigation.
  [[nodiscard]] Placement place(const model::Alert& alert, Time at);

  /// The alert did not become durable: it was never here.
  void take_back(const Placement& placement);

  /// The first alert of the investigation is durable, so that it will have a verdict whatever
  /// happens; so many versions it has had.
  void durable(std::string_view investigation, std::uint32_t versions);

  /// What the investigation knows by now.
  void heard(std::string_view investigation,
             const model::Alert& alert,
             std::span<const std::string> signals);

  /// Whether the alert says something that its investigation has not heard of.
  [[nodiscard]] bool is_news(std::string_view investigation, const model::Alert& alert) const;

  /// Gives `work` back when it has the turn: it may run now, and ends with leave(). Otherwise it
  /// waits for it, and leave() gives it to who was before.
  [[nodiscard]] std::optional<Work> enter(const std::string& investigation, Work work);

  /// The turn is over: who is next, if anybody waits.
  [[nodiscard]] std::optional<Work> leave(const std::string& investigation);

  /// Nothing joins it any more.
  void close(std::string_view investigation);

  /// Takes up what an earlier run left, the newest first, until `remembered` are there (false).
  bool restore(OpenGroup group);

  [[nodiscard]] std::size_t open() const;

  [[nodiscard]] std::shared_ptr<const GroupingRules> rules() const;

 private:
  struct Group {
    std::string id;
    std::vector<GroupKey> keys;
    Time opened;
    Time last;
    std::uint64_t count = 1;
    std::vector<std::uint64_t> free;  ///< Numbers below `count` that were taken back.
    model::Severity severity = model::Severity::unknown;
    std::vector<std::uint64_t> marks;  ///< Of what it heard: hashes, sorted.
    std::uint32_t versions = 0;
    bool is_durable = false;
  };

  using List = std::list<Group>;

  struct KeyHash {
    std::size_t operator()(const GroupKey& key) const noexcept {
      return static_cast<std::size_t>(key[0]);
    }
  };

  [[nodiscard]] std::optional<Placement> join(const std::vector<KeyOfRule>& keys, Time at);
  [[nodiscard]] Placement open(const model::Alert& alert, std::vector<KeyOfRule> keys, Time at);
  void give_back(Group& group, std::uint64_t number);
  void insert(List::iterator group);
  void remove(List::iterator group);
  [[nodiscard]] static bool knows(const Group& group,
                                  const model::Alert& alert,
                                  std::span<const std::uint64_t> marks);

  const NewId new_id_;
  const Listen listen_;
  mutable std::mutex mutex_;
  std::shared_ptr<const GroupingRules> rules_;
  List groups_;  ///< Joined least recently last.
  std::unordered_map<std::string_view, List::iterator> by_id_;
  std::unordered_map<GroupKey, List::iterator, KeyHash> by_key_;
  std::unordered_map<std::string, std::deque<Work>> turns_;  ///< Whose turn is taken; who waits.
};

}  // namespace sallyport::ingest
