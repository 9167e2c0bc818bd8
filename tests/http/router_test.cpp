#include "engine/http/router.hpp"

#include "engine/http/problem.hpp"
#include "tests/base/run.hpp"

#include <gtest/gtest.h>

namespace sallyport::http {
namespace {

using sallyport::testing::run;

RouteHandler says(std::string name) {
  return [name](RoutedRequest routed) -> Task<Response> {
    Response response{.body = name};
    for (const auto& [key, value] : routed.parameters) response.body += ' ' + key + '=' + value;
    if (const auto limit = value_of(routed.query, "limit"))
      response.body += " limit=" + std::string{*limit};
    co_return response;
  };
}

Router routes() {
  Router router;
  router.add("GET", "/v1/approvals/{id}", says("one"));
  router.add("GET", "/v1/approvals/mine", says("mine"));
  router.add("POST", "/v1/approvals/{id}/approve", says("approve"));
  router.add("GET", "/v1/approvals", says("all"));
  router.add("GET", "/", says("console"));
  return router;
}

asio::awaitable<void> ask(Request request, Response& answer) {
  const auto router = routes();
  const auto response = co_await router.handle(std::move(request), {});
  EXPECT_TRUE(response);
  if (response) answer = *response;
}

Response answer(std::string method, std::string target) {
  Response response;
  run(ask({.method = std::move(method), .target = std::move(target)}, response));
  return response;
}

TEST(Router, FindsTheHandlerByMethodAndPath) {
  EXPECT_EQ(answer("GET", "/v1/approvals?limit=5").body, "all limit=5");
  EXPECT_EQ(answer("GET", "/v1/approvals/01J%2FX").body, "one id=01J/X");
  EXPECT_EQ(answer("POST", "/v1/approvals/7/approve").body, "approve id=7");
  EXPECT_EQ(answer("HEAD", "/").body, "console");
}

TEST(Router, PrefersTheSegmentThatStandsForItself) {
  EXPECT_EQ(answer("GET", "/v1/approvals/mine").body, "mine");
}

TEST(Router, SaysWhatIsNotThere) {
  EXPECT_EQ(answer("GET", "/v2/approvals").status, 404);
  EXPECT_EQ(answer("GET", "/v1/approvals/").status, 404);
  EXPECT_EQ(answer("GET", "/v1/approvals/7/approve/x").status, 404);
  EXPECT_EQ(answer("GET", "/%zz").status, 400);
}

TEST(Router, SaysWhichMethodsAreAllowed) {
  const auto response = answer("DELETE", "/v1/approvals");
  EXPECT_EQ(response.status, 405);
  EXPECT_EQ(*find(response.headers, "allow"), "GET, HEAD");
  EXPECT_EQ(*find(answer("GET", "/v1/approvals/7/approve").headers, "Allow"), "POST");
}

TEST(Router, RefusesTwoRoutesForOnePath) {
  auto router = routes();
  EXPECT_THROW(router.add("GET", "/v1/approvals/{name}", says("x")), std::logic_error);
  EXPECT_THROW(router.add("GET", "v1", says("x")), std::logic_error);
}

TEST(Problem, IsADocumentOfRfc9457) {
  const auto response = to_response(
      Problem{.status = 409, .detail = "already \"approved\"", .more = {{"state", "approved"}}});
  EXPECT_EQ(response.status, 409);
  EXPECT_EQ(*find(response.headers, "content-type"), "application/problem+json");
  EXPECT_EQ(response.body,
            R"({"type":"about:blank","title":"Conflict","status":409,)"
            R"("detail":"already \"approved\"","state":"approved"})");
}

TEST(Problem, KeepsCorruptDataInside) {
  const auto response = to_response(Error{.code = Errc::corrupt, .detail = "row 7 of /var/lib"});
  EXPECT_EQ(response.status, 500);
  EXPECT_EQ(response.body.find("row 7"), std::string::npos);
}

}  // namespace
}  // namespace sallyport::http
