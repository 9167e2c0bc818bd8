#include "engine/store/ledger.hpp"
#include "engine/store/ledger_line.hpp"
#include "tests/store/opened.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <spanstream>

namespace sallyport::store {
namespace {

/// A chain of `n` entries as it is exported.
struct Export {
  std::vector<std::string> lines;  ///< Each with its line break.
  LedgerHead head;

  [[nodiscard]] std::string text() const {
    std::string all;
    for (const auto& line : lines) all += line;
    return all;
  }
};

Export exported(std::size_t n) {
  Export chain{.lines = {}, .head = {.seq = 0, .hash = std::string{no_hash}}};
  const model::Actor actor{.kind = "agent", .id = "investigation:01J0"};
  for (std::size_t i = 0; i < n; ++i) {
    const auto body = fmt::format(R"({{"n": {},"text":"a \"b\" \\","list":[1, 2.0,null]}})", i);
    const auto subject = fmt::format("a{}", i % 7);
    std::string line;
    chain.head.hash =
        append_line(line,
                    ++chain.head.seq,
                    chain.head.hash,
                    {.tenant = "acme",
                     .at = Time{std::chrono::milliseconds{1'800'000'000'000 + 250 * i}},
                     .kind = model::EntryKind::decided,
                     .subject = subject,
                     .actor = actor,
                     .body = body});
    chain.lines.push_back(line + '\n');
  }
  return chain;
}

LedgerReport verified(const std::string& text,
                      const LedgerHead* head,
                      const LedgerHead* before = nullptr) {
  // One for all: to make a stream costs more than to verify a line, and here it is millions of
  // times.
  static std::ispanstream stream{std::string_view{}};
  stream.clear();
  stream.span(std::string_view{text});
  return verify_export(stream, head, before);
}

/// The same by a store of a thousand commits and more, with bodies as the rooms write them.
Export exported_by_a_store(std::size_t n) {
  const testing::TemporaryDirectory directory;
  const auto store = testing::opened(directory);
  const model::Actor actor{.kind = "agent", .id = "investigation:01J0"};
  using enum model::EntryKind;
  constexpr std::array kinds{received, verdict, decided, approved, intended, executed, verified};
  for (std::size_t i = 0; i < n;) {
    Batch batch;
    for (std::size_t j = 0; j <= i % 3 && i < n; ++j, ++i) {
      batch.append("acme",
                   kinds.at(i % kinds.size()),
                   fmt::format("a{}", i % 7),
                   actor,
                   Time{std::chrono::milliseconds{1'800'000'000'000 + 250 * i}},
                   fmt::format(R"({{"verb":"block_ip","n": {},"text":"a \"b\" \\"}})", i));
    }
    EXPECT_TRUE(store->commit_and_wait(std::move(batch)));
  }
  Export chain;
  EXPECT_TRUE(read_ledger(*store, "acme", 1, [&](std::uint64_t, std::string_view line) {
    chain.lines.push_back(std::string{line} + '\n');
    return true;
  }));
  chain.head = ledger_head(*store, "acme").value();
  return chain;
}

TEST(Export, HoldsAsItWasWritten) {
  const auto chain = exported(50);
  const auto report = verified(chain.text(), &chain.head);
  EXPECT_TRUE(report.holds) << report.why;
  EXPECT_EQ(report.entries, 50U);
  EXPECT_EQ(report.head.hash, chain.head.hash);
  EXPECT_EQ(report.why, "");
  const LedgerHead only_hash{.seq = 0, .hash = chain.head.hash};
  EXPECT_TRUE(verified(chain.text(), &only_hash).holds);
}

TEST(Export, WithoutAHeadSaysThatATruncationCannotBeSeen) {
  auto chain = exported(5);
  chain.lines.pop_back();
  const auto report = verified(chain.text(), nullptr);
  EXPECT_TRUE(report.holds);
  EXPECT_NE(report.why, "");
  EXPECT_FALSE(verified(chain.text(), &chain.head).holds);
  EXPECT_FALSE(verified("", &chain.head).holds);
}

TEST(Export, OfATailHoldsOnlyAfterTheHeadOfWhatWasLeftOut) {
  const auto chain = exported(9);
  std::string tail;
  for (std::size_t i = 4; i < 9; ++i) tail += chain.lines[i];
  const auto before =
      head_of(std::string_view{chain.lines[3]}.substr(0, chain.lines[3].size() - 1));
  ASSERT_TRUE(before);
  const auto report = verified(tail, &chain.head, &*before);
  EXPECT_TRUE(report.holds) << report.why;
  EXPECT_EQ(report.entries, 5U);
  EXPECT_FALSE(verified(tail, &chain.head).holds);
}

