#include "engine/reason/responses.hpp"

#include <boost/asio/ip/address.hpp>

#include <algorithm>
#include <array>
#include <string>

namespace sallyport::reason {

namespace asio = boost::asio;

namespace {

template <class List, class Item>
bool contains(const List& list, const Item& item) {
  return std::ranges::find(list, item) != list.end();
}

bool bears(const model::Evidence& evidence, const std::vector<std::string>& signals) {
  return evidence.status == model::EvidenceStatus::found &&
         std::ranges::any_of(evidence.signals, [&](const model::Signal& signal) {
           return contains(signals, signal.name);
         });
}

bool is_about(const model::Evidence& evidence, const model::Entity& entity) {
  const auto* about = evidence.data.about();
  return about && *about == entity;
}

std::vector<std::string> flagged_in(const TargetChoice& choice,
                                    const model::Entity& entity,
                                    std::span<const model::Evidence> evidence) {
  std::vector<std::string> ids;
  for (const auto& item : evidence) {
    if (bears(item, choice.flagged_by) && is_about(item, entity)) ids.push_back(item.id);
  }
  return ids;
}

std::vector<std::string> tags_of(const model::Entity& entity,
                                 std::span<const model::Evidence> evidence) {
  std::vector<std::string> tags;
  for (const auto& item : evidence) {
    if (item.trust != model::Trust::trusted || !is_about(item, entity) ||
        !item.data.mentions("tags"))
      continue;
    const auto data = item.data.tree();
    const auto* list = data.if_contains("tags");
    if (!list || !list->is_array()) continue;
    for (const auto& tag : list->get_array()) {
      if (!tag.is_string()) continue;
      std::string text{tag.get_string()};
      if (!contains(tags, text)) tags.push_back(std::move(text));
    }
  }
  return tags;
}

constexpr std::size_t max_put_in = 200;

/// `text` for a message: short, and without control characters.
std::string plain(std::string_view text) {
  std::string result{text.substr(0, max_put_in)};
  while (text.size() > max_put_in && !result.empty() &&
         (static_cast<unsigned char>(result.back()) & 0xc0U) == 0x80U)
    result.pop_back();  // not in the middle of a character
  if (text.size() > max_put_in) {
    if (!result.empty() && static_cast<unsigned char>(result.back()) >= 0xc0U) result.pop_back();
    result += "...";
  }
  std::ranges::replace_if(
      result, [](char c) { return static_cast<unsigned char>(c) < 0x20U || c == 0x7f; }, ' ');
  return result;
}

std::string value_of(std::string_view name, const model::Alert& alert, const Findings& findings) {
  if (name == "alert.title") return plain(alert.title);
  if (name == "alert.uid") return plain(alert.uid);
  if (name == "alert.source") return plain(alert.source);
  if (name == "alert.detection") return plain(alert.detection);
  if (name == "alert.severity") return std::string{name_of(alert.severity)};
  if (name == "verdict") return std::string{name_of(findings.verdict)};
  if (name == "confidence") return fmt::format("{:.2f}", findings.confidence);
  return {};
}

/// Replaces every `${{ name }}`. What is put in is not looked at again.
std::string expanded(std::string_view text, const model::Alert& alert, const Findings& findings) {
  std::string result;
  while (const auto part = next_placeholder(text)) {
    result += part->before;
    result += value_of(part->name, alert, findings);
    text = part->after;
  }
  result += text;
  return result;
}

struct Chosen {
  const model::Mention* mention;
  std::vector<std::string> evidence;
};

std::vector<Chosen> choose(const TargetChoice& choice,
                           const model::Alert& alert,
                           std::span<const model::Evidence> evidence) {
  std::vector<Chosen> chosen;
  for (const bool grounded : {true, false}) {
    for (const auto& mention : alert.entities) {
      if (chosen.size() >= choice.limit) return chosen;
      const auto& entity = mention.entity;
      if (mention.grounded != grounded || entity.kind != choice.kind) continue;
      if (!choice.roles.empty() && !contains(choice.roles, mention.role)) continue;
      if (choice.public_address && !is_public_address(entity.value)) continue;
      if (std::ranges::any_of(chosen, [&](const Chosen& c) { return c.mention->entity == entity; }))
        continue;
      std::vector<std::string> flagged;
      if (!choice.flagged_by.empty()) {
        flagged = flagged_in(choice, entity, evidence);
        if (flagged.empty()) continue;
      }
      chosen.push_back({&mention, std::move(flagged)});
    }
  }
  return chosen;
}

/// Puts the parameters together: constants, values of the alert, entities. False: an entity is
/// missing.
bool fill(const Response& response,
          const model::Alert& alert,
          std::span<const model::Evidence> evidence,
          const Findings& findings,
          model::Proposal& proposal) {
  proposal.parameters = response.parameters;
  for (auto& item : proposal.parameters) {
    auto* text = item.value().if_string();
    if (text && text->find("${{") != std::string_view::npos)
      *text = expanded(*text, alert, findings);
  }
  for (const auto& [name, choice] : response.parameters_from) {
    const auto found = choose(choice, alert, evidence);
    if (found.empty()) return false;
    proposal.parameters[name] = found.front().mention->entity.value;
    proposal.grounded = proposal.grounded && found.front().mention->grounded;
  }
  return true;
}

}  // namespace

std::optional<Placeholder> next_placeholder(std::string_view text) {
  const auto open = text.find("${{");
  if (open == std::string_view::npos) return std::nullopt;
  const auto close = text.find("}}", open);
  if (close == std::string_view::npos) return std::nullopt;
  auto name = text.substr(open + 3, close - open - 3);
  while (name.starts_with(' ')) name.remove_prefix(1);
  while (name.ends_with(' ')) name.remove_suffix(1);
  return Placeholder{.before = text.substr(0, open), .name = name, .after = text.substr(close + 2)};
}

bool is_placeholder(std::string_view name) {
  static constexpr std::array<std::string_view, 7> names = {"alert.title",
                                                            "alert.uid",
                                                            "alert.source",
                                                            "alert.detection",
                                                            "alert.severity",
                                                            "verdict",
                                                            "confidence"};
  return contains(names, name);
}

bool closes(const Response& response) {
  if (response.action == "suppress_alert") return true;
  const auto* status = response.parameters.if_contains("status");
  return response.action == "acknowledge_alert" && status && *status == "resolved";
}

bool called_for(const Response& response, bool contains_it, const Findings& findings) {
  const auto& when = response.when;
  const auto present = [&](const std::string& signal) {
    return contains(findings.signals, std::string_view{signal});
  };
  if (contains_it && !findings.may_contain) return false;
  if (findings.injected && closes(response)) return false;
  if (!when.verdicts.empty() && !contains(when.verdicts, findings.verdict)) return false;
  if (findings.confidence < when.min_confidence) return false;
  if (!when.any.empty() && std::ranges::none_of(when.any, present)) return false;
  return std::ranges::all_of(when.all, present) && std::ranges::none_of(when.none, present);
}

bool may_point(const Response& response, const Pointed& entity) {
  const auto& choice = response.target;
  if (entity.entity.kind != choice.kind) return false;
  if (choice.public_address && !is_public_address(entity.entity.value)) return false;
  return choice.roles.empty() || std::ranges::any_of(entity.roles, [&](const std::string& role) {
           return contains(choice.roles, role);
         });
}

std::optional<model::Proposal> propose_on(const Response& response,
                                          const Pointed& entity,
                                          const model::Alert& alert,
                                          std::span<const model::Evidence> evidence,
                                          const Findings& findings) {
  model::Proposal proposal{.action = response.action,
                           .target = {.kind = entity.entity.kind,
                                      .value = entity.entity.value,
                                      .tags = tags_of(entity.entity, evidence)},
                           .parameters = {},
                           .evidence = {},
                           .grounded = entity.grounded,
                           .why = response.why};
  if (!fill(response, alert, evidence, findings, proposal)) return std::nullopt;
  return proposal;
}

std::vector<model::Proposal> propose(const Response& response,
                                     const model::Alert& alert,
                                     std::span<const model::Evidence> evidence,
                                     const Findings& findings) {
  std::vector<model::Proposal> proposals;
  if (response.target.kind == alert_target) {
    model::Proposal proposal{.action = response.action,
                             .target = {.kind = alert_target, .value = alert.uid, .tags = {}},
                             .parameters = {},
                             .evidence = findings.support,
                             .grounded = true,
                             .why = response.why};
    if (fill(response, alert, evidence, findings, proposal))
      proposals.push_back(std::move(proposal));
    return proposals;
  }
  for (auto& [mention, flagged] : choose(response.target, alert, evidence)) {
    const auto& entity = mention->entity;
    model::Proposal proposal{
        .action = response.action,
        .target = {.kind = entity.kind, .value = entity.value, .tags = tags_of(entity, evidence)},
        .parameters = {},
        .evidence = findings.support,
        .grounded = mention->grounded,
        .why = response.why};
    for (auto& id : flagged) {
      if (!contains(proposal.evidence, id)) proposal.evidence.push_back(std::move(id));
    }
    if (fill(response, alert, evidence, findings, proposal))
      proposals.push_back(std::move(proposal));
  }
  return proposals;
}

bool is_public_address(std::string_view text) {
  boost::system::error_code ec;
  const auto address = asio::ip::make_address(text, ec);
  if (ec) return false;
  if (address.is_v6()) {
    const auto v6 = address.to_v6();
    if (v6.is_v4_mapped())
      return is_public_address(asio::ip::make_address_v4(asio::ip::v4_mapped, v6).to_string());
    const auto bytes = v6.to_bytes();
    return (bytes[0] & 0xe0U) == 0x20U;  // 2000::/3 is what is routed
  }

  struct Range {
    std::uint32_t network;
    unsigned bits;
  };

  // RFC 6890 without the documentation ranges: those stand for public addresses in examples.
  static constexpr std::array<Range, 11> reserved = {{{0x00000000, 8},
                                                      {0x0a000000, 8},
                                                      {0x64400000, 10},
                                                      {0x7f000000, 8},
                                                      {0xa9fe0000, 16},
                                                      {0xac100000, 12},
                                                      {0xc0000000, 24},
                                                      {0xc0a80000, 16},
                                                      {0xc6120000, 15},
                                                      {0xe0000000, 4},
                                                      {0xf0000000, 4}}};
  const auto value = address.to_v4().to_uint();
  return std::ranges::none_of(reserved, [&](const Range& range) {
    return value >> (32U - range.bits) == range.network >> (32U - range.bits);
  });
}

}  // namespace sallyport::reason
