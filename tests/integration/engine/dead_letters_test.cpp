#include "tests/integration/engine/alerts.hpp"
#include "tests/integration/engine/broker.hpp"
#include "tests/integration/engine/engine.hpp"
#include "tests/integration/engine/ledger_tally.hpp"

#include <gmock/gmock.h>

namespace sallyport::testing {
namespace {

using namespace std::chrono_literals;
using namespace std::string_view_literals;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// Bytes that are no alert, and a word of the reason that only the true one has.
struct Malformed {
  std::string what;
  std::string bytes;
  std::string word;
};

std::string nested(std::size_t levels) {
  return R"({"title":"deep","x":)" + std::string(levels, '[') + std::string(levels, ']') + '}';
}

/// `text` in UTF-16, little endian.
std::string utf16(std::string_view text) {
  std::string wide;
  for (const char c : text) {
    wide += c;
    wide += '\0';
  }
  return wide;
}

std::vector<Malformed> malformed() {
  return {
      {"an object without its end", R"({"title":"t","severity":"high")", "truncated"},
      {"a string without its end", R"({"title":"t)", "truncated"},
      {"a key without a value", R"({"title":})", "broken JSON"},
      {"a key without a colon", R"({"title" "t"})", "broken JSON"},
      {"a trailing comma", R"({"title":"t",})", "trailing comma"},
      {"single quotes", R"({'title':'t'})", "single quotes"},
      {"a comment", "{\"title\":\"t\" /* here */}", "comment"},
      {"an escape that is none", R"({"title":"\q"})", "escape"},
      {"bytes after the object", R"({"title":"t"} and more)", "trailing bytes"},
      {"two objects", R"({"title":"t"}{"title":"u"})", "trailing bytes"},
      {"an array of what is no alert", "[17,18]", "not an object"},
      {"an array of nothing", "[]", "not an object"},
      {"a bare string", R"("title")", "not an object"},
      {"a bare number", "17", "not an object"},
      {"null", "null", "not an object"},
      {"nothing", "", "empty"},
      {"white space", " \n\t ", "white space"},
      {"a NUL byte", std::string{"{\"title\":\"a\0b\"}"sv}, "NUL"},
      {"a control character", "{\"title\":\"a\x01z\"}", "control character"},
      {"bytes that are not UTF-8", "{\"title\":\"\xC3\x28\"}", "UTF-8"},
      {"an overlong encoding", "{\"title\":\"\xC0\xAF\"}", "UTF-8"},
      {"UTF-16 with a mark", "\xFF\xFE" + utf16(R"({"title":"t"})"), "UTF-16"},
      {"UTF-16 without a mark", utf16(R"({"title":"t"})"), "UTF-16"},
      {"UTF-32", std::string{"\xFF\xFE\0\0{\0\0\0}\0\0\0"sv}, "UTF-32"},
      {"a lone surrogate", R"({"title":"\ud800"})", "surrogate"},
      {"a key twice", R"({"title":"t","severity":"low","severity":"high"})", "duplicate key"},
      {"a number past a double", R"({"title":"t","n":1e999})", "out of range"},
      {"a number past 64 bits", R"({"title":"t","n":18446744073709551616})", "64 bits"},
      {"a leading zero", R"({"title":"t","n":007})", "leading zero"},
      {"NaN", R"({"title":"t","n":NaN})", "NaN"},
      {"10,000 levels", nested(10'000), "too deep"},
      {"65 levels", nested(65), "too deep"},
      {"no title", R"({"severity":"high","host":"WKS-1"})", "recognise"},
      {"a title that is empty", R"({"title":"","severity":"high"})", "title"},
      {"a title that is an object", R"({"title":{"a":1},"severity":"high"})", "title"},
      {"9 MB", R"({"title":")" + std::string(9U << 20U, 'x') + "\"}", "too large"},
      {"50 MB", R"({"title":")" + std::string(50'000'000, 'y') + "\"}", "too large"},
      {"50 MB without an end", R"({"title":")" + std::string(50'000'000, 'z'), "too large"},
  };
}

TEST(DeadLetters, WhatIsNoAlertKeepsItsBytesWithATrueReasonAndTheGoodOnesPass) {
  Broker broker;
  const EngineSetup setup{.broker = broker.address(),
                          .topic = broker.unique("alerts"),
                          .group = broker.unique("group"),
                          .dead_letter = broker.unique("dead")};
  broker.create_topic(setup.topic, 2);
  broker.create_topic(setup.dead_letter, 2);
  const auto kinds = malformed();
  const auto good = make_alerts("good", static_cast<int>(kinds.size()) * 4);
  auto mixed = good.bytes;
  for (std::size_t i = 0; i < kinds.size(); ++i)
    mixed.insert(mixed.begin() + static_cast<std::ptrdiff_t>(i * 5), kinds[i].bytes);

  Engine engine{setup};
  engine.start();
  broker.send(setup.topic, mixed);
  const auto letters = broker.await(setup.dead_letter, 90s, [&](const auto& records) {
    return records.size() >= kinds.size() || !engine.running();
  });
  EXPECT_TRUE(comes_true(60s, [&] {
    return broker.committed(setup.group, setup.topic) == static_cast<std::int64_t>(mixed.size());
  })) << engine.log_end();
  RecordProperty("peak_memory_mb", static_cast<int>(engine.peak_memory_mb()));
  EXPECT_EQ(engine.stop(), 0) << engine.log_end();

  ASSERT_EQ(letters.size(), kinds.size()) << engine.log_end();
  EXPECT_EQ(broker.end(setup.dead_letter), static_cast<std::int64_t>(kinds.size()));
  const auto originals = broker.read(setup.topic);
  for (const auto& kind : kinds) {
    const auto found = std::ranges::find(letters, kind.bytes, &Received::value);
    if (found == letters.end()) {
      ADD_FAILURE() << kind.what << ": its bytes are in no dead letter";
      continue;
    }
    const auto& headers = found->headers;
    EXPECT_THAT(headers.at("reason"), HasSubstr(kind.word)) << kind.what;
    EXPECT_EQ(headers.at("topic"), setup.topic);
    const auto original = std::ranges::find_if(originals, [&](const Received& record) {
      return fmt::format("{}", record.partition) == headers.at("partition") &&
             fmt::format("{}", record.offset) == headers.at("offset");
    });
    ASSERT_NE(original, originals.end()) << kind.what;
    EXPECT_TRUE(original->value == kind.bytes) << kind.what << ": the headers name another message";
  }
  EXPECT_THAT(tally_ledger(engine.data()).not_investigated_once(good.uids), IsEmpty());
}

}  // namespace
}  // namespace sallyport::testing
