#include "engine/ingest/ocsf_output.hpp"

#include "engine/base/json.hpp"
#include "engine/model/alert.hpp"
#include "engine/model/verdict.hpp"

#include <fmt/compile.h>
#include <fmt/format.h>
#include <simdjson.h>

#include <array>
#include <cmath>
#include <utility>

namespace sallyport::ingest {

namespace {

namespace ondemand = simdjson::ondemand;

/// simdjson reads past the end of its input, and lines of the store have nothing there.
class PaddedDocument {
 public:
  explicit PaddedDocument(std::string_view text) {
    bytes().reserve(text.size() + simdjson::SIMDJSON_PADDING);
    bytes().assign(text);
    const simdjson::padded_string_view padded{bytes().data(), bytes().size(), bytes().capacity()};
    if (parser().iterate(padded).get(document_) == simdjson::SUCCESS)
      (void)(document_.get_object().get(object_) == simdjson::SUCCESS && (readable_ = true));
  }

  [[nodiscard]] bool readable() const { return readable_; }

  /// The members are asked for in their order: each is looked for after the one before.
  std::optional<std::string_view> text(std::string_view name) {
    std::string_view value;
    if (object_[name].get_string().get(value) != simdjson::SUCCESS) return std::nullopt;
    return value;
  }

  std::optional<double> number(std::string_view name) {
    double value = 0;
    if (object_[name].get_double().get(value) != simdjson::SUCCESS) return std::nullopt;
    return value;
  }

  std::vector<std::string> texts(std::string_view name) {
    std::vector<std::string> values;
    ondemand::array list;
    if (object_[name].get_array().get(list) != simdjson::SUCCESS) return values;
    for (auto item : list) {
      std::string_view value;
      if (item.get_string().get(value) == simdjson::SUCCESS) values.emplace_back(value);
    }
    return values;
  }

 private:
  static std::string& bytes() {
    thread_local std::string bytes;
    return bytes;
  }

  static ondemand::parser& parser() {
    thread_local ondemand::parser parser;
    return parser;
  }

