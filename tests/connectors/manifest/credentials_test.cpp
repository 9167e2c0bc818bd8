#include "connectors/manifest/credentials.hpp"

#include "engine/base/digest.hpp"
#include "engine/match/encode.hpp"
#include "tests/connectors/manifest/world.hpp"
#include "tests/http/certificate.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <gmock/gmock.h>

#include <thread>

namespace sallyport::connectors::manifest::testing {

using ::testing::HasSubstr;

namespace {

/// A product that does what a test says.
class Scripted final : public lab::Vendor {
 public:
  using Script = std::function<http::Response(const lab::VendorRequest&)>;

  explicit Scripted(Script script) : script_{std::move(script)} {}

  http::Response answer(const lab::VendorRequest& request) override { return script_(request); }

 private:
  Script script_;
};

/// A manifest of one operation that is enough to send a read; `auth` and `look` are YAML.
std::string manifest_text(std::string_view auth, std::string_view look) {
  return fmt::format(R"(manifest: 1
connector: {{ id: test, title: Test, product: edr }}
endpoints: {{ api: {{}} }}
secrets: [first, second]
auth: {}
limits: [{{ requests: 1000, per_s: 1 }}]
operations:
  isolate_host:
    summary: for a test
    targets: {{ host: {{ type: hostname }} }}
    state:
      steps: [{}]
      in_effect: {{ state.found|exists: true }}
    act: {{ steps: [{{ id: act, request: {{ method: POST, path: /act, json: {{ a: 1 }} }} }}] }}
    undo: {{ none: a test }}
)",
                     auth,
                     look);
}

constexpr std::string_view plain_look =
    "{ id: look, request: { path: /look, query: { q: x } }, save: { found: body.found } }";

/// A connector of such a manifest, and its product.
struct Trial {
  Trial(std::string_view auth, Scripted::Script script, std::string_view look = plain_look)
      : Trial{auth,
              look,
              lab::VendorServer::start(std::make_unique<Scripted>(std::move(script))).value()} {}

  Trial(std::string_view auth,
        std::string_view look,
        std::unique_ptr<lab::VendorServer> server,
        const std::function<void(Config&)>& adjust = {})
      : vendor{std::move(server)} {
    const auto document = config::Document::parse(manifest_text(auth, look), "test.yaml").value();
    Faults faults;
    const auto plan = compile(document, catalogue(), faults);
    EXPECT_TRUE(plan) << document.render(faults);
    auto config = lab_config(*vendor, {{"first", "one-secret"}, {"second", "two-secret"}});
    if (adjust) adjust(config);
    auto made =
        Connector::make(plan, config, std::make_shared<KnownPlaces>(), clock, loop.executor());
    EXPECT_TRUE(made) << made.error().detail;
    connector = *made;
  }

  Result<act::Reading> read() {
    const act::Operation operation{.verb = "isolate_host",
                                   .target = {.kind = "host", .value = "WKS-1"}};
    return wait(connector->read(operation, Deadline::in(std::chrono::seconds{10})));
  }

  SystemClock clock;
  std::unique_ptr<lab::VendorServer> vendor;
  Loop loop;
  std::shared_ptr<Connector> connector;
};

http::Response found(bool yes) {
  return yes ? lab::json_answer(200, {{"found", "yes"}}) : http::Response{.status = 401};
}

bool in_effect(const Result<act::Reading>& reading) {
  EXPECT_TRUE(reading) << reading.error().detail;
  return reading && reading->in_effect == true;
}

/// Grants tunnels, one after the other, and says for what.
class Proxy {
 public:
  explicit Proxy(std::string answer) : answer_{std::move(answer)}, thread_{[this] { serve(); }} {}

  ~Proxy() {
    boost::system::error_code ignored;
    acceptor_.close(ignored);
    client_.close(ignored);
    thread_.join();
  }

  Proxy(const Proxy&) = delete;
  Proxy& operator=(const Proxy&) = delete;

