#include "engine/app/demo/performance.hpp"

#include "engine/store/ledger.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <ranges>
#include <utility>

namespace sallyport::app::demo {

namespace {

constexpr std::chrono::milliseconds patience{20'000};
constexpr std::size_t most_listed = 1000;

std::string counts(const std::map<std::string, std::size_t>& counted) {
  std::string text;
  for (const auto& [name, count] : counted)
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count, name);
  return text.empty() ? "none" : text;
}

}  // namespace

Result<> Performance::play() {
  auto analyst = stage_.client_of(stage_.analyst);
  if (!analyst) return std::unexpected{analyst.error()};
  analyst_ = *std::move(analyst);
  auto approver = stage_.client_of(stage_.approver);
  if (!approver) return std::unexpected{approver.error()};
  approver_ = *std::move(approver);

  for (const auto& scene : story_.scenes) {
    if (watcher_.interrupted()) return {};
    play(scene);
  }
  if (watcher_.interrupted()) return {};
  if (stage_.lab) undo();
  sum_up();
  return {};
}

bool Performance::approve(const std::string& id, std::string_view comment) {
  const auto question = approver_->get({"v1", "approvals", id});
  if (!question) return false;
  return approver_
      ->post({"v1", "approvals", id, "approve"},
             {{"request_hash", shown(*question, "request_hash")}, {"comment", comment}})
      .has_value();
}

void Performance::undo(const Done& done) {
  const auto name = fmt::format("{:<17} {:<14}",
                                done.action,
                                fit(std::filesystem::path{done.target}.filename().string(), 28));
  const auto rollback = analyst_->post({"v1", "actions", done.id, "rollback"}, json::object{});
  if (!rollback) {
    const auto action = analyst_->get({"v1", "actions", done.id});
    const auto without = action ? shown(*action, "rollback.why") : std::string{};
    screen_.line("",
                 fmt::format("{} stays as it is: {}",
                             name,
                             fit(without.empty() ? rollback.error().detail : without, 60)));
    expect(!without.empty(), done.action + " could not be undone: " + rollback.error().detail);
    return;
  }
  const auto id = shown(*rollback, "id");
  const bool queued = shown(*rollback, "state") == "queued";
  expect(!queued || approve(id, "as it was"),
         "the rollback of " + done.action + " was not approved");
  const auto ended = watcher_.wait_action(id, patience);
  const auto original = analyst_->get({"v1", "actions", done.id});
  const auto state = original ? shown(*original, "state") : std::string{"lost"};
  const bool back = ended && state == "rolled_back";
  screen_.line("",
               fmt::format("{} {:<13} {:<21} {}",
                           name,
                           shown(*rollback, "request.action"),
                           queued ? "queued, then approved" : "auto",
                           screen_.toned(back ? Tone::good : Tone::bad, state)));
  expect(back, fmt::format("{} is {}: {}", done.action, state, ended ? ended->detail : "no end"));
}

void Performance::undo() {
  scene_ = "Rollback";
  screen_.title("Everything is undone",
                fmt::format("{} asks for it; each rollback is an action and passes the same gate. "
                            "{} approves what the gate queues.",
                            stage_.analyst.name,
                            stage_.approver.name));
  for (const auto& done : std::views::reverse(done_)) undo(done);
  look_at("as before", proofs_, &Proof::undone);
}

void Performance::verify_record() {
  const auto record = store::Store::open({.directory = stage_.data, .read_only = true});
  expect(record.has_value(), "the store cannot be read");
  if (!record) return;
  const auto report = store::verify_ledger(**record, story_.tenant);
  const bool holds = report && report->holds;
  screen_.line("ledger",
               holds ? fmt::format("{} entries, {}; head {}",
                                   report->entries,
                                   screen_.toned(Tone::good, "the chain holds"),
                                   report->head.hash)
                     : screen_.toned(Tone::bad, "the chain does not hold"));
  expect(holds, "the ledger does not verify: " + (report ? report->why : report.error().detail));
}

void Performance::sum_up() {
  scene_ = "Summary";
  screen_.title("Summary");
  std::map<std::string, std::size_t> judged;
  std::map<std::string, std::size_t> decided;
  for (const auto& verdict : watcher_.verdicts()) {
    ++judged[std::string{name_of(verdict.verdict)}];
    for (const auto& proposal : verdict.proposals)
      if (proposal.decision) ++decided[std::string{name_of(proposal.decision->decision)}];
  }
  const auto listed = analyst_->list({"v1", "actions"}, {}, most_listed);
  std::map<std::string, std::size_t> outcomes;
  if (listed)
    for (const auto& action : *listed) ++outcomes[shown(action, "state")];

  screen_.line("alerts", fmt::format("{} sent, {} of them delivered twice", sent_, redelivered_));
  screen_.line("verdicts", counts(judged));
  screen_.line("decisions", counts(decided));
  screen_.line(
      "actions",
      stage_.lab ? counts(outcomes) : screen_.toned(Tone::warn, "none: nothing was acted on"));
  const auto verdicts = watcher_.verdicts();
  const auto opened = std::ranges::count(verdicts, 1U, &model::Verdict::version);
  const auto investigations = analyst_->list({"v1", "investigations"}, {}, most_listed);
  std::size_t counted = 0;
  if (investigations)
    for (const auto& one : *investigations)
      counted += static_cast<std::size_t>(one.at("count").to_number<double>());
  screen_.line("investigations", fmt::format("{}, of {} alerts", opened, counted));
  expect(investigations && std::cmp_equal(investigations->size(), opened) && counted == sent_,
         fmt::format("{} alerts were sent, {} are in {} investigations, {} were opened",
                     sent_,
                     counted,
                     investigations ? investigations->size() : 0,
                     opened));
  verify_record();
}

}  // namespace sallyport::app::demo
