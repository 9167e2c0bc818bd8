#include "engine/audit/bundle.hpp"

#include "engine/audit/entry_facts.hpp"
#include "engine/audit/page.hpp"
#include "engine/audit/running_hash.hpp"

#include <fmt/format.h>

#include <array>
#include <utility>

namespace sallyport::audit {

namespace {

using model::EntryKind;

/// A file of ledger entries.
struct EntryFile {
  std::string name;
  std::string title;
  std::vector<EntryKind> kinds;
};

const std::array entry_files{
    EntryFile{"gate", "Decisions of the gate", {EntryKind::decided}},
    EntryFile{"approvals",
              "Answers of people",
              {EntryKind::approved, EntryKind::denied, EntryKind::expired}},
    EntryFile{"executions",
              "Executions",
              {EntryKind::intended,
               EntryKind::executing,
               EntryKind::executed,
               EntryKind::verified,
               EntryKind::released,
               EntryKind::held,
               EntryKind::drifted,
               EntryKind::restored}},
    EntryFile{"rollbacks", "Rollbacks", {EntryKind::rolled_back, EntryKind::rollback_failed}},
    EntryFile{"reviews", "Reviews of the gate log", {EntryKind::reviewed}},
};

/// A file of differences between policies.
struct PolicyFile {
  std::string name;
  std::string title;
  std::string section;
};

const std::array policy_files{
    PolicyFile{"tiers", "Tiers", "tier"},
    PolicyFile{"overrides", "Overrides", "overrides"},
    PolicyFile{"whitelist", "Whitelist", "whitelist"},
    PolicyFile{"protected", "Protected targets", "protected"},
    PolicyFile{"freezes", "Freezes", "freezes"},
    PolicyFile{"limits", "Limits", "limits"},
    PolicyFile{"authority", "Authority", "authority"},
    PolicyFile{"kill_switch", "Kill switch", "kill_switch"},
};

/// So many rows of each table stand on the page; all of them stand in the files.
constexpr std::size_t rows_on_the_page = 200;

const std::vector<std::string> entry_columns{
    "seq",         "tenant",       "at",           "kind",     "subject",      "actor_kind",
    "actor",       "action",       "state",        "verb",     "target_kind",  "target",
    "decision",    "reason",       "rule",         "tier",     "blast_radius", "policy_version",
    "policy_hash", "requested_by", "request_hash", "reverses", "rationale",    "detail",
    "changed",     "hash"};

const std::vector<std::string> change_columns{
    "at", "tenant", "version", "by_kind", "by", "reason", "item", "change", "before", "after"};

std::vector<std::string> cells_of(const model::LedgerEntry& entry, const EntryFacts& facts) {
  return {std::to_string(entry.seq),
          entry.tenant,
          to_rfc3339(entry.at),
          std::string{name_of(entry.kind)},
          entry.subject,
          entry.actor.kind,
          entry.actor.id,
          facts.action,
          facts.state,
          facts.verb,
          facts.target_kind,
          facts.target_value,
          facts.decision,
          facts.reason,
          facts.rule,
          facts.tier,
          facts.blast_radius,
          facts.policy_version == 0 ? "" : std::to_string(facts.policy_version),
          facts.policy_hash,
          facts.requested_by,
          facts.request_hash,
          facts.reverses,
          facts.rationale,
          facts.detail,
          facts.changed,
          entry.hash};
}

std::string shown(const json::value& value) {
  return value.is_null() ? "" : to_json(value);
}

std::vector<std::string> cells_of(const PolicyChange& change) {
  return {to_rfc3339(change.at),
          change.tenant,
          std::to_string(change.version),
          change.by.kind,
          change.by.id,
          change.reason,
          change.item,
          change.change,
          shown(change.before),
          shown(change.after)};
}

/// What the page says of one file.
struct Summary {
  std::string title;
  std::vector<std::string> columns;
  std::vector<std::vector<std::string>> rows;  ///< The first ones.
  std::uint64_t total = 0;
};

class BundleWriter {
 public:
  BundleWriter(const store::Store& store,
               const PolicyHistory& history,
               const BundleOrder& order,
               BundleSink& sink)
      : store_{store}, history_{history}, order_{order}, sink_{sink} {}

  Result<Manifest> write(const SigningKey* key) {
    manifest_.made_at = order_.made_at;
    manifest_.window = order_.window;
    if (key) manifest_.key = key->public_key().id();
    // The heads are read first: everything in the window that stands before them is in the files.
    for (const auto& tenant : order_.tenants) {
      const auto head = store::ledger_head(store_, tenant);
      if (!head) return std::unexpected{head.error()};
      manifest_.chains.push_back({.tenant = tenant, .seq = head->seq, .head = head->hash});
    }
    for (const auto& interval : history_.in_force(order_.window)) {
      if (!interval.version) continue;
      const auto& kept = interval.version->kept;
      manifest_.policies.push_back({.version = kept.version,
                                    .hash = kept.hash,
                                    .adopted_at = kept.adopted_at,
                                    .by = kept.by,
                                    .reason = kept.reason});
    }
    for (const auto& file : entry_files)
      if (auto done = write_entries(file); !done) return std::unexpected{done.error()};
    for (const auto& file : policy_files)
      if (auto done = write_changes(file); !done) return std::unexpected{done.error()};
    if (auto done = put("index.html", page(), 0); !done) return std::unexpected{done.error()};
    for (auto& [name, file] : files_) {
      file.file.sha256 = file.hash.finish();
      manifest_.files.push_back(file.file);
    }
    const auto text = to_json(manifest_) + '\n';
    if (auto done = sink_.write("manifest.json", text); !done) return std::unexpected{done.error()};
    if (key) {
      if (auto done = sink_.write("manifest.sig", key->sign(text) + '\n'); !done)
        return std::unexpected{done.error()};
      if (auto done = sink_.write("public-key.pem", key->public_key().pem()); !done)
        return std::unexpected{done.error()};
    }
    return std::move(manifest_);
  }

