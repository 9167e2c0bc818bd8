#include "engine/audit/entry_facts.hpp"

namespace sallyport::audit {

namespace {

const json::object* object_in(const json::object* object, std::string_view key) {
  const auto* found = object ? object->if_contains(key) : nullptr;
  return found ? found->if_object() : nullptr;
}

std::string text_in(const json::object* object, std::string_view key) {
  const auto* found = object ? object->if_contains(key) : nullptr;
  const auto* text = found ? found->if_string() : nullptr;
  return text ? std::string{text->data(), text->size()} : std::string{};
}

std::uint64_t number_in(const json::object* object, std::string_view key) {
  const auto* found = object ? object->if_contains(key) : nullptr;
  if (found && found->is_int64() && found->get_int64() >= 0)
    return static_cast<std::uint64_t>(found->get_int64());
  return found && found->is_uint64() ? found->get_uint64() : 0;
}

}  // namespace

EntryFacts facts_of(const model::LedgerEntry& entry) {
  const auto* body = &entry.body;
  const auto* request = object_in(body, "request");
  const auto* target = object_in(request ? request : body, "target");
  const auto* asker = object_in(request, "requested_by");
  const auto* decision = object_in(body, "decision");
  EntryFacts facts{.action = text_in(body, "action"),
                   .state = text_in(body, "state"),
                   .verb = request ? text_in(request, "action") : text_in(body, "verb"),
                   .target_kind = text_in(target, "kind"),
                   .target_value = text_in(target, "value"),
                   .requested_by_kind = text_in(asker, "kind"),
                   .requested_by = text_in(asker, "id"),
                   .decision = text_in(decision, "decision"),
                   .reason = text_in(decision, "reason"),
                   .rule = text_in(decision, "rule"),
                   .tier = text_in(decision, "tier"),
                   .blast_radius = text_in(decision, "blast_radius"),
                   .policy_version = number_in(decision, "policy_version"),
                   .policy_hash = text_in(decision, "policy_hash"),
                   .request_hash = text_in(body, "request_hash"),
                   .reverses = text_in(body, "reverses"),
                   .rationale = text_in(decision, "rationale"),
                   .detail = text_in(body, "detail"),
                   .changed = {}};
  if (facts.detail.empty()) facts.detail = text_in(body, "comment");
  if (facts.detail.empty()) facts.detail = text_in(body, "note");
  if (const auto* changed = object_in(body, "changed")) facts.changed = to_json(*changed);
  return facts;
}

}  // namespace sallyport::audit