  [[nodiscard]] std::string url() const {
    return fmt::format("http://127.0.0.1:{}", acceptor_.local_endpoint().port());
  }

  [[nodiscard]] std::string asked() const {
    const std::scoped_lock lock{mutex_};
    return asked_;
  }

 private:
  void serve() {
    boost::system::error_code error;
    acceptor_.accept(client_, error);
    if (error) return;
    std::string text;
    const auto n = asio::read_until(client_, asio::dynamic_buffer(text), "\r\n\r\n", error);
    {
      const std::scoped_lock lock{mutex_};
      asked_ = text.substr(0, text.find("\r\n"));
    }
    asio::write(client_, asio::buffer(answer_), error);
    if (!answer_.starts_with("HTTP/1.1 200")) return;
    asio::ip::tcp::socket server{loop_};
    const auto colon = asked_.rfind(':');
    const auto port = asked_.substr(colon + 1, asked_.find(' ', colon) - colon - 1);
    server.connect(
        {asio::ip::make_address("127.0.0.1"), static_cast<std::uint16_t>(std::stoi(port))}, error);
    text.erase(0, n);
    std::array<char, 4096> piece{};
    // One request and its answer is all that a test sends.
    auto size = client_.read_some(asio::buffer(piece), error);
    asio::write(server, asio::buffer(piece.data(), size), error);
    size = server.read_some(asio::buffer(piece), error);
    asio::write(client_, asio::buffer(piece.data(), size), error);
  }

  std::string answer_;
  asio::io_context loop_;
  asio::ip::tcp::acceptor acceptor_{loop_, {asio::ip::make_address("127.0.0.1"), 0}};
  asio::ip::tcp::socket client_{loop_};
  mutable std::mutex mutex_;
  std::string asked_;
  std::thread thread_;
};

}  // namespace

TEST(ManifestCredentials, AKeyStandsInAHeaderWithItsPrefix) {
  Trial trial{
      "{ kind: api_key, header: X-Key, prefix: 'Token ', secret: first }",
      [](const auto& request) { return found(request.header("X-Key") == "Token one-secret"); }};
  EXPECT_TRUE(in_effect(trial.read()));
}

TEST(ManifestCredentials, AKeyStandsInTheQueryBesideWhatIsThere) {
  Trial trial{
      "{ kind: api_key, query: key, secret: first }", [](const auto& request) {
        return found(request.parameter("key") == "one-secret" && request.parameter("q") == "x");
      }};
  EXPECT_TRUE(in_effect(trial.read()));
}

TEST(ManifestCredentials, UserAndPasswordAreBasic) {
  Trial trial{"{ kind: basic, user: '${{ secret.first }}', password: '${{ secret.second }}' }",
              [](const auto& request) {
                return found(request.header("Authorization") ==
                             "Basic " + match::to_base64("one-secret:two-secret"));
              }};
  EXPECT_TRUE(in_effect(trial.read()));
}

TEST(ManifestCredentials, AClientMayAuthenticateItselfWithBasicInsteadOfTheBody) {
  Trial trial{
      "{ kind: oauth2, path: /token, client_id: '${{ secret.first }}', client_secret: '${{ "
      "secret.second }}', "
      "client_auth: basic, scope: a b }",
      [](const lab::VendorRequest& request) {
        if (!request.is("POST", {"token"}))
          return found(request.header("Authorization") == "Bearer t");
        const auto form = request.form();
        const bool good =
            form && !http::value_of(*form, "client_secret") &&
            http::value_of(*form, "scope") == "a b" &&
            request.header("Authorization") == "Basic " + match::to_base64("one-secret:two-secret");
        return good ? lab::json_answer(200, {{"access_token", "t"}, {"expires_in", 60}})
                    : http::Response{.status = 400};
      }};
  EXPECT_TRUE(in_effect(trial.read()));
}

