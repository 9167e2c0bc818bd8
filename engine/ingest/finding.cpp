#include "engine/ingest/finding.hpp"

#include "engine/base/digest.hpp"
#include "engine/ingest/attack.hpp"
#include "engine/ingest/captions.hpp"
#include "engine/ingest/entities.hpp"
#include "engine/ingest/timestamp.hpp"
#include "engine/match/json_record.hpp"

#include <boost/json/monotonic_resource.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace sallyport::ingest {

namespace {

constexpr std::size_t title_limit = 1024;

/// The front of `text` that is at most `limit` bytes, cut between characters.
std::string_view shortened(std::string_view text, std::size_t limit) {
  if (text.size() <= limit) return text;
  while (limit > 0 && (static_cast<unsigned char>(text[limit]) & 0xC0U) == 0x80U) --limit;
  return text.substr(0, limit);
}

/// Fills one alert from one native alert.
class Assembly {
 public:
  Assembly(const Mapping& mapping, Scope scope, const Arrival& arrival)
      : mapping_{mapping}, scope_{scope}, arrival_{arrival} {}

  Result<model::Alert> run(std::string_view raw) {
    auto title = mapping_.title.first(scope_);
    if (!title) {
      return fail(
          Errc::invalid_input,
          fmt::format(
              "{} alert without a title: nothing in {}", mapping_.name, mapping_.title.paths()));
    }
    // One block for the whole finding, sized so that it seldom grows.
    Result<model::Alert> made{
        std::in_place,
        model::Alert{.finding = json::object(json::make_shared_resource<json::monotonic_resource>(
                         4096 + raw.size() * 2))}};
    alert_ = &*made;
    alert_->tenant = arrival_.tenant;
    alert_->source = mapping_.name;
    alert_->title = shortened(*title, title_limit);
    alert_->received_at = arrival_.received_at;
    alert_->content_hash = content_hash(raw);
    alert_->uid = mapping_.uid.first(scope_).value_or(std::string{});
    if (is_placeholder(alert_->uid) || alert_->uid.size() > 512) alert_->uid = alert_->content_hash;

    if (mapping_.keep && scope_[0]->is_object()) begin_as_copy(scope_[0]->get_object());
    class_attributes();
    time();
    severity();
    metadata();
    finding_info();
    for (const auto& rule : mapping_.fields) field(rule);
    for (const auto& rule : mapping_.entities) entities(rule);
    complete_objects(alert_->finding);
    observables();
    profiles();
    alert_->finding["raw_data"] = raw;
    return made;
  }

 private:
  json::object& finding() { return alert_->finding; }

  json::object& section(std::string_view key) {
    auto& slot = finding()[key];
    if (!slot.is_object()) slot.emplace_object().reserve(10);
    return slot.get_object();
  }

  void begin_as_copy(const json::object& native) {
    finding().reserve(native.size() + 8);
    for (const auto& [key, value] : native)
      if (key != "raw_data" && key != "observables") finding().emplace(key, value);
    const auto* uid = native.if_contains("class_uid");
    if (uid == nullptr || *uid == 2004) return;
    auto& unmapped = section("unmapped");
    for (const std::string_view key :
         {"class_uid", "class_name", "category_uid", "category_name", "type_uid", "activity_id"})
      if (const auto* value = native.if_contains(key)) unmapped[key] = *value;
    for (const std::string_view key : {"type_name", "activity_name", "activity_id"})
      finding().erase(key);
  }

  void class_attributes() {
    auto& out = finding();
    if (!mapping_.keep) out.reserve(24);
    std::int64_t activity = 1;
    if (const auto* kept = out.if_contains("activity_id"); kept != nullptr && kept->is_int64())
      activity = kept->get_int64();
    out["category_uid"] = 2;
    out["category_name"] = "Findings";
    out["class_uid"] = 2004;
    out["class_name"] = "Detection Finding";
    out["activity_id"] = activity;
    if (activity == 1) out["activity_name"] = "Create";
    out["type_uid"] = 200400 + activity;
  }

  void time() {
    std::vector<std::string> texts;
    mapping_.time.all(scope_, texts);
    std::optional<Time> found;
    for (const auto& text : texts) {
      found = parse_time(text, arrival_.received_at);
      if (!found) continue;
      original_time_ = text;
      break;
    }
    alert_->time = found.value_or(arrival_.received_at);
    finding()["time"] = epoch_milliseconds(alert_->time);
    if (!found) section("unmapped")["time_is"] = "when it was received";
  }

