#include "tests/connectors/manifest/altered.hpp"

#include <gmock/gmock.h>

namespace sallyport::connectors::manifest::testing {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

namespace {

/// What is said of the Okta manifest with `from` changed to `to`.
std::string faults_with(std::string_view from, std::string_view to) {
  return faults_of("idp/okta.yaml", "okta.yaml", from, to);
}

/// Line and column of `text` in the Okta manifest after the change.
std::string place(std::string_view from, std::string_view to, std::string_view text) {
  const auto changed = replaced(text_of("idp/okta.yaml"), from, to);
  const auto at = changed.find(text);
  EXPECT_NE(at, std::string::npos);
  const auto line =
      std::count(changed.begin(), changed.begin() + static_cast<std::ptrdiff_t>(at), '\n');
  const auto begin = changed.rfind('\n', at);
  return fmt::format("okta.yaml:{}:{}: error:", line + 1, at - begin);
}

}  // namespace

TEST(ManifestCheck, EveryShippedManifestIsSound) {
  std::size_t n = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator{root / "connectors"}) {
    if (entry.path().extension() != ".yaml") continue;
    ++n;
    const auto document = config::Document::load(entry.path());
    ASSERT_TRUE(document) << document.error().detail;
    Faults faults;
    EXPECT_TRUE(compile(*document, catalogue(), faults));
    EXPECT_THAT(document->render(faults), IsEmpty());
  }
  EXPECT_GE(n, 2U);
}

TEST(ManifestCheck, AFaultNamesFileLineAndColumn) {
  EXPECT_THAT(faults_with("  enable_user:", "  enable_usr:"),
              HasSubstr(place("  enable_user:", "  enable_usr:", "enable_usr:")));
}

TEST(ManifestCheck, AMisspeltVerbIsToldWhatWasProbablyMeant) {
  EXPECT_THAT(faults_with("  enable_user:", "  enable_usr:"),
              HasSubstr("did you mean 'enable_user'?"));
}

TEST(ManifestCheck, AMisspeltKeyIsToldWhatWasProbablyMeant) {
  EXPECT_THAT(faults_with("concurrency: 4", "concurency: 4"),
              HasSubstr("did you mean 'concurrency'?"));
}

TEST(ManifestCheck, APlaceThatNothingFillsIsAFault) {
  EXPECT_THAT(faults_with("/api/v1/users/${{ state.id }}'", "/api/v1/users/${{ state.ide }}'"),
              HasSubstr("there is no 'state.ide' here; did you mean 'state.id'?"));
  EXPECT_THAT(faults_with("/api/v1/users/${{ state.id }}/sessions",
                          "/api/v1/users/${{ parameters.id }}/sessions"),
              HasSubstr("there is no 'parameters.id' here"));
}

TEST(ManifestCheck, AValueIsKnownOnlyToTheStepsAfterTheOneThatSavesIt) {
  EXPECT_THAT(
      faults_with("/api/v1/users/${{ target.value }}'", "/api/v1/users/${{ state.status }}'"),
      HasSubstr("there is no 'state.status' here"));
}

TEST(ManifestCheck, OtherTemplateLanguagesAreRefused) {
  for (const auto* text : {"${target.value}",
                           "{{ target.value }}",
                           "${{ target.value | upper }}",
                           "${{ }}",
                           "${{ target.value"})
    EXPECT_THAT(faults_with("${{ target.value }}", text), HasSubstr("error:")) << text;
}

TEST(ManifestCheck, SecretsStandInAuthAlone) {
  EXPECT_THAT(
      faults_with("/api/v1/users/${{ target.value }}'", "/api/v1/users/${{ secret.api_token }}'"),
      HasSubstr("stands outside 'auth'"));
}

TEST(ManifestCheck, FreeTextIsNeverPartOfAPathOrOfOtherText) {
  EXPECT_THAT(
      faults_with("targets: { user: { type: login } }", "targets: { user: { type: text } }"),
      HasSubstr("target.value may hold any text"));
  EXPECT_THAT(faults_with("is: { type: id }", "is: { type: text }"),
              HasSubstr("state.id may hold any text"));
}

