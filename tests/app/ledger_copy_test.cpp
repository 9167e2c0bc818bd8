#include "engine/app/ledger_copy.hpp"

#include "engine/audit/signing.hpp"
#include "tests/store/opened.hpp"

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <memory>
#include <spanstream>
#include <sstream>
#include <vector>

namespace sallyport::app {
namespace {

using sallyport::testing::opened;
using sallyport::testing::TemporaryDirectory;
using store::LedgerReport;

constexpr std::size_t entries = 1000;

/// A thousand entries that a store made, as `ledger export` writes them, signed on the way.
struct Copy {
  std::vector<std::string> lines;  ///< Each with its line break.
  ExportHead beside;
  std::string text;
  audit::PublicKey key;

  static const Copy& made() {
    static const Copy copy;
    return copy;
  }

  /// As `ledger verify --public-key` asks.
  [[nodiscard]] LedgerReport verified(const std::string& changed) const {
    return verified(changed, beside);
  }

  [[nodiscard]] LedgerReport verified(const std::string& changed, const ExportHead& ends) const {
    std::ispanstream stream{changed};
    audit::CheckpointCheck check{key, ends.before};
    return verify_copy(stream, ends, "", &check);
  }

  [[nodiscard]] std::string joined(const std::vector<std::string>& some) const {
    std::string all;
    all.reserve(text.size() + 1024);
    for (const auto& line : some) all += line;
    return all;
  }

 private:
  Copy() : key{make()} {}