TEST(ManifestCredentials, ASessionsTokenMayComeInAHeader) {
  Trial trial{
      "{ kind: session, user: '${{ secret.first }}', password: '${{ secret.second }}', login: { "
      "method: POST, path: "
      "/login }, token: header.x-session, lifetime: 900, header: X-Session }",
      [](const lab::VendorRequest& request) {
        if (!request.is("POST", {"login"})) return found(request.header("X-Session") == "s-1");
        return http::Response{.status = 204, .headers = {{"X-Session", "s-1"}}};
      }};
  EXPECT_TRUE(in_effect(trial.read()));
  EXPECT_TRUE(in_effect(trial.read()));
  EXPECT_EQ(trial.vendor->count("POST /login"), 1U);
}

TEST(ManifestCredentials, ATokenIsFetchedOnceForAllWhoWait) {
  Trial trial{
      "{ kind: oauth2, path: /token, client_id: '${{ secret.first }}', client_secret: '${{ "
      "secret.second }}' }",
      [](const lab::VendorRequest& request) {
        if (request.is("POST", {"token"}))
          return lab::json_answer(200, {{"access_token", "t"}, {"expires_in", 60}});
        return found(request.header("Authorization") == "Bearer t");
      }};
  std::vector<std::thread> readers;
  for (int i = 0; i < 8; ++i) readers.emplace_back([&] { EXPECT_TRUE(in_effect(trial.read())); });
  for (auto& reader : readers) reader.join();
  EXPECT_EQ(trial.vendor->count("POST /token"), 1U);
}

TEST(ManifestCredentials, ARefusedTokenIsRenewedOnceAndNoMore) {
  Trial trial{
      "{ kind: oauth2, path: /token, client_id: '${{ secret.first }}', client_secret: '${{ "
      "secret.second }}' }",
      [](const lab::VendorRequest& request) {
        if (request.is("POST", {"token"})) return lab::json_answer(200, {{"access_token", "t"}});
        return http::Response{.status = 401};
      }};
  const auto read = trial.read();
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, Errc::denied);
  EXPECT_EQ(trial.vendor->count("POST /token"), 2U);
  EXPECT_EQ(trial.vendor->count("GET /look"), 2U);
}

TEST(ManifestCredentials, ASignatureIsOverWhatIsSent) {
  Trial trial{
      "{ kind: hmac, signature: { secret: first, separator: '|', text: ['${{ request.method }}', "
      "'${{ request.target }}', "
      "'${{ auth.timestamp_s }}', '${{ request.body_sha256 }}'], encoding: base64, headers: { "
      "X-Time: '${{ "
      "auth.timestamp_s }}', X-Signature: 'v1=${{ auth.signature }}' } } }",
      [](const lab::VendorRequest& request) {
        const auto text = fmt::format(
            "GET|/look?q=x|{}|{}", request.header("X-Time"), to_hex(sha256(request.body)));
        const auto digest = hmac_sha256("one-secret", text);
        return found(request.header("X-Signature") ==
                     "v1=" + match::to_base64(
                                 {reinterpret_cast<const char*>(digest.data()), digest.size()}));
      }};
  EXPECT_TRUE(in_effect(trial.read()));
}

TEST(ManifestCredentials, APlainDigestTakesTheKeyANonceAndTheTime) {
  std::set<std::string> nonces;
  Trial trial{
      "{ kind: hmac, signature: { algorithm: sha256, text: ['${{ secret.first }}', '${{ auth.nonce "
      "}}', '${{ "
      "auth.timestamp_ms }}'], headers: { Authorization: '${{ auth.signature }}', x-nonce: '${{ "
      "auth.nonce }}', "
      "x-time: '${{ auth.timestamp_ms }}', x-id: '${{ secret.second }}' } } }",
      [&](const lab::VendorRequest& request) {
        nonces.insert(request.header("x-nonce"));
        return found(
            request.header("Authorization") ==
            to_hex(sha256("one-secret" + request.header("x-nonce") + request.header("x-time"))));
      }};
  EXPECT_TRUE(in_effect(trial.read()));
  EXPECT_TRUE(in_effect(trial.read()));
  EXPECT_EQ(nonces.size(), 2U);
  EXPECT_EQ(nonces.begin()->size(), 64U);
}

