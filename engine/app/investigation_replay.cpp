#include "engine/app/investigation_replay.hpp"

#include "engine/investigate/requests.hpp"
#include "engine/investigate/story.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace sallyport::app {

namespace {

const model::Proposal* alike(const model::Verdict& verdict, const model::Proposal& proposal) {
  const auto found = std::ranges::find_if(verdict.proposals, [&](const model::Proposal& other) {
    return other.action == proposal.action && other.target.kind == proposal.target.kind &&
           other.target.value == proposal.target.value;
  });
  return found == verdict.proposals.end() ? nullptr : &*found;
}

/// Asks about every proposal, as it was asked then.
Result<> decide(model::Verdict& verdict,
                const RecordedInvestigation& recorded,
                const gate::Policy* policy) {
  const auto& account = recorded.account;
  const auto requests = investigate::requests_of(verdict, *account.alert);
  const auto& story = account.recording.story;
  for (std::size_t i = 0; i < requests.size(); ++i) {
    auto& proposal = verdict.proposals[i];
    // What was decided for an earlier version stands.
    if (const auto* earlier = story ? investigate::same_in(story->before, proposal) : nullptr) {
      proposal.target = earlier->target;
      proposal.decision = earlier->decision;
      proposal.action_id = earlier->action_id;
      continue;
    }
    const auto* then = alike(account.verdict, proposal);
    const auto* decision = then && then->decision ? &*then->decision : nullptr;
    auto again = recorded.decisions->again(requests[i], decision, policy);
    if (!again) return std::unexpected{again.error()};
    proposal.decision = *std::move(again);
    if (then) proposal.action_id = then->action_id;  // a name, given once
  }
  return {};
}

}  // namespace

Result<ReplayReport> replay_investigation(const RecordedInvestigation& recorded,
                                          const Replacements& replacements,
                                          asio::io_context& loop) {
  const auto& account = recorded.account;
  const auto rules = replacements.rules ? replacements.rules : recorded.rules;
  auto replayed = investigate::replay(account, rules, loop, replacements.counsel);
  if (!replayed) return std::unexpected{replayed.error()};
  if (const auto decided = decide(replayed->verdict, recorded, replacements.policy.get()); !decided)
    return std::unexpected{decided.error()};

  ReplayReport report{
      .investigation = account.verdict.investigation,
      .version = account.verdict.version,
      .same = to_json(account.verdict) == to_json(replayed->verdict),
      .differences = differences(
          to_json_value(account.verdict), to_json_value(replayed->verdict), most_differences),
      .notes = {}};
  if (account.recording.engine != investigate::Recording{}.engine)
    report.notes.push_back(fmt::format("recorded by sallyport {}, replayed by {}",
                                       account.recording.engine,
                                       investigate::Recording{}.engine));
  if (replacements.counsel)
    report.notes.emplace_back(
        "the other model was offered what was looked up then; anything else is not_collected");
  if (!replayed->other_questions.empty())
    report.notes.push_back(fmt::format(
        "{} question{} to a model would be another now; the recorded answer was taken for it",
        replayed->other_questions.size(),
        replayed->other_questions.size() == 1 ? "" : "s"));
  return report;
}

}  // namespace sallyport::app
