#include "engine/ingest/decode.hpp"

#include "engine/ingest/log_line.hpp"
#include "engine/ingest/malformed.hpp"

#include <boost/json/monotonic_resource.hpp>
#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <optional>
#include <utility>

namespace sallyport::ingest {

namespace {

constexpr std::size_t most_depth = 512;           // conversion recurses: bounds its stack
constexpr std::size_t kept_capacity = 1U << 20U;  // larger buffers are given back after use

/// The parser and the padded copy that simdjson reads; one per thread, because both are large.
struct Workspace {
  simdjson::dom::parser parser;
  std::string padded;
};

void give_back_if_large(Workspace& workspace) {
  if (workspace.padded.capacity() <= kept_capacity) return;
  workspace.parser = simdjson::dom::parser{};
  workspace.padded = std::string{};
}

/// What simdjson accepts and we do not.
struct Refusal {
  std::string pointer;
  std::string key;        // that is there twice
  bool too_deep = false;  // an empty list or object below the last level
};

using Refused = std::optional<Refusal>;

/// Builds the tree; `levels` more may be opened.
class Conversion {
 public:
  static Refused run(simdjson::dom::element from, json::value& into, std::size_t levels) {
    using simdjson::dom::element_type;
    switch (from.type()) {
      case element_type::OBJECT:
        if (levels == 0) return Refusal{.too_deep = true};
        return object(from.get_object().value_unsafe(), into.emplace_object(), levels - 1);
      case element_type::ARRAY:
        if (levels == 0) return Refusal{.too_deep = true};
        return array(from.get_array().value_unsafe(), into.emplace_array(), levels - 1);
      case element_type::STRING:
        into.emplace_string() = from.get_string().value_unsafe();
        break;
      case element_type::INT64:
        into = from.get_int64().value_unsafe();
        break;
      case element_type::UINT64:
        into = from.get_uint64().value_unsafe();
        break;
      case element_type::DOUBLE:
        into = from.get_double().value_unsafe();
        break;
      case element_type::BOOL:
        into = from.get_bool().value_unsafe();
        break;
      case element_type::NULL_VALUE:
        break;
    }
    return std::nullopt;
  }

 private:
  static Refused array(simdjson::dom::array from, json::array& into, std::size_t levels) {
    into.reserve(from.size());
    for (const auto item : from) {
      auto& slot = into.emplace_back(nullptr);
      if (auto refused = run(item, slot, levels)) {
        refused->pointer.insert(0, fmt::format("/{}", into.size() - 1));
        return refused;
      }
    }
    return std::nullopt;
  }

  static Refused object(simdjson::dom::object from, json::object& into, std::size_t levels) {
    into.reserve(from.size());
    for (const auto field : from) {
      const auto [slot, fresh] = into.emplace(field.key, nullptr);
      if (!fresh) return Refusal{.pointer = {}, .key = std::string{field.key}};
      if (auto refused = run(field.value, slot->value(), levels)) {
        refused->pointer.insert(0, "/" + std::string{field.key});
        return refused;
      }
    }
    return std::nullopt;
  }
};

std::string_view kind_of(const json::value& value) {
  switch (value.kind()) {
    case json::kind::null:
      return "null";
    case json::kind::bool_:
      return "true or false";
    case json::kind::string:
      return "a bare string";
    case json::kind::array:
      return "an array";
    case json::kind::object:
      return "an object";
    default:
      return "a bare number";
  }
}

}  // namespace

Result<json::value> decode_value(std::string_view bytes, DecodeLimits limits) {
  limits.depth = std::min(limits.depth, most_depth);
  if (auto reason = not_json_text(bytes, limits))
    return fail(Errc::invalid_input, *std::move(reason));
  const std::size_t mark = bytes.starts_with("\xEF\xBB\xBF") ? 3 : 0;

  thread_local Workspace workspace;
  workspace.padded.reserve(bytes.size() + simdjson::SIMDJSON_PADDING);
  workspace.padded.assign(bytes.substr(mark));

  // simdjson refuses the level that it is given, and does not count an empty list or object.
  const auto depth = limits.depth + 1;
  simdjson::error_code error = simdjson::SUCCESS;
  if (workspace.parser.capacity() < workspace.padded.size() ||
      workspace.parser.max_depth() != depth) {
    error = workspace.parser.allocate(std::max<std::size_t>(workspace.padded.size(), 4096), depth);
  }
  simdjson::dom::element root;
  if (!error)
    error =
        workspace.parser.parse(workspace.padded.data(), workspace.padded.size(), false).get(root);

  if (error) {
    auto reason = why_malformed(bytes, limits);
    give_back_if_large(workspace);
    return fail(
        Errc::invalid_input,
        reason ? *std::move(reason) : fmt::format("not JSON: {}", simdjson::error_message(error)));
  }
  // One block for the whole tree: it is built once, read and thrown away.
  Result<json::value> value{
      std::in_place, json::make_shared_resource<json::monotonic_resource>(512 + bytes.size() * 3)};
  const auto refused = Conversion::run(root, *value, limits.depth);
  give_back_if_large(workspace);
  if (refused && refused->too_deep)
    return fail(Errc::invalid_input,
                why_malformed(bytes, limits)
                    .value_or(fmt::format("too deep: more than {} levels", limits.depth)));
  if (refused) {
    return fail(
        Errc::invalid_input,
        fmt::format(
            "duplicate key '{}' in the object at {}",
            printable(refused->key, 60),
            refused->pointer.empty() ? "the top" : "'" + printable(refused->pointer, 120) + "'"));
  }
  return value;
}

Result<json::value> decode(std::string_view bytes, DecodeLimits limits) {
  const auto first = bytes.find_first_not_of(" \t\r\n\xEF\xBB\xBF");
  if (first != std::string_view::npos && bytes[first] != '{' && bytes[first] != '[' &&
      !not_json_text(bytes, limits) && simdjson::validate_utf8(bytes.data(), bytes.size())) {
    if (auto read = read_log_line(bytes.substr(first))) return json::value(*std::move(read));
  }
  auto value = decode_value(bytes, limits);
  if (value && !value->is_object()) {
    return fail(
        Errc::invalid_input,
        fmt::format("not an object: an alert is one JSON object, this is {}", kind_of(*value)));
  }
  return value;
}

}  // namespace sallyport::ingest