  ondemand::document document_;
  ondemand::object object_;
  bool readable_ = false;
};

struct Named {
  int id;
  std::string_view caption;
};

Named ocsf_verdict(std::optional<model::Judgement> judgement) {
  if (!judgement) return {0, "Unknown"};
  switch (*judgement) {
    using enum model::Judgement;
    case malicious:
      return {2, "True Positive"};
    case suspicious:
      return {4, "Suspicious"};
    case benign:
      return {5, "Benign"};
    case false_positive:
      return {1, "False Positive"};
    case inconclusive:
      break;
  }
  return {7, "Insufficient Data"};
}

/// Where the incident stands: done, being worked on, or waiting for somebody to look.
Named incident_status(std::optional<model::Judgement> judgement) {
  switch (judgement.value_or(model::Judgement::inconclusive)) {
    using enum model::Judgement;
    case benign:
    case false_positive:
      return {4, "Resolved"};
    case malicious:
    case suspicious:
      return {2, "In Progress"};
    case inconclusive:
      break;
  }
  return {1, "New"};
}

Named remediation_status(std::string_view state) {
  static constexpr std::array<std::pair<std::string_view, Named>, 6> ends{
      {{"succeeded", {1, "Success"}},
       {"verified", {1, "Success"}},
       {"rolled_back", {1, "Success"}},
       {"released", {1, "Success"}},
       {"failed", {2, "Failure"}},
       {"rollback_failed", {2, "Failure"}}}};
  for (const auto& [name, status] : ends)
    if (name == state) return status;
  return {99, state};  // on its way, or held back: our own word for it
}

/// The D3FEND tactic of the techniques that schemas/actions.yaml names, as an activity of OCSF.
Named remediation_tactic(std::string_view technique) {
  static constexpr Named isolate{1, "Isolate"};
  static constexpr Named evict{2, "Evict"};
  static constexpr Named restore{3, "Restore"};
  static constexpr Named harden{4, "Harden"};
  static constexpr std::array<std::pair<std::string_view, Named>, 14> tactics{
      {{"D3-CQ", isolate},
       {"D3-EDL", isolate},
       {"D3-NTF", isolate},
       {"D3-DNSDL", isolate},
       {"D3-NI", isolate},
       {"D3-PT", evict},
       {"D3-AL", evict},
       {"D3-ST", evict},
       {"D3-DKE", evict},
       {"D3-RF", restore},
       {"D3-RC", restore},
       {"D3-RNA", restore},
       {"D3-ULA", restore},
       {"D3-CRO", harden}}};
  for (const auto& [name, tactic] : tactics)
    if (name == technique) return tactic;
  if (technique == "D3-MFA") return harden;
  return {99, "Other"};
}

std::int64_t milliseconds(std::string_view rfc3339) {
  const auto time = parse_rfc3339(rfc3339);
  if (!time) return 0;
  return std::chrono::floor<std::chrono::milliseconds>(time->time_since_epoch()).count();
}

/// What every event has. `uid` is unique and the same when the entry is published again.
void append_head(std::string& out, const EntryView& entry, std::string_view uid) {
  fmt::format_to(
      std::back_inserter(out),
      FMT_COMPILE(R"("time":{},"metadata":{{"version":"1.3.0","uid":"{}","tenant_uid":"{}",)"
                  R"("sequence":{},"product":{{"name":"Sallyport","vendor_name":"Sallyport",)"
                  R"("version":"{}"}})"),
      milliseconds(entry.frame.at),
      uid,
      entry.frame.tenant,
      entry.frame.seq,
      SALLYPORT_VERSION);
}

void append_attacks(std::string& out, const std::vector<std::string>& techniques) {
  if (techniques.empty()) return;
  out += R"(,"attacks":[)";
  for (std::size_t i = 0; i < techniques.size(); ++i) {
    if (i > 0) out += ',';
    const std::string_view whole{techniques[i]};
    const auto technique = whole.substr(0, whole.find('.'));
    out += R"({"technique":{"uid":)";
    append_json(out, technique);
    if (technique != whole) {
      out += R"(},"sub_technique":{"uid":)";
      append_json(out, whole);
    }
    out += "}}";
  }
  out += ']';
}

void append_body(std::string& out, std::string_view body) {
  out += R"(,"unmapped":{"sallyport":)";
  out += body;
  out += "}}";
}

}  // namespace

std::optional<EntryView> view_entry(std::string_view line) {
  const auto frame = store::take_apart(line);
  if (!frame) return std::nullopt;
  // In a string the quotes would be escaped: this stands between actor and body and nowhere before.
  static constexpr std::string_view begins = R"("},"body":)";
  static constexpr std::string_view ends = R"(,"prev":")";
  const auto offset_of = [&](std::string_view part) {
    return static_cast<std::size_t>(part.data() - line.data());
  };
  const auto mark = line.find(begins, offset_of(frame->subject) + frame->subject.size());
  const auto end = offset_of(frame->prev) - ends.size();
  if (mark == std::string_view::npos || mark + begins.size() >= end) return std::nullopt;
  const auto begin = mark + begins.size();
  return EntryView{.frame = *frame, .body = line.substr(begin, end - begin)};
}

bool is_action_step(std::string_view kind) {
  static constexpr std::array<std::string_view, 13> kinds{"decided",
                                                          "approved",
                                                          "denied",
                                                          "expired",
                                                          "intended",
                                                          "executed",
                                                          "verified",
                                                          "rolled_back",
                                                          "rollback_failed",
                                                          "released",
                                                          "held",
                                                          "drifted",
                                                          "restored"};
  return std::ranges::find(kinds, kind) != kinds.end();
}

