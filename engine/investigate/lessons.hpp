#pragma once

#include "engine/base/time.hpp"
#include "engine/investigate/enricher.hpp"
#include "engine/model/verdict.hpp"

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace sallyport::investigate {

/// A detection of one product, in one tenant: what is learned about.
struct LearnedClass {
  std::string tenant;
  std::string source;
  std::string detection;

  friend auto operator<=>(const LearnedClass&, const LearnedClass&) = default;
};

/// What a person said of one investigation.
struct Lesson {
  LearnedClass of;
  std::string investigation;
  /// A verdict; empty: an action of it was answered, which `malicious` and `benign` weigh.
  std::optional<model::Judgement> verdict;
  double malicious = 0;
  double benign = 0;
  std::vector<model::Entity> entities;
  std::string by;
  std::string comment;
  Time at;
};

/// What people's answers about a detection come to.
struct Learned {
  std::string tenant;
  std::string source;
  std::string detection;
  double malicious = 0;  ///< Investigations; an answered action counts half of one.
  double benign = 0;
  double leaning = 0;  ///< From -1 (benign) to 1 (malicious): grows with agreement and number.
  std::uint64_t investigations = 0;
  Time last;
};

/// The signals that carry what was learned; the reasoner bounds what they may weigh.
inline constexpr std::string_view people_malicious = "people.malicious";
inline constexpr std::string_view people_benign = "people.benign";

/// What people taught. Told by its owner, who tells it of persons alone: never of a verdict of the
/// engine, never of text of an alert.
///
/// Also an enricher: evidence `people` (how people judged this detection before) and `cases` (the
/// most similar cases that a person judged). It answers at once.
///
/// Of one investigation the newest verdict counts. Bounded: the newest cases, and the detections
/// that they are about. Thread-safe.
class Lessons final : public Enricher {
 public:
  struct Limits {
    std::size_t cases = 10'000;
    std::size_t entities = 16;   ///< Of a case.
    std::size_t looked_at = 64;  ///< Newest cases of a detection, or of an entity.
    std::size_t shown = 3;       ///< In one investigation.
  };

  Lessons() : Lessons{Limits{}} {}

  explicit Lessons(Limits limits) : limits_{limits} {}

  void add(Lesson lesson);

  /// What was learned of a detection so far is taken back.
  void forget(const LearnedClass& of);

  void clear();

  /// By tenant (empty: all), source and detection.
  [[nodiscard]] std::vector<Learned> all(std::string_view tenant) const;

  [[nodiscard]] std::string_view name() const override { return "people"; }

  [[nodiscard]] std::optional<Answer> answer_now(const model::Alert& alert) const override;

  Task<std::vector<model::Evidence>> enrich(std::shared_ptr<const model::Alert> alert,
                                            Deadline deadline) override;

 private:
  using CasePtr = std::shared_ptr<Lesson>;
  using Cases = std::deque<CasePtr>;  ///< Oldest first.

  [[nodiscard]] static Learned summed(const LearnedClass& of, const Cases& cases);
  [[nodiscard]] std::vector<model::Evidence> similar(const model::Alert& alert) const;
  void remove(const CasePtr& one);

  Limits limits_;
  mutable std::mutex mutex_;
  Cases cases_;
  std::unordered_map<std::string, CasePtr> by_id_;
  std::map<LearnedClass, Cases> by_class_;
  std::unordered_map<std::string, Cases> by_entity_;  ///< Tenant, kind, value.
};

BOOST_DESCRIBE_STRUCT(Learned,
                      (),
                      (tenant, source, detection, malicious, benign, leaning, investigations, last))

}  // namespace sallyport::investigate
