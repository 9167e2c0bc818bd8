#pragma once

#include "engine/app/policy_keeper.hpp"
#include "engine/gate/gate.hpp"
#include "engine/serve/backend.hpp"

/// The policy as the API asks for it and changes it. Errors: those of PolicyKeeper and of
/// policy_edit.hpp. When a change returns, every decision after it is made by it.
namespace sallyport::app {

/// A stored version as it is served.
[[nodiscard]] Result<serve::PolicyDocument> to_document(StoredPolicy stored);

[[nodiscard]] Result<serve::PolicyDocument> show_policy(const PolicyKeeper& keeper,
                                                        const serve::PolicyChoice& choice);
[[nodiscard]] Result<serve::Page<serve::PolicyDocument>> page_of_versions(
    const PolicyKeeper& keeper, const serve::ListQuery& query);

[[nodiscard]] Result<serve::PolicyDocument> change_tier(PolicyKeeper& keeper,
                                                        gate::Gate& gate,
                                                        std::string tenant,
                                                        model::Tier tier,
                                                        serve::PolicyAuthor author);
[[nodiscard]] Result<serve::PolicyDocument> change_whole(PolicyKeeper& keeper,
                                                         gate::Gate& gate,
                                                         std::string text,
                                                         serve::PolicyAuthor author);
[[nodiscard]] Result<serve::PolicyDocument> change_kill_switch(PolicyKeeper& keeper,
                                                               gate::Gate& gate,
                                                               serve::KillSwitchOrder order,
                                                               serve::PolicyAuthor author);

}  // namespace sallyport::app
