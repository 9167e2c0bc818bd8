#include "engine/app/policy_keeper.hpp"

#include "engine/app/replaced_file.hpp"
#include "engine/base/digest.hpp"
#include "engine/base/file.hpp"
#include "engine/config/document.hpp"
#include "engine/gate/lint.hpp"

#include <fmt/format.h>
#include <pwd.h>
#include <sys/stat.h>

#include <array>
#include <set>

namespace sallyport::app {

namespace {

using store::Table;

constexpr std::string_view pending_key = "pending";
constexpr std::size_t longest_reason = 2000;

/// Whose the file is: nobody signs an edit, so this is as near to its author as one can come.
std::string owner_of(const std::filesystem::path& file) {
  struct stat about{};
  if (::stat(file.c_str(), &about) != 0) return "nobody that is known";
  std::array<char, 4096> names{};
  passwd entry{};
  passwd* found = nullptr;
  if (getpwuid_r(about.st_uid, &entry, names.data(), names.size(), &found) == 0 && found)
    return found->pw_name;
  return fmt::format("the user {}", about.st_uid);
}

/// What a tenant's ledger keeps of a change: of what concerns it, the difference.
struct ChangedBody {
  std::uint64_t version = 0;
  std::string hash;
  std::uint64_t before = 0;
  std::string reason;
  std::vector<gate::PolicyChange> changes;
  std::uint64_t changes_left_out = 0;
};

BOOST_DESCRIBE_STRUCT(ChangedBody, (), (version, hash, before, reason, changes, changes_left_out))

/// Cuts off what is more than a record holds; how many that were.
std::uint64_t cut(std::vector<gate::PolicyChange>& changes) {
  if (changes.size() <= most_changes) return 0;
  const auto left_out = changes.size() - most_changes;
  changes.resize(most_changes);
  return left_out;
}

void add_tenants(std::set<std::string>& names, const json::value& document) {
  const auto* object = document.if_object();
  const auto* tenants = object ? object->if_contains("tenants") : nullptr;
  if (!tenants || !tenants->is_object()) return;
  for (const auto& tenant : tenants->get_object()) names.emplace(std::string_view{tenant.key()});
}

}  // namespace

PolicyKeeper::PolicyKeeper(store::Store& store,
                           const model::Catalogue& catalogue,
                           const Clock& clock,
                           std::filesystem::path file)
    : store_{store}, catalogue_{catalogue}, clock_{clock}, file_{std::move(file)} {}

Result<std::shared_ptr<const gate::Policy>> PolicyKeeper::open() {
  const auto looked = policy_history(store_, 0, [this](const StoredPolicy& latest) {
    version_ = latest.version;
    hash_ = latest.hash;
    return false;
  });
  if (!looked) return std::unexpected{looked.error()};
  const auto pending = store_.get(Table::policy, pending_key);
  if (!pending) return std::unexpected{pending.error()};
  superseded_ = pending->value_or("");
  auto text = read_file(file_);
  if (!text) return std::unexpected{text.error()};
  const auto finished = finish(content_hash(*text));
  if (!finished) return std::unexpected{finished.error()};
  if (*finished) {
    auto recorded = current();
    if (!recorded) return std::unexpected{recorded.error()};
    text = std::move(recorded->text);
  }
  return adopt(*text);
}

Result<StoredPolicy> PolicyKeeper::current() const {
  return policy_version(store_, version_);
}

Result<bool> PolicyKeeper::reload(gate::Gate& gate) {
  const auto text = read_file(file_);
  if (!text) return std::unexpected{text.error()};
  const auto hash = content_hash(*text);
  if (hash == hash_ && !superseded_.empty()) {
    const auto forgotten = forget_pending();
    if (!forgotten) return std::unexpected{forgotten.error()};
  }
  if (hash == hash_ || hash == refused_) return false;
  const auto finished = finish(hash);
  if (!finished) return std::unexpected{finished.error()};
  if (*finished) return false;
  auto policy = adopt(*text);
  if (!policy) {
    refused_ = hash;
    return std::unexpected{policy.error()};
  }
  refused_.clear();
  gate.adopt(*std::move(policy));
  return true;
}

Result<bool> PolicyKeeper::finish(const std::string& file_hash) {
  if (superseded_.empty()) return false;
  const bool mine = file_hash == superseded_ && file_hash != hash_;
  if (mine) {
    const auto wanted = current();
    if (!wanted) return std::unexpected{wanted.error()};
    // A file that cannot be written undoes nothing: the next look tries again.
    auto replaced = ReplacedFile::prepare(file_, wanted->text);
    if (!replaced || !replaced->take_place()) return true;
  }
  const auto forgotten = forget_pending();
  if (!forgotten) return std::unexpected{forgotten.error()};
  return mine;
}

Result<> PolicyKeeper::forget_pending() {
  superseded_.clear();
  store::Batch batch;
  batch.erase(Table::policy, std::string{pending_key});
  return store_.commit_and_wait(std::move(batch));
}

Result<PolicyKeeper::Compiled> PolicyKeeper::compile(const std::string& text) const {
  const auto hash = content_hash(text);
  const auto document = config::Document::parse(text, file_.string());
  if (!document) return std::unexpected{document.error()};
  Faults faults;
  auto policy =
      gate::Policy::compile(document->root(),
                            catalogue_,
                            {.version = hash == hash_ ? version_ : version_ + 1, .hash = hash},
                            faults);
  if (!policy) return fail(Errc::invalid_input, document->render(faults));
  gate::lint(document->root(), catalogue_, clock_.now(), faults);
  return Compiled{.policy = std::move(policy),
                  .hash = hash,
                  .document = document->root(),
                  .warnings = document->render(faults)};
}

Result<std::shared_ptr<const gate::Policy>> PolicyKeeper::adopt(const std::string& text) {
  auto compiled = compile(text);
  if (!compiled) return std::unexpected{compiled.error()};
  if (compiled->hash != hash_) {
    const auto recorded = record(
        *compiled,
        text,
        {.kind = "engine", .id = "file:" + file_.filename().string()},
        fmt::format("{}; it belongs to {}",
                    version_ == 0 ? "the file that the engine began with" : "the file was changed",
                    owner_of(file_)),
        {},
        false);
    if (!recorded) return std::unexpected{recorded.error()};
  }
  warnings_ = std::move(compiled->warnings);
  return std::move(compiled->policy);
}

Result<StoredPolicy> PolicyKeeper::record(const Compiled& compiled,
                                          const std::string& text,
                                          const model::Actor& by,
                                          const std::string& reason,
                                          store::Batch batch,
                                          bool file_follows) {
  json::value before = json::object{};
  if (version_ != 0) {
    const auto stored = current();
    if (!stored) return std::unexpected{stored.error()};
    // A text that an older engine took and this one cannot read differs in everything.
    if (auto read = config::Document::parse(stored->text, "before")) before = read->root();
  }
  const auto changes = gate::policy_diff(before, compiled.document);
  std::set<std::string> told;
  add_tenants(told, before);
  add_tenants(told, compiled.document);

  StoredPolicy stored{.version = version_ + 1,
                      .hash = compiled.hash,
                      .adopted_at = clock_.now(),
                      .by = by,
                      .reason = reason,
                      .text = text,
                      .changes = changes,
                      .changes_left_out = 0};
  stored.changes_left_out = cut(stored.changes);
  // Where the file is behind already, it still holds what the change before superseded.
  const auto superseded = superseded_.empty() ? hash_ : superseded_;
  batch.put(Table::policy, policy_version_key(stored.version), to_json(stored));
  if (file_follows) batch.put(Table::policy, std::string{pending_key}, superseded);
  for (const auto& tenant : told) {
    ChangedBody body{.version = stored.version,
                     .hash = stored.hash,
                     .before = version_,
                     .reason = reason,
                     .changes = gate::changes_of(changes, tenant),
                     .changes_left_out = 0};
    body.changes_left_out = cut(body.changes);
    batch.append(tenant,
                 model::EntryKind::policy_changed,
                 fmt::format("policy:{}", stored.version),
                 by,
                 stored.adopted_at,
                 to_json(body));
  }
  const auto committed = store_.commit_and_wait(std::move(batch));
  if (!committed) return std::unexpected{committed.error()};
  if (file_follows) superseded_ = superseded;
  version_ = stored.version;
  hash_ = stored.hash;
  return stored;
}

Result<StoredPolicy> PolicyKeeper::change(gate::Gate& gate, const PolicyEdit& edit) {
  if (edit.reason.find_first_not_of(" \t\r\n") == std::string::npos)
    return fail(Errc::invalid_input, "say why: a change of the policy needs a reason");
  if (edit.reason.size() > longest_reason)
    return fail(Errc::invalid_input, "the reason is longer than 2000 bytes");
  // What somebody wrote into the file a moment ago is a version of its own, and not ours.
  const auto looked = reload(gate);
  auto text = read_file(file_);
  if (!text) return std::unexpected{text.error()};
  if (content_hash(*text) == superseded_) {
    auto recorded = current();
    if (!recorded) return std::unexpected{recorded.error()};
    text = std::move(recorded->text);
  }
  if (!looked || content_hash(*text) != hash_) {
    return fail(Errc::conflict,
                fmt::format("the policy file {} was edited and is not in force: {}",
                            file_.string(),
                            looked ? "it is faulty; mend it first" : looked.error().detail));
  }
  const bool as_seen =
      edit.expected.empty() || edit.expected == hash_ || edit.expected == fmt::to_string(version_);
  if (!as_seen) {
    return fail(Errc::conflict,
                fmt::format("version {} is in force by now; look at it and try again", version_));
  }

  const auto made = edit.make(*text);
  if (!made) return std::unexpected{made.error()};
  auto compiled = compile(*made);
  if (!compiled) return std::unexpected{compiled.error()};
  if (compiled->hash == hash_) return current();
  // In this order a crash at any point leaves either nothing, or a version that the next start
  // writes into the file.
  auto replaced = ReplacedFile::prepare(file_, *made);
  if (!replaced && !edit.without_file) return std::unexpected{replaced.error()};
  store::Batch batch;
  if (edit.also) edit.also(batch);
  auto stored = record(*compiled, *made, edit.by, edit.reason, std::move(batch), true);
  if (!stored) return stored;
  gate.adopt(compiled->policy);
  warnings_ = std::move(compiled->warnings);
  // In force, whatever the file system says now: the next look at the file tries again.
  if (replaced && replaced->take_place()) (void)forget_pending();
  return stored;
}

}  // namespace sallyport::app
