#include "engine/http/problem.hpp"

#include "engine/http/codec.hpp"

namespace sallyport::http {

Response to_response(const Problem& problem) {
  json::object document;
  document["type"] = problem.type;
  document["title"] = problem.title.empty() ? std::string{phrase(problem.status)} : problem.title;
  document["status"] = problem.status;
  if (!problem.detail.empty()) document["detail"] = problem.detail;
  for (const auto& [key, value] : problem.more) document.insert_or_assign(key, value);
  Response response{.status = problem.status,
                    .headers = {{"Content-Type", "application/problem+json"}}};
  append_json(response.body, document);
  return response;
}

int status_of(Errc code) {
  switch (code) {
    case Errc::invalid_input:
      return 400;
    case Errc::not_found:
      return 404;
    case Errc::conflict:
      return 409;
    case Errc::denied:
      return 403;
    case Errc::expired:
      return 504;
    case Errc::cancelled:
    case Errc::unavailable:
      return 503;
    case Errc::corrupt:
      return 500;
  }
  return 500;
}

Response to_response(const Error& error) {
  Problem problem{.status = status_of(error.code), .detail = error.detail};
  if (error.code == Errc::corrupt) problem.detail = "stored data does not decode; see the log";
  auto response = to_response(problem);
  if (problem.status == 503) response.headers.emplace_back("Retry-After", "1");
  return response;
}

}  // namespace sallyport::http
