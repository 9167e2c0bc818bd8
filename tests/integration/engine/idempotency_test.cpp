#include "tests/integration/engine/engine.hpp"
#include "tools/lab/vendors/desks.hpp"
#include "tools/lab/vendors/vendor_server.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <cstdlib>

namespace sallyport::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;

std::vector<std::string> keys_at(lab::VendorServer& pager) {
  return pager.with<lab::PagerDutyLab>([](auto& lab) { return lab.keys; });
}

std::string page(const Engine& engine, std::string_view service) {
  const auto asked = engine.post(
      "/v1/actions",
      fmt::format(
          R"({{"action":"page","target":{{"kind":"service","value":"{}"}},"parameters":{{"message":"look"}}}})",
          service));
  EXPECT_TRUE(asked);
  const auto answer = parse_json(asked->body);
  EXPECT_TRUE(answer && answer->is_object() && answer->as_object().contains("id")) << asked->body;
  return std::string{answer->at("id").as_string()};
}

}  // namespace

TEST(IdempotencyKeys, AProductGetsTheSameAgainOnARetryAndNothingAgainAfterACrash) {
  ::setenv("SALLYPORT_LAB_ROUTING_KEY", "lab-routing-key", 1);
  const auto pager = lab::VendorServer::start(std::make_unique<lab::PagerDutyLab>()).value();
  Engine engine{
      {.tier = "L1",
       .connectors = {{"pager",
                       {{"type", "manifest"},
                        {"manifest", "paging/pagerduty.yaml"},
                        {"base_url", pager->url()},
                        {"allow", {"127.0.0.1"}},
                        {"secrets", {{"routing_key", "env:SALLYPORT_LAB_ROUTING_KEY"}}}}}}}};
  engine.start_and_wait();
  pager->befall({.kind = lab::Mishap::Kind::lost_answer, .method = "POST", .path = "/v2/enqueue"});
  const auto first = page(engine, "payments");
  ASSERT_TRUE(comes_true(10s, [&] { return keys_at(*pager).size() == 2; })) << engine.log_end();
  const auto second = page(engine, "identity");
  ASSERT_TRUE(comes_true(10s, [&] { return keys_at(*pager).size() == 3; })) << engine.log_end();
  EXPECT_THAT(keys_at(*pager), ElementsAre(first, first, second));

  engine.kill();
  engine.start_and_wait();
  const auto third = page(engine, "billing");
  ASSERT_TRUE(comes_true(10s, [&] { return keys_at(*pager).size() == 4; })) << engine.log_end();
  EXPECT_THAT(keys_at(*pager), ElementsAre(first, first, second, third));
}

}  // namespace sallyport::testing