TEST(ManifestCheck, AReversibleVerbHasItsInverseOrSaysWhyNot) {
  EXPECT_THAT(faults_with("undo: { verb: enable_user }", "undo: {}"),
              HasSubstr("says with `verb` what undoes it"));
  EXPECT_THAT(faults_with("undo: { verb: enable_user }", "undo: { verb: unblock_ip }"),
              HasSubstr("disable_user is undone by enable_user"));
  EXPECT_THAT(faults_with("none: the user signs in again,", "verb: enable_user,"),
              HasSubstr("revoke_sessions cannot be undone"));
  EXPECT_THAT(faults_with("undo: { verb: enable_user }", "undo: { none: nobody asked }"),
              IsEmpty());
}

TEST(ManifestCheck, AnOperationSaysHowItIsVerifiedOrWhyItCannotBe) {
  EXPECT_THAT(faults_with("unverifiable: Okta lists no sessions of a user", "refuse: []"),
              HasSubstr("says with `in_effect`"));
}

TEST(ManifestCheck, TimesAndCountsAreBounded) {
  EXPECT_THAT(faults_with("query: { oauthTokens: true, forgetDevices: true }", "timeout_s: 600"),
              HasSubstr("goes from 1 to 60"));
  EXPECT_THAT(faults_with("concurrency: 4", "concurrency: 4000"), HasSubstr("goes from 1 to 64"));
  EXPECT_THAT(faults_with("requests: 10, per_s: 1 }", "requests: 0, per_s: 1 }"),
              HasSubstr("at least 1"));
}

TEST(ManifestCheck, AnErrorClassIsOneOfThose) {
  EXPECT_THAT(faults_with("means: rate_limited", "means: throttled"),
              HasSubstr("one of retryable permanent"));
}

TEST(ManifestCheck, ATargetOfAKindThatTheVerbDoesNotTakeIsAFault) {
  EXPECT_THAT(
      faults_with("targets: { user: { type: login } }", "targets: { host: { type: login } }"),
      HasSubstr("takes no target of this kind"));
}

TEST(ManifestCheck, AParameterIsOneOfTheVerbsAndOfItsType) {
  const auto with = [](std::string_view parameters) {
    return faults_with("    implied: { refresh_tokens: [true] }\n",
                       fmt::format("    parameters: {}\n", parameters));
  };
  EXPECT_THAT(with("{ everything: { type: boolean } }"),
              HasSubstr("the verb has no such parameter"));
  EXPECT_THAT(with("{ refresh_tokens: { type: text } }"), HasSubstr("is of type boolean"));
  EXPECT_THAT(with("{ refresh_tokens: { type: boolean } }"), IsEmpty());
}

TEST(ManifestCheck, AProductIsReachedByHttps) {
  EXPECT_THAT(faults_with("api: { hosts:", "api: { url: 'http://acme.okta.com', hosts:"),
              HasSubstr("https"));
}

TEST(ManifestCheck, AQuestionAboutSomethingThatIsNotThereIsAFault) {
  EXPECT_THAT(faults_with("in_effect: { state.status|cased: SUSPENDED }",
                          "in_effect: { state.statuss: SUSPENDED }"),
              HasSubstr("did you mean 'state.status'?"));
}

TEST(ManifestCheck, SecretsThatNothingUsesAreAWarning) {
  EXPECT_THAT(faults_with("secrets: [api_token]", "secrets: [api_token, spare]"),
              HasSubstr("warning: /secrets/1: 'spare' is used nowhere"));
}

TEST(ManifestCheck, WhateverIsCutOffIsRefusedWithoutACrash) {
  const auto text = text_of("idp/okta.yaml");
  for (std::size_t n = 0; n < text.size(); n += 7) {
    const auto document = config::Document::parse(text.substr(0, n), "cut.yaml");
    if (!document) continue;
    Faults faults;
    const auto plan = compile(*document, catalogue(), faults);
    EXPECT_EQ(plan == nullptr, has_errors(faults));
  }
}

