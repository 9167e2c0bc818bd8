#include "connectors/models/chain.hpp"
#include "connectors/models/provider.hpp"
#include "tests/connectors_models/investigation_parts.hpp"
#include "tests/connectors_models/live_objects.hpp"
#include "tests/connectors_models/model_server.hpp"

#include <boost/asio/co_spawn.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <map>

// Whole investigations, the real code down to the bytes of a connection, against model servers that
// do everything wrong: in virtual time.
namespace sallyport::connectors::models {
namespace {

using namespace testing;
using sallyport::testing::VirtualTime;
using std::chrono::milliseconds;
using ::testing::Contains;
using ::testing::HasSubstr;

constexpr std::size_t investigations = 1000;

/// What one kind of server does, and what has to come of it.
struct Case {
  std::string name;
  /// Of the judge; a reader is answered properly unless `reader_too`.
  std::function<Play(Dialect dialect, int request)> play;
  std::string outcome;       ///< Of the last call to the judge.
  bool concludes = false;    ///< The model does; else the embedded reasoner.
  bool reader_too = false;   ///< The reader gets the same treatment.
  std::string detail{};      ///< Part of it.
  bool closed_door = false;  ///< It accepts no connection.
};

Play error(int status, std::string headers, std::string body) {
  Play play;
  play.pieces.push_back({200ms, response(status, headers, body)});
  return play;
}

/// Every way in which a provider says how long to wait, one after the other.
std::string next_reset() {
  static constexpr std::array ways{
      "retry-after: 300\r\n",
      "retry-after-ms: 300000\r\n",
      "retry-after: Fri, 20 Nov 2026 12:05:00 GMT\r\n",
      "retry-after: 2026-11-20T12:05:00Z\r\n",
      "x-ratelimit-remaining-requests: 0\r\nx-ratelimit-reset-requests: 5m0s\r\n",
      "x-ratelimit-remaining-tokens: 0\r\nx-ratelimit-reset-tokens: 300\r\n",
      "x-ratelimit-remaining-tokens: 0\r\nx-ratelimit-reset-tokens: 1795176300\r\n",
      "anthropic-ratelimit-requests-remaining: 0\r\n"
      "anthropic-ratelimit-requests-reset: 2026-11-20T12:05:00Z\r\n",
      "anthropic-ratelimit-output-tokens-remaining: 0\r\n"
      "anthropic-ratelimit-output-tokens-reset: 2026-11-20T12:05:00Z\r\n"};
  static std::size_t next = 0;
  return ways[next++ % ways.size()];
}

/// It will not, in the words of its protocol.
Play refuses(Dialect dialect) {
  if (dialect == Dialect::anthropic) return says(dialect, "I", 500ms, 10ms, "content_filter");
  auto play = says(dialect, "");
  json::array choices;
  choices.push_back(json::object{{"index", 0}, {"delta", {{"refusal", "I cannot"}}}});
  play.pieces.insert(play.pieces.begin() + 1, {10ms, chunk(data_line({{"choices", choices}}))});
  return play;
}

Play throttled(std::string headers) {
  return error(429,
               std::move(headers),
               R"({"type":"error","error":{"type":"rate_limit_error","message":"slow down"}})");
}

/// `play` up to a part of its pieces, and then `end`.
Play broken_off(Play play, Play::End end) {
  play.pieces.resize(play.pieces.size() / 2);
  play.end = end;
  return play;
}

std::vector<Case> cases() {
  const auto always = [](auto make) {
    return [make](Dialect dialect, int /*request*/) { return make(dialect); };
  };
  const auto text = [always](std::string words) {
    return always([words](Dialect dialect) { return says(dialect, words); });
  };
  const auto status = [always](int code, std::string headers, std::string body) {
    return always([=](Dialect) { return error(code, headers, body); });
  };
  const auto wait = [always](std::string headers) {
    return always([headers](Dialect) { return throttled(headers); });
  };
  const std::string overloaded = R"({"type":"error","error":{"type":"overloaded_error"}})";
  return {
      {"answers", text(judgement()), "stop", true},
      {"takes eight seconds",
       always([](Dialect d) { return says(d, judgement(), 8s); }),
       "stop",
       true},
      {"hangs", always([](Dialect) { return Play{}; }), "timeout", false, true},
      {"accepts and hangs after the header",
       always([](Dialect) {
         Play play;
         play.pieces.push_back({10ms, std::string{stream_header}});
         return play;
       }),
       "timeout",
       false,
       true},
      {"drips a byte a second",
       always([](Dialect d) {
         Play play;
         for (const auto& piece : says(d, judgement()).pieces)
           for (const char byte : piece.bytes) play.pieces.push_back({1s, {byte}});
         return play;
       }),
       "timeout",
       false,
       true},
      {"speaks a word every four seconds",
       always([](Dialect d) { return says(d, judgement(), 1s, 4s); }),
       "timeout",
       false,
       true},
      {"stops in the middle",
       always([](Dialect d) { return broken_off(says(d, judgement()), Play::End::silent); }),
       "timeout",
       false,
       true},
      {"resets at once",
       always([](Dialect) { return Play{.pieces = {}, .end = Play::End::reset}; }),
       "unreachable",
       false,
       true},
      {"resets in the middle",
       always([](Dialect d) { return broken_off(says(d, judgement()), Play::End::reset); }),
       "unreachable",
       false,
       true},
      {"closes in the middle",
       always([](Dialect d) { return broken_off(says(d, judgement()), Play::End::closed); }),
       "unreachable",
       false,
       true},
      {"ends the stream early",
       always([](Dialect d) {
         auto play = says(d, judgement());
         play.pieces.resize(play.pieces.size() / 2);
         play.pieces.push_back({0ms, "0\r\n\r\n"});
         return play;
       }),
       "malformed",
       false,
       true},
      {"is throttled, in seconds", wait("retry-after: 20\r\n"), "rate_limited"},
      {"is throttled, until a date",
       wait("retry-after: Fri, 20 Nov 2026 12:05:00 GMT\r\n"),
       "rate_limited"},
      {"is throttled, in milliseconds", wait("retry-after-ms: 60000\r\n"), "rate_limited"},
      {"is throttled, in OpenAI's spans",
       wait("x-ratelimit-remaining-tokens: 0\r\nx-ratelimit-reset-tokens: 6m0s\r\n"),
       "rate_limited"},
      {"is throttled, in Anthropic's times",
       wait("anthropic-ratelimit-tokens-remaining: 0\r\n"
            "anthropic-ratelimit-tokens-reset: 2026-11-20T12:10:00Z\r\n"),
       "rate_limited"},
      {"is throttled and does not say how long", wait(""), "rate_limited"},
      {"is throttled for a second, then answers",
       [](Dialect d, int request) {
         return request == 0 ? throttled("retry-after: 1\r\n") : says(d, judgement());
       },
       "stop",
       true},
      {"is throttled for a moment, in OpenAI's spans, then answers",
       [](Dialect d, int request) {
         return request == 0 ? throttled(
                                   "x-ratelimit-remaining-requests: 0\r\n"
                                   "x-ratelimit-reset-requests: 120ms\r\n")
                             : says(d, judgement());
       },
       "stop",
       true},
      {"is overloaded", status(529, "", overloaded), "overloaded", false, true},
      {"is overloaded until a moment, in every form",
       always([overloaded](Dialect) { return error(529, next_reset(), overloaded); }),
       "overloaded"},
      {"is throttled, in every form",
       always([](Dialect) { return throttled(next_reset()); }),
       "rate_limited"},
      {"refuses", always(refuses), "refusal"},
      {"accepts no connection",
       always([](Dialect) { return Play{}; }),
       "unreachable",
       false,
       true,
       "refused",
       true},
      {"fails", status(500, "", R"({"error":{"code":500}})"), "server_error", false, true},
      {"refuses the key", status(401, "", R"({"error":{"message":"no"}})"), "rejected"},
      {"finds it too long",
       status(
           413, "", R"({"error":{"type":"request_too_large","code":"context_length_exceeded"}})"),
       "context_exceeded"},
      {"errs after 200",
       always([](Dialect d) {
         auto play = says(d, judgement());
         play.pieces.resize(play.pieces.size() / 2);
         play.pieces.push_back(
             {10ms,
              chunk("data: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\"}}\n\n")});
         return play;
       }),
       "overloaded"},
      {"is filtered",
       always([](Dialect d) { return says(d, "I", 500ms, 10ms, "content_filter"); }),
       ""},  // told apart per dialect: see expected()
      {"is cut off at its length",
       always([](Dialect d) { return says(d, "{\"verdict\":", 500ms, 10ms, "length"); }),
       "length"},
      {"is not the protocol", status(200, "Content-Type: text/html\r\n", "<html>"), "malformed"},
      {"answers no JSON", text("It is probably a scan."), "stop", false, false, "schema"},
      {"answers JSON of another shape",
       text(R"({"verdict":"bad"})"),
       "stop",
       false,
       false,
       "missing"},
      {"cites evidence that does not exist",
       text(judgement("suricata reports", "E99")),
       "stop",
       false,
       false,
       "no evidence 'E99'"},
      {"quotes what does not stand there",
       text(judgement("the scanner was authorised")),
       "stop",
       false,
       false,
       "does not stand in E1"},
      {"proposes an unknown verb",
       text(judgement(
           "suricata reports", "E1", R"({"verb":"wipe_disk","entity":1,"evidence":[],"why":""})")),
       "stop",
       false,
       false,
       "was not offered"},
      {"points at a foreign target",
       text(judgement("suricata reports",
                      "E1",
                      R"({"verb":"isolate_host","entity":77,"evidence":[],"why":""})")),
       "stop",
       false,
       false,
       "was not offered for entity 77"},
  };
}

std::string expected(const Case& what, Dialect dialect) {
  if (!what.outcome.empty()) return what.outcome;
  return dialect == Dialect::anthropic ? "refusal" : "content_filter";
}

/// 1,000 investigations at once over one provider.
class Storm {
 public:
  Storm(Dialect dialect, const Case& what) {
    auto connect = [this, dialect, &what](http::Origin) -> Task<std::unique_ptr<http::Transport>> {
      if (what.closed_door) co_return fail(Errc::unavailable, "connect: Connection refused");
      co_return std::make_unique<ScriptedServer>(
          [this, dialect, &what](std::string_view request) {
            if (asked_in(request) == Asked::reader && !what.reader_too)
              return says(dialect, reading, 300ms);
            return what.play(dialect, judged_++ < static_cast<int>(investigations) ? 0 : 1);
          },
          open_);
    };
    const http::PoolLimits limits{.connections_per_origin = 2 * investigations,
                                  .idle_per_origin = 2 * investigations};
    auto client = std::make_shared<http::Client>(connect, limits);
    auto provider = Provider::make("double",
                                   {.kind = dialect,
                                    .url = "http://model.example/v1",
                                    .model = "m",
                                    .connections = 2 * investigations},
                                   client,
                                   clock_,
                                   [] { return 0.5; })
                        .value();
    auto chain =
        std::make_shared<Chain>(std::vector<std::shared_ptr<reason::LanguageModel>>{provider},
                                std::make_shared<Allowance>(DailyLimits{}, clock_),
                                Hedging{});
    auto counsel = std::make_shared<investigate::Counsel>();
    counsel->judge = chain;
    counsel->reader = chain;
    counsel_ = std::move(counsel);
  }

