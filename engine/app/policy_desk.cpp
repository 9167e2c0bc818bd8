#include "engine/app/policy_desk.hpp"

#include "engine/app/policy_edit.hpp"
#include "engine/config/document.hpp"

#include <charconv>
#include <utility>

namespace sallyport::app {

namespace {

serve::PolicyDocument head_of(StoredPolicy stored) {
  return {.version = stored.version,
          .hash = std::move(stored.hash),
          .policy = {},
          .text = {},
          .adopted_at = stored.adopted_at,
          .by = std::move(stored.by),
          .reason = std::move(stored.reason),
          .changes = std::move(stored.changes)};
}

Result<serve::PolicyDocument> make(PolicyKeeper& keeper,
                                   gate::Gate& gate,
                                   serve::PolicyAuthor author,
                                   std::function<Result<std::string>(const std::string&)> edit) {
  auto made = keeper.change(gate,
                            {.make = std::move(edit),
                             .by = std::move(author.by),
                             .reason = std::move(author.reason),
                             .expected = std::move(author.expected)});
  if (!made) return std::unexpected{made.error()};
  auto document = head_of(*std::move(made));
  document.warnings = keeper.warnings();
  return document;
}

}  // namespace

Result<serve::PolicyDocument> to_document(StoredPolicy stored) {
  auto read = config::Document::parse(stored.text, "policy");
  if (!read) return std::unexpected{read.error()};
  auto text = std::move(stored.text);
  auto document = head_of(std::move(stored));
  document.policy = read->root();
  document.text = std::move(text);
  return document;
}

Result<serve::PolicyDocument> show_policy(const PolicyKeeper& keeper,
                                          const serve::PolicyChoice& choice) {
  auto stored = choice.version ? policy_version(keeper.store(), *choice.version)
                : choice.at    ? policy_at(keeper.store(), *choice.at)
                               : keeper.current();
  if (!stored) return std::unexpected{stored.error()};
  return to_document(*std::move(stored));
}

Result<serve::Page<serve::PolicyDocument>> page_of_versions(const PolicyKeeper& keeper,
                                                            const serve::ListQuery& query) {
  std::uint64_t from = 0;
  if (!query.cursor.empty()) {
    const auto* end = query.cursor.data() + query.cursor.size();
    const auto [rest, error] = std::from_chars(query.cursor.data(), end, from);
    if (error != std::errc{} || rest != end || from == 0)
      return fail(Errc::invalid_input, "cursor: not one that this API gave");
  }
  serve::Page<serve::PolicyDocument> page;
  const auto visited = policy_history(keeper.store(), from, [&](StoredPolicy stored) {
    if (page.items.size() == query.limit) {
      page.next = fmt::to_string(stored.version);
      return false;
    }
    page.items.push_back(head_of(std::move(stored)));
    return true;
  });
  if (!visited) return std::unexpected{visited.error()};
  return page;
}

Result<serve::PolicyDocument> change_tier(PolicyKeeper& keeper,
                                          gate::Gate& gate,
                                          std::string tenant,
                                          model::Tier tier,
                                          serve::PolicyAuthor author) {
  return make(keeper, gate, std::move(author), [tenant, tier](const std::string& text) {
    return with_tier(text, tenant, tier);
  });
}

Result<serve::PolicyDocument> change_whole(PolicyKeeper& keeper,
                                           gate::Gate& gate,
                                           std::string text,
                                           serve::PolicyAuthor author) {
  return make(keeper,
              gate,
              std::move(author),
              [next = std::move(text)](const std::string&) -> Result<std::string> { return next; });
}

Result<serve::PolicyDocument> change_kill_switch(PolicyKeeper& keeper,
                                                 gate::Gate& gate,
                                                 serve::KillSwitchOrder order,
                                                 serve::PolicyAuthor author) {
  const auto reason = author.reason;
  return make(keeper, gate, std::move(author), [order, reason](const std::string& text) {
    return with_kill_switch(text, order, reason);
  });
}

}  // namespace sallyport::app