std::optional<std::string> incident_finding(const EntryView& entry) {
  PaddedDocument document{entry.body};
  if (!document.readable()) return std::nullopt;
  const auto alerts = document.texts("alerts");
  const bool again = document.number("version").value_or(1) > 1;
  const auto title = document.text("title");
  const auto severity_name = document.text("severity");
  const auto verdict = document.text("verdict");
  const auto confidence = document.number("confidence");
  const auto reasoner = document.text("reasoner");
  if (!title || !verdict || !confidence || !reasoner) return std::nullopt;
  const auto techniques = document.texts("techniques");

  const auto judgement = enum_of<model::Judgement>(*verdict);
  const auto ocsf = ocsf_verdict(judgement);
  const auto status = incident_status(judgement);
  const auto severity =
      severity_name ? enum_of<model::Severity>(*severity_name) : std::optional<model::Severity>{};

  std::string out;
  out.reserve(entry.body.size() + 1024);
  out +=
      R"({"class_uid":2005,"class_name":"Incident Finding","category_uid":2,"category_name":"Findings",)";
  out += again ? R"("type_uid":200502,"activity_id":2,"activity_name":"Update",)"
               : R"("type_uid":200501,"activity_id":1,"activity_name":"Create",)";
  append_head(out, entry, entry.frame.subject);
  fmt::format_to(
      std::back_inserter(out),
      FMT_COMPILE(R"(,"profiles":["incident"]}},"severity_id":{},"status_id":{},"status":"{}",)"
                  R"("verdict_id":{},"verdict":"{}","confidence_score":{},)"
                  R"("assignee":{{"name":"sallyport"}},"desc":)"),
      static_cast<int>(severity.value_or(model::Severity::unknown)),
      status.id,
      status.caption,
      ocsf.id,
      ocsf.caption,
      std::lround(*confidence * 100));
  append_json(out, fmt::format("{}: {}, by the {} reasoner", *title, *verdict, *reasoner));
  std::string escaped_title;
  append_json(escaped_title, *title);
  out += R"(,"finding_info_list":[)";
  for (std::size_t i = 0; i < alerts.size(); ++i) {
    if (i > 0) out += ',';
    out += R"({"uid":)";
    append_json(out, alerts[i]);
    out += R"(,"title":)";
    out += escaped_title;
    out += '}';
  }
  out += ']';
  append_attacks(out, techniques);
  append_body(out, entry.body);
  return out;
}

std::optional<ActionStep> remediation_activity(const EntryView& entry,
                                               const model::Catalogue& catalogue) {
  PaddedDocument document{entry.body};
  if (!document.readable()) return std::nullopt;
  const auto action = document.text("action");
  if (!action) return std::nullopt;
  const auto state = document.text("state");
  const auto name = document.text("verb");
  if (!state || !name) return std::nullopt;

  const auto* verb = catalogue.find(*name);
  const std::string_view technique = verb ? std::string_view{verb->d3fend} : std::string_view{};
  const auto tactic = remediation_tactic(technique);
  const auto status = remediation_status(*state);
  const auto severity =
      *state == "rollback_failed" ? model::Severity::high : model::Severity::informational;

  ActionStep step{.action = std::string{*action}, .event = {}};
  auto& out = step.event;
  out.reserve(entry.body.size() + 1024);
  fmt::format_to(
      std::back_inserter(out),
      FMT_COMPILE(
          R"({{"class_uid":7001,"class_name":"Remediation Activity","category_uid":7,)"
          R"("category_name":"Remediation","type_uid":{},"activity_id":{},"activity_name":"{}",)"),
      700100 + tactic.id,
      tactic.id,
      tactic.caption);
  append_head(out, entry, fmt::format("{}-{}", entry.frame.subject, entry.frame.seq));
  fmt::format_to(std::back_inserter(out),
                 FMT_COMPILE(R"(}},"severity_id":{},"status_id":{},"status":)"),
                 static_cast<int>(severity),
                 status.id);
  append_json(out, status.caption);
  out += R"(,"command_uid":)";
  append_json(out, *action);
  out += R"(,"message":)";
  append_json(out, fmt::format("{}: {}", *name, entry.frame.kind));
  if (!technique.empty()) {
    out += R"(,"countermeasures":[{"d3f_technique":{"uid":)";
    append_json(out, technique);
    out += R"(},"version":"1.2.0"}])";
  }
  append_body(out, entry.body);
  return step;
}

}  // namespace sallyport::ingest
