#include "engine/gate/request_reader.hpp"

#include <algorithm>

namespace sallyport::gate {

namespace {

struct TargetKeys {
  std::optional<std::string> kind;
  std::optional<std::string> value;
  std::optional<std::vector<std::string>> tags;
};

struct RequestKeys {
  std::optional<std::string> tenant;
  std::optional<std::string> action;
  std::optional<TargetKeys> target;
  std::optional<double> confidence;
  std::optional<model::Actor> requested_by;
  std::optional<json::object> parameters;
  std::optional<json::object> context;
  std::optional<bool> grounded;
  std::optional<std::string> connector;
};

BOOST_DESCRIBE_STRUCT(TargetKeys, (), (kind, value, tags))
BOOST_DESCRIBE_STRUCT(
    RequestKeys,
    (),
    (tenant, action, target, confidence, requested_by, parameters, context, grounded, connector))

/// The text at `pointer`, which must be there and say something.
std::string needed(std::optional<std::string>& text, const char* pointer, Faults& faults) {
  if (!text || text->empty()) {
    faults.push_back({.pointer = pointer, .message = "missing or empty"});
    return {};
  }
  return std::move(*text);
}

/// The same for what names the target.
std::string needed_name(std::optional<std::string>& text, const char* pointer, Faults& faults) {
  auto name = needed(text, pointer, faults);
  if (!name.empty() && !is_plain_name(name))
    faults.push_back({.pointer = pointer, .message = "space around it, or a control character"});
  return name;
}

}  // namespace

bool is_plain_name(std::string_view text) {
  const auto control = [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; };
  return !text.empty() && text.front() != ' ' && text.back() != ' ' &&
         std::ranges::none_of(text, control);
}

Result<RequestDocument> read_request(const json::value& document) {
  RequestKeys keys;
  Faults faults;
  read_json(document, keys, faults, "", UnknownKeys::ignored);
  if (!faults.empty()) return fail(Errc::invalid_input, summary(faults));

  RequestDocument result;
  auto& request = result.request;
  auto target = std::move(keys.target).value_or(TargetKeys{});
  request.tenant = needed(keys.tenant, "/tenant", faults);
  request.action = needed(keys.action, "/action", faults);
  request.target.kind = needed_name(target.kind, "/target/kind", faults);
  request.target.value = needed_name(target.value, "/target/value", faults);
  if (target.tags) request.target.tags = *std::move(target.tags);
  request.confidence = keys.confidence;
  if (request.confidence && !(*request.confidence >= 0 && *request.confidence <= 1))
    faults.push_back({.pointer = "/confidence", .message = "not a number from 0 to 1"});
  if (keys.requested_by) request.requested_by = *std::move(keys.requested_by);
  if (keys.parameters) request.parameters = *std::move(keys.parameters);
  if (keys.context) request.context = *std::move(keys.context);
  const auto* grounded = document.get_object().if_contains("grounded");
  if (grounded && grounded->is_null())
    faults.push_back({.pointer = "/grounded", .message = "expected true or false, found nothing"});
  request.grounded = keys.grounded.value_or(true);
  if (keys.connector) result.connector = *std::move(keys.connector);
  if (!faults.empty()) return fail(Errc::invalid_input, summary(faults));
  return result;
}

}  // namespace sallyport::gate
