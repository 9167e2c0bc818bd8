#include "engine/model/request.hpp"

#include "engine/base/digest.hpp"

#include <boost/json/array.hpp>

#include <algorithm>
#include <vector>

namespace sallyport::model {

namespace {

json::value sorted(const json::value& value) {
  if (const auto* list = value.if_array()) {
    json::array result;
    for (const auto& item : *list) result.push_back(sorted(item));
    return result;
  }
  const auto* object = value.if_object();
  if (!object) return value;
  std::vector<std::string> keys;
  for (const auto& item : *object) keys.emplace_back(item.key());
  std::ranges::sort(keys);
  json::object result;
  for (const auto& key : keys) result[key] = sorted(object->at(key));
  return result;
}

}  // namespace

std::string request_hash(const ActionRequest& request) {
  auto canonical = request;
  canonical.parameters = sorted(request.parameters).get_object();
  canonical.context = sorted(request.context).get_object();
  return content_hash(to_json(canonical));
}

}  // namespace sallyport::model
