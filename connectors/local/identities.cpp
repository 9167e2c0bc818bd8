#include "connectors/local/identities.hpp"

#include "connectors/local/mentions.hpp"
#include "connectors/local/record_file.hpp"
#include "engine/base/cut.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace sallyport::connectors::local {

namespace {

bool is_disabled(std::string_view status) {
  static constexpr std::array<std::string_view, 7> words = {
      "disabled", "suspended", "locked", "terminated", "left", "inactive", "deprovisioned"};
  return std::ranges::find(words, status) != words.end();
}

Result<Identity> identity_of(const Record& record) {
  Identity identity{.user = std::string{record["user"]},
                    .email = lower_case(record["email"]),
                    .department = std::string{record["department"]},
                    .manager = std::string{record["manager"]},
                    .status = lower_case(record["status"]),
                    .tags = parts_of(record["tags"])};
  if (identity.user.empty() && identity.email.empty())
    return fail(Errc::invalid_input, "neither user nor email is given");
  for (const auto& [column, into] :
       {std::pair{"privileged", &identity.privileged}, std::pair{"vip", &identity.vip}}) {
    const auto value = boolean(record[column]);
    if (!value)
      return fail(Errc::invalid_input, fmt::format("{}: {}", column, value.error().detail));
    *into = *value;
  }
  return identity;
}

model::Evidence about(const Named& named, const Identity& identity, const model::Alert& alert) {
  auto result =
      evidence("identity",
               model::EvidenceStatus::found,
               alert,
               fmt::format("{} is known{}{}{}",
                           cut(named.entity->value, 100),
                           identity.department.empty() ? "" : " in " + identity.department,
                           identity.privileged ? ", privileged" : "",
                           identity.status.empty() ? "" : ", " + identity.status));
  json::object data{{"entity", entity_json(*named.entity)}};
  const auto put = [&](const char* name, const std::string& value) {
    if (!value.empty()) data[name] = value;
  };
  put("user", identity.user);
  put("email", identity.email);
  put("department", identity.department);
  put("manager", identity.manager);
  put("status", identity.status);
  data["privileged"] = identity.privileged;
  data["vip"] = identity.vip;
  data["tags"] = json::array(identity.tags.begin(), identity.tags.end());
  result.data = data;
  for (const auto& role : named.roles) {
    for (const auto& tag : identity.tags)
      result.signals.push_back({fmt::format("identity.{}.{}", role, tag), 1});
  }
  if (identity.privileged) result.signals.push_back({"identity.privileged", 1});
  if (identity.vip) result.signals.push_back({"identity.vip", 1});
  if (is_disabled(identity.status)) result.signals.push_back({"identity.disabled", 1});
  return result;
}

}  // namespace

Result<IdentityInventory> IdentityInventory::read(const std::vector<std::filesystem::path>& files) {
  IdentityInventory inventory;
  for (const auto& file : files) {
    auto done = read_records(file, {"user", "email"}, [&](const Record& record) -> Result<> {
      auto identity = identity_of(record);
      if (!identity) return std::unexpected{identity.error()};
      return inventory.add(*std::move(identity));
    });
    if (!done) return std::unexpected{done.error()};
  }
  return inventory;
}

Result<> IdentityInventory::add(Identity identity) {
  const auto index = identities_.size();
  if (const auto name = lower_case(identity.user);
      !name.empty() && !by_name_.emplace(name, index).second)
    return fail(Errc::invalid_input, fmt::format("the user {} is listed twice", identity.user));
  if (!identity.email.empty() && !by_email_.emplace(identity.email, index).second)
    return fail(Errc::invalid_input, fmt::format("{} is listed twice", identity.email));
  identities_.push_back(std::move(identity));
  return {};
}

const Identity* IdentityInventory::find(const model::Entity& entity) const {
  if (entity.kind != "user" && entity.kind != "email") return nullptr;
  const auto look = [&](const auto& index, const std::string& key) -> const Identity* {
    const auto found = index.find(key);
    return found == index.end() ? nullptr : &identities_[found->second];
  };
  const auto name = lower_case(entity.value);
  if (const auto* identity = look(by_email_, name)) return identity;
  if (entity.kind == "email") return nullptr;
  if (const auto* identity = look(by_name_, name)) return identity;
  if (const auto slash = name.rfind('\\'); slash != std::string::npos)
    return look(by_name_, name.substr(slash + 1));
  // Of another realm it is another account; only where the inventory knows no realm it is the same.
  if (!name.contains('@')) return nullptr;
  const auto* identity = look(by_name_, name.substr(0, name.find('@')));
  return identity && identity->email.empty() ? identity : nullptr;
}

Identities::Identities(std::vector<std::filesystem::path> paths)
    : configured_{!paths.empty()},
      inventory_{WatchedFiles{std::move(paths), {".csv", ".json"}}, &IdentityInventory::read} {}

std::optional<investigate::Enricher::Answer> Identities::answer_now(
    const model::Alert& alert) const {
  std::vector<model::Evidence> result;
  if (!configured_) {
    result.push_back(evidence("identity",
                              model::EvidenceStatus::not_collected,
                              alert,
                              "no inventory of identities is configured"));
    return result;
  }
  const auto inventory = inventory_.current();
  const auto named = entities_of(alert, {"user", "email"});
  for (const auto& entity : named) {
    if (const auto* identity = inventory->find(*entity.entity))
      result.push_back(about(entity, *identity, alert));
  }
  if (result.empty())
    result.push_back(evidence("identity",
                              model::EvidenceStatus::empty,
                              alert,
                              fmt::format("none of {} users is in the inventory", named.size())));
  return result;
}

Task<std::vector<model::Evidence>> Identities::enrich(std::shared_ptr<const model::Alert> alert,
                                                      Deadline /*deadline*/) {
  co_return *answer_now(*alert);
}

}  // namespace sallyport::connectors::local
