#include "engine/ingest/ocsf_field.hpp"

#include <algorithm>
#include <array>

namespace sallyport::ingest {

namespace {

using enum FieldType;

constexpr auto fields = std::to_array<OcsfField>({
    {"action_id", integer, {}, {}},
    {"activity_id", integer, {}, {}},
    {"actor.app_name", text, {}, {}},
    {"actor.process.cmd_line", text, {}, {}},
    {"actor.process.file.path", text, {}, {}},
    {"actor.process.name", text, "process", "actor"},
    {"actor.process.pid", integer, {}, {}},
    {"actor.session.uid", text, {}, {}},
    {"actor.user.account.uid", text, {}, {}},
    {"actor.user.domain", text, {}, {}},
    {"actor.user.email_addr", text, "email", "actor"},
    {"actor.user.full_name", text, {}, {}},
    {"actor.user.name", text, "user", "actor"},
    {"actor.user.type", text, {}, {}},
    {"actor.user.uid", text, {}, {}},
    {"cloud.account.name", text, {}, {}},
    {"cloud.account.uid", text, {}, {}},
    {"cloud.project_uid", text, {}, {}},
    {"cloud.provider", text, {}, {}},
    {"cloud.region", text, {}, {}},
    {"confidence_id", integer, {}, {}},
    {"confidence_score", integer, {}, {}},
    {"connection_info.direction", text, {}, {}},
    {"connection_info.protocol_name", text, {}, {}},
    {"count", integer, {}, {}},
    {"device.domain", text, {}, {}},
    {"device.hostname", text, "host", "device"},
    {"device.instance_uid", text, {}, {}},
    {"device.ip", text, "ip", "device"},
    {"device.mac", text, {}, {}},
    {"device.name", text, {}, {}},
    {"device.os.name", text, {}, {}},
    {"device.os.version", text, {}, {}},
    {"device.region", text, {}, {}},
    {"device.type", text, {}, {}},
    {"device.type_id", integer, {}, {}},
    {"device.uid", text, {}, {}},
    {"disposition_id", integer, {}, {}},
    {"dst_endpoint.domain", text, "domain", "dst"},
    {"dst_endpoint.hostname", text, "host", "dst"},
    {"dst_endpoint.instance_uid", text, {}, {}},
    {"dst_endpoint.ip", text, "ip", "dst"},
    {"dst_endpoint.mac", text, {}, {}},
    {"dst_endpoint.port", integer, {}, {}},
    {"email.from", text, "email", "src"},
    {"email.message_uid", text, {}, {}},
    {"email.subject", text, {}, {}},
    {"email.to", text_list, "email", "target"},
    {"end_time", timestamp, {}, {}},
    {"file.hashes.md5", md5, "hash", "file"},
    {"file.hashes.sha1", sha1, "hash", "file"},
    {"file.hashes.sha256", sha256, "hash", "file"},
    {"file.name", text, {}, {}},
    {"file.path", text, "file", "file"},
    {"file.size", integer, {}, {}},
    {"finding_info.created_time", timestamp, {}, {}},
    {"finding_info.data_sources", text_list, {}, {}},
    {"finding_info.first_seen_time", timestamp, {}, {}},
    {"finding_info.last_seen_time", timestamp, {}, {}},
    {"finding_info.modified_time", timestamp, {}, {}},
    {"finding_info.product_uid", text, {}, {}},
    {"finding_info.src_url", text, {}, {}},
    {"finding_info.types", text_list, {}, {}},
    {"http_request.http_method", text, {}, {}},
    {"http_request.referrer", text, {}, {}},
    {"http_request.user_agent", text, {}, {}},
    {"impact_id", integer, {}, {}},
    {"malware.name", text, {}, {}},
    {"message", text, {}, {}},
    {"metadata.correlation_uid", text, {}, {}},
    {"metadata.event_code", text, {}, {}},
    {"metadata.labels", text_list, {}, {}},
    {"metadata.log_name", text, {}, {}},
    {"metadata.log_provider", text, {}, {}},
    {"metadata.product.feature.name", text, {}, {}},
    {"metadata.product.name", text, {}, {}},
    {"metadata.product.vendor_name", text, {}, {}},
    {"metadata.product.version", text, {}, {}},
    {"metadata.tenant_uid", text, {}, {}},
    {"process.cmd_line", text, {}, {}},
    {"process.file.hashes.md5", md5, "hash", "process"},
    {"process.file.hashes.sha1", sha1, "hash", "process"},
    {"process.file.hashes.sha256", sha256, "hash", "process"},
    {"process.file.name", text, {}, {}},
    {"process.file.path", text, "file", "process"},
    {"process.name", text, "process", "process"},
    {"process.parent_process.cmd_line", text, {}, {}},
    {"process.parent_process.file.path", text, {}, {}},
    {"process.parent_process.name", text, {}, {}},
    {"process.parent_process.pid", integer, {}, {}},
    {"process.parent_process.uid", text, {}, {}},
    {"process.pid", integer, {}, {}},
    {"process.uid", text, {}, {}},
    {"process.user.name", text, "user", "process"},
    {"query.hostname", text, "domain", "dst"},
    {"query.type", text, {}, {}},
    {"remediation.desc", text, {}, {}},
    {"resources.cloud_partition", text, {}, {}},
    {"resources.data", any, {}, {}},
    {"resources.name", text, {}, {}},
    {"resources.region", text, {}, {}},
    {"resources.type", text, {}, {}},
    {"resources.uid", text, {}, {}},
    {"risk_level_id", integer, {}, {}},
    {"risk_score", integer, {}, {}},
    {"src_endpoint.domain", text, "domain", "src"},
    {"src_endpoint.hostname", text, "host", "src"},
    {"src_endpoint.instance_uid", text, {}, {}},
    {"src_endpoint.ip", text, "ip", "src"},
    {"src_endpoint.location.city", text, {}, {}},
    {"src_endpoint.location.country", text, {}, {}},
    {"src_endpoint.mac", text, {}, {}},
    {"src_endpoint.port", integer, {}, {}},
    {"start_time", timestamp, {}, {}},
    {"status_detail", text, {}, {}},
    {"status_id", integer, {}, {}},
    {"url.hostname", text, "domain", "mentioned"},
    {"url.path", text, {}, {}},
    {"url.url_string", text, "url", "mentioned"},
    {"user.domain", text, {}, {}},
    {"user.email_addr", text, "email", "target"},
    {"user.name", text, "user", "target"},
    {"user.uid", text, {}, {}},
});
static_assert(std::ranges::is_sorted(fields, {}, &OcsfField::path));

constexpr OcsfField unmapped{.path = "unmapped", .type = any, .kind = {}, .role = {}};

bool is_list_of_objects(std::string_view key) {
  return key == "resources" || key == "malware";
}

/// The object at the keys before the last; nullptr when something else stands on the way.
json::object* parent(json::object& finding, const OcsfPath& path) {
  auto* object = &finding;
  for (std::size_t i = 0; i + 1 < path.size(); ++i) {
    auto& slot = (*object)[path[i]];
    if (i == 0 && is_list_of_objects(path[i])) {
      if (slot.is_null()) slot.emplace_array().emplace_back(json::object_kind);
      auto* list = slot.if_array();
      if (list == nullptr || list->empty() || !list->front().is_object()) return nullptr;
      object = &list->front().get_object();
      continue;
    }
    if (slot.is_null()) slot.emplace_object().reserve(6);
    object = slot.if_object();
    if (object == nullptr) return nullptr;
  }
  return object;
}

void require(json::object& in, std::string_view key, json::value value) {
  in.emplace(key, std::move(value));
}

std::string_view last_part(std::string_view path) {
  return path.substr(path.find_last_of("/\\") + 1);
}

void complete_file(json::object& holder) {
  auto* file = holder.if_contains("file");
  if (file == nullptr || !file->is_object()) return;
  auto& object = file->get_object();
  const auto* path = object.if_contains("path");
  if (path != nullptr && path->is_string() && !object.contains("name")) {
    const auto name = last_part(path->get_string());
    require(object, "name", json::string{name.empty() ? path->get_string() : json::string{name}});
  }
  require(object, "type_id", 1);  // a regular file
}

}  // namespace

const OcsfField* find_ocsf_field(std::string_view path) {
  if (path.starts_with("unmapped.") && path.size() > 9) return &unmapped;
  const auto found = std::ranges::lower_bound(fields, path, {}, &OcsfField::path);
  return found != fields.end() && found->path == path ? &*found : nullptr;
}

std::vector<std::string_view> ocsf_field_paths() {
  std::vector<std::string_view> paths;
  for (const auto& field : fields) paths.push_back(field.path);
  return paths;
}

OcsfPath split_ocsf_path(std::string_view path) {
  OcsfPath keys;
  while (true) {
    const auto dot = path.find('.');
    keys.emplace_back(path.substr(0, dot));
    if (dot == std::string_view::npos) return keys;
    path.remove_prefix(dot + 1);
  }
}

void place(json::object& finding, const OcsfPath& path, json::value value) {
  if (auto* object = parent(finding, path)) object->emplace(path.back(), std::move(value));
}

void place_hash(json::object& finding,
                const OcsfPath& path,
                FieldType type,
                std::string_view hash) {
  const OcsfPath list_path{path.begin(), path.end() - 1};
  auto* object = parent(finding, list_path);
  if (object == nullptr) return;
  auto& slot = (*object)[list_path.back()];
  if (slot.is_null()) slot.emplace_array();
  auto* list = slot.if_array();
  if (list == nullptr) return;
  const auto id = type == md5 ? 1 : type == sha1 ? 2 : 3;
  for (const auto& known : *list) {
    const auto* algorithm =
        known.is_object() ? known.get_object().if_contains("algorithm_id") : nullptr;
    if (algorithm != nullptr && *algorithm == id) return;
  }
  constexpr std::array<std::string_view, 4> names{"", "MD5", "SHA-1", "SHA-256"};
  auto& fingerprint = list->emplace_back(json::object_kind).get_object();
  fingerprint.emplace("algorithm_id", id);
  fingerprint.emplace("algorithm", names[static_cast<std::size_t>(id)]);
  fingerprint.emplace("value", hash);
}

void complete_objects(json::object& finding) {
  if (auto* device = finding.if_contains("device"); device != nullptr && device->is_object()) {
    require(device->get_object(), "type_id", 0);
    if (auto* os = device->get_object().if_contains("os"); os != nullptr && os->is_object()) {
      auto& object = os->get_object();
      std::int64_t type = 0;
      if (const auto* name = object.if_contains("name"); name != nullptr && name->is_string()) {
        const std::string_view text{name->get_string().data(), name->get_string().size()};
        const auto has = [&](std::string_view word) {
          return std::ranges::search(text, word, [](char a, char b) {
                   return (a | 0x20) == b;
                 }).begin() != text.end();
        };
        if (has("win")) type = 100;
        if (has("linux") || has("ubuntu") || has("debian")) type = 200;
        if (has("mac")) type = 300;
      }
      require(object, "type_id", type);
    }
  }
  complete_file(finding);
  if (auto* process = finding.if_contains("process"); process != nullptr && process->is_object()) {
    complete_file(process->get_object());
    auto* parent_process = process->get_object().if_contains("parent_process");
    if (parent_process != nullptr && parent_process->is_object())
      complete_file(parent_process->get_object());
  }
  if (auto* actor = finding.if_contains("actor"); actor != nullptr && actor->is_object()) {
    auto* process = actor->get_object().if_contains("process");
    if (process != nullptr && process->is_object()) complete_file(process->get_object());
  }
  if (auto* malware = finding.if_contains("malware"); malware != nullptr && malware->is_array())
    for (auto& item : malware->get_array())
      if (item.is_object() && !item.get_object().contains("classification_ids"))
        item.get_object().emplace("classification_ids", json::array{0});
}

ObservableType observable_type(std::string_view kind) {
  if (kind == "host" || kind == "domain") return {.id = 1, .caption = "Hostname"};
  if (kind == "ip") return {.id = 2, .caption = "IP Address"};
  if (kind == "user") return {.id = 4, .caption = "User Name"};
  if (kind == "email") return {.id = 5, .caption = "Email Address"};
  if (kind == "url") return {.id = 6, .caption = "URL String"};
  if (kind == "file") return {.id = 7, .caption = "File Name"};
  if (kind == "hash") return {.id = 8, .caption = "Hash"};
  if (kind == "process") return {.id = 9, .caption = "Process Name"};
  return {};
}

}  // namespace sallyport::ingest
