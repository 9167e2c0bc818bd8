#include "engine/audit/checkpoint.hpp"

#include "tests/base/run.hpp"
#include "tests/store/opened.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

namespace sallyport::audit {
namespace {

using sallyport::testing::opened;
using sallyport::testing::TemporaryDirectory;
using store::LedgerHead;

const Time signed_at = parse_rfc3339("2026-11-20T12:00:00Z").value();
const model::Actor actor{.kind = "engine", .id = "test"};

SigningKey key_in(const TemporaryDirectory& directory) {
  return SigningKey::load_or_make(key_directory(directory.path())).value();
}

void append(store::Store& store, const std::string& tenant, int n) {
  store::Batch batch;
  for (int i = 0; i < n; ++i)
    batch.append(tenant,
                 model::EntryKind::received,
                 "a",
                 actor,
                 signed_at,
                 R"({"kind":"checkpoint","n":1})");
  ASSERT_TRUE(store.commit_and_wait(std::move(batch)));
}

std::string text_of(const store::Store& store, const std::string& tenant) {
  std::string text;
  EXPECT_TRUE(store::read_ledger(store, tenant, 1, [&](std::uint64_t, std::string_view line) {
    text += line;
    text += '\n';
    return true;
  }));
  return text;
}

/// A chain of two checkpoints: 3 entries, one, 2 more, one.
struct Signed {
  TemporaryDirectory directory;
  SigningKey key = key_in(directory);
  std::unique_ptr<store::Store> store = opened(directory);