  void run() {
    const investigate::Investigator investigator{
        shipped_rules(), {}, nullptr, clock_, ids_, investigate::Slices{}};
    const auto one = alert();
    for (std::size_t i = 0; i < investigations; ++i) {
      asio::co_spawn(loop_,
                     investigator.investigate(one, Deadline::in(30s), {}, counsel_),
                     [this](const std::exception_ptr& thrown, Result<model::Verdict> verdict) {
                       EXPECT_FALSE(thrown);
                       EXPECT_TRUE(verdict);
                       latest_ = VirtualTime::elapsed();
                       if (verdict) verdicts_.push_back(*std::move(verdict));
                     });
    }
    VirtualTime::run(loop_, 10ms, 60s, [this] { return verdicts_.size() == investigations; });
    // What lingers behind the last verdict is gone a moment later.
    VirtualTime::run(loop_, 100ms, 1s, [] { return false; });
  }

  [[nodiscard]] const std::vector<model::Verdict>& verdicts() const { return verdicts_; }

  [[nodiscard]] std::chrono::nanoseconds latest() const { return latest_; }

  /// Connections that are open once nobody can want them any more.
  [[nodiscard]] int connections_left() {
    counsel_.reset();
    return open_;
  }

 private:
  int open_ = 0;
  int judged_ = 0;
  VirtualTime time_;
  VirtualClock clock_;
  UlidSource ids_{7};
  asio::io_context loop_{1};
  std::shared_ptr<const investigate::Counsel> counsel_;
  std::vector<model::Verdict> verdicts_;
  std::chrono::nanoseconds latest_{};
};

class Investigations : public ::testing::TestWithParam<Dialect> {
 protected:
  static void run(const Case& what) {
    Storm storm{GetParam(), what};
    storm.run();
    ASSERT_EQ(storm.verdicts().size(), investigations);
    EXPECT_LE(storm.latest(), 30s);
    std::map<std::string, std::size_t> outcomes;
    for (const auto& verdict : storm.verdicts()) {
      EXPECT_EQ(verdict.reasoner, what.concludes ? "model:double" : "embedded");
      EXPECT_FALSE(verdict.proposals.empty());
      if (!what.concludes) EXPECT_THAT(verdict.missing, Contains(HasSubstr("model double: ")));
      ASSERT_TRUE(verdict.model_calls);
      const auto& last = verdict.model_calls->back();
      EXPECT_NE(last.role, "reader");
      EXPECT_THAT(last.detail, HasSubstr(what.detail));
      ++outcomes[last.outcome];
      EXPECT_EQ(verdict.cost.price.has_value(), verdict.cost.tokens_in > 0) << "no price is given";
      if (HasFailure()) break;
    }
    EXPECT_EQ(outcomes.size(), 1U);
    EXPECT_EQ(outcomes.begin()->first, expected(what, GetParam()));
    EXPECT_EQ(storm.connections_left(), 0);
  }
};

TEST_P(Investigations, ConcludeInTimeWhateverAModelDoesAndLeaveNothingBehind) {
  run(cases().front());  // what the process makes once
  for (const auto& what : cases()) {
    SCOPED_TRACE(what.name);
    const auto objects = live_objects();
    run(what);
    // What the process keeps for its next coroutines is far less than one for ten investigations.
    EXPECT_LT(live_objects() - objects, std::int64_t{investigations / 10});
    if (HasFailure()) return;
  }
}

INSTANTIATE_TEST_SUITE_P(Wires,
                         Investigations,
                         ::testing::Values(Dialect::openai, Dialect::anthropic),
                         [](const auto& p) { return std::string{name_of(p.param)}; });

}  // namespace
}  // namespace sallyport::connectors::models
