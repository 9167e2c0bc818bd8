#pragma once

#include "engine/base/json.hpp"
#include "engine/base/scrubber.hpp"
#include "engine/investigate/counsel.hpp"
#include "engine/model/alert.hpp"
#include "engine/model/verdict.hpp"
#include "engine/reason/language_model.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sallyport::investigate {

/// Whom an investigation asked.
enum class Asked : std::uint8_t {
  alert,  ///< Itself, by the rules: read again in a replay.
  graph,  ///< Earlier alerts.
  enricher,
  reader,  ///< A model that describes text: what it said is among the speeches.
  query,   ///< What a model looked up.
};

/// One answer. What it said is evidence of the verdict, the next `items` of it.
struct RecordedAnswer {
  Asked asked = Asked::alert;
  std::string name;
  std::uint32_t items = 0;
  std::optional<std::string> failed;   ///< Why there is none; empty: there is one.
  bool late = false;                   ///< It was cut off.
  std::optional<model::Entity> about;  ///< Of a look-up: whom the model asked about.
};

struct RecordedToolCall {
  std::string id;
  std::string name;
  std::string arguments;
};

/// What a language model answered to one question.
struct RecordedSpeech {
  std::string role;      ///< reader or judge
  std::string question;  ///< question_hash() of all that was sent.
  reason::CallOutcome outcome = reason::CallOutcome::unreachable;
  std::string detail;
  std::string text;
  std::vector<RecordedToolCall> calls;
  std::string model;
  std::int64_t tokens_in = 0;
  std::int64_t tokens_out = 0;
  std::int64_t tokens_cached = 0;
  bool measured = false;
  std::optional<double> usd;
  std::uint32_t attempts = 0;
  std::optional<std::int64_t> first_token_ms;
  std::int64_t took_ms = 0;
};

struct RecordedQuery {
  std::string name;
  std::string description;
};

/// The part of an investigation that language models took in.
struct RecordedDialogue {
  bool reader = false;
  std::uint32_t rounds = 0;
  std::uint32_t max_output_tokens = 0;
  std::vector<RecordedQuery> queries;
  std::vector<std::int64_t> left_ns;  ///< To the deadline, at each step of the machine.
  std::vector<RecordedSpeech> speeches;
};

/// How the budget was cut, in milliseconds.
struct RecordedSlices {
  std::int64_t context = 0;
  std::int64_t enrich = 0;
  std::int64_t reason = 0;
  std::int64_t buffer = 0;
};

/// What a later version of a verdict goes back to.
struct RecordedStory {
  model::Alert whole;                 ///< The later alert with all that the story names.
  std::optional<model::Alert> alone;  ///< The later alert, where it was judged by itself.
  model::Verdict before;
};

/// What an investigation was told, as far as it stands nowhere else: the alert and the evidence are
/// kept as they are. No secret is in it: what the world answers is scrubbed before it is used.
///
/// Without a language model it says only who answered how much under which rules, so that many
/// investigations have the same one.
struct Recording {
  std::uint32_t format = 1;
  std::string engine = SALLYPORT_VERSION;
  std::string rules;  ///< Hash of Rules::kept().
  RecordedSlices slices;
  std::vector<RecordedAnswer> answers;
  std::optional<RecordedDialogue> dialogue;
  std::uint32_t missing = 0;  ///< How much of Verdict::missing the investigation itself wrote.
  std::optional<RecordedStory> story;  ///< Of a version above the first.
};

/// Larger than this, a recording is not kept.
inline constexpr std::size_t most_recorded_bytes = 512UL << 10U;

/// The bytes of recordings; those that say the same are shared. Thread-safe; bounded.
class Recordings {
 public:
  /// nullptr: it is larger than most_recorded_bytes.
  [[nodiscard]] std::shared_ptr<const model::Kept> keep(const Recording& recording) const;

 private:
  static constexpr std::size_t most_shared = 4096;

  mutable std::mutex mutex_;
  mutable std::map<std::string, std::shared_ptr<const model::Kept>, std::less<>>
      shared_;  ///< Guarded by mutex_.
};

[[nodiscard]] std::shared_ptr<const model::Kept> keep_text(std::string text);

/// What a model is asked, as a hash.
[[nodiscard]] std::string question_hash(const reason::ModelRequest& request);

/// `counsel` with models whose answers are scrubbed, and written into `into`, which the caller
/// keeps alive as long as they are asked.
[[nodiscard]] std::shared_ptr<const Counsel> witnessed(
    const Counsel& counsel,
    std::shared_ptr<std::vector<RecordedSpeech>> into,
    std::shared_ptr<const Scrubber> scrubber);

[[nodiscard]] RecordedSpeech speech_of(std::string_view role,
                                       const reason::ModelRequest& request,
                                       const reason::ModelAnswer& answer);
[[nodiscard]] reason::ModelAnswer answer_of(const RecordedSpeech& speech);

BOOST_DESCRIBE_ENUM(Asked, alert, graph, enricher, reader, query)
BOOST_DESCRIBE_STRUCT(RecordedAnswer, (), (asked, name, items, failed, late, about))
BOOST_DESCRIBE_STRUCT(RecordedStory, (), (whole, alone, before))
BOOST_DESCRIBE_STRUCT(RecordedToolCall, (), (id, name, arguments))
BOOST_DESCRIBE_STRUCT(RecordedSpeech,
                      (),
                      (role,
                       question,
                       outcome,
                       detail,
                       text,
                       calls,
                       model,
                       tokens_in,
                       tokens_out,
                       tokens_cached,
                       measured,
                       usd,
                       attempts,
                       first_token_ms,
                       took_ms))
BOOST_DESCRIBE_STRUCT(RecordedQuery, (), (name, description))
BOOST_DESCRIBE_STRUCT(RecordedDialogue,
                      (),
                      (reader, rounds, max_output_tokens, queries, left_ns, speeches))
BOOST_DESCRIBE_STRUCT(RecordedSlices, (), (context, enrich, reason, buffer))
BOOST_DESCRIBE_STRUCT(Recording,
                      (),
                      (format, engine, rules, slices, answers, dialogue, missing, story))

}  // namespace sallyport::investigate
