#include "engine/ingest/normalizer.hpp"

#include "engine/ingest/decode.hpp"
#include "engine/ingest/finding.hpp"
#include "engine/ingest/mapping.hpp"
#include "engine/match/json_record.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <deque>
#include <map>
#include <tuple>

namespace sallyport::ingest {

namespace {

constexpr DecodeLimits inner_limits{.bytes = 1U << 20U, .depth = 32};

bool fits(const Mapping& mapping, const json::value& root) {
  const std::array<const json::value*, 1> scope{&root};
  for (const auto& path : mapping.required) {
    bool there = false;
    path.each(scope, [&](const json::value&) {
      there = true;
      return false;
    });
    if (!there) return false;
  }
  return !mapping.detection || mapping.detection->matches(match::JsonRecord{root});
}

/// The alert itself: `native`, or what stands in one of the mapping's envelopes. nullptr when the
/// mapping does not know it.
const json::value* root_for(const Mapping& mapping, const json::value& native) {
  if (fits(mapping, native)) return &native;
  const std::array<const json::value*, 1> scope{&native};
  for (const auto& envelope : mapping.unwrap) {
    const auto* inner = envelope.find(scope);
    if (inner != nullptr && inner->is_object() && fits(mapping, *inner)) return inner;
  }
  return nullptr;
}

std::string why_not(const Mapping& mapping, const json::value& native) {
  const std::array<const json::value*, 1> scope{&native};
  std::vector<std::string> missing;
  for (const auto& path : mapping.required) {
    bool there = false;
    path.each(scope, [&](const json::value&) {
      there = true;
      return false;
    });
    if (!there) missing.push_back(path.text());
  }
  if (missing.empty()) return "it is an event of another kind";
  return fmt::format("it has no {}", fmt::join(missing, ", "));
}

}  // namespace

/// What stands in a list of alerts; no mapping when there is none.
struct Normalizer::Batch {
  const Mapping* mapping = nullptr;
  const Path* list = nullptr;
  std::vector<const json::value*> alerts;
};

std::optional<Normalizer> Normalizer::compile(const std::vector<NamedDocument>& documents,
                                              std::vector<Faults>& faults) {
  faults.assign(documents.size(), {});
  Normalizer normalizer;
  std::map<std::string, std::string> files;
  bool good = true;
  for (std::size_t i = 0; i < documents.size(); ++i) {
    auto mapping = Mapping::compile(documents[i].root, faults[i]);
    if (!mapping) {
      good = false;
      continue;
    }
    const auto [known, fresh] = files.emplace(mapping->name, documents[i].name);
    if (!fresh) {
      faults[i].push_back(
          {.pointer = "/source",
           .message = fmt::format("'{}' is the source of {} already: names are unique",
                                  mapping->name,
                                  known->second)});
      good = false;
      continue;
    }
    normalizer.mappings_.push_back(std::make_shared<const Mapping>(*std::move(mapping)));
  }
  if (!good) return std::nullopt;
  std::ranges::sort(normalizer.mappings_, {}, [](const auto& mapping) {
    return std::tie(mapping->order, mapping->name);
  });
  return normalizer;
}

Result<model::Alert> Normalizer::normalize(const json::value& native,
                                           std::string_view raw_bytes,
                                           const Arrival& arrival) const {
  const Mapping* chosen = nullptr;
  const json::value* root = nullptr;
  for (const auto& mapping : mappings_) {
    if (arrival.source && *arrival.source != mapping->name) continue;
    root = root_for(*mapping, native);
    chosen = mapping.get();
    if (root != nullptr || arrival.source) break;
  }
  if (chosen == nullptr) {
    return fail(
        Errc::not_found,
        fmt::format("unknown source '{}'; known: {}", *arrival.source, fmt::join(sources(), " ")));
  }
  if (root == nullptr) {
    const auto batch = batch_in(native, arrival.source);
    if (batch.alerts.size() > 1) {
      return fail(Errc::invalid_input,
                  fmt::format("{} alerts in one, in `{}`: hand them over one by one",
                              batch.alerts.size(),
                              batch.list->text()));
    }
    if (batch.alerts.size() == 1) {
      chosen = batch.mapping;
      root = root_for(*chosen, *batch.alerts.front());
    }
  }
  if (root == nullptr) {
    return fail(
        Errc::invalid_input,
        arrival.source
            ? fmt::format("not an alert of {}: {}", chosen->name, why_not(*chosen, native))
            : "no source recognises it and it has no title: name its source, or add a mapping");
  }

  std::vector<const json::value*> scope{root};
  std::deque<json::value> read;  // what stood in the alert as JSON text
  scope.reserve(1 + chosen->parsed.size());
  const std::array<const json::value*, 1> outer{root};
  for (const auto& path : chosen->parsed) {
    const auto* value = path.find(outer);
    const auto* text = value ? value->if_string() : nullptr;
    if (text != nullptr) {
      auto decoded = decode_value({text->data(), text->size()}, inner_limits);
      if (decoded) {
        read.push_back(*std::move(decoded));
        value = &read.back();
      }
    }
    scope.push_back(value);
  }
  return make_alert(*chosen, scope, raw_bytes, arrival);
}

Normalizer::Batch Normalizer::batch_in(const json::value& native,
                                       const std::optional<std::string>& source) const {
  const std::array<const json::value*, 1> scope{&native};
  for (const auto& mapping : mappings_) {
    if (source && *source != mapping->name) continue;
    for (const auto& list : mapping->lists) {
      if (const auto* found = list.find(scope); found == nullptr || !found->is_array()) continue;
      Batch batch{.mapping = mapping.get(), .list = &list, .alerts = {}};
      bool ours = false;
      list.each(scope, [&](const json::value& item) {
        ours = ours || root_for(*mapping, item) != nullptr;
        batch.alerts.push_back(&item);
        return true;
      });
      if (ours) return batch;
    }
  }
  return {};
}

std::vector<std::string> Normalizer::apart(const json::value& native,
                                           const std::optional<std::string>& source) const {
  std::vector<std::string> alerts;
  for (const auto& mapping : mappings_)
    if ((!source || *source == mapping->name) && root_for(*mapping, native) != nullptr)
      return alerts;
  const auto batch = batch_in(native, source);
  if (batch.alerts.size() < 2) return alerts;
  alerts.reserve(batch.alerts.size());
  for (const auto* alert : batch.alerts) alerts.push_back(to_json(*alert));
  return alerts;
}

std::optional<std::string> Normalizer::recognise(const json::value& native) const {
  for (const auto& mapping : mappings_)
    if (root_for(*mapping, native) != nullptr) return mapping->name;
  if (const auto batch = batch_in(native, std::nullopt); batch.mapping) return batch.mapping->name;
  return std::nullopt;
}

std::vector<std::string> Normalizer::sources() const {
  std::vector<std::string> names;
  names.reserve(mappings_.size());
  for (const auto& mapping : mappings_) names.push_back(mapping->name);
  std::ranges::sort(names);
  return names;
}

}  // namespace sallyport::ingest
