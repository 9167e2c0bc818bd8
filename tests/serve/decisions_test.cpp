#include "tests/serve/harness.hpp"

namespace sallyport::serve {
namespace {

using namespace testing;

std::string answer_with(const std::string& hash, const std::string& comment = "checked") {
  return to_json(json::object{{"request_hash", hash}, {"comment", comment}});
}

asio::awaitable<void> approves(Harness& harness) {
  harness.backend.add_question("A1", "acme");
  const auto list = body_of(co_await harness.ask("GET", "/v1/approvals", viewer));
  EXPECT_EQ(list.at("items").as_array().size(), 1U);
  const auto shown = body_of(co_await harness.ask("GET", "/v1/approvals/A1", approver));
  EXPECT_EQ(shown.at("request").at("action"), "isolate_host");
  EXPECT_EQ(shown.at("request").at("target").at("value"), "WKS-1");
  const std::string hash{shown.at("request_hash").as_string()};

  const auto approved =
      co_await harness.ask("POST", "/v1/approvals/A1/approve", approver, answer_with(hash));
  EXPECT_EQ(status_of(approved), 200);
  EXPECT_EQ(harness.backend.rulings.size(), 1U);
  EXPECT_EQ(harness.backend.rulings.at(0).by, (model::Actor{"analyst", "paul"}));
  EXPECT_EQ(harness.backend.rulings.at(0).request_hash, hash);
  EXPECT_EQ(harness.backend.rulings.at(0).comment, "checked");

  const auto late =
      co_await harness.ask("POST", "/v1/approvals/A1/deny", approver, answer_with(hash));
  EXPECT_EQ(status_of(late), 409);
  const auto pending = body_of(co_await harness.ask("GET", "/v1/approvals", viewer));
  EXPECT_TRUE(pending.at("items").as_array().empty());
  const auto all = body_of(co_await harness.ask("GET", "/v1/approvals?state=all", viewer));
  EXPECT_EQ(all.at("items").as_array().size(), 1U);
}

TEST(Approvals, ArePassedOnWithWhoDecidedAndWhatWasShown) {
  Harness harness;
  harness.run([&] { return approves(harness); });
}

asio::awaitable<void> refuses(Harness& harness) {
  harness.backend.add_question("A1", "acme");
  const auto hash = harness.backend.all_actions.at("A1").request_hash;
  const auto post = [&](std::string body) {
    return harness.ask("POST", "/v1/approvals/A1/approve", approver, std::move(body));
  };
  for (const auto* body : {"",
                           "{}",
                           "[]",
                           "{\"request_hash\":\"\"}",
                           "{\"request_hash\":7}",
                           "{\"request_hash\":\"x\",\"force\":true}",
                           "{\"request_hash\":\"x\",\"request_hash\":\"y\"}",
                           "{\"request_hash\":\"x\",\"with\":[]}",
                           "{\"request_hash\":\"x\"}}"})
    EXPECT_EQ(status_of(co_await post(body)), 400) << body;
  EXPECT_EQ(status_of(co_await post(answer_with("sha256:another"))), 409);
  EXPECT_EQ(status_of(co_await harness.ask("GET", "/v1/approvals/A1/approve", approver)), 405);
  harness.backend.all_approvals.at("A1").state = model::ApprovalState::expired;
  EXPECT_EQ(status_of(co_await post(answer_with(hash))), 410);
  EXPECT_TRUE(harness.backend.rulings.empty());
}

TEST(Approvals, NeedTheHashOfWhatWasShown) {
  Harness harness;
  harness.run([&] { return refuses(harness); });
}

asio::awaitable<void> changes(Harness& harness) {
  harness.backend.add_question("A1", "acme");
  const auto hash = harness.backend.all_actions.at("A1").request_hash;
  const auto body = R"({"request_hash":")" + hash + R"(","with":{"duration_s":3600,"x":null}})";
  EXPECT_EQ(status_of(co_await harness.ask("POST", "/v1/approvals/A1/deny", approver, body)), 400);
  EXPECT_EQ(status_of(co_await harness.ask("POST", "/v1/approvals/A1/approve", approver, body)),
            200);
  EXPECT_EQ(harness.backend.rulings.size(), 1U);
  EXPECT_EQ(json::value(harness.backend.rulings.at(0).with.value()),
            parse_json(R"({"duration_s":3600,"x":null})").value());
}

TEST(Approvals, PassOnWhatIsToBeChanged) {
  Harness harness;
  harness.run([&] { return changes(harness); });
}

asio::awaitable<void> own_action(Harness& harness) {
  harness.backend.add_question("A1", "acme");
  harness.backend.all_actions.at("A1").request.requested_by = {"analyst", "paul"};
  const auto hash = harness.backend.all_actions.at("A1").request_hash;
  const auto answer =
      co_await harness.ask("POST", "/v1/approvals/A1/approve", approver, answer_with(hash));
  EXPECT_EQ(status_of(answer), 403);
}

TEST(Approvals, AreRefusedToWhoeverProposed) {
  Harness harness;
  harness.run([&] { return own_action(harness); });
}

asio::awaitable<void> hides(Harness& harness) {
  harness.backend.add_question("A1", "acme");
  harness.backend.verdicts["I1"] = {.investigation = "I1", .tenant = "acme"};
  const auto hash = harness.backend.all_actions.at("A1").request_hash;
  for (const auto* target : {"/v1/approvals/A1", "/v1/actions/A1", "/v1/investigations/I1"}) {
    EXPECT_EQ(status_of(co_await harness.ask("GET", target, other)), 404) << target;
    EXPECT_EQ(status_of(co_await harness.ask("GET", target, viewer)), 200) << target;
  }
  EXPECT_EQ(
      status_of(co_await harness.ask("POST", "/v1/approvals/A1/approve", other, answer_with(hash))),
      404);
  EXPECT_EQ(status_of(co_await harness.ask("POST", "/v1/actions/A1/rollback", other)), 404);
  EXPECT_TRUE(harness.backend.rulings.empty());
  for (const auto* list : {"/v1/approvals", "/v1/actions", "/v1/investigations"})
    EXPECT_TRUE(body_of(co_await harness.ask("GET", list, other)).at("items").as_array().empty())
        << list;
}

TEST(Api, ShowsNothingOfAnotherTenant) {
  Harness harness;
  harness.run([&] { return hides(harness); });
}

asio::awaitable<void> proposes(Harness& harness) {
  const auto made = co_await harness.ask(
      "POST",
      "/v1/actions",
      analyst,
      R"({"action":"block_ip","target":{"kind":"ip","value":"203.0.113.9"},"parameters":{"ttl_s":60},"comment":"seen it"})");
  EXPECT_EQ(status_of(made), 201);
  if (made) EXPECT_EQ(*http::find(made->headers, "Location"), "/v1/actions/P1");
  const auto& request = harness.backend.all_actions.at("P1").request;
  EXPECT_EQ(request.tenant, "acme");
  EXPECT_EQ(request.requested_by, (model::Actor{"analyst", "anna"}));
  EXPECT_EQ(request.parameters.at("ttl_s"), 60);
  for (
      const auto* body :
      {R"({"action":"block_ip"})",
       R"({"action":"block_ip","target":{"kind":"ip","value":""}})",
       R"({"action":"block_ip","target":{"kind":"ip","value":"x"},"tenant":"other"})",
       R"({"action":"block_ip","target":{"kind":"ip","value":"x"},"requested_by":{"kind":"agent","id":"x"}})",
       R"({"action":"block_ip","target":{"kind":"ip","value":"x"},"grounded":true})",
       R"({"action":"block_ip","target":{"kind":"ip","value":" 203.0.113.9"}})",
       R"({"action":"no_such_verb","target":{"kind":"ip","value":"x"}})"})
    EXPECT_EQ(status_of(co_await harness.ask("POST", "/v1/actions", analyst, body)), 400) << body;
  EXPECT_EQ(harness.backend.proposed, 1);
}

TEST(Actions, OfAPersonCarryThatPersonsName) {
  Harness harness;
  harness.run([&] { return proposes(harness); });
}

asio::awaitable<void> rolls_back(Harness& harness) {
  harness.backend.add_question("A1", "acme");
  const auto answer = co_await harness.ask("POST", "/v1/actions/A1/rollback", analyst);
  EXPECT_EQ(status_of(answer), 201);
  EXPECT_EQ(body_of(answer).at("reverses"), "A1");
  EXPECT_EQ(body_of(answer).at("request").at("requested_by").at("id"), "anna");
  EXPECT_EQ(status_of(co_await harness.ask("POST", "/v1/actions/none/rollback", analyst)), 404);
  EXPECT_EQ(status_of(co_await harness.ask("GET", "/v1/actions?state=flying", viewer)), 400);
  const auto queued = body_of(co_await harness.ask("GET", "/v1/actions?state=queued", viewer));
  EXPECT_EQ(queued.at("items").as_array().size(), 1U);
}

TEST(Actions, AreUndoneByAnotherOne) {
  Harness harness;
  harness.run([&] { return rolls_back(harness); });
}

asio::awaitable<void> records(Harness& harness) {
  harness.backend.policy_document =
      parse_json(R"({"tenants":{"acme":{"tier":"L2"},"other":{"tier":"L4"}}})").value();
  const auto mine = body_of(co_await harness.ask("GET", "/v1/policy", viewer));
  EXPECT_EQ(mine.at("version"), 7);
  EXPECT_EQ(mine.at("policy").at("tenants").as_object().size(), 1U);
  const auto all = body_of(co_await harness.ask("GET", "/v1/policy", admin));
  EXPECT_EQ(all.at("policy").at("tenants").as_object().size(), 2U);

  harness.backend.entries = {R"({"seq":1,"hash":"a"})", R"({"seq":2,"hash":"b"})"};
  const auto answer = co_await harness.ask(
      "GET",
      "/v1/ledger?kind=decided&kind=executed&subject=A1&from=2026-11-01&order=newest&limit=2",
      viewer);
  EXPECT_EQ(answer->body,
            R"({"items":[{"seq":1,"hash":"a"},{"seq":2,"hash":"b"}],"next":"after-2"})");
  const auto& search = harness.backend.last_search;
  EXPECT_EQ(search.list.tenant, "acme");
  EXPECT_EQ(search.kinds, (std::vector{model::EntryKind::decided, model::EntryKind::executed}));
  EXPECT_EQ(search.subject, "A1");
  EXPECT_TRUE(search.from && !search.to && search.newest_first);
  for (const auto* bad : {"kind=x", "from=yesterday", "order=up", "limit=0"})
    EXPECT_EQ(status_of(co_await harness.ask("GET", std::string{"/v1/ledger?"} + bad, viewer)), 400)
        << bad;
  EXPECT_EQ(status_of(co_await harness.ask("GET", "/v1/ledger", admin)), 400) << "which tenant?";
}

TEST(Records, ArePolicyAndLedgerAsFarAsTheTokenSees) {
  Harness harness;
  harness.run([&] { return records(harness); });
}

asio::awaitable<void> documents(Harness& harness) {
  const auto document = body_of(co_await harness.ask("GET", "/v1/openapi.json", viewer));
  EXPECT_EQ(document.at("openapi"), "3.1.0");
  const auto& approve = document.at("paths").at("/v1/approvals/{id}/approve").at("post");
  EXPECT_EQ(approve.at("x-role"), "approver");
  EXPECT_EQ(approve.at("parameters").at(0).at("name"), "id");
  const auto& schema = approve.at("requestBody").at("content").at("application/json").at("schema");
  EXPECT_EQ(schema.at("required").as_array(), (json::array{"request_hash"}));
  const auto& action =
      approve.at("responses").at("200").at("content").at("application/json").at("schema");
  EXPECT_EQ(action.at("properties").at("created_at").at("format"), "date-time");
  EXPECT_EQ(
      action.at("properties").at("decision").at("properties").at("decision").at("enum").as_array(),
      (json::array{"auto", "queued", "blocked"}));
}

TEST(OpenApi, IsMadeFromWhatIsServed) {
  Harness harness;
  harness.run([&] { return documents(harness); });
}

}  // namespace
}  // namespace sallyport::serve
