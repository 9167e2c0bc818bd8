#pragma once

#include "connectors/manifest/value_type.hpp"
#include "engine/base/json.hpp"
#include "engine/model/evidence.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

/// A manifest as it is written. What its parts mean stands in README.md; plan.hpp is what becomes
/// of it. Detections (`success`, `when`, `done` ...) are blocks of the house's matching language
/// over the answer and the facts; they stay documents here.
namespace sallyport::connectors::manifest {

enum class ProductClass : std::uint8_t { edr, idp, firewall, ticket, chat, paging, intel, siem };

struct ConnectorSpec {
  std::string id;
  std::string title;
  ProductClass product = ProductClass::edr;
  std::string versions;
  std::vector<std::string> sources;  ///< Where its facts are from.
};

/// A server that requests go to.
struct EndpointSpec {
  std::string url;                 ///< Empty: the operator says it.
  std::vector<std::string> hosts;  ///< Names (`*.okta.com`) that are this product's own.
};

enum class Method : std::uint8_t { GET, HEAD, POST, PUT, PATCH, DELETE };
enum class Accept : std::uint8_t { json, xml, text, none };

enum class PageKind : std::uint8_t { cursor, link, offset };

/// How a read goes on to the next page.
struct PagesSpec {
  PageKind kind = PageKind::cursor;
  std::string items;        ///< Where the list is in an answer, e.g. `body.data`.
  std::string next;         ///< cursor: where the next one is.
  std::string query;        ///< cursor, offset: the parameter that carries it.
  std::uint32_t most = 20;  ///< Pages; past them the read fails.
};

struct RequestSpec {
  Method method = Method::GET;
  std::string endpoint = "api";
  std::string path;
  boost::json::object query;
  boost::json::object headers;
  std::optional<boost::json::value> json;
  std::optional<boost::json::object> form;  ///< Values are text, or { json: ... }, { xml: ... }.
  std::optional<boost::json::value> xml;
  std::string content_type;  ///< Of `json`, where it is not application/json.
  Accept accept = Accept::json;
  std::uint32_t timeout_s = 15;
  std::optional<PagesSpec> pages;
};

enum class AnswerClass : std::uint8_t {
  retryable,     ///< Trying again can help.
  permanent,     ///< Refused: it will be refused again.
  already_done,  ///< The state that was wanted holds.
  not_found,
  unauthorized,  ///< The credential is not taken: get another, once.
  forbidden,     ///< The credential is taken and may not do this.
  rate_limited,
  conflict,     ///< Somebody else changed it: read again.
  in_progress,  ///< The same is under way at the product.
};

/// The first whose `when` matches says what an answer means.
struct ErrorRule {
  json::value when;
  AnswerClass means = AnswerClass::permanent;
  std::string retry_after;  ///< Where the delay stands.
  bool milliseconds = false;
  std::string because;
};

/// Elements that bear numbers, each once: rules of an access list. Those of one range are meant.
struct NumberedSpec {
  std::string at;     ///< Where an element's number stands.
  std::string least;  ///< Where the bounds of the range stand: `options.first_rule`.
  std::string most;
};

/// A value taken out of an answer.
struct PickSpec {
  std::string from;
  json::value where;                     ///< For a list: which elements; the element is `item`.
  std::optional<NumberedSpec> numbered;  ///< For a list: only those of a range of numbers.
  bool unused = false;                   ///< The least number of the range that none of them has.
  std::string latest_by;                 ///< Of several the one with the greatest value here.
  std::string take;                      ///< What of the element.
  bool count = false;                    ///< How many there are, instead of one of them.
  std::uint32_t most = 0;                ///< So many of them as a list, instead of one; 0: one.
  std::string needed;                    ///< Without a value: not_found, for this reason.
  std::optional<ValueSpec> is;           ///< What the value must be to be used.
  bool record = true;                    ///< False: for later steps alone, in no record.
};

/// How a job of the product's is waited for.
struct WaitSpec {
  RequestSpec request;
  std::uint32_t every_s = 5;
  json::value done;
  json::value failed;
};

struct StepSpec {
  std::string id;
  RequestSpec request;
  json::value when;     ///< Over the facts: else the step is left out.
  json::value success;  ///< Empty: a status from 200 to 299.
  std::vector<ErrorRule> errors;
  json::object save;             ///< Name -> a path, or a PickSpec.
  std::optional<WaitSpec> wait;  ///< Of an act: the next step comes when its job has ended well.
};

struct RefusalSpec {
  json::value when;
  std::string because;
};

/// How the state that an operation changes is read: before, after, and in between.
struct StateSpec {
  std::vector<std::string> identity;  ///< The product's own ids: a rollback uses the saved ones.
  std::vector<StepSpec> steps;
  json::value in_effect;     ///< When what the operation wants is what holds.
  json::value pending;       ///< When it is on its way.
  std::string unverifiable;  ///< Why the product cannot say.
  std::vector<RefusalSpec> refuse;
};

enum class Repeat : std::uint8_t {
  safe,    ///< Sending it twice is the same as once.
  by_key,  ///< The product knows our key and does it once.
  once,    ///< Never sent again; the state tells what became of it.
};

struct ActSpec {
  std::vector<StepSpec> steps;
  Repeat repeat = Repeat::once;
  std::optional<WaitSpec> wait;
  /// Sent when the steps have ended, well or not, once the first was sent: a session that is
  /// closed, a draft that is thrown away. Whatever they answer, the outcome stays.
  std::vector<StepSpec> finally;
  bool alone = false;  ///< No other such operation of this connector runs meanwhile.
};

struct UndoSpec {
  std::string verb;
  std::string none;    ///< Why nothing undoes it.
  std::string limits;  ///< What undoing does not bring back.
};

struct OperationSpec {
  std::string summary;
  std::map<std::string, ValueSpec> targets;  ///< By kind.
  /// By kinds that name no place at the product (an alert): the option that says where it goes.
  std::map<std::string, std::string> targets_from;
  std::map<std::string, ValueSpec> parameters;
  /// The verb's parameters that the product is not told of: the values that hold there anyhow, or
  /// `any` where they only inform.
  std::map<std::string, json::value> implied;
  std::string scopes;  ///< What the credential must be allowed.
  StateSpec state;
  ActSpec act;
  std::string ends_after;  ///< The parameter (seconds) after which the product lets go by itself.
  /// What that parameter is where the product cannot keep a time so short or long: without end.
  std::optional<std::int64_t> without_end;
  UndoSpec undo;
};

/// The time that a query asks about, around the alert's.
struct WindowSpec {
  std::uint32_t before_s = 3600;
  std::uint32_t after_s = 600;
};

/// What an answer says for or against malice.
struct SignalSpec {
  std::string name;
  json::value when;       ///< Over what was found; empty: whenever something was.
  double strength = 1.0;  ///< Or:
  std::string from;       ///< A number that was found,
  double of = 100;        ///< as a share of this.
};

/// What becomes of an answer.
struct EvidenceSpec {
  std::string source;                            ///< Empty: the product's class.
  model::Trust trust = model::Trust::untrusted;  ///< Of the values that have a closed type.
  json::value found;    ///< Over what was saved; else it is `empty`. Nothing said: anything saved.
  std::string summary;  ///< Over values of closed types.
  std::vector<SignalSpec> signals;
};

/// A question that the product answers about an entity. It reads, and changes nothing.
struct QuerySpec {
  std::string about;                          ///< What it answers, in a sentence; a model reads it.
  std::map<std::string, ValueSpec> entities;  ///< By kind.
  bool at_arrival = true;  ///< Asked for each alert; else only where a model asks for it.
  bool outside = false;    ///< Others than us learn what is asked: nothing of our own is.
  std::string scopes;      ///< What the credential must be allowed.
  std::optional<WindowSpec> window;
  std::vector<StepSpec> steps;
  EvidenceSpec evidence;
  std::uint32_t keep_s = 3600;  ///< How long an answer is good; 0: not kept.
};

enum class AuthKind : std::uint8_t {
  none,
  api_key,
  bearer,
  basic,
  oauth2,
  session,
  hmac,
  mtls,
  aws_sigv4,
};
enum class Grant : std::uint8_t { client_credentials, jwt_bearer };
enum class ClientAuth : std::uint8_t { body, basic };
enum class Algorithm : std::uint8_t { hmac_sha256, sha256 };
enum class Encoding : std::uint8_t { hex, base64 };

/// What is signed, and where the signature goes.
struct SignatureSpec {
  Algorithm algorithm = Algorithm::hmac_sha256;
  std::string secret;             ///< The key of an HMAC.
  std::vector<std::string> text;  ///< Templates, one after the other.
  std::string separator;
  Encoding encoding = Encoding::hex;
  json::object headers;
};

/// What a token is asked for with (RFC 7523), signed with RS256. Templates, but for the key.
struct AssertionSpec {
  std::string issuer;
  std::string subject;
  std::string audience;
  std::string key;  ///< The secret with an RSA private key (PKCS#8, PEM).
};

/// AWS Signature Version 4.
struct AwsSpec {
  std::string region;  ///< A template.
  std::string service;
  std::string access_key;  ///< Names of secrets.
  std::string secret_key;
};

struct AuthSpec {
  AuthKind kind = AuthKind::none;
  std::string header = "Authorization";
  std::string query;   ///< api_key: the parameter that carries it, instead of a header.
  std::string member;  ///< api_key: the member of a JSON body that carries it.
  std::string prefix;  ///< Before the key or token: `Bearer `, `SSWS `.
  std::string secret;  ///< api_key, bearer.
  std::string user;    ///< basic: templates over options and secrets.
  std::string password;
  std::optional<RequestSpec> login;  ///< session
  json::value success;
  std::string token = "body.access_token";   ///< Where it stands in the answer; or `header.name`.
  json::value lifetime = "body.expires_in";  ///< Where its seconds stand, or the seconds; 0: none.
  std::string endpoint = "api";              ///< oauth2
  std::string path;
  std::string client_id;
  std::string client_secret;
  std::string scope;
  ClientAuth client_auth = ClientAuth::body;
  Grant grant = Grant::client_credentials;
  AssertionSpec assertion;  ///< oauth2 with the grant jwt_bearer
  json::value refused;      ///< What besides 401 says that the credential is not taken.
  SignatureSpec signature;
  AwsSpec aws;  ///< aws_sigv4
};

struct LimitSpec {
  std::uint32_t requests = 1;
  std::uint32_t per_s = 1;
};

struct ErrorDetailSpec {
  std::string code;
  std::string message;
};

struct ManifestSpec {
  std::int64_t manifest = 0;
  ConnectorSpec connector;
  std::map<std::string, EndpointSpec> endpoints;
  std::map<std::string, ValueSpec> options;
  std::vector<std::string> secrets;
  AuthSpec auth;
  std::vector<LimitSpec> limits;
  std::uint32_t concurrency = 8;
  std::vector<ErrorRule> errors;
  ErrorDetailSpec error_detail;
  std::map<std::string, OperationSpec> operations;  ///< By verb.
  std::map<std::string, QuerySpec> queries;         ///< By name.
};

BOOST_DESCRIBE_ENUM(ProductClass, edr, idp, firewall, ticket, chat, paging, intel, siem)
BOOST_DESCRIBE_STRUCT(ConnectorSpec, (), (id, title, product, versions, sources))
BOOST_DESCRIBE_STRUCT(EndpointSpec, (), (url, hosts))
BOOST_DESCRIBE_ENUM(Method, GET, HEAD, POST, PUT, PATCH, DELETE)
BOOST_DESCRIBE_ENUM(Accept, json, xml, text, none)
BOOST_DESCRIBE_ENUM(PageKind, cursor, link, offset)
BOOST_DESCRIBE_STRUCT(PagesSpec, (), (kind, items, next, query, most))
BOOST_DESCRIBE_STRUCT(RequestSpec,
                      (),
                      (method,
                       endpoint,
                       path,
                       query,
                       headers,
                       json,
                       form,
                       xml,
                       content_type,
                       accept,
                       timeout_s,
                       pages))
BOOST_DESCRIBE_ENUM(AnswerClass,
                    retryable,
                    permanent,
                    already_done,
                    not_found,
                    unauthorized,
                    forbidden,
                    rate_limited,
                    conflict,
                    in_progress)
BOOST_DESCRIBE_STRUCT(ErrorRule, (), (when, means, retry_after, milliseconds, because))
BOOST_DESCRIBE_STRUCT(NumberedSpec, (), (at, least, most))
BOOST_DESCRIBE_STRUCT(
    PickSpec, (), (from, where, numbered, unused, latest_by, take, count, most, needed, is, record))
BOOST_DESCRIBE_STRUCT(StepSpec, (), (id, request, when, success, errors, save, wait))
BOOST_DESCRIBE_STRUCT(RefusalSpec, (), (when, because))
BOOST_DESCRIBE_STRUCT(StateSpec, (), (identity, steps, in_effect, pending, unverifiable, refuse))
BOOST_DESCRIBE_ENUM(Repeat, safe, by_key, once)
BOOST_DESCRIBE_STRUCT(WaitSpec, (), (request, every_s, done, failed))
BOOST_DESCRIBE_STRUCT(ActSpec, (), (steps, repeat, wait, finally, alone))
BOOST_DESCRIBE_STRUCT(UndoSpec, (), (verb, none, limits))
BOOST_DESCRIBE_STRUCT(OperationSpec,
                      (),
                      (summary,
                       targets,
                       targets_from,
                       parameters,
                       implied,
                       scopes,
                       state,
                       act,
                       ends_after,
                       without_end,
                       undo))
BOOST_DESCRIBE_STRUCT(WindowSpec, (), (before_s, after_s))
BOOST_DESCRIBE_STRUCT(SignalSpec, (), (name, when, strength, from, of))
BOOST_DESCRIBE_STRUCT(EvidenceSpec, (), (source, trust, found, summary, signals))
BOOST_DESCRIBE_STRUCT(
    QuerySpec, (), (about, entities, at_arrival, outside, scopes, window, steps, evidence, keep_s))
BOOST_DESCRIBE_ENUM(AuthKind, none, api_key, bearer, basic, oauth2, session, hmac, mtls, aws_sigv4)
BOOST_DESCRIBE_ENUM(Grant, client_credentials, jwt_bearer)
BOOST_DESCRIBE_ENUM(ClientAuth, body, basic)
BOOST_DESCRIBE_ENUM(Algorithm, hmac_sha256, sha256)
BOOST_DESCRIBE_ENUM(Encoding, hex, base64)
BOOST_DESCRIBE_STRUCT(SignatureSpec, (), (algorithm, secret, text, separator, encoding, headers))
BOOST_DESCRIBE_STRUCT(AssertionSpec, (), (issuer, subject, audience, key))
BOOST_DESCRIBE_STRUCT(AwsSpec, (), (region, service, access_key, secret_key))
BOOST_DESCRIBE_STRUCT(AuthSpec,
                      (),
                      (kind,
                       header,
                       query,
                       member,
                       prefix,
                       secret,
                       user,
                       password,
                       login,
                       success,
                       token,
                       lifetime,
                       endpoint,
                       path,
                       client_id,
                       client_secret,
                       scope,
                       client_auth,
                       grant,
                       assertion,
                       refused,
                       signature,
                       aws))
BOOST_DESCRIBE_STRUCT(LimitSpec, (), (requests, per_s))
BOOST_DESCRIBE_STRUCT(ErrorDetailSpec, (), (code, message))
BOOST_DESCRIBE_STRUCT(ManifestSpec,
                      (),
                      (manifest,
                       connector,
                       endpoints,
                       options,
                       secrets,
                       auth,
                       limits,
                       concurrency,
                       errors,
                       error_detail,
                       operations,
                       queries))

}  // namespace sallyport::connectors::manifest