  Signed() {
    Checkpointer checkpointer{*store, key, {}};
    append(*store, "acme", 3);
    EXPECT_TRUE(checkpointer.sign_all(signed_at));
    append(*store, "acme", 2);
    EXPECT_TRUE(checkpointer.sign_all(signed_at));
  }
};

TEST(SigningKey, IsMadeOnceAndOnlyItsOwnerCanReadIt) {
  const TemporaryDirectory directory;
  const auto first = key_in(directory);
  EXPECT_EQ(key_in(directory).public_key().id(), first.public_key().id());
  const auto file = key_directory(directory.path()) / "ledger-ed25519.pem";
  EXPECT_EQ(std::filesystem::status(file).permissions(),
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  std::filesystem::permissions(file, std::filesystem::perms{0640});
  EXPECT_EQ(SigningKey::load_or_make(key_directory(directory.path())).error().code, Errc::denied);
}

TEST(SigningKey, ItsPublicHalfChecksWhatItSignedAndNothingElse) {
  const TemporaryDirectory directory;
  const TemporaryDirectory elsewhere;
  const auto key = key_in(directory);
  const auto signature = key.sign("the bytes");
  const auto pem = public_key_of(directory.path()).value().pem();
  EXPECT_EQ(pem.find("PRIVATE"), std::string::npos);
  const auto checks = PublicKey::from_pem(pem).value();
  EXPECT_TRUE(checks.verifies("the bytes", signature));
  EXPECT_FALSE(checks.verifies("the byteS", signature));
  EXPECT_FALSE(key_in(elsewhere).public_key().verifies("the bytes", signature));
  for (std::size_t i = 0; i < signature.size(); ++i) {
    auto changed = signature;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(checks.verifies("the bytes", changed)) << i;
  }
  EXPECT_FALSE(PublicKey::from_pem("not a key"));
}

TEST(Checkpointer, SignsAChainWhenItIsLongOrOldEnoughAndHasGrown) {
  const TemporaryDirectory directory;
  const auto store = opened(directory);
  Checkpointer checkpointer{
      *store, key_in(directory), {.entries = 10, .every = std::chrono::seconds{60}}};
  const auto seq_after = [&](Time now) {
    sallyport::testing::run([&]() -> asio::awaitable<void> {
      const auto done = co_await checkpointer.sign_due(now);
      EXPECT_TRUE(done);
    }());
    return store::ledger_head(*store, "acme").value().seq;
  };
  append(*store, "acme", 3);
  EXPECT_EQ(seq_after(signed_at), 3U);
  EXPECT_EQ(seq_after(signed_at + std::chrono::seconds{60}), 4U);
  EXPECT_EQ(seq_after(signed_at + std::chrono::hours{1}), 4U)
      << "a checkpoint alone is nothing new";
  append(*store, "acme", 10);
  EXPECT_EQ(seq_after(signed_at + std::chrono::hours{1}), 15U);
}

TEST(Checkpointer, GoesOnAfterARestart) {
  Signed chain;
  Checkpointer again{*chain.store, chain.key, {}};
  EXPECT_TRUE(again.sign_all(signed_at));
  EXPECT_EQ(store::ledger_head(*chain.store, "acme").value().seq, 7U);
}

TEST(CheckpointCheck, SaysUpToWhereAChainIsSigned) {
  Signed chain;
  append(*chain.store, "acme", 4);
  CheckpointCheck check{chain.key.public_key()};
  const auto report = store::verify_ledger(*chain.store, "acme", std::ref(check));
  ASSERT_TRUE(report);
  EXPECT_TRUE(report->holds) << report->why;
  EXPECT_EQ(check.checkpoints(), 2U);
  EXPECT_EQ(check.signed_to(), 6U);
}

TEST(CheckpointCheck, WorksOnAnExportWithoutTheStore) {
  Signed chain;
  std::istringstream lines{text_of(*chain.store, "acme")};
  CheckpointCheck check{chain.key.public_key()};
  const auto report = store::verify_export(lines, nullptr, nullptr, std::ref(check));
  EXPECT_TRUE(report.holds) << report.why;
  EXPECT_EQ(check.signed_to(), 6U);
}

TEST(CheckpointCheck, RefusesAnotherKey) {
  Signed chain;
  const TemporaryDirectory elsewhere;
  CheckpointCheck check{key_in(elsewhere).public_key()};
  const auto report = store::verify_ledger(*chain.store, "acme", std::ref(check));
  EXPECT_FALSE(report->holds);
  EXPECT_EQ(report->first_bad_seq, 4U);
}

/// Who can write the store can hash the chain anew, but not sign it.
TEST(CheckpointCheck, FindsAChainThatWasRewrittenWhole) {
  Signed chain;
  const TemporaryDirectory forged_directory;
  const auto forged = opened(forged_directory);
  EXPECT_TRUE(
      store::read_ledger(*chain.store, "acme", 1, [&](std::uint64_t seq, std::string_view line) {
        const auto entry = from_json<model::LedgerEntry>(line).value();
        store::Batch batch;
        batch.append("acme",
                     entry.kind,
                     entry.subject,
                     entry.actor,
                     entry.at,
                     seq == 2 ? R"({"n":2})" : to_json(entry.body));
        EXPECT_TRUE(forged->commit_and_wait(std::move(batch)));
        return true;
      }));
  EXPECT_TRUE(store::verify_ledger(*forged, "acme")->holds) << "the hashes alone cannot tell";
  CheckpointCheck check{chain.key.public_key()};
  const auto report = store::verify_ledger(*forged, "acme", std::ref(check));
  EXPECT_FALSE(report->holds);
  EXPECT_EQ(report->first_bad_seq, 4U);
}

TEST(CheckpointCheck, OfAnotherTenantsChainDoesNotHold) {
  Signed chain;
  const TemporaryDirectory other_directory;
  const auto other = opened(other_directory);
  EXPECT_TRUE(
      store::read_ledger(*chain.store, "acme", 1, [&](std::uint64_t, std::string_view line) {
        const auto entry = from_json<model::LedgerEntry>(line).value();
        store::Batch batch;
        batch.append(
            "other", entry.kind, entry.subject, entry.actor, entry.at, to_json(entry.body));
        EXPECT_TRUE(other->commit_and_wait(std::move(batch)));
        return true;
      }));
  CheckpointCheck check{chain.key.public_key()};
  EXPECT_FALSE(store::verify_ledger(*other, "other", std::ref(check))->holds);
}

}  // namespace
}  // namespace sallyport::audit
