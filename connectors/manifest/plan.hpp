#pragma once

#include "connectors/manifest/spec.hpp"
#include "connectors/manifest/template.hpp"
#include "connectors/manifest/tree.hpp"
#include "engine/base/json.hpp"
#include "engine/config/document.hpp"
#include "engine/match/detection.hpp"
#include "engine/model/catalogue.hpp"

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace sallyport::connectors::manifest {

using Question = std::optional<match::Detection>;

struct FormField {
  enum class Kind : std::uint8_t { text, json, xml };

  std::string name;
  Kind kind = Kind::text;
  Tree value;
};

using NamedTemplates = std::vector<std::pair<std::string, Template>>;

struct RequestPlan {
  Method method = Method::GET;
  std::string endpoint;
  std::vector<Template> segments;
  bool slash_at_end = false;
  NamedTemplates query;
  NamedTemplates headers;
  std::optional<Tree> json_body;
  std::string content_type;
  std::optional<Tree> xml_body;
  std::vector<FormField> form;
  bool has_form = false;
  Accept accept = Accept::json;
  std::chrono::seconds timeout{15};
  std::optional<PagesSpec> pages;
};

struct ErrorPlan {
  Question when;
  AnswerClass means = AnswerClass::permanent;
  std::string retry_after;
  bool milliseconds = false;
  std::string because;
};

struct PickPlan {
  std::string name;
  std::string from;
  Question where;
  std::optional<NumberedSpec> numbered;
  bool unused = false;
  std::string latest_by;
  std::string take;
  bool count = false;
  std::uint32_t most = 0;
  std::string needed;
  std::optional<ValueSpec> is;
  bool record = true;

  /// A value that no character of can be taken for anything else than what it is.
  [[nodiscard]] bool closed() const { return count || unused || (is && is_closed(is->type)); }
};

struct WaitPlan;

struct StepPlan {
  std::string id;
  RequestPlan request;
  Question when;
  Question success;
  std::vector<ErrorPlan> errors;
  std::vector<PickPlan> save;
  std::shared_ptr<const WaitPlan> wait{};  ///< nullptr: nothing is waited for.
};

struct RefusalPlan {
  Question when;
  std::string because;
};

struct WaitPlan {
  StepPlan look;
  std::chrono::seconds every{5};
  Question done;
  Question failed;
};

struct OperationPlan {
  std::string verb;
  std::map<std::string, ValueSpec> targets;
  std::map<std::string, std::string> targets_from;
  std::map<std::string, ValueSpec> parameters;
  std::map<std::string, json::value> implied;
  std::vector<std::string> identity;
  std::vector<StepPlan> state;
  Question in_effect;  ///< Empty: the product cannot say.
  Question pending;
  std::string unverifiable;
  std::vector<RefusalPlan> refuse;
  std::vector<StepPlan> act;
  Repeat repeat = Repeat::once;
  std::optional<WaitPlan> wait;
  std::vector<StepPlan> finally;
  bool alone = false;
  std::string ends_after;
  std::optional<std::int64_t> without_end;
  /// What the catalogue allows as `duration_s` of what can be undone: what the product does not end
  /// by itself after it, the engine undoes.
  std::optional<ValueSpec> duration;
  UndoSpec undo;
};

struct SignalPlan {
  std::string name;
  Question when;
  double strength = 1.0;
  std::string from;
  double of = 100;
};

struct QueryPlan {
  std::string name;
  std::string about;
  std::map<std::string, ValueSpec> entities;
  bool at_arrival = true;
  bool outside = false;
  std::optional<WindowSpec> window;
  std::vector<StepPlan> steps;
  std::string source;  ///< Of the evidence, before the connector's name.
  model::Trust trust = model::Trust::untrusted;
  Question found;
  Template summary;
  std::vector<SignalPlan> signals;
  std::chrono::seconds keep{3600};
};

struct SignaturePlan {
  Algorithm algorithm = Algorithm::hmac_sha256;
  std::string secret;
  std::vector<Template> text;
  std::string separator;
  Encoding encoding = Encoding::hex;
  NamedTemplates headers;
};

struct AssertionPlan {
  Template issuer;
  Template subject;
  Template audience;
  Template scope;
  std::string key;
};

struct AwsPlan {
  Template region;
  std::string service;
  std::string access_key;
  std::string secret_key;
};

/// How a request gets its credential.
struct AuthPlan {
  AuthKind kind = AuthKind::none;
  std::string header;
  std::string query;
  std::string member;
  std::string prefix;
  std::string secret;
  Template user;
  Template password;
  std::optional<StepPlan> login;  ///< oauth2 and session
  bool login_basic = false;       ///< The login carries user and password as basic credentials.
  std::string token;
  std::string lifetime;                ///< Where the seconds stand; empty: `lifetime_s`.
  std::chrono::seconds lifetime_s{0};  ///< 0: until it is refused.
  Question refused;
  std::optional<SignaturePlan> signature;
  std::optional<AssertionPlan> assertion;  ///< What the login carries.
  std::optional<AwsPlan> aws;
};

/// A manifest that was found sound. Immutable; thread-safe.
struct Plan {
  ConnectorSpec connector;
  std::map<std::string, EndpointSpec> endpoints;
  std::map<std::string, ValueSpec> options;
  std::vector<std::string> secrets;
  AuthPlan auth;
  std::vector<LimitSpec> limits;
  std::uint32_t concurrency = 8;
  std::vector<ErrorPlan> errors;
  ErrorDetailSpec error_detail;
  std::map<std::string, OperationPlan, std::less<>> operations;
  std::map<std::string, QueryPlan, std::less<>> queries;
  std::string hash;  ///< Of the document.
};

/// What a manifest may be as a file: the longest that is shipped holds a fiftieth of these values.
/// It is read while the engine runs, and aliases that stand for aliases would take minutes.
inline constexpr config::DocumentLimits file_limits{
    .bytes = 1U << 20U, .depth = 64, .nodes = 50'000};

/// Reads and checks a manifest against the verbs of `catalogue`. Every fault and every probable
/// mistake is appended to `faults`; nullptr when one of them is an error.
[[nodiscard]] std::shared_ptr<const Plan> compile(const config::Document& document,
                                                  const model::Catalogue& catalogue,
                                                  Faults& faults);

/// The same from a file. Errors: not_found, invalid_input: every fault, one a line, by
/// file:line:column.
[[nodiscard]] Result<std::shared_ptr<const Plan>> load(const std::filesystem::path& file,
                                                       const model::Catalogue& catalogue);

}  // namespace sallyport::connectors::manifest
