#include "engine/investigate/replay.hpp"

#include "engine/base/ulid.hpp"
#include "engine/investigate/story.hpp"

#include <boost/asio/co_spawn.hpp>

#include <algorithm>
#include <exception>
#include <span>
#include <utility>

namespace sallyport::investigate {

namespace {

/// Answers as it did then.
class Remembered final : public Enricher {
 public:
  Remembered(std::string name, Answer answer)
      : name_{std::move(name)}, answer_{std::move(answer)} {}

  [[nodiscard]] std::string_view name() const override { return name_; }

  [[nodiscard]] std::optional<Answer> answer_now(const model::Alert& /*alert*/) const override {
    return answer_;
  }

  Task<std::vector<model::Evidence>> enrich(std::shared_ptr<const model::Alert> /*alert*/,
                                            Deadline /*deadline*/) override {
    co_return answer_;
  }

 private:
  std::string name_;
  Answer answer_;
};

/// What the look-ups found, in the order of their asking.
struct Findings {
  struct Answer {
    std::string query;
    std::optional<model::Entity> about;
    std::vector<model::Evidence> evidence;
  };

  std::vector<Answer> answers;
  std::size_t given = 0;
};

class RememberedQuery final : public Query {
 public:
  RememberedQuery(RecordedQuery query, std::shared_ptr<Findings> findings)
      : query_{std::move(query)}, findings_{std::move(findings)} {}

  [[nodiscard]] std::string_view name() const override { return query_.name; }

  [[nodiscard]] std::string_view description() const override { return query_.description; }

  Task<std::vector<model::Evidence>> run(std::shared_ptr<const model::Alert> /*alert*/,
                                         model::Entity /*entity*/,
                                         Deadline /*deadline*/) override {
    const auto place = findings_->given++;
    if (place >= findings_->answers.size() || findings_->answers[place].query != query_.name)
      co_return fail(Errc::unavailable, "this was not looked up when it was recorded");
    co_return findings_->answers[place].evidence;
  }

 private:
  RecordedQuery query_;
  std::shared_ptr<Findings> findings_;
};

/// Answers a model that was not asked then: what was looked up stands, whoever asks.
class StandingQuery final : public Query {
 public:
  StandingQuery(RecordedQuery query, std::shared_ptr<Findings> findings)
      : query_{std::move(query)}, findings_{std::move(findings)} {}

  [[nodiscard]] std::string_view name() const override { return query_.name; }

  [[nodiscard]] std::string_view description() const override { return query_.description; }

  Task<std::vector<model::Evidence>> run(std::shared_ptr<const model::Alert> alert,
                                         model::Entity entity,
                                         Deadline /*deadline*/) override {
    const auto found = std::ranges::find_if(findings_->answers, [&](const Findings::Answer& one) {
      return one.query == query_.name && one.about == entity;
    });
    if (found != findings_->answers.end()) co_return found->evidence;
    co_return std::vector{model::Evidence{.id = {},
                                          .source = query_.name,
                                          .status = model::EvidenceStatus::not_collected,
                                          .trust = model::Trust::trusted,
                                          .summary = "this was not looked up when it was recorded",
                                          .hash = {},
                                          .observed_at = alert->received_at,
                                          .signals = {},
                                          .data = {}}};
  }

 private:
  RecordedQuery query_;
  std::shared_ptr<Findings> findings_;
};

/// `counsel` with the queries of then.
std::shared_ptr<const Counsel> with_queries(const Counsel& counsel,
                                            const Recording& recording,
                                            const std::shared_ptr<Findings>& findings) {
  auto own = std::make_shared<Counsel>(counsel);
  own->queries.clear();
  if (recording.dialogue) {
    for (const auto& query : recording.dialogue->queries)
      own->queries.push_back(std::make_shared<StandingQuery>(query, findings));
  }
  return own;
}

/// Says what was said then, to the questions in their order.
class RememberedModel final : public reason::LanguageModel {
 public:
  RememberedModel(std::string_view role, const std::vector<RecordedSpeech>& speeches) {
    for (const auto& speech : speeches)
      if (speech.role == role) speeches_.push_back(speech);
  }