TEST(Export, NamesTheFirstEntryThatDoesNotHold) {
  const auto chain = exported(9);
  auto text = chain.text();
  text[text.find("\"n\": 4") + 5] = '5';
  const auto report = verified(text, &chain.head);
  EXPECT_FALSE(report.holds);
  EXPECT_EQ(report.first_bad_seq, 5U);
  EXPECT_EQ(report.head.seq, 4U);
}

/// What nobody may do to an export unseen. Each change is tried on a copy; a change that leaves the
/// bytes as they were is none.
class Tampering {
 public:
  explicit Tampering(const Export& chain) : chain_{chain}, text_{chain.text()} {}

  [[nodiscard]] bool found(const std::string& text) const {
    return text == text_ || !verified(text, &chain_.head).holds;
  }

  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  const Export& chain_;
  std::string text_;
};

TEST(Export, EverySingleByteChangeIsFound) {
  const auto chain = exported(50);
  const Tampering tampering{chain};
  for (std::size_t i = 0; i < tampering.text().size(); ++i) {
    auto text = tampering.text();
    for (const int flip : {1, 2, 4, 0x20, 0x80, 0xff}) {
      text[i] = static_cast<char>(tampering.text()[i] ^ flip);
      ASSERT_TRUE(tampering.found(text)) << "byte " << i << " xor " << flip;
    }
  }
}

TEST(Export, EverySingleByteTakenOutPutInDoubledOrSwappedIsFound) {
  const auto chain = exported(50);
  const Tampering tampering{chain};
  for (std::size_t i = 0; i < tampering.text().size(); ++i) {
    auto text = tampering.text();
    text.erase(i, 1);
    ASSERT_TRUE(tampering.found(text)) << "without byte " << i;
    text = tampering.text();
    text.insert(i, 1, text[i]);
    ASSERT_TRUE(tampering.found(text)) << "byte " << i << " doubled";
    for (const char c : {' ', '\n', '\r', '0'}) {
      text = tampering.text();
      text.insert(i, 1, c);
      ASSERT_TRUE(tampering.found(text)) << "put in before byte " << i;
    }
    if (i + 1 < tampering.text().size()) {
      text = tampering.text();
      std::swap(text[i], text[i + 1]);
      ASSERT_TRUE(tampering.found(text)) << "bytes swapped at " << i;
    }
  }
  for (const auto* tail : {" ", "\n", "\r", "{}\n"})
    ASSERT_TRUE(tampering.found(tampering.text() + tail));
}

TEST(Export, EveryTruncationAtEitherEndIsFound) {
  const auto chain = exported(50);
  const Tampering tampering{chain};
  for (std::size_t i = 0; i < tampering.text().size(); ++i) {
    ASSERT_TRUE(tampering.found(tampering.text().substr(0, i))) << "cut at byte " << i;
    ASSERT_TRUE(tampering.found(tampering.text().substr(i))) << "begun at byte " << i;
  }
}

TEST(Export, EveryEntryTakenOutDoubledSwappedOrPutElsewhereIsFound) {
  const auto chain = exported(50);
  const Tampering tampering{chain};
  const auto joined = [](const std::vector<std::string>& lines) {
    return Export{.lines = lines, .head = {}}.text();
  };
  for (std::size_t i = 0; i < chain.lines.size(); ++i) {
    auto lines = chain.lines;
    lines.erase(lines.begin() + static_cast<std::ptrdiff_t>(i));
    ASSERT_TRUE(tampering.found(joined(lines))) << "without line " << i;
    for (std::size_t j = 0; j < chain.lines.size(); ++j) {
      lines = chain.lines;
      lines.insert(lines.begin() + static_cast<std::ptrdiff_t>(j), chain.lines[i]);
      ASSERT_TRUE(tampering.found(joined(lines))) << "line " << i << " again at " << j;
      lines = chain.lines;
      std::swap(lines[i], lines[j]);
      ASSERT_TRUE(tampering.found(joined(lines))) << "lines swapped: " << i << ' ' << j;
      lines = chain.lines;
      lines[j] = chain.lines[i];
      ASSERT_TRUE(tampering.found(joined(lines))) << "line " << i << " in place of " << j;
    }
  }
}

/// Lines `first` to `last` as an export of their own, which holds after the head of the line
/// before. What is changed in it is changed in the whole; the lines before it are the same and
/// hold.
struct Window {
  std::string text;
  LedgerHead before;
  LedgerHead head;

  Window(const Export& chain, std::size_t first, std::size_t last) {
    const auto head_at = [&](std::size_t i) {
      return *head_of(std::string_view{chain.lines[i]}.substr(0, chain.lines[i].size() - 1));
    };
    for (auto i = first; i <= last; ++i) text += chain.lines[i];
    if (first > 0) before = head_at(first - 1);
    head = head_at(last);
  }

