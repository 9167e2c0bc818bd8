#include "engine/http/url.hpp"

#include <gtest/gtest.h>

namespace sallyport::http {
namespace {

TEST(TargetBuilder, KeepsTextFromBecomingSyntax) {
  EXPECT_EQ(TargetBuilder{"/api/"}
                .segment("a/../b?x=1#y")
                .query("filter", "name:'a b'&admin=true")
                .query("n", "1")
                .text()
                .value(),
            "/api/a%2F..%2Fb%3Fx%3D1%23y?filter=name%3A%27a%20b%27%26admin%3Dtrue&n=1");
}

TEST(TargetBuilder, RefusesASegmentThatServersRemove) {
  for (const auto* segment : {"", ".", ".."})
    EXPECT_EQ(TargetBuilder{"/api"}.segment(segment).text().error().code, Errc::invalid_input);
}

TEST(TargetBuilder, IsReadBackUnchanged) {
  const std::string text = "päth/ +%41\"\\";
  const auto target =
      parse_target(TargetBuilder{""}.segment(text).query(text, text).text().value());
  ASSERT_TRUE(target);
  EXPECT_EQ(target->segments, std::vector<std::string>{text});
  EXPECT_EQ(target->query, (Query{{text, text}}));
}

TEST(Target, IsTakenApartAndDecoded) {
  const auto target = parse_target("/v1/a%20b/c%2Fd?q=x+y&empty=&flag&q=2");
  ASSERT_TRUE(target);
  EXPECT_EQ(target->segments, (std::vector<std::string>{"v1", "a b", "c/d"}));
  EXPECT_EQ(value_of(target->query, "q"), "x y");
  EXPECT_EQ(value_of(target->query, "empty"), "");
  EXPECT_EQ(value_of(target->query, "none"), std::nullopt);
}

TEST(Target, IsRefusedWhenItIsNone) {
  for (const auto* text :
       {"", "*", "v1", "http://a/b", "/%zz", "/%0d%0a", "/a?b=%00", "/a b", "/\xff"})
    EXPECT_FALSE(parse_target(text)) << text;
}

TEST(Url, GivesOriginAndTarget) {
  const auto url = parse_url("https://siem.example:8443/api/x?y=z#part");
  ASSERT_TRUE(url);
  EXPECT_EQ(url->origin, (Origin{.tls = true, .host = "siem.example", .port = "8443"}));
  EXPECT_EQ(url->target, "/api/x?y=z");
  EXPECT_EQ(host_header(url->origin), "siem.example:8443");
  EXPECT_EQ(parse_url("http://a")->target, "/");
  EXPECT_EQ(host_header(parse_url("http://a")->origin), "a");
  EXPECT_EQ(host_header(parse_url("https://[::1]:9/")->origin), "[::1]:9");
}

TEST(Url, RefusesOtherSchemesAndCredentials) {
  for (const auto* text :
       {"ftp://a/", "file:///etc/passwd", "https://u:p@a/", "a/b", "https://", ""})
    EXPECT_FALSE(parse_url(text)) << text;
}

}  // namespace
}  // namespace sallyport::http
