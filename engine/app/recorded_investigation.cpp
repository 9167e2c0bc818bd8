#include "engine/app/recorded_investigation.hpp"

#include "engine/app/policy_versions.hpp"
#include "engine/app/recorded_decision.hpp"
#include "engine/app/recorded_uses.hpp"
#include "engine/app/store_records.hpp"
#include "engine/base/digest.hpp"
#include "engine/base/file.hpp"
#include "engine/config/document.hpp"
#include "engine/gate/usage.hpp"
#include "engine/investigate/kept.hpp"
#include "engine/investigate/verdicts.hpp"
#include "engine/store/ledger.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <utility>

namespace sallyport::app {

namespace fs = std::filesystem;

namespace {

/// The file of one investigation.
struct Filed {
  model::Alert alert;
  model::Verdict verdict;
  investigate::Recording recording;
  std::string policy;  ///< Its hash.
  Time decided_at;
};

BOOST_DESCRIBE_STRUCT(Filed, (), (alert, verdict, recording, policy, decided_at))

/// Reads what Rules::kept holds.
Result<> read_rules(const std::string& text, RecordedInvestigation& into) {
  const auto document = parse_json(text);
  const auto* parts = document ? document->if_object() : nullptr;
  const auto* reasoner = parts ? parts->if_contains("reasoner") : nullptr;
  const auto* verbs = parts ? parts->if_contains("verbs") : nullptr;
  if (!reasoner || !verbs)
    return fail(Errc::corrupt, "the recorded rules are no document of rules");
  Faults faults;
  into.catalogue = std::make_shared<const model::Catalogue>(
      model::Catalogue::read(json::value{{"verbs", *verbs}}, faults));
  into.rules = investigate::Rules::read(*reasoner, *into.catalogue, faults);
  if (has_errors(faults) || !into.rules)
    return fail(Errc::invalid_input,
                "the recorded rules cannot be used by this engine: " + summary(faults));
  return {};
}

Result<std::shared_ptr<const gate::Policy>> compiled(const std::string& text,
                                                     gate::PolicyVersion version,
                                                     const model::Catalogue& catalogue) {
  const auto document = config::Document::parse(text, "policy");
  if (!document) return std::unexpected{document.error()};
  Faults faults;
  auto policy = gate::Policy::compile(document->root(), catalogue, std::move(version), faults);
  if (!policy) return fail(Errc::invalid_input, document->render(faults));
  return policy;
}

bool same_in_full(const model::Decision& a, const model::Decision& b) {
  return to_json(a) == to_json(b);
}

/// One policy and one moment; nothing was used up: as `investigate` decides.
class FiledDecisions final : public PastDecisions {
 public:
  FiledDecisions(std::shared_ptr<const gate::Policy> policy, Time at)
      : policy_{std::move(policy)}, at_{at} {}

  [[nodiscard]] Result<model::Decision> again(const model::ActionRequest& request,
                                              const model::Decision* /*recorded*/,
                                              const gate::Policy* policy) override {
    const auto& decides = policy ? *policy : *policy_;
    return decides.explain(decides.decide(request, at_, gate::Usage{}), request);
  }

 private:
  std::shared_ptr<const gate::Policy> policy_;
  Time at_;
};

/// As the ledger tells it.
class LedgerDecisions final : public PastDecisions {
 public:
  LedgerDecisions(const store::Store& store,
                  std::shared_ptr<const model::Catalogue> catalogue,
                  std::string tenant,
                  Time concluded_at)
      : store_{store},
        catalogue_{std::move(catalogue)},
        tenant_{std::move(tenant)},
        concluded_at_{concluded_at} {}

  /// Reads the entries about `subject`: the investigation, or an action that it led to.
  Result<> read(const std::string& subject) {
    std::optional<Error> broken;
    const auto read = store::query_ledger(
        store_,
        tenant_,
        {.kinds = {model::EntryKind::decided}, .subject = subject, .after = {}},
        [&](std::uint64_t, std::string_view line) {
          const auto entry = from_json<model::LedgerEntry>(line);
          auto decision = entry ? recorded_decision(*entry)
                                : Result<RecordedDecision>{std::unexpected{entry.error()}};
          if (!decision) {
            broken = decision.error();
            return false;
          }
          if (decision->asking != Asking::again) entries_.push_back(*std::move(decision));
          return true;
        });
    if (!read) return read;
    if (broken) return std::unexpected{*broken};
    return {};
  }