  void severity() {
    const auto text = mapping_.severity.first(scope_);
    if (text) alert_->severity = severity_of(*text);
    finding()["severity_id"] = static_cast<std::int64_t>(alert_->severity);
    finding()["severity"] = severity_caption(alert_->severity);
    const auto said = mapping_.status.first(scope_);
    if (!said) return;
    const auto status = status_of(*said);
    finding()["status_id"] = status ? status->id : 99;
    finding()["status"] = status ? json::string{status->caption} : json::string{*said};
  }

  void metadata() {
    auto& metadata = section("metadata");
    metadata["uid"] = alert_->uid;
    metadata.emplace("version", "1.3.0");
    auto& product = metadata["product"];
    if (!product.is_object()) product.emplace_object();
    product.get_object().emplace("name", mapping_.product_name);
    product.get_object().emplace("vendor_name", mapping_.vendor_name);
    if (!original_time_.empty()) metadata.emplace("original_time", original_time_);
    metadata.emplace("log_name", mapping_.name);
  }

  void finding_info() {
    auto& info = section("finding_info");
    info["title"] = alert_->title;
    info["uid"] = alert_->uid;
    if (auto text = mapping_.description.first(scope_)) info["desc"] = *text;

    auto id = mapping_.detection_id.first(scope_);
    auto name = mapping_.detection_name.first(scope_);
    if (id && is_placeholder(*id)) id.reset();
    if (name && is_placeholder(*name)) name.reset();
    alert_->detection = id ? *id : name ? *name : alert_->title;
    if ((id || name) && !info.contains("analytic")) {
      auto& analytic = info["analytic"].emplace_object();
      if (id) analytic["uid"] = *id;
      if (name) analytic["name"] = *name;
      analytic["type_id"] = mapping_.detection_type;
      analytic["type"] = analytic_caption(mapping_.detection_type);
    }
    attacks(info);
  }

  void attacks(json::object& info) {
    std::vector<std::string> texts;
    mapping_.techniques.all(scope_, texts);
    for (const auto& text : texts) append_techniques(alert_->techniques, text);
    texts.clear();
    std::vector<const Tactic*> tactics;
    mapping_.tactics.all(scope_, texts);
    for (const auto& text : texts) append_tactics(tactics, text);
    if (alert_->techniques.empty() && tactics.empty()) return;
    if (mapping_.keep && info.contains("attacks")) return;

    const auto tactic_object = [](const Tactic& tactic) {
      return json::object{{"uid", tactic.uid}, {"name", tactic.name}};
    };
    auto& attacks = info["attacks"].emplace_array();
    for (const auto& technique : alert_->techniques) {
      auto& attack = attacks.emplace_back(json::object_kind).get_object();
      attack.emplace("technique", json::object{{"uid", technique}});
      // Which of several tactics a technique served is not said.
      if (tactics.size() == 1) attack.emplace("tactic", tactic_object(*tactics.front()));
    }
    if (tactics.size() == 1 && !alert_->techniques.empty()) return;
    for (const auto* tactic : tactics) {
      auto& attack = attacks.emplace_back(json::object_kind).get_object();
      attack.emplace("tactic", tactic_object(*tactic));
    }
  }

  void mention(std::string_view kind,
               std::string_view role,
               bool grounded,
               std::string_view text,
               std::string_view name) {
    mention(canonical_entity(kind, text), role, grounded, name);
  }

  void mention(std::optional<model::Entity> entity,
               std::string_view role,
               bool grounded,
               std::string_view name) {
    if (!entity) return;
    const auto* added = add_mention(
        alert_->entities,
        {.entity = *std::move(entity), .role = std::string{role}, .grounded = grounded});
    if (added != nullptr) names_.emplace_back(name);
  }

