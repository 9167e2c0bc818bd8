#pragma once

#include "engine/app/pipeline.hpp"
#include "engine/app/policy_keeper.hpp"
#include "engine/model/catalogue.hpp"
#include "engine/serve/backend.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <cstddef>
#include <string>

namespace sallyport::app {

/// The engine behind the HTTP API. Used on the loop only; what it is given outlives it.
class ApiBackend final : public serve::Backend {
 public:
  /// Alerts are refused for a while when more than `max_in_flight` are under way.
  ApiBackend(Rooms rooms,
             Pipeline& pipeline,
             Dispatcher& dispatcher,
             PolicyKeeper& policy,
             const model::Catalogue& catalogue,
             asio::any_io_executor loop,
             std::size_t max_in_flight);

  [[nodiscard]] std::optional<std::chrono::seconds> congested() const override;
  Task<std::vector<serve::AlertReceipt>> submit(serve::Submission submission) override;
  Task<serve::Page<model::Alert>> alerts(serve::ListQuery query) override;
  Task<serve::Page<model::Verdict>> investigations(serve::ListQuery query) override;
  Task<model::Verdict> investigation(std::string id) override;
  Task<serve::Page<serve::Question>> approvals(serve::ApprovalQuery query) override;
  Task<serve::Question> approval(std::string id) override;
  Task<model::Action> approve(std::string id, serve::Ruling ruling) override;
  Task<model::Action> deny(std::string id, serve::Ruling ruling) override;
  Task<serve::Page<model::Action>> actions(serve::ActionQuery query) override;
  Task<model::Action> action(std::string id) override;
  Task<model::Action> propose(model::ActionRequest request) override;
  Task<model::Action> roll_back(std::string id, model::Actor by) override;
  Task<serve::RollbackReport> roll_back_all(serve::RollbackOrder order) override;
  Task<serve::PolicyDocument> policy(serve::PolicyChoice choice) override;
  Task<serve::Page<serve::PolicyDocument>> policy_history(serve::ListQuery query) override;
  Task<serve::PolicyDocument> set_tier(std::string tenant,
                                       model::Tier tier,
                                       serve::PolicyAuthor author) override;
  Task<serve::PolicyDocument> replace_policy(std::string text, serve::PolicyAuthor author) override;
  Task<serve::PolicyDocument> kill_switch(serve::KillSwitchOrder order,
                                          serve::PolicyAuthor author) override;
  Task<serve::Page<std::string>> ledger(serve::LedgerSearch search) override;
  Task<std::optional<serve::StoredAnswer>> recall(std::string key) override;
  Task<> remember(std::string key, serve::StoredAnswer answer) override;

 private:
  Rooms rooms_;
  Pipeline& pipeline_;
  Dispatcher& dispatcher_;
  PolicyKeeper& policy_;
  const model::Catalogue& catalogue_;
  asio::any_io_executor loop_;
  std::size_t max_in_flight_;
};

}  // namespace sallyport::app