  [[nodiscard]] bool holds(const std::string& changed) const {
    return verified(changed, &head, &before).holds;
  }
};

/// A share of the thousand entries, so that several processes try them side by side.
class ThousandEntries : public ::testing::TestWithParam<std::size_t> {
 protected:
  static constexpr std::size_t shares = 8;

  [[nodiscard]] std::size_t first() const { return GetParam() * chain.lines.size() / shares; }

  [[nodiscard]] std::size_t end() const { return (GetParam() + 1) * chain.lines.size() / shares; }

  static const Export& made_once() {
    static const Export made = exported_by_a_store(1000);
    return made;
  }

  const Export& chain = made_once();
};

TEST_P(ThousandEntries, EveryByteGuardsItsValue) {
  std::size_t tried = 0;
  for (auto i = first(); i < end(); ++i) {
    // Only what takes away the end of a line can be seen no sooner than in the next.
    const Window alone{chain, i, i};
    const Window with_next{chain, i, std::min(i + 1, chain.lines.size() - 1)};
    ASSERT_TRUE(alone.holds(alone.text) && with_next.holds(with_next.text));
    for (std::size_t at = 0; at < chain.lines[i].size(); ++at) {
      const auto& window = at + 1 < chain.lines[i].size() ? alone : with_next;
      auto text = window.text;
      for (unsigned other = 1; other < 256; ++other) {
        text[at] = static_cast<char>(static_cast<unsigned char>(window.text[at]) ^ other);
        ASSERT_FALSE(window.holds(text)) << "entry " << i + 1 << " byte " << at << " xor " << other;
      }
      tried += 255;
    }
  }
  EXPECT_GT(tried, 10'000'000U);
}

TEST_P(ThousandEntries, EveryByteGuardsItsPlace) {
  for (auto i = first(); i < end(); ++i) {
    const Window window{chain, i, std::min(i + 1, chain.lines.size() - 1)};
    for (std::size_t at = 0; at < chain.lines[i].size(); ++at) {
      auto text = window.text;
      text.erase(at, 1);
      ASSERT_FALSE(window.holds(text)) << "entry " << i + 1 << " without byte " << at;
      text = window.text;
      text.insert(at, 1, text[at]);
      ASSERT_FALSE(window.holds(text)) << "entry " << i + 1 << " byte " << at << " doubled";
      text = window.text;
      if (at + 1 < text.size() && text[at] != text[at + 1]) {
        std::swap(text[at], text[at + 1]);
        ASSERT_FALSE(window.holds(text)) << "entry " << i + 1 << " bytes swapped at " << at;
      }
      ASSERT_FALSE(window.holds(window.text.substr(0, at)))
          << "entry " << i + 1 << " cut at " << at;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Shares, ThousandEntries, ::testing::Range<std::size_t>(0, 8));

TEST(Export, OfAThousandEntriesEverySwapRemovalAndDuplicateIsFound) {
  const auto chain = exported_by_a_store(1000);
  for (std::size_t i = 0; i < chain.lines.size(); ++i) {
    const Window window{chain, i, std::min(i + 1, chain.lines.size() - 1)};
    for (std::size_t j = 0; j < chain.lines.size(); ++j) {
      if (i == j) continue;
      // A line in place of line i, swapped with it or put in before it: what follows matters not.
      ASSERT_FALSE(window.holds(chain.lines[j])) << "lines " << i << ' ' << j;
      ASSERT_FALSE(window.holds(chain.lines[j] + window.text)) << "lines " << i << ' ' << j;
    }
    ASSERT_FALSE(window.holds(chain.lines[i] + window.text)) << "line doubled: " << i;
    ASSERT_FALSE(window.holds(window.text.substr(chain.lines[i].size()))) << "without line " << i;
  }
}

TEST(Export, AChangeWithAllLaterHashesMadeAnewIsFoundByTheHead) {
  const auto chain = exported(20);
  auto forged = exported(20);
  forged.lines.pop_back();
  const model::Actor actor{.kind = "agent", .id = "x"};
  const auto before =
      head_of(std::string_view{forged.lines[18]}.substr(0, forged.lines[18].size() - 1));
  ASSERT_TRUE(before);
  std::string line;
  const auto hash = append_line(line,
                                20,
                                before->hash,
                                {.tenant = "acme",
                                 .at = {},
                                 .kind = model::EntryKind::decided,
                                 .subject = "s",
                                 .actor = actor,
                                 .body = "{}"});
  forged.lines.push_back(line + '\n');
  EXPECT_TRUE(verified(forged.text(), nullptr).holds);
  EXPECT_FALSE(verified(forged.text(), &chain.head).holds);
}

}  // namespace
}  // namespace sallyport::store
