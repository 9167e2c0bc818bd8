#include "connectors/manifest/compile_auth.hpp"

#include <algorithm>

namespace sallyport::connectors::manifest {

namespace {

constexpr std::string_view root = "/auth";
using Place = PieceCompiler::Place;

Scope scope_of(const ManifestSpec& spec) {
  Scope scope;
  for (const auto& name : spec.secrets)
    scope.values["secret." + name] = {.closed = true, .always = true};
  for (const auto& [name, option] : spec.options)
    scope.values["options." + name] = {.closed = true,
                                       .always = option.needed || !option.fallback.is_null()};
  return scope;
}

Scope signing_scope(const ManifestSpec& spec) {
  auto scope = scope_of(spec);
  for (const auto* name : {"auth.timestamp_s",
                           "auth.timestamp_ms",
                           "auth.nonce",
                           "auth.signature",
                           "request.method",
                           "request.host",
                           "request.target",
                           "request.body",
                           "request.body_sha256"})
    scope.values[name] = {.closed = true, .always = true};
  return scope;
}

/// The token request of OAuth 2.0 client credentials (RFC 6749, 4.4).
StepPlan token_request(const AuthSpec& spec,
                       const ManifestSpec& manifest,
                       PieceCompiler& pieces,
                       Faults& faults) {
  RequestSpec request{.method = Method::POST, .endpoint = spec.endpoint, .path = spec.path};
  boost::json::object form{{"grant_type", "client_credentials"}};
  const bool by_assertion = spec.grant == Grant::jwt_bearer;
  if (by_assertion) {
    form["grant_type"] = "urn:ietf:params:oauth:grant-type:jwt-bearer";
    form["assertion"] = "${{ auth.assertion }}";
  } else if (spec.client_auth == ClientAuth::body) {
    form["client_id"] = spec.client_id;
    form["client_secret"] = spec.client_secret;
  }
  if (!spec.scope.empty() && !by_assertion) form["scope"] = spec.scope;
  request.form = std::move(form);
  for (const auto& [key, value] : {std::pair{"path", &spec.path},
                                   {"client_id", &spec.client_id},
                                   {"client_secret", &spec.client_secret}})
    if (value->empty() && (!by_assertion || value == &spec.path))
      faults.push_back({.pointer = child(root, key), .message = "oauth2 needs it"});
  const StepSpec step{.id = "login",
                      .request = std::move(request),
                      .when = {},
                      .success = spec.success,
                      .errors = {},
                      .save = {},
                      .wait = {}};
  if (spec.path.empty()) return {};
  return pieces.step(step, manifest.endpoints, root);
}

SignaturePlan signature(const SignatureSpec& spec, const ManifestSpec& manifest, Faults& faults) {
  const auto where = child(root, "signature");
  const auto scope = signing_scope(manifest);
  PieceCompiler pieces{faults, scope};
  SignaturePlan plan{.algorithm = spec.algorithm,
                     .secret = spec.secret,
                     .text = {},
                     .separator = spec.separator,
                     .encoding = spec.encoding,
                     .headers = {}};
  if (spec.text.empty()) pieces.wrong(child(where, "text"), "says what is signed");
  for (std::size_t i = 0; i < spec.text.size(); ++i)
    plan.text.push_back(pieces.text(spec.text[i], child(child(where, "text"), i), Place::value));
  if (spec.headers.empty()) pieces.wrong(child(where, "headers"), "carry the signature");
  plan.headers = pieces.named(spec.headers, child(where, "headers"), Place::syntax);
  return plan;
}

AssertionPlan assertion(const AuthSpec& spec, PieceCompiler& pieces) {
  const auto where = child(root, "assertion");
  const auto text = [&](const std::string& value, std::string_view key) {
    if (value.empty()) pieces.wrong(child(where, key), "the grant jwt_bearer needs it");
    return pieces.text(value, child(where, key), Place::value);
  };
  return {.issuer = text(spec.assertion.issuer, "issuer"),
          .subject = pieces.text(spec.assertion.subject, child(where, "subject"), Place::value),
          .audience = text(spec.assertion.audience, "audience"),
          .scope = pieces.text(spec.scope, child(root, "scope"), Place::value),
          .key = spec.assertion.key};
}

}  // namespace

AuthPlan compile_auth(const ManifestSpec& manifest,
                      Faults& faults,
                      std::set<std::string, std::less<>>& used) {
  const auto& spec = manifest.auth;
  auto scope = scope_of(manifest);
  if (spec.grant == Grant::jwt_bearer)
    scope.values["auth.assertion"] = {.closed = true, .always = true};
  PieceCompiler pieces{faults, scope};
  const auto secret = [&](const std::string& name, std::string_view key) {
    if (std::ranges::find(manifest.secrets, name) == manifest.secrets.end()) {
      pieces.wrong(child(root, key), "names one of `secrets`");
    } else {
      used.insert("secret." + name);
    }
  };
  AuthPlan plan{.kind = spec.kind,
                .header = spec.header,
                .query = spec.query,
                .member = spec.member,
                .prefix = spec.prefix,
                .secret = spec.secret,
                .token = spec.token};
  plan.refused = pieces.question(spec.refused, child(root, "refused"), true);
  if (const auto* path = spec.lifetime.if_string()) {
    plan.lifetime.assign(path->data(), path->size());
  } else if (const auto* seconds = spec.lifetime.if_int64(); seconds && *seconds >= 0) {
    plan.lifetime_s = std::chrono::seconds{*seconds};
  } else {
    pieces.wrong(child(root, "lifetime"), "is a path in the answer, or seconds");
  }
  const bool has_user = !spec.user.empty() || !spec.password.empty();
  if (has_user) {
    plan.user = pieces.text(spec.user, child(root, "user"), Place::value);
    plan.password = pieces.text(spec.password, child(root, "password"), Place::value);
  }
  switch (spec.kind) {
    case AuthKind::none:
    case AuthKind::mtls:
    case AuthKind::aws_sigv4:
      break;
    case AuthKind::api_key:
    case AuthKind::bearer:
      secret(spec.secret, "secret");
      if (spec.kind == AuthKind::bearer && spec.prefix.empty()) plan.prefix = "Bearer ";
      break;
    case AuthKind::basic:
      if (!has_user) pieces.wrong(root, "basic needs user and password");
      break;
    case AuthKind::oauth2:
      plan.login = token_request(spec, manifest, pieces, faults);
      if (spec.prefix.empty()) plan.prefix = "Bearer ";
      if (spec.grant == Grant::jwt_bearer) {
        plan.assertion = assertion(spec, pieces);
        secret(spec.assertion.key, "assertion");
      } else if (spec.client_auth == ClientAuth::basic) {
        plan.login_basic = true;
        plan.user = pieces.text(spec.client_id, child(root, "client_id"), Place::value);
        plan.password = pieces.text(spec.client_secret, child(root, "client_secret"), Place::value);
      }
      break;
    case AuthKind::session:
      plan.login_basic = has_user;
      if (!spec.login) {
        pieces.wrong(child(root, "login"), "a session needs the request that begins it");
      } else {
        plan.login = pieces.step({.id = "login",
                                  .request = *spec.login,
                                  .when = {},
                                  .success = {},
                                  .errors = {},
                                  .save = {},
                                  .wait = {}},
                                 manifest.endpoints,
                                 root);
        plan.login->request = pieces.request(*spec.login, manifest.endpoints, child(root, "login"));
        plan.login->success = pieces.question(spec.success, child(root, "success"), true);
      }
      break;
    case AuthKind::hmac:
      if (spec.signature.algorithm == Algorithm::hmac_sha256)
        secret(spec.signature.secret, "signature");
      plan.signature = signature(spec.signature, manifest, faults);
      for (const auto& part : spec.signature.text)
        if (const auto made = Template::parse(part))
          for (const auto& piece : made->pieces()) used.insert(piece.path);
      for (const auto& [name, made] : plan.signature->headers)
        for (const auto& piece : made.pieces()) used.insert(piece.path);
      break;
  }
  if (spec.kind == AuthKind::aws_sigv4) {
    const auto where = child(root, "aws");
    for (const auto& [key, value] :
         {std::pair{"region", &spec.aws.region}, {"service", &spec.aws.service}})
      if (value->empty()) pieces.wrong(child(where, key), "aws_sigv4 needs it");
    secret(spec.aws.access_key, "aws");
    secret(spec.aws.secret_key, "aws");
    plan.aws = AwsPlan{.region = pieces.text(spec.aws.region, child(where, "region"), Place::value),
                       .service = spec.aws.service,
                       .access_key = spec.aws.access_key,
                       .secret_key = spec.aws.secret_key};
  }
  if (!spec.member.empty() && spec.kind != AuthKind::api_key)
    pieces.wrong(child(root, "member"), "only an api_key stands in a body");
  if (spec.kind != AuthKind::session && spec.login)
    pieces.wrong(child(root, "login"), "only a session has a login");
  used.insert(pieces.used().begin(), pieces.used().end());
  return plan;
}

}  // namespace sallyport::connectors::manifest