  [[nodiscard]] std::string_view name() const override { return "recorded"; }

  asio::awaitable<reason::ModelAnswer> ask(std::shared_ptr<const reason::ModelRequest> request,
                                           Deadline /*deadline*/,
                                           FirstToken /*first_token*/) override {
    const auto place = asked_++;
    if (place >= speeches_.size()) {
      reason::ModelAnswer nothing;
      nothing.outcome = reason::CallOutcome::timeout;
      nothing.detail = "the recording holds no answer to this question";
      co_return nothing;
    }
    const auto& speech = speeches_[place];
    if (question_hash(*request) != speech.question) others_.push_back(place);
    co_return answer_of(speech);
  }

  [[nodiscard]] const std::vector<std::size_t>& others() const { return others_; }

 private:
  std::vector<RecordedSpeech> speeches_;
  std::size_t asked_ = 0;
  std::vector<std::size_t> others_;
};

/// The evidence of a verdict, dealt out to those who gave it.
class Told {
 public:
  explicit Told(const std::vector<model::Evidence>& evidence) : rest_{evidence} {}

  std::vector<model::Evidence> next(std::size_t items) {
    enough_ = enough_ && items <= rest_.size();
    const auto here = rest_.first(std::min(items, rest_.size()));
    rest_ = rest_.subspan(here.size());
    return {here.begin(), here.end()};
  }

  [[nodiscard]] bool all() const { return enough_ && rest_.empty(); }

