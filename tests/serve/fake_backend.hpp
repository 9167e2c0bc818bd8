#pragma once

#include "engine/serve/backend.hpp"

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace sallyport::serve::testing {

/// An engine that keeps everything in maps. Alerts are objects with a `uid`; everything else is
/// refused.
class FakeBackend : public Backend {
 public:
  std::optional<std::chrono::seconds> wait;
  bool store_broken = false;
  std::set<std::string> known;
  std::vector<Submission> submissions;
  std::vector<model::Alert> all_alerts;
  std::map<std::string, model::Verdict> verdicts;
  std::map<std::string, model::Action> all_actions;
  std::map<std::string, model::Approval> all_approvals;
  std::vector<Ruling> rulings;
  std::map<std::string, StoredAnswer> answers;
  std::vector<std::string> entries;
  LedgerSearch last_search;
  json::value policy_document;
  int proposed = 0;
  std::vector<RollbackOrder> orders;
  std::vector<std::string> policy_orders;
  std::vector<PolicyAuthor> policy_authors;

  /// A queued action of an investigation, with its question.
  void add_question(const std::string& id, const std::string& tenant) {
    model::Action action{.id = ActionId::parse(id).value(), .tenant = tenant};
    action.request = {.tenant = tenant,
                      .action = "isolate_host",
                      .target = {.kind = "host", .value = "WKS-1", .tags = {}},
                      .requested_by = {.kind = "agent", .id = "investigation:1"}};
    action.request_hash = model::request_hash(action.request);
    all_approvals[id] = {.id = ApprovalId::parse(id).value(),
                         .action = action.id,
                         .tenant = tenant,
                         .request_hash = action.request_hash};
    all_actions[id] = std::move(action);
  }

  std::optional<std::chrono::seconds> congested() const override { return wait; }

  Task<std::vector<AlertReceipt>> submit(Submission submission) override {
    std::vector<AlertReceipt> receipts;
    for (const auto& bytes : submission.alerts) {
      const auto value = parse_json(bytes);
      const auto* object = value ? value->if_object() : nullptr;
      const auto* uid = object ? object->if_contains("uid") : nullptr;
      if (store_broken) {
        receipts.push_back({.status = ReceiptStatus::unavailable, .reason = "disk full"});
      } else if (!uid) {
        receipts.push_back({.status = ReceiptStatus::refused, .reason = "no uid"});
      } else {
        std::string text{uid->as_string()};
        const bool first = known.insert(text).second;
        receipts.push_back({.status = first ? ReceiptStatus::accepted : ReceiptStatus::duplicate,
                            .uid = std::move(text)});
      }
    }
    submissions.push_back(std::move(submission));
    co_return std::move(receipts);
  }

  Task<Page<model::Alert>> alerts(ListQuery query) override {
    Page<model::Alert> page;
    std::size_t i = query.cursor.empty() ? 0 : std::stoul(query.cursor);
    for (; i < all_alerts.size() && page.items.size() < query.limit; ++i)
      if (query.tenant.empty() || all_alerts[i].tenant == query.tenant)
        page.items.push_back(all_alerts[i]);
    if (i < all_alerts.size()) page.next = std::to_string(i);
    co_return std::move(page);
  }

  Task<Page<model::Verdict>> investigations(ListQuery query) override {
    Page<model::Verdict> page;
    for (const auto& [id, verdict] : verdicts)
      if (query.tenant.empty() || verdict.tenant == query.tenant) page.items.push_back(verdict);
    co_return std::move(page);
  }

  Task<model::Verdict> investigation(std::string id) override { co_return found(verdicts, id); }

  Task<Page<Question>> approvals(ApprovalQuery query) override {
    Page<Question> page;
    for (const auto& [id, approval] : all_approvals)
      if ((query.list.tenant.empty() || approval.tenant == query.list.tenant) &&
          (!query.state || approval.state == *query.state))
        page.items.push_back({approval, all_actions.at(id)});
    co_return std::move(page);
  }

  Task<Question> approval(std::string id) override {
    const auto approval = found(all_approvals, id);
    if (!approval) co_return std::unexpected{approval.error()};
    co_return Question{*approval, all_actions.at(id)};
  }

  Task<model::Action> approve(std::string id, Ruling ruling) override {
    co_return rule(id, std::move(ruling), model::ApprovalState::approved);
  }

  Task<model::Action> deny(std::string id, Ruling ruling) override {
    co_return rule(id, std::move(ruling), model::ApprovalState::denied);
  }

  Task<Page<model::Action>> actions(ActionQuery query) override {
    Page<model::Action> page;
    for (const auto& [id, action] : all_actions)
      if ((query.list.tenant.empty() || action.tenant == query.list.tenant) &&
          (!query.state || action.state == *query.state))
        page.items.push_back(action);
    co_return std::move(page);
  }

  Task<model::Action> action(std::string id) override { co_return found(all_actions, id); }

  Task<model::Action> propose(model::ActionRequest request) override {
    if (request.action == "no_such_verb")
      co_return fail(Errc::invalid_input, "no_such_verb is not in the catalogue");
    const auto id = "P" + std::to_string(++proposed);
    model::Action action{.id = ActionId::parse(id).value(), .tenant = request.tenant};
    action.request = std::move(request);
    action.request_hash = model::request_hash(action.request);
    all_actions[id] = action;
    co_return std::move(action);
  }

  Task<model::Action> roll_back(std::string id, model::Actor by) override {
    model::Action action{.id = ActionId::parse("R" + id).value(), .tenant = all_actions[id].tenant};
    action.request.requested_by = std::move(by);
    action.reverses = id;
    co_return std::move(action);
  }

  Task<RollbackReport> roll_back_all(RollbackOrder order) override {
    orders.push_back(order);
    co_return RollbackReport{.preview = order.preview};
  }

  Task<PolicyDocument> policy(PolicyChoice) override {
    co_return PolicyDocument{
        .version = 7, .hash = "sha256:x", .policy = policy_document, .text = "the file"};
  }

  Task<Page<PolicyDocument>> policy_history(ListQuery) override {
    Page<PolicyDocument> page;
    page.items.push_back({.version = 7,
                          .hash = "sha256:x",
                          .reason = "because",
                          .changes = {{.path = "/tenants/acme/tier", .before = {}, .after = "L1"},
                                      {.path = "/tenants/other/tier", .before = {}, .after = "L2"},
                                      {.path = "/kill_switch", .before = {}, .after = true}}});
    co_return std::move(page);
  }

  Task<PolicyDocument> set_tier(std::string tenant,
                                model::Tier tier,
                                PolicyAuthor author) override {
    co_return changed(std::string{name_of(tier)} + " for " + tenant, std::move(author));
  }

  Task<PolicyDocument> replace_policy(std::string text, PolicyAuthor author) override {
    co_return changed("file " + text, std::move(author));
  }

  Task<PolicyDocument> kill_switch(KillSwitchOrder order, PolicyAuthor author) override {
    co_return changed(fmt::format("kill {} {} {} {}",
                                  name_of(order.scope),
                                  order.tenant,
                                  order.name,
                                  order.on ? "on" : "off"),
                      std::move(author));
  }

  Task<Page<std::string>> ledger(LedgerSearch search) override {
    last_search = std::move(search);
    co_return Page<std::string>{.items = entries, .next = "after-2"};
  }

  Task<std::optional<StoredAnswer>> recall(std::string key) override {
    const auto answer = answers.find(key);
    if (answer == answers.end()) co_return std::nullopt;
    co_return answer->second;
  }

  Task<> remember(std::string key, StoredAnswer answer) override {
    answers[std::move(key)] = std::move(answer);
    co_return Result<>{};
  }

 private:
  Result<PolicyDocument> changed(std::string what, PolicyAuthor author) {
    if (author.reason.empty()) return fail(Errc::invalid_input, "say why");
    policy_orders.push_back(std::move(what));
    policy_authors.push_back(author);
    return PolicyDocument{
        .version = 8, .hash = "sha256:y", .by = author.by, .reason = author.reason};
  }

  template <class T>
  static Result<T> found(const std::map<std::string, T>& all, const std::string& id) {
    const auto item = all.find(id);
    if (item == all.end()) return fail(Errc::not_found, "no such thing");
    return item->second;
  }

  Result<model::Action> rule(const std::string& id, Ruling ruling, model::ApprovalState to) {
    auto& approval = all_approvals.at(id);
    if (approval.state == model::ApprovalState::expired)
      return fail(Errc::expired, "its time is over");
    if (approval.state != model::ApprovalState::pending ||
        ruling.request_hash != approval.request_hash)
      return fail(Errc::conflict, "decided before, or another request");
    if (ruling.by == all_actions[id].request.requested_by)
      return fail(Errc::denied, "nobody approves what they proposed");
    approval.state = to;
    rulings.push_back(std::move(ruling));
    return all_actions[id];
  }
};

}  // namespace sallyport::serve::testing