  audit::PublicKey make() {
    const TemporaryDirectory directory;
    const auto store = opened(directory);
    auto signing = audit::SigningKey::load_or_make(audit::key_directory(directory.path())).value();
    audit::Checkpointer checkpointer{*store, signing, {}};
    const auto noon = parse_rfc3339("2026-11-20T12:00:00Z").value();
    for (std::size_t i = 1; i <= entries; ++i) {
      if (i % 250 == 0) {
        EXPECT_TRUE(checkpointer.sign_all(noon + std::chrono::seconds{i}));
        continue;
      }
      store::Batch batch;
      batch.append("acme",
                   model::EntryKind::decided,
                   fmt::format("action{}", i),
                   {.kind = "agent", .id = "investigation:01J0"},
                   noon + std::chrono::seconds{i},
                   fmt::format(R"({{"request":{{"action":"block_ip","n":{}}}}})", i));
      EXPECT_TRUE(store->commit_and_wait(std::move(batch)));
    }
    std::ostringstream out;
    beside = export_ledger(*store, "acme", 1, out).value();
    text = out.str();
    std::istringstream stream{text};
    for (std::string line; std::getline(stream, line);) lines.push_back(line + '\n');
    return signing.public_key();
  }
};

/// That `changed` does not hold, and that entry `seq` is the first that does not.
::testing::AssertionResult falls_at(std::size_t seq, const std::string& changed) {
  const auto report = Copy::made().verified(changed);
  if (report.holds) return ::testing::AssertionFailure() << "it holds";
  if (report.first_bad_seq != seq)
    return ::testing::AssertionFailure()
           << "falls at " << report.first_bad_seq << ": " << report.why;
  return ::testing::AssertionSuccess();
}

TEST(LedgerCopy, HoldsAsTheStoreMadeItWithItsSignatures) {
  const auto& copy = Copy::made();
  ASSERT_EQ(copy.lines.size(), entries);
  EXPECT_EQ(copy.beside.head.seq, entries);
  std::istringstream stream{copy.text};
  audit::CheckpointCheck check{copy.key, copy.beside.before};
  const auto report = verify_copy(stream, copy.beside, "", &check);
  EXPECT_TRUE(report.holds) << report.why;
  EXPECT_EQ(report.head.hash, copy.beside.head.hash);
  EXPECT_EQ(check.checkpoints(), 4U);
  EXPECT_EQ(check.signed_to(), entries - 1);
}

TEST(LedgerCopy, EveryEntryThatIsChangedTakenOutDoubledOrSwappedIsNamed) {
  const auto& copy = Copy::made();
  for (std::size_t i = 0; i < entries; ++i) {
    const auto place = i * 37 % (copy.lines[i].size() - 1);
    auto lines = copy.lines;
    lines[i][place] = static_cast<char>(lines[i][place] ^ 1);
    ASSERT_TRUE(falls_at(i + 1, copy.joined(lines))) << "entry " << i + 1 << " byte " << place;

    lines = copy.lines;
    lines.erase(lines.begin() + static_cast<std::ptrdiff_t>(i));
    const bool last = i + 1 == entries;
    ASSERT_TRUE(falls_at(i + 1, copy.joined(lines))) << "without entry " << i + 1;

    lines = copy.lines;
    lines.insert(lines.begin() + static_cast<std::ptrdiff_t>(i), copy.lines[i]);
    ASSERT_TRUE(falls_at(i + 2, copy.joined(lines))) << "entry " << i + 1 << " doubled";

    if (last) continue;
    lines = copy.lines;
    std::swap(lines[i], lines[(i * 61 + 1) % entries > i ? (i * 61 + 1) % entries : i + 1]);
    ASSERT_TRUE(falls_at(i + 1, copy.joined(lines))) << "entry " << i + 1 << " swapped";
  }
}

/// Each byte of all entries, in an export that begins with its entry (`--from`) and ends with the
/// next: what comes before and after is another trial's.
TEST(LedgerCopy, EveryByteThatIsChangedTakenOutOrDoubledIsFound) {
  const auto& copy = Copy::made();
  std::size_t trials = 0;
  for (std::size_t i = 0; i < entries; ++i) {
    const auto& line = copy.lines[i];
    const auto next = i + 1 < entries ? copy.lines[i + 1] : std::string{};
    const auto head_at = [&](std::size_t at) {
      const std::string_view whole = copy.lines[at];
      return store::head_of(whole.substr(0, whole.size() - 1)).value();
    };
    const ExportHead ends{.tenant = "acme",
                          .before = i == 0 ? store::LedgerHead{} : head_at(i - 1),
                          .head = head_at(std::min(i + 1, entries - 1))};
    ASSERT_TRUE(copy.verified(line + next, ends).holds) << "entry " << i + 1;
    std::string changed;
    const auto falls = [&](std::size_t seq) {
      const auto report = copy.verified(changed, ends);
      ++trials;
      return !report.holds && report.first_bad_seq == seq;
    };
    for (std::size_t place = 0; place < line.size(); ++place) {
      changed = line + next;
      // Another bit each time, so that letters change their case and digits their value, too.
      changed[place] = static_cast<char>(changed[place] ^ (1 << (place + i) % 8));
      ASSERT_TRUE(falls(i + 1)) << "entry " << i + 1 << " byte " << place;
      if (place % 4 != i % 4) continue;
      changed = line + next;
      changed.erase(place, 1);
      ASSERT_TRUE(falls(i + 1)) << "entry " << i + 1 << " without byte " << place;
      changed = line + next;
      changed.insert(place, 1, line[place]);
      // A second line break is an entry of its own.
      const bool is_break = place + 1 == line.size();
      ASSERT_TRUE(falls(is_break ? i + 2 : i + 1)) << "entry " << i + 1 << " byte " << place;
    }
  }
  EXPECT_GT(trials, copy.text.size());
  RecordProperty("trials", std::to_string(trials));
}

TEST(LedgerCopy, EveryCutAtEitherEndIsFound) {
  const auto& copy = Copy::made();
  std::size_t at = 0;
  for (std::size_t i = 0; i < entries; ++i) {
    for (const auto cut :
         {at, at + 1, at + copy.lines[i].size() / 2, at + copy.lines[i].size() - 1})
      ASSERT_TRUE(falls_at(i + 1, copy.text.substr(0, cut))) << "ends in entry " << i + 1;
    if (i > 0) ASSERT_TRUE(falls_at(1, copy.text.substr(at))) << "begins with entry " << i + 1;
    at += copy.lines[i].size();
  }
}

TEST(LedgerCopy, APartHoldsAfterItsHeadAndNowhereElse) {
  const TemporaryDirectory directory;
  const auto store = opened(directory);
  for (int i = 0; i < 9; ++i) {
    store::Batch batch;
    batch.append("acme", model::EntryKind::received, "a", {}, Time{}, "{}");
    ASSERT_TRUE(store->commit_and_wait(std::move(batch)));
  }
  std::ostringstream out;
  const auto beside = export_ledger(*store, "acme", 5, out).value();
  EXPECT_EQ(beside.before.seq, 4U);
  std::istringstream part{out.str()};
  EXPECT_TRUE(verify_copy(part, beside, "", nullptr).holds);
  std::istringstream alone{out.str()};
  EXPECT_FALSE(verify_copy(alone, std::nullopt, beside.head.hash, nullptr).holds);
}

}  // namespace
}  // namespace sallyport::app
