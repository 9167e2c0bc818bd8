#include "tools/lab/vendors/taxii.hpp"

#include "engine/base/time.hpp"

#include <algorithm>
#include <charconv>

namespace sallyport::lab {

http::Response TaxiiLab::taxii(int status, json::object body) const {
  auto response = json_answer(status, std::move(body));
  for (auto& [name, value] : response.headers)
    if (http::same_name(name, "Content-Type")) value = content_type;
  return response;
}

void TaxiiLab::add(const std::string& id,
                   const std::string& pattern,
                   const std::string& added,
                   bool revoked) {
  json::object object{{"type", "indicator"},
                      {"spec_version", "2.1"},
                      {"id", "indicator--" + id},
                      {"created", added},
                      {"modified", added},
                      {"pattern", pattern},
                      {"pattern_type", "stix"},
                      {"valid_from", added},
                      {"confidence", 90}};
  if (revoked) object["revoked"] = true;
  objects.push_back({.added = added, .object = std::move(object)});
}

http::Response TaxiiLab::answer(const VendorRequest& request) {
  if (request.header(header) != authorization)
    return taxii(401, {{"title", "Unauthorized"}, {"error_code", "401"}});
  if (!request.header("Accept").starts_with("application/taxii+json;version=2.1"))
    return taxii(406, {{"title", "The media type is not acceptable"}});
  if (request.method != "GET") return taxii(405, {{"title", "method not allowed"}});
  if (request.is("GET", {"api1", "collections"}) || request.is("GET", {"api1", "collections", ""}))
    return taxii(
        200,
        {{"collections",
          json::array{
              json::object{{"id", collection}, {"can_read", true}, {"can_write", false}},
              json::object{{"id", "not-ours"}, {"can_read", false}, {"can_write", true}}}}});
  const bool objects_path = request.is("GET", {"api1", "collections", "*", "objects"}) ||
                            request.is("GET", {"api1", "collections", "*", "objects", ""});
  if (!objects_path || request.path[2] != collection)
    return taxii(404, {{"title", "The API root or collection is not found"}});
  return objects_of(request);
}

http::Response TaxiiLab::objects_of(const VendorRequest& request) {
  const auto after = request.parameter("added_after");
  if (!after.empty() && !parse_rfc3339(after))
    return taxii(400, {{"title", "added_after is no timestamp"}});
  const auto next = request.parameter("next");
  if (!next.empty() && !cursors_.contains(next))
    return taxii(400, {{"title", "next is not known"}});
  std::size_t limit = page;
  if (const auto text = request.parameter("limit"); !text.empty()) {
    std::size_t asked = 0;
    std::from_chars(text.data(), text.data() + text.size(), asked);
    if (asked == 0) return taxii(400, {{"title", "limit is no positive number"}});
    limit = std::min(limit, asked);
  }
  std::size_t begin = 0;
  if (!next.empty()) {
    begin = cursors_[next];
  } else if (!after.empty()) {
    while (begin < objects.size() && *parse_rfc3339(objects[begin].added) <= *parse_rfc3339(after))
      ++begin;
  }
  const auto end = std::min(begin + limit, objects.size());
  json::object body;
  json::array list;
  for (auto i = begin; i < end; ++i) list.push_back(objects[i].object);
  if (!list.empty()) body["objects"] = std::move(list);
  if (end < objects.size()) {
    body["more"] = true;
    if (gives_next) {
      const auto cursor = "cursor-" + std::to_string(end);
      cursors_[cursor] = end;
      body["next"] = cursor;
    }
  }
  auto response = taxii(200, std::move(body));
  if (end > begin) {
    response.headers.emplace_back("X-TAXII-Date-Added-First", objects[begin].added);
    response.headers.emplace_back("X-TAXII-Date-Added-Last", objects[end - 1].added);
  }
  return response;
}

}  // namespace sallyport::lab