TEST(ManifestCredentials, HmacIsThatOfRfc4231) {
  EXPECT_EQ(to_hex(hmac_sha256("Jefe", "what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

TEST(ManifestCredentials, AProductMayAskForOurCertificate) {
  const http::testing::Certificate certificate{"localhost"};
  const auto server_tls =
      http::TlsContext::server({.certificate_file = certificate.certificate_file(),
                                .key_file = certificate.key_file(),
                                .client_ca_file = certificate.certificate_file()})
          .value();
  const auto with = [&](bool ours) {
    auto server =
        lab::VendorServer::start(
            std::make_unique<Scripted>([](const auto&) { return found(true); }), server_tls)
            .value();
    Trial trial{ours ? "{ kind: mtls }" : "{ kind: none }",
                plain_look,
                std::move(server),
                [&](Config& config) {
                  config.allow = {"localhost"};
                  config.ca = certificate.certificate_file();
                  if (!ours) return;
                  config.certificate = certificate.certificate_file();
                  config.key = certificate.key_file();
                }};
    return trial.read();
  };
  EXPECT_TRUE(in_effect(with(true)));
  EXPECT_FALSE(with(false));
}

TEST(ManifestCredentials, AProductWhoseAuthorityIsNotTrustedIsNotSpokenTo) {
  const http::testing::Certificate certificate{"localhost"};
  const auto server_tls =
      http::TlsContext::server(
          {.certificate_file = certificate.certificate_file(), .key_file = certificate.key_file()})
          .value();
  auto server = lab::VendorServer::start(
                    std::make_unique<Scripted>([](const auto&) { return found(true); }), server_tls)
                    .value();
  Trial trial{"{ kind: bearer, secret: first }", plain_look, std::move(server), [](Config& config) {
                config.allow = {"localhost"};
              }};
  EXPECT_FALSE(trial.read());
  EXPECT_TRUE(trial.vendor->requests().empty());
}

TEST(ManifestProxy, IsAskedForATunnelToTheProduct) {
  Proxy proxy{"HTTP/1.1 200 Connection established\r\n\r\n"};
  auto server = lab::VendorServer::start(std::make_unique<Scripted>([](const auto&) {
                  return found(true);
                })).value();
  const auto port = server->url().substr(server->url().rfind(':') + 1);
  Trial trial{"{ kind: none }", plain_look, std::move(server), [&](Config& config) {
                config.proxy = proxy.url();
              }};
  EXPECT_TRUE(in_effect(trial.read()));
  EXPECT_EQ(proxy.asked(), "CONNECT 127.0.0.1:" + port + " HTTP/1.1");
}

TEST(ManifestProxy, ThatRefusesIsAReasonAndNothingIsSent) {
  Proxy proxy{"HTTP/1.1 403 Forbidden\r\n\r\n"};
  auto server = lab::VendorServer::start(std::make_unique<Scripted>([](const auto&) {
                  return found(true);
                })).value();
  Trial trial{"{ kind: none }", plain_look, std::move(server), [&](Config& config) {
                config.proxy = proxy.url();
              }};
  const auto read = trial.read();
  ASSERT_FALSE(read);
  EXPECT_THAT(read.error().detail, HasSubstr("403 Forbidden"));
  EXPECT_TRUE(trial.vendor->requests().empty());
}

TEST(ManifestPages, AreFollowedByLinkWithinTheProductAlone) {
  std::string url;
  constexpr std::string_view look =
      "{ id: look, request: { path: /look, pages: { kind: link, items: body } }, save: { found: { "
      "from: body, where: { "
      "item.n: 3 }, take: n } } }";
  Trial trial{"{ kind: bearer, secret: first }",
              [&](const lab::VendorRequest& request) {
                const auto page = request.parameter("page");
                auto answer = lab::json_answer(200,
                                               json::array{json::object{{"n",
                                                                         page.empty()  ? 1
                                                                         : page == "2" ? 2
                                                                                       : 3}}});
                if (page.empty())
                  answer.headers.emplace_back("Link", "<" + url + "/look?page=2>; rel=\"next\"");
                if (page == "2")
                  answer.headers.emplace_back("Link",
                                              "<https://evil.example/look>; rel=\"next\", <" + url +
                                                  "/look?page=3>; rel=\"next\"");
                return answer;
              },
              look};
  url = trial.vendor->url();
  EXPECT_TRUE(in_effect(trial.read()));
  EXPECT_EQ(trial.vendor->requests().size(), 3U);
}

TEST(ManifestPages, ThatLeadToTheSameMachineInAnotherSpellingAreNotFollowed) {
  std::string port;
  constexpr std::string_view look =
      "{ id: look, request: { path: /look, pages: { kind: link, items: body } }, save: { found: { "
      "from: body, where: { item.n: 2 }, take: n } } }";
  Trial trial{"{ kind: bearer, secret: first }",
              [&](const lab::VendorRequest& request) {
                const auto first = request.parameter("page").empty();
                auto answer =
                    lab::json_answer(200, json::array{json::object{{"n", first ? 1 : 2}}});
                answer.headers.emplace_back(
                    "Link", "<http://127.1:" + port + "/look?page=2>; rel=\"next\"");
                return answer;
              },
              look};
  port = trial.vendor->url().substr(trial.vendor->url().rfind(':') + 1);
  EXPECT_FALSE(in_effect(trial.read()));
  EXPECT_EQ(trial.vendor->requests().size(), 1U);
}

TEST(ManifestPages, AreFollowedByOffsetUntilOneIsEmpty) {
  constexpr std::string_view look =
      "{ id: look, request: { path: /look, query: { limit: 2 }, pages: { kind: offset, items: "
      "body.rows, query: skip } }, "
      "save: { found: { from: body.rows, where: { item.n: 4 }, take: n } } }";
  Trial trial{"{ kind: none }",
              [](const lab::VendorRequest& request) {
                const auto skip = request.parameter("skip");
                const int from = skip.empty() ? 0 : std::stoi(skip);
                json::array rows;
                for (int n = from; n < std::min(5, from + 2); ++n)
                  rows.push_back(json::object{{"n", n}});
                return lab::json_answer(200, json::object{{"rows", std::move(rows)}});
              },
              look};
  EXPECT_TRUE(in_effect(trial.read()));
  EXPECT_EQ(trial.vendor->requests().back(), "GET /look?limit=2&skip=5");
}

TEST(ManifestPages, ThatDoNotEndAreAFault) {
  constexpr std::string_view look =
      "{ id: look, request: { path: /look, pages: { kind: cursor, items: body.rows, next: "
      "body.next, query: c, most: 3 } }, "
      "save: { found: body.rows } }";
  const auto read = [&](bool round) {
    Trial trial{"{ kind: none }",
                [n = 0, round](const auto&) mutable {
                  const auto next = round ? std::string{"again"} : fmt::format("c{}", ++n);
                  return lab::json_answer(200,
                                          json::object{{"rows", json::array{1}}, {"next", next}});
                },
                look};
    const auto state = trial.read();
    return std::pair{state ? "" : state.error().detail, trial.vendor->requests().size()};
  };
  const auto [endless, all] = read(false);
  EXPECT_THAT(endless, HasSubstr("more than 3 pages"));
  EXPECT_EQ(all, 3U);
  const auto [round, few] = read(true);
  EXPECT_THAT(round, HasSubstr("lead back to one that was read"));
  EXPECT_EQ(few, 2U);
}

}  // namespace sallyport::connectors::manifest::testing