 private:
  struct Written {
    BundleFile file;
    RunningHash hash;
  };

  Result<> put(const std::string& name, std::string_view bytes, std::uint64_t rows) {
    auto& written = files_[name];
    written.file.name = name;
    written.file.bytes += bytes.size();
    written.file.rows += rows;
    written.hash.add(bytes);
    return sink_.write(name, bytes);
  }

  Result<> begin(const std::string& name, const std::vector<std::string>& columns) {
    if (auto done = put(name + ".jsonl", "", 0); !done) return done;
    return put(name + ".csv", csv_line(columns), 0);
  }

  Result<> add(const std::string& name,
               Summary& summary,
               std::string line,
               std::vector<std::string> cells) {
    line += '\n';
    if (auto done = put(name + ".jsonl", line, 1); !done) return done;
    if (auto done = put(name + ".csv", csv_line(cells), 1); !done) return done;
    ++summary.total;
    if (summary.rows.size() < rows_on_the_page) summary.rows.push_back(std::move(cells));
    return {};
  }

  Result<> write_entries(const EntryFile& file) {
    Summary summary{.title = file.title, .columns = entry_columns, .rows = {}};
    if (auto begun = begin(file.name, entry_columns); !begun) return begun;
    for (const auto& chain : manifest_.chains) {
      Result<> outcome;
      const store::LedgerQuery query{
          .kinds = file.kinds, .from = order_.window.from, .to = order_.window.to};
      const auto read = store::query_ledger(
          store_, chain.tenant, query, [&](std::uint64_t seq, std::string_view line) {
            if (seq > chain.seq) return true;  // came after the head that the manifest names
            const auto entry = from_json<model::LedgerEntry>(line);
            if (!entry) {
              outcome = std::unexpected{entry.error()};
              return false;
            }
            const auto facts = facts_of(*entry);
            if (entry->kind == EntryKind::decided)
              ++decisions_[{facts.verb, facts.decision, facts.reason}];
            outcome = add(file.name, summary, std::string{line}, cells_of(*entry, facts));
            return outcome.has_value();
          });
      if (!read) return read;
      if (!outcome) return outcome;
    }
    summaries_.push_back(std::move(summary));
    return {};
  }

  Result<> write_changes(const PolicyFile& file) {
    Summary summary{.title = file.title, .columns = change_columns, .rows = {}};
    if (auto begun = begin(file.name, change_columns); !begun) return begun;
    auto tenants = order_.tenants;
    if (file.section == "kill_switch") tenants.insert(tenants.begin(), "");  // the one over all
    for (const auto& tenant : tenants) {
      for (const auto& change : history_.changes(tenant, file.section, order_.window)) {
        if (auto done = add(file.name, summary, to_json(change), cells_of(change)); !done)
          return done;
      }
    }
    summaries_.push_back(std::move(summary));
    return {};
  }

  std::string page() const {
    Page page{"Sallyport: the record of what was decided and done"};
    page.paragraph(fmt::format("From {} to {}, made at {}.",
                               to_rfc3339(order_.window.from),
                               to_rfc3339(order_.window.to),
                               to_rfc3339(order_.made_at)));
    page.paragraph(
        "manifest.json names every file with its SHA-256; manifest.sig is the engine's Ed25519 "
        "signature (base64) over manifest.json. Each line of gate, approvals, executions, "
        "rollbacks and reviews is an entry of the ledger as it is stored, with its hash and the "
        "one before.");
    page.heading("Chains");
    std::vector<std::vector<std::string>> rows;
    for (const auto& chain : manifest_.chains)
      rows.push_back({chain.tenant, std::to_string(chain.seq), chain.head});
    page.table({"tenant", "entries", "head"}, rows);

    page.heading("Policies in force");
    rows.clear();
    for (const auto& policy : manifest_.policies) {
      rows.push_back({std::to_string(policy.version),
                      to_rfc3339(policy.adopted_at),
                      policy.by.id,
                      policy.reason,
                      policy.hash});
    }
    page.table({"version", "adopted", "by", "reason", "hash"}, rows);

    page.heading("Decisions by verb");
    rows.clear();
    for (const auto& [what, n] : decisions_)
      rows.push_back({what[0], what[1], what[2], std::to_string(n)});
    page.table({"verb", "decision", "reason", "times"}, rows);

    for (const auto& summary : summaries_) {
      page.heading(fmt::format("{} ({})", summary.title, summary.total));
      if (summary.total > summary.rows.size())
        page.paragraph(
            fmt::format("The first {}; all of them stand in the files.", summary.rows.size()));
      if (!summary.rows.empty()) page.table(summary.columns, summary.rows);
    }
    return page.text();
  }

  const store::Store& store_;
  const PolicyHistory& history_;
  const BundleOrder& order_;
  BundleSink& sink_;
  Manifest manifest_;
  std::map<std::string, Written> files_;
  std::vector<Summary> summaries_;
  std::map<std::array<std::string, 3>, std::uint64_t> decisions_;
};

}  // namespace

Result<Manifest> write_bundle(const store::Store& store,
                              const PolicyHistory& history,
                              const SigningKey* key,
                              const BundleOrder& order,
                              BundleSink& sink) {
  return BundleWriter{store, history, order, sink}.write(key);
}

}  // namespace sallyport::audit
