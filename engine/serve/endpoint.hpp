#pragma once

#include "engine/base/unambiguous_json.hpp"
#include "engine/http/problem.hpp"
#include "engine/http/router.hpp"
#include "engine/serve/access.hpp"
#include "engine/serve/backend.hpp"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace sallyport::serve {

/// A request that was let in.
struct Asked {
  http::RoutedRequest routed;
  Principal principal;  ///< Nobody's (no name) where the endpoint is open.
};

struct QueryParameter {
  std::string name;
  std::string description;
  json::object schema;
};

struct Answers {
  int status = 200;
  std::string description;
  json::object schema;  ///< Empty: no body that a schema describes.
  std::string content_type = "application/json";
};

/// One operation of the API: what it does, and all that the OpenAPI document says of it.
struct Endpoint {
  std::string method;
  std::string path;
  std::string id;  ///< operationId
  std::string summary;
  std::optional<Role> role;  ///< Who may; none: everybody, without a token.
  std::vector<QueryParameter> query;
  json::object body;  ///< The schema of the request's body; empty: it takes none.
  std::vector<Answers> answers;
  std::function<Task<http::Response>(Asked)> handle;
};

using Endpoints = std::vector<Endpoint>;

/// 200 with `body` as JSON.
[[nodiscard]] http::Response ok(std::string body, int status = 200);

/// A problem document with `detail`.
[[nodiscard]] http::Response refuse(int status, std::string detail);

template <class T>
[[nodiscard]] http::Response ok_json(const T& value, int status = 200) {
  return ok(to_json(value), status);
}

/// `{"items": [...], "next": "..."}`; `append` writes one item.
template <class T, class Append>
[[nodiscard]] http::Response ok_page(const Page<T>& page, Append append) {
  std::string body = "{\"items\":[";
  for (std::size_t i = 0; i < page.items.size(); ++i) {
    if (i > 0) body += ',';
    append(body, page.items[i]);
  }
  body += ']';
  if (!page.next.empty()) {
    body += ",\"next\":";
    append_json(body, page.next);
  }
  body += '}';
  return ok(std::move(body));
}

/// The body of a request as a `T` that a person wrote: unknown keys, and keys that stand twice, are
/// refused.
/// Errors: invalid_input with every fault.
template <class T>
[[nodiscard]] Result<T> body_of(const http::Request& request) {
  const auto value = parse_unambiguous_json(request.body);
  if (!value) return std::unexpected{value.error()};
  T result{};
  Faults faults;
  read_json(*value, result, faults);
  if (has_errors(faults)) return fail(Errc::invalid_input, summary(faults));
  return result;
}

/// The tenant that a request is about: the one it names, which the caller must see, or the only one
/// the caller has. `all` is returned as empty text where it is allowed and the caller sees all.
/// Errors: denied (not the caller's), invalid_input (it has to name one).
enum class AllTenants { allowed, refused };
[[nodiscard]] Result<std::string> tenant_of(const Asked& asked, AllTenants all);

/// `limit`, `cursor` and `tenant`. Errors: invalid_input, denied.
[[nodiscard]] Result<ListQuery> list_query(const Asked& asked, AllTenants all);

/// The parameters that list_query() reads, with what else the endpoint takes.
[[nodiscard]] std::vector<QueryParameter> list_parameters(std::vector<QueryParameter> more);

/// The enumerator that parameter `name` spells; nothing where it is absent. Errors: invalid_input.
template <detail::described_enum E>
[[nodiscard]] Result<std::optional<E>> enum_parameter(const Asked& asked, std::string_view name) {
  const auto text = http::value_of(asked.routed.query, name);
  if (!text) return std::optional<E>{};
  const auto value = enum_of<E>(*text);
  if (!value)
    return fail(Errc::invalid_input,
                std::string{name} + " is not one of those that the document names");
  return value;
}

}  // namespace sallyport::serve
