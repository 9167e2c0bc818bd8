#include "engine/app/demo/performance.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <set>

namespace sallyport::app::demo {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds patience{20'000};
constexpr milliseconds breath{700};

/// Two proposals are the same deed when they are the same action or say the same of the same.
bool same(const model::Proposal& a, const model::Proposal& b) {
  if (a.action_id || b.action_id) return a.action_id == b.action_id;
  return a.action == b.action && a.target.kind == b.target.kind;
}

/// Each deed once, with how many verdicts called for it.
std::vector<std::pair<model::Proposal, std::size_t>> deeds_of(
    const std::vector<model::Verdict>& verdicts) {
  std::vector<std::pair<model::Proposal, std::size_t>> deeds;
  for (const auto& verdict : verdicts) {
    for (const auto& proposal : verdict.proposals) {
      const auto known =
          std::ranges::find_if(deeds, [&](const auto& deed) { return same(deed.first, proposal); });
      if (known == deeds.end()) {
        deeds.emplace_back(proposal, 1);
      } else {
        ++known->second;
      }
    }
  }
  return deeds;
}

/// The terms that weighed most, as the verdict explains itself.
std::string why(const model::Verdict& verdict) {
  auto terms = verdict.explanation;
  std::ranges::sort(
      terms, [](const auto& a, const auto& b) { return std::abs(a.weight) > std::abs(b.weight); });
  std::string text;
  for (std::size_t i = 0; i < terms.size() && i < 3; ++i)
    text += fmt::format("{}{} {:+.2f}", i == 0 ? "" : ", ", terms[i].term, terms[i].weight);
  return text;
}

Tone tone_of(model::Judgement verdict) {
  if (verdict == model::Judgement::malicious) return Tone::bad;
  if (verdict == model::Judgement::suspicious || verdict == model::Judgement::inconclusive)
    return Tone::warn;
  return Tone::good;
}

std::string deed(const model::Proposal& proposal) {
  // The id of an alert is long and says nothing here.
  const auto& target = proposal.target;
  const auto name = target.kind == "file" ? std::filesystem::path{target.value}.filename().string()
                    : target.kind == "alert" ? std::string{"the alert"}
                                             : target.value;
  return fmt::format("{:<17} {:<14}", proposal.action, fit(name, 28));
}

}  // namespace

void Performance::expect(bool holds, std::string fault) {
  if (holds || watcher_.interrupted()) return;
  screen_.line("", screen_.toned(Tone::bad, "NOT AS IT SHOULD BE: " + fault));
  faults_.push_back(scene_ + ": " + std::move(fault));
}

Values Performance::values_of(const Scene& scene) {
  Values values;
  values["file"] = "/home/alice/" + scene.process;
  values["pid"] = "4711";
  if (scene.process.empty() || !stage_.lab) return values;
  const auto pid = stage_.lab->workstation().start_idle(scene.process);
  expect(pid.has_value(), "no process could be started on the workstation");
  if (!pid) return values;
  values["pid"] = fmt::to_string(*pid);
  const auto file =
      stage_.lab->workstation().run_there({"readlink", fmt::format("/proc/{}/exe", *pid)});
  expect(file && file->status == 0, "the process has no file");
  if (file) values["file"] = file->printed.substr(0, file->printed.find('\n'));
  return values;
}

std::size_t Performance::send(const NativeAlert& native, const Values& values) {
  auto filled = values;
  for (unsigned n = 1; n <= native.repeat; ++n) {
    filled["n"] = fmt::to_string(n);
    filled["now"] = to_rfc3339(SystemClock{}.now());
    const auto text = to_json(filled_in(json::value(native.alert), filled));
    const int copies = n <= native.redelivered ? 2 : 1;
    for (int copy = 0; copy < copies; ++copy)
      stage_.sink->send({.topic = "alerts", .key = {}, .value = text, .headers = {}},
                        [](const Result<>&) {});
  }
  expect(stage_.sink->flush(patience).has_value(), "the broker did not take the alerts");
  sent_ += native.repeat;
  redelivered_ += std::min(native.redelivered, native.repeat);
  return native.repeat;
}

void Performance::look_at(std::string_view label,
                          const std::vector<Proof>& proofs,
                          bool Proof::* expected) {
  if (!stage_.lab) return;
  for (const auto& proof : proofs) {
    const bool wanted = proof.*expected;
    const auto sight = look(*stage_.lab, proof, wanted);
    screen_.line(
        &proof == proofs.data() ? label : std::string_view{},
        fmt::format("{:<36} {}",
                    subject_of(proof),
                    screen_.toned(sight.holds == wanted ? Tone::good : Tone::bad, sight.words)));
    expect(sight.holds == wanted, fmt::format("{}, {}: {}", label, subject_of(proof), sight.words));
  }
}

void Performance::show_verdicts(const Scene& scene, const std::vector<model::Verdict>& verdicts) {
  std::map<std::string, unsigned> counted;
  std::set<std::string> flags;
  for (const auto& verdict : verdicts) {
    ++counted[std::string{name_of(verdict.verdict)}];
    flags.insert(verdict.flags.begin(), verdict.flags.end());
  }
  std::string_view label = "verdict";
  for (const auto& [name, count] : counted) {
    const auto of = [&](const auto& verdict) { return name_of(verdict.verdict) == name; };
    const auto& one = *std::ranges::find_if(verdicts, of);
    const auto shown = fmt::format("{:<14}", name);
    screen_.line(label,
                 fmt::format("{:>3} x {} {:.2f}   {}",
                             count,
                             screen_.toned(tone_of(one.verdict), shown),
                             one.confidence,
                             why(one)));
    label = "";
  }
  for (const auto& flag : flags) screen_.line("flagged", screen_.toned(Tone::warn, flag));

  expect(counted == scene.expect.verdicts,
         fmt::format("verdicts are {}, not {}", to_json(counted), to_json(scene.expect.verdicts)));
  const std::set<std::string> wanted{scene.expect.flags.begin(), scene.expect.flags.end()};
  expect(flags == wanted, fmt::format("flags are not {}", to_json(scene.expect.flags)));
}

void Performance::show_action(const model::Proposal& proposal) {
  const auto& id = *proposal.action_id;
  if (proposal.decision->decision == model::Ruling::queued) {
    const auto comment = fmt::format("{} is called for", proposal.action);
    const bool approved = approve(id, comment);
    screen_.line(
        "",
        fmt::format(
            "  {} {} approves this very request", approved ? "->" : "-x", stage_.approver.name));
    expect(approved, fmt::format("{} could not be approved", proposal.action));
    if (!approved) return;
  }
  const auto action = watcher_.wait_action(id, patience);
  expect(action.has_value(), fmt::format("{} did not come to an end", proposal.action));
  if (!action) return;
  const bool verified = action->state == model::ActionState::verified;
  const auto taken =
      std::chrono::duration_cast<milliseconds>(action->updated_at - action->created_at);
  screen_.line(
      "",
      fmt::format("  -> {} by {}: {} ({} ms)",
                  screen_.toned(verified ? Tone::good : Tone::bad, name_of(action->state)),
                  action->connector,
                  fit(action->verification ? action->verification->detail : action->detail, 58),
                  taken.count()));
  expect(verified,
         fmt::format("{} is {}: {}", proposal.action, name_of(action->state), action->detail));
  done_.push_back(
      {.id = id, .action = action->request.action, .target = action->request.target.value});
}

void Performance::check_actions(const Scene& scene, const std::vector<model::Proposal>& proposals) {
  auto missing = scene.expect.actions;
  for (const auto& proposal : proposals) {
    const auto wanted = std::ranges::find_if(missing, [&](const ExpectedAction& action) {
      return action.action == proposal.action && proposal.target.value.ends_with(action.target) &&
             action.decision == name_of(proposal.decision->decision);
    });
    expect(wanted != missing.end(),
           fmt::format("{} on {} is not in the story", proposal.action, proposal.target.value));
    if (wanted != missing.end()) missing.erase(wanted);
  }
  for (const auto& action : missing)
    expect(false, fmt::format("{} on {} is missing", action.action, action.target));
}

void Performance::show_decisions(const Scene& scene, const std::vector<model::Verdict>& verdicts) {
  std::vector<model::Proposal> acted;
  std::set<std::string> recorded;
  std::string_view label = "gate";
  for (const auto& [proposal, times] : deeds_of(verdicts)) {
    const auto& decision = *proposal.decision;
    const bool alone = decision.decision == model::Ruling::auto_;
    const auto times_text =
        times > 1 ? fmt::format("  (called for {} times)", times) : std::string{};
    screen_.line(label,
                 fmt::format("{} {} {}{}{}",
                             deed(proposal),
                             screen_.toned(alone ? Tone::good : Tone::warn,
                                           fmt::format("{:<6}", name_of(decision.decision))),
                             fmt::format("{} at {}{}",
                                         name_of(decision.blast_radius),
                                         name_of(decision.tier),
                                         decision.rule ? ", " + *decision.rule : std::string{}),
                             times_text,
                             proposal.action_id ? "" : ", recorded only"));
    label = "";
    for (const auto& target : scene.expect.untouched)
      expect(proposal.target.value != target, fmt::format("{} on {}", proposal.action, target));
    if (proposal.action_id) {
      acted.push_back(proposal);
      show_action(proposal);
    } else {
      recorded.insert(proposal.action);
    }
  }
  for (const auto& target : scene.expect.untouched)
    screen_.line(label, fmt::format("nothing about {}", target));
  if (!stage_.lab) {
    expect(acted.empty(), "something was acted on without products");
    return;
  }
  check_actions(scene, acted);
  const std::set<std::string> wanted{scene.expect.recorded.begin(), scene.expect.recorded.end()};
  expect(recorded == wanted,
         fmt::format("recorded only is not {}", to_json(scene.expect.recorded)));
}

void Performance::play(const Scene& scene) {
  scene_ = scene.title;
  screen_.title(fmt::format("{}  {}", &scene - story_.scenes.data() + 1, scene.title),
                scene.happens);
  const auto values = values_of(scene);
  auto proofs = scene.proofs;
  for (auto& proof : proofs) proof.exists = filled_in(proof.exists, values);
  look_at("before", proofs, &Proof::before);

  std::size_t alerts = 0;
  std::size_t again = 0;
  const auto joined_before = watcher_.joined();
  for (const auto& native : scene.alerts) {
    alerts += send(native, values);
    again += std::min(native.redelivered, native.repeat);
    const bool concluded = watcher_.wait_alerts(sent_, patience);
    expect(concluded, "not every alert was looked at");
    if (!concluded) return;
  }
  const auto verdicts = watcher_.verdicts(told_);
  told_ += verdicts.size();
  const auto joined = watcher_.joined() - joined_before;
  screen_.line("alerts",
               fmt::format("{} over Kafka{}; {} verdict{}{}",
                           alerts,
                           again ? fmt::format(", {} of them delivered twice", again) : "",
                           verdicts.size(),
                           verdicts.size() == 1 ? "" : "s",
                           joined ? fmt::format(", {} joined", joined) : ""));
  expect(joined == scene.expect.joined,
         fmt::format("{} alerts joined, not {}", joined, scene.expect.joined));
  show_verdicts(scene, verdicts);
  show_decisions(scene, verdicts);
  look_at("after", proofs, &Proof::after);
  proofs_.insert(proofs_.end(), proofs.begin(), proofs.end());
  if (!in_a_hurry_) watcher_.pause(breath);
}

}  // namespace sallyport::app::demo
