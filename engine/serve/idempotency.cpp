#include "engine/serve/idempotency.hpp"

#include "engine/base/digest.hpp"

#include <algorithm>

namespace sallyport::serve {

namespace {

constexpr std::size_t longest_key = 255;

bool is_key(std::string_view text) {
  return !text.empty() && text.size() <= longest_key &&
         std::ranges::all_of(text, [](char c) { return c > ' ' && c < '\x7f'; });
}

/// What makes a request the same as an earlier one.
std::string fingerprint_of(const http::Request& request) {
  std::string text = request.method;
  text.append(1, '\0').append(request.target).append(1, '\0').append(request.body);
  return content_hash(text);
}

}  // namespace

Task<http::Response> Idempotency::once(std::function<Task<http::Response>(Asked)> handle,
                                       Asked asked) {
  const auto* given = http::find(asked.routed.request.headers, "Idempotency-Key");
  if (!given) co_return co_await handle(std::move(asked));
  if (!is_key(*given))
    co_return refuse(400, "Idempotency-Key is 1 to 255 visible characters without spaces");
  // The digest keeps names and keys from running into each other and bounds the length.
  auto key = content_hash(asked.principal.name + '\0' + *given);
  if (!under_way_.insert(key).second)
    co_return refuse(409, "the first request with this Idempotency-Key is still under way");

  struct Done {
    std::unordered_set<std::string>& keys;
    const std::string& key;

    ~Done() { keys.erase(key); }
  };

  const Done done{under_way_, key};
  co_return co_await first_time(std::move(handle), std::move(asked), key);
}

Task<http::Response> Idempotency::first_time(std::function<Task<http::Response>(Asked)> handle,
                                             Asked asked,
                                             std::string key) {
  const auto known = co_await backend_.recall(key);
  if (!known) co_return std::unexpected{known.error()};
  const auto fingerprint = fingerprint_of(asked.routed.request);
  if (*known && (*known)->at + lifetime_ > clock_.now()) {
    const auto& answer = **known;
    if (answer.fingerprint != fingerprint)
      co_return refuse(422, "this Idempotency-Key came with another request before");
    http::Response response{.status = answer.status,
                            .headers = {{"Idempotency-Replayed", "true"}},
                            .body = answer.body};
    if (!answer.content_type.empty())
      response.headers.emplace_back("Content-Type", answer.content_type);
    co_return response;
  }
  const auto response = co_await handle(std::move(asked));
  auto answer = response ? *response : http::to_response(response.error());
  if (answer.status >= 500) co_return std::move(answer);
  const auto* type = http::find(answer.headers, "Content-Type");
  const auto remembered = co_await backend_.remember(std::move(key),
                                                     {.fingerprint = fingerprint,
                                                      .status = answer.status,
                                                      .body = answer.body,
                                                      .content_type = type ? *type : "",
                                                      .at = clock_.now()});
  // It is done, and saying that it failed would be untrue; a repetition finds what was done.
  if (!remembered) answer.headers.emplace_back("Idempotency-Replayed", "false");
  co_return std::move(answer);
}

}  // namespace sallyport::serve