  [[nodiscard]] Result<model::Decision> again(const model::ActionRequest& request,
                                              const model::Decision* recorded,
                                              const gate::Policy* policy) override {
    const auto asked = std::ranges::find_if(entries_, [&](const RecordedDecision& entry) {
      return entry.request.action == request.action &&
             entry.request.target.kind == request.target.kind &&
             entry.request.target.value == request.target.value;
    });
    const bool known = asked != entries_.end();
    const Moment moment{.at = known ? asked->at : concluded_at_,
                        .seq = known ? asked->seq : 0,
                        .connector = known ? asked->connector : ""};
    std::shared_ptr<const gate::Policy> own;
    if (!policy) {
      auto of_then = known ? policy_of(asked->decision.policy_version) : policy_in_force();
      if (!of_then) return std::unexpected{of_then.error()};
      own = *std::move(of_then);
      policy = own.get();
    }
    // Most decisions hang on no limit, and reading what was used up costs a day of the ledger.
    if (recorded && own) {
      auto decision = decide(*policy, request, moment, gate::Usage{});
      if (same_in_full(decision, *recorded)) return decision;
    }
    if (const auto read = read_uses(moment.at); !read) return std::unexpected{read.error()};
    using enum RecordedUses::Close;
    const auto under = [&](RecordedUses::Close close) {
      return decide(
          *policy, request, moment, RecordedUses::View{*uses_, moment.at, moment.seq, close});
    };
    auto decision = under(as_recorded);
    if (!recorded || !own || same_in_full(decision, *recorded)) return decision;
    for (const auto close : {none, all}) {
      auto other = under(close);
      if (same_in_full(other, *recorded)) return other;
    }
    return decision;
  }

 private:
  struct Moment {
    Time at;
    std::uint64_t seq = 0;
    std::string connector;
  };

  static model::Decision decide(const gate::Policy& policy,
                                const model::ActionRequest& request,
                                const Moment& moment,
                                const gate::UsageView& uses) {
    return policy.explain(policy.decide(request, moment.at, uses, moment.connector), request);
  }

  Result<std::shared_ptr<const gate::Policy>> policy_of(std::uint64_t version) {
    if (const auto known = policies_.find(version); known != policies_.end()) return known->second;
    const auto stored = policy_version(store_, version);
    if (!stored) return std::unexpected{stored.error()};
    auto policy = compiled(stored->text, {.version = version, .hash = stored->hash}, *catalogue_);
    if (policy) policies_[version] = *policy;
    return policy;
  }

  Result<std::shared_ptr<const gate::Policy>> policy_in_force() {
    const auto stored = policy_at(store_, concluded_at_);
    if (!stored) return std::unexpected{stored.error()};
    return policy_of(stored->version);
  }

  Result<> read_uses(Time at) {
    if (uses_) return {};
    uses_.emplace();
    StoreRecords records{store_};
    return records.entries(tenant_,
                           {model::EntryKind::decided},
                           at - std::chrono::hours{25},
                           at + 2 * RecordedUses::closeness,
                           [&](const model::LedgerEntry& entry) {
                             if (const auto decision = recorded_decision(entry))
                               uses_->add(*decision);
                             return true;
                           });
  }