 private:
  std::span<const model::Evidence> rest_;
  bool enough_ = true;
};

Error error_of(const RecordedAnswer& answer) {
  return {.code = answer.late ? Errc::expired : Errc::unavailable, .detail = *answer.failed};
}

/// What stands in for the world.
struct World {
  std::vector<std::shared_ptr<Enricher>> enrichers;
  Past past;
  std::shared_ptr<Findings> findings = std::make_shared<Findings>();
};

/// The version before, where its alerts are evidence of this one; nullptr: there is none, or the
/// later alert was judged by itself.
const model::Verdict* goes_on_from(const Recording& recording) {
  return recording.story && !recording.story->alone ? &recording.story->before : nullptr;
}

/// The alert that was investigated.
std::shared_ptr<const model::Alert> alert_of(const Account& account) {
  const auto& story = account.recording.story;
  if (!story) return account.alert;
  return std::make_shared<const model::Alert>(story->alone ? *story->alone : story->whole);
}

Result<World> world_of(const Account& account) {
  World world;
  Told told{account.verdict.evidence};
  // What a version goes on with comes first, and was told to the one before.
  std::size_t answered = 0;
  for (const auto& answer : account.recording.answers) answered += answer.items;
  if (goes_on_from(account.recording) && answered <= account.verdict.evidence.size())
    (void)told.next(account.verdict.evidence.size() - answered);
  for (const auto& answer : account.recording.answers) {
    auto items = told.next(answer.items);
    switch (answer.asked) {
      case Asked::alert:
      case Asked::reader:
        break;  // read again
      case Asked::graph:
        world.past.around = std::move(items);
        if (answer.failed) world.past.around = std::unexpected{error_of(answer)};
        break;
      case Asked::enricher: {
        Enricher::Answer said = std::move(items);
        if (answer.failed) said = std::unexpected{error_of(answer)};
        world.enrichers.push_back(std::make_shared<Remembered>(answer.name, std::move(said)));
        break;
      }
      case Asked::query:
        world.findings->answers.emplace_back(answer.name, answer.about, std::move(items));
        break;
    }
  }
  if (!told.all())
    return fail(Errc::invalid_input, "the recording does not fit the evidence of its verdict");
  return world;
}

std::shared_ptr<const model::Verdict> before_of(const model::Verdict* before) {
  return before ? std::make_shared<const model::Verdict>(*before) : nullptr;
}

Slices slices_of(const RecordedSlices& slices) {
  using std::chrono::milliseconds;
  return {.context = milliseconds{slices.context},
          .enrich = milliseconds{slices.enrich},
          .reason = milliseconds{slices.reason},
          .buffer = milliseconds{slices.buffer}};
}

}  // namespace

Result<Replayed> replay(const Account& account,
                        std::shared_ptr<const Rules> rules,
                        asio::io_context& loop,
                        std::shared_ptr<const Counsel> counsel) {
  const auto& recording = account.recording;
  if (recording.format != Recording{}.format)
    return fail(Errc::invalid_input,
                fmt::format("a recording of format {}; this engine reads format {}",
                            recording.format,
                            Recording{}.format));
  auto world = world_of(account);
  if (!world) return std::unexpected{world.error()};
  const auto slices = slices_of(recording.slices);
  const SystemClock clock;
  UlidSource ids{0};
  const Investigator investigator{
      std::move(rules), std::move(world->enrichers), nullptr, clock, ids, slices};
  const auto& then = account.verdict;

  if (counsel) counsel = with_queries(*counsel, recording, world->findings);
  std::shared_ptr<RememberedModel> judge;
  std::shared_ptr<RememberedModel> reader;
  if (!counsel && recording.dialogue) {
    const auto& dialogue = *recording.dialogue;
    for (const auto left : dialogue.left_ns)
      world->past.left.emplace_back(std::chrono::nanoseconds{left});
    auto remembered = std::make_shared<Counsel>();
    judge = std::make_shared<RememberedModel>("judge", dialogue.speeches);
    remembered->judge = judge;
    if (dialogue.reader) {
      reader = std::make_shared<RememberedModel>("reader", dialogue.speeches);
      remembered->reader = reader;
    }
    for (const auto& query : dialogue.queries)
      remembered->queries.push_back(std::make_shared<RememberedQuery>(query, world->findings));
    remembered->rounds = dialogue.rounds;
    remembered->max_output_tokens = dialogue.max_output_tokens;
    counsel = std::move(remembered);
  }

  const auto alert = alert_of(account);
  const auto* before = goes_on_from(recording);
  Replayed replayed;
  if (!counsel) {
    auto verdict = investigator.investigate_now(*alert, then.investigation, before, &world->past);
    if (!verdict) return fail(Errc::invalid_input, "something would have to be waited for");
    replayed.verdict = *std::move(verdict);
  } else {
    Result<model::Verdict> verdict = fail(Errc::cancelled, "the investigation did not end");
    loop.restart();
    asio::co_spawn(loop,
                   investigator.investigate(alert,
                                            Deadline::in(slices.total()),
                                            then.investigation,
                                            counsel,
                                            before_of(before),
                                            std::make_shared<const Past>(world->past)),
                   [&](const std::exception_ptr& thrown, Result<model::Verdict> result) {
                     if (thrown) std::rethrow_exception(thrown);
                     verdict = std::move(result);
                     loop.stop();
                   });
    loop.run();
    if (!verdict) return std::unexpected{verdict.error()};
    replayed.verdict = *std::move(verdict);
  }
  if (recording.story && recording.story->alone)
    replayed.verdict = as_version_of(recording.story->before,
                                     std::move(replayed.verdict),
                                     recording.story->whole,
                                     *recording.story->alone);
  // How many alerts had joined by then is no matter of reasoning.
  replayed.verdict.count = then.count;

  auto& now = replayed.verdict;
  now.concluded_at = then.concluded_at;
  now.timing_ms = then.timing_ms;
  now.recording = then.recording;
  // What the pipeline had to say about it afterwards.
  for (std::size_t i = recording.missing; i < then.missing.size(); ++i)
    now.missing.push_back(then.missing[i]);
  for (const auto* model : {judge.get(), reader.get()})
    if (model)
      replayed.other_questions.insert(
          replayed.other_questions.end(), model->others().begin(), model->others().end());
  return replayed;
}

}  // namespace sallyport::investigate