TEST(ManifestCheck, WhatAProductTimesItselfSaysWhatItIsToldWhereItCannot) {
  const auto said = faults_of("firewall/panos.yaml", "panos.yaml", "    without_end: 0\n", "");
  EXPECT_THAT(said, HasSubstr("without_end"));
  EXPECT_THAT(said, HasSubstr("from 1 to 31536000"));
}

TEST(ManifestCheck, WhatIsImpliedIsAParameterOfTheVerbThatTheProductIsNotTold) {
  const auto with = [](std::string_view to) {
    return faults_of("idp/entra.yaml", "entra.yaml", "implied: { refresh_tokens: [true] }", to);
  };
  EXPECT_THAT(with("implied: { refresh: [true] }"), HasSubstr("the verb has no such parameter"));
  EXPECT_THAT(with("implied: { refresh_tokens: always }"), HasSubstr("or `any`"));
}

TEST(ManifestCheck, WhereATargetGoesIsAnOption) {
  const auto with = [](std::string_view to) {
    return faults_of("chat/slack.yaml", "slack.yaml", "{ alert: channel,", to);
  };
  EXPECT_THAT(with("{ alert: room,"), HasSubstr("names an option of a closed type"));
  EXPECT_THAT(with("{ process: channel,"), HasSubstr("is no target of the verb"));
}

TEST(ManifestCheck, AliasesThatStandForAliasesAreRefusedBeforeTheyCostAnything) {
  std::string text = "manifest: 1\na: &a [x]\n";
  std::string last = "a";
  for (int n = 0; n < 40; ++n) {
    const auto name = fmt::format("b{}", n);
    text += fmt::format("{0}: &{0} [*{1}, *{1}]\n", name, last);
    last = name;
  }
  const conformance::TemporaryFolder folder;
  const auto file = folder.path() / "bomb.yaml";
  std::ofstream{file} << text;
  const auto plan = load(file, catalogue());
  ASSERT_FALSE(plan);
  EXPECT_THAT(plan.error().detail, HasSubstr("more than 50000 values"));
}

TEST(ManifestCheck, AnUnusedNumberIsOneOfARangeThatIsKnown) {
  const auto with = [](std::string_view from, std::string_view to) {
    return faults_of("firewall/aws_nacl.yaml", "nacl.yaml", from, to);
  };
  EXPECT_THAT(with("numbered: *ours, unused: true", "unused: true"),
              HasSubstr("says with `numbered` of which numbers one is wanted"));
  EXPECT_THAT(with("unused: true", "unused: true, count: true"),
              HasSubstr("says one of count, most, latest_by and unused"));
  EXPECT_THAT(with("most: options.last_rule }", "most: options.last_rul }"),
              HasSubstr("there is no 'options.last_rul' here; did you mean 'options.last_rule'?"));
  EXPECT_THAT(with("{ at: ruleNumber, least", "{ least"), HasSubstr("where an element's number"));
}

TEST(ManifestCheck, AWordThatTheOperatorSaysIsAnOptionOfAClosedType) {
  const auto with = [](std::string_view from, std::string_view to) {
    return faults_of("firewall/opnsense.yaml", "opnsense.yaml", from, to);
  };
  EXPECT_THAT(with("'${{ options.alias_inbound }}'", "'${{ options.inbound }}'"),
              HasSubstr("there is no option 'inbound' of a closed type"));
  EXPECT_THAT(with("alias_inbound: { type: id", "alias_inbound: { type: text"),
              HasSubstr("there is no option 'alias_inbound' of a closed type"));
  EXPECT_THAT(with("'${{ options.alias_inbound }}'", "'x${{ options.alias_inbound }}'"),
              HasSubstr("or the whole of one place"));
}

}  // namespace sallyport::connectors::manifest::testing