  const store::Store& store_;
  std::shared_ptr<const model::Catalogue> catalogue_;
  std::string tenant_;
  Time concluded_at_;
  std::vector<RecordedDecision> entries_;
  std::map<std::uint64_t, std::shared_ptr<const gate::Policy>> policies_;
  std::optional<RecordedUses> uses_;
};

/// The alert of a verdict: by its tenant and uid, of whatever source.
Result<model::Alert> alert_of(const store::Store& store, const model::Verdict& verdict) {
  if (verdict.alerts.empty()) return fail(Errc::corrupt, "the verdict names no alert");
  // The evidence that the alert is says which source it came from.
  for (const auto& item : verdict.evidence) {
    if (item.source != "alert") continue;
    const auto data = item.data.tree();
    const auto* source = data.if_contains("source");
    if (!source || !source->is_string()) continue;
    const std::string name{std::string_view{source->get_string()}};
    return store.load<model::Alert>(store::Table::alerts,
                                    store::key({verdict.tenant, name, verdict.alerts.front()}));
  }
  return fail(Errc::corrupt, "the verdict does not say where its alert came from");
}

/// Where a folder keeps the bytes of a hash.
fs::path kept_file(const fs::path& folder, std::string_view hash) {
  constexpr std::string_view algorithm = "sha256:";
  if (hash.starts_with(algorithm)) hash.remove_prefix(algorithm.size());
  // It is a name of ours or none: nothing that leads elsewhere.
  const bool sound =
      hash.size() == 64 && hash.find_first_not_of("0123456789abcdef") == std::string_view::npos;
  return folder / "kept" / (sound ? std::string{hash} : "unnamed");
}

Result<std::string> kept_bytes(const fs::path& folder, const std::string& hash) {
  const auto file = kept_file(folder, hash);
  auto bytes = read_file(file);
  if (bytes && content_hash(*bytes) != hash)
    return fail(Errc::invalid_input, fmt::format("{}: was changed", file.string()));
  return bytes;
}

Result<> write_file(const fs::path& file, std::string_view bytes) {
  std::ofstream stream{file, std::ios::binary};
  stream << bytes;
  stream.close();
  if (!stream) return fail(Errc::unavailable, fmt::format("{}: cannot be written", file.string()));
  return {};
}

}  // namespace

Result<RecordedInvestigation> recorded_in(const store::Store& store, model::Verdict verdict) {
  if (!verdict.recording)
    return fail(Errc::not_found,
                fmt::format("version {} of investigation {} was not recorded "
                            "(retention.recordings_days of the settings)",
                            verdict.version,
                            verdict.investigation));
  const auto bytes = investigate::find_kept(store, *verdict.recording);
  if (!bytes) return std::unexpected{bytes.error()};
  auto recording = from_json<investigate::Recording>(*bytes);
  if (!recording) return std::unexpected{recording.error()};
  const auto rules = investigate::find_kept(store, recording->rules);
  if (!rules) return std::unexpected{rules.error()};
  auto alert =
      recording->story ? Result<model::Alert>{recording->story->whole} : alert_of(store, verdict);
  if (!alert) return std::unexpected{alert.error()};

  RecordedInvestigation found;
  if (const auto read = read_rules(*rules, found); !read) return std::unexpected{read.error()};
  auto decisions = std::make_unique<LedgerDecisions>(
      store, found.catalogue, verdict.tenant, verdict.concluded_at);
  std::vector<std::string> subjects{verdict.investigation};
  for (const auto& proposal : verdict.proposals)
    if (proposal.action_id) subjects.push_back(*proposal.action_id);
  for (const auto& subject : subjects) {
    if (const auto read = decisions->read(subject); !read) return std::unexpected{read.error()};
  }
  found.decisions = std::move(decisions);
  found.account = {.alert = std::make_shared<const model::Alert>(*std::move(alert)),
                   .verdict = std::move(verdict),
                   .recording = *std::move(recording)};
  return found;
}

Result<RecordedInvestigation> recorded_at(const fs::path& file) {
  const auto bytes = read_file(file);
  if (!bytes) return std::unexpected{bytes.error()};
  const auto refuse = [&](const Error& error) {
    return fail(error.code, fmt::format("{}: {}", file.string(), error.detail));
  };
  auto filed = from_json<Filed>(*bytes);
  if (!filed) return refuse(filed.error());
  const auto folder = file.parent_path();
  const auto rules = kept_bytes(folder, filed->recording.rules);
  if (!rules) return std::unexpected{rules.error()};
  RecordedInvestigation found;
  if (const auto read = read_rules(*rules, found); !read) return refuse(read.error());
  const auto text = kept_bytes(folder, filed->policy);
  if (!text) return std::unexpected{text.error()};
  auto policy = compiled(*text, {.version = 1, .hash = filed->policy}, *found.catalogue);
  if (!policy) return refuse(policy.error());
  found.decisions = std::make_unique<FiledDecisions>(*std::move(policy), filed->decided_at);
  found.account = {.alert = std::make_shared<const model::Alert>(std::move(filed->alert)),
                   .verdict = std::move(filed->verdict),
                   .recording = std::move(filed->recording)};
  return found;
}

Result<> record_to(const fs::path& folder,
                   const model::Alert& alert,
                   const model::Verdict& verdict,
                   const std::string& policy_text,
                   Time decided_at) {
  if (!verdict.recording)
    return fail(Errc::invalid_input, "what this investigation was told is too much to record");
  Filed filed{.alert = alert,
              .verdict = verdict,
              .recording = {},
              .policy = content_hash(policy_text),
              .decided_at = decided_at};
  std::error_code error;
  fs::create_directories(folder / "kept", error);
  if (error)
    return fail(Errc::unavailable, fmt::format("{}: {}", folder.string(), error.message()));
  std::map<std::string, std::string> beside{{filed.policy, policy_text}};
  for (const auto& kept : verdict.kept) {
    if (kept->hash != *verdict.recording) {
      beside[kept->hash] = kept->text;
      continue;
    }
    auto recording = from_json<investigate::Recording>(kept->text);
    if (!recording) return std::unexpected{recording.error()};
    filed.recording = *std::move(recording);
  }
  for (const auto& [hash, text] : beside) {
    const auto file = kept_file(folder, hash);
    if (fs::exists(file, error)) continue;
    if (const auto written = write_file(file, text); !written) return written;
  }
  return write_file(folder / (verdict.investigation + ".json"), to_json(filed) + '\n');
}

}  // namespace sallyport::app