  void field(const FieldRule& rule) {
    const auto& field = *rule.field;
    std::vector<std::string> values;
    bool grounded = true;
    if (field.type == FieldType::text_list) {
      rule.from.values(scope_, values);
    } else if (auto value = rule.from.first(scope_, &grounded)) {
      values.push_back(*std::move(value));
    }
    if (values.empty()) return;
    std::optional<model::Entity> entity;
    if (field.kind == "ip") {
      entity = canonical_entity("ip", values.front());
      if (!entity) {
        // A host has many addresses, loopback among them; the first that names it is the one.
        std::vector<std::string> others;
        rule.from.values(scope_, others);
        for (auto& other : others) {
          entity = canonical_entity("ip", other);
          if (!entity) continue;
          values.front() = std::move(other);
          break;
        }
      }
    } else if (!field.kind.empty()) {
      for (std::size_t i = 1; i < values.size(); ++i)
        mention(field.kind, field.role, grounded, values[i], field.path);
      entity = canonical_entity(field.kind, values.front());
    }
    const auto canonical = entity ? entity->value : std::string{};
    mention(std::move(entity), field.role, grounded, field.path);

    auto& text = values.front();
    switch (field.type) {
      case FieldType::text:
        if (is_placeholder(text)) return;
        if (field.kind == "ip" || field.kind == "domain" || field.kind == "email") {
          // Loopback is no entity, but it is an address of the event.
          const bool address =
              field.kind == "ip" && text.find_first_not_of("0123456789abcdefABCDEF.:") == text.npos;
          if (canonical.empty() && !address) return;
          if (!canonical.empty()) text = canonical;
        }
        place(finding(), rule.path, json::string{text});
        break;
      case FieldType::text_list: {
        json::array list;
        for (const auto& value : values) list.emplace_back(value);
        place(finding(), rule.path, std::move(list));
        break;
      }
      case FieldType::integer: {
        std::int64_t number = 0;
        const auto* const last = text.data() + text.size();
        if (std::from_chars(text.data(), last, number).ptr == last)
          place(finding(), rule.path, number);
        break;
      }
      case FieldType::number: {
        double number = 0;
        const auto* const last = text.data() + text.size();
        if (std::from_chars(text.data(), last, number).ptr == last)
          place(finding(), rule.path, number);
        break;
      }
      case FieldType::boolean:
        if (text == "true" || text == "false") place(finding(), rule.path, text == "true");
        break;
      case FieldType::timestamp:
        if (const auto time = parse_time(text, arrival_.received_at))
          place(finding(), rule.path, epoch_milliseconds(*time));
        break;
      case FieldType::md5:
      case FieldType::sha1:
      case FieldType::sha256:
        if (!canonical.empty()) place_hash(finding(), rule.path, field.type, canonical);
        break;
      case FieldType::any:
        place(finding(), rule.path, json::string{text});
        break;
    }
  }

  void entities(const EntityRule& rule) {
    const auto take = [&](Scope scope) {
      for (const auto& taken : rule.take) {
        std::vector<std::string> values;
        taken.from.all(scope, values);
        for (const auto& value : values)
          mention(taken.kind,
                  taken.role,
                  taken.grounded,
                  value,
                  fmt::format("{}.{}", taken.role, taken.kind));
      }
    };
    if (!rule.each) return take(scope_);
    std::size_t seen = 0;
    rule.each->each(scope_, [&](const json::value& item) {
      if (rule.when && !rule.when->matches(match::JsonRecord{item})) return true;
      const std::array<const json::value*, 1> inner{&item};
      take(inner);
      return ++seen < 256;
    });
  }

  void observables() {
    auto& list = finding()["observables"].emplace_array();
    list.reserve(alert_->entities.size());
    for (std::size_t i = 0; i < alert_->entities.size(); ++i) {
      const auto& entity = alert_->entities[i].entity;
      const auto before =
          std::find_if(alert_->entities.begin(),
                       alert_->entities.begin() + static_cast<std::ptrdiff_t>(i),
                       [&](const model::Mention& other) { return other.entity == entity; });
      if (before != alert_->entities.begin() + static_cast<std::ptrdiff_t>(i)) continue;
      const auto type = observable_type(entity.kind);
      auto& observable = list.emplace_back(json::object_kind).get_object();
      observable.reserve(4);
      observable.emplace("name", names_[i]);
      observable.emplace("type_id", type.id);
      observable.emplace("type", type.caption);
      observable.emplace("value", entity.value);
    }
  }

  void profiles() {
    json::array profiles;
    if (finding().contains("device") || finding().contains("actor")) profiles.emplace_back("host");
    if (finding().contains("cloud")) profiles.emplace_back("cloud");
    if (finding().contains("action_id") || finding().contains("disposition_id"))
      profiles.emplace_back("security_control");
    if (!profiles.empty()) section("metadata").emplace("profiles", std::move(profiles));
  }

  const Mapping& mapping_;
  Scope scope_;
  const Arrival& arrival_;
  model::Alert* alert_ = nullptr;
  std::string original_time_;
  std::vector<std::string> names_;  // of the observables, one per mention
};

}  // namespace

Result<model::Alert> make_alert(const Mapping& mapping,
                                Scope scope,
                                std::string_view raw_bytes,
                                const Arrival& arrival) {
  return Assembly{mapping, scope, arrival}.run(raw_bytes);
}

}  // namespace sallyport::ingest
