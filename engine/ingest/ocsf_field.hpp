#pragma once

#include "engine/base/json.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sallyport::ingest {

enum class FieldType : std::uint8_t {
  text,
  integer,
  number,
  boolean,
  timestamp,  ///< OCSF timestamp_t: milliseconds since 1970
  text_list,
  md5,  ///< an element of a list of fingerprints
  sha1,
  sha256,
  any,  ///< copied as it is
};

/// An attribute of an OCSF Detection Finding that a mapping may fill.
struct OcsfField {
  std::string_view path;
  FieldType type = FieldType::text;
  std::string_view kind;  ///< The kind of entity that its value names; empty: none.
  std::string_view role;
};

/// The attribute at `path`; everything under `unmapped` is one. nullptr when there is none.
[[nodiscard]] const OcsfField* find_ocsf_field(std::string_view path);

/// The paths of all of them, in order.
[[nodiscard]] std::vector<std::string_view> ocsf_field_paths();

/// A place in a finding: the keys from the top. `resources` and `malware` are lists of one.
using OcsfPath = std::vector<std::string>;
[[nodiscard]] OcsfPath split_ocsf_path(std::string_view path);

/// Puts `value` at `path`, making the objects on the way. What is there already stays.
void place(json::object& finding, const OcsfPath& path, json::value value);

/// Adds a fingerprint to the list at `path` without its last key (`file.hashes.md5`).
void place_hash(json::object& finding, const OcsfPath& path, FieldType type, std::string_view hash);

/// Fills what OCSF requires of the objects that are there: `type_id` of a device, file and
/// resource name and so on.
void complete_objects(json::object& finding);

/// OCSF observable type_id and its caption for a kind of entity.
struct ObservableType {
  std::int64_t id = 99;
  std::string_view caption = "Other";
};

[[nodiscard]] ObservableType observable_type(std::string_view kind);

}  // namespace sallyport::ingest
