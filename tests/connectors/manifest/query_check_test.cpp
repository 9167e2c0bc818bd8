#include "tests/connectors/manifest/altered.hpp"

#include <gmock/gmock.h>

namespace sallyport::connectors::manifest::testing {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

namespace {

/// What is said of the VirusTotal manifest with the first `from` changed to `to`.
std::string faults_with(std::string_view from, std::string_view to) {
  return faults_of("intel/virustotal.yaml", "vt.yaml", from, to);
}

}  // namespace

TEST(QueryCheck, TheManifestAsItIsHasNoFault) {
  EXPECT_THAT(faults_with("connector:", "connector:"), IsEmpty());
}

TEST(QueryCheck, AFaultNamesFileLineAndColumn) {
  EXPECT_THAT(
      faults_with("entities: { ip: { type: ip } }", "entities: { addr: { type: ip } }"),
      HasSubstr("vt.yaml:29:17: error: /queries/address/entities/addr: is no kind of entity"));
}

TEST(QueryCheck, AQueryReadsAndNothingElse) {
  for (const auto* method : {"PUT", "PATCH", "DELETE"})
    EXPECT_THAT(
        faults_with("request: { path:", fmt::format("request: {{ method: {}, path:", method)),
        HasSubstr("a query reads"))
        << method;
}

TEST(QueryCheck, FreeTextOfAProductIsNoPartOfASummaryOrOfARequest) {
  EXPECT_THAT(faults_with("'${{ found.malicious }} engines call it malicious'",
                          "'${{ found.owner }} owns it'"),
              HasSubstr("found.owner may hold any text"));
  EXPECT_THAT(
      faults_with("'${{ found.malicious }} engines call it malicious'", "'${{ found.owner }}'"),
      HasSubstr("found.owner may hold any text"));
  EXPECT_THAT(faults_with("entities: { ip: { type: ip } }", "entities: { ip: { type: text } }"),
              HasSubstr("entity.value may hold any text"));
}

TEST(QueryCheck, OthersAreNotAskedAboutWhatIsOurs) {
  EXPECT_THAT(faults_with("entities: { ip: { type: ip } }",
                          "entities: { ip: { type: ip }, user: { type: login } }"),
              HasSubstr("is ours: others are asked about"));
}

TEST(QueryCheck, ASignalIsNamedAndMeasuredByWhatWasFound) {
  EXPECT_THAT(faults_with("from: found.malicious, of: 15", "from: found.malicous, of: 15"),
              HasSubstr("did you mean 'found.malicious'?"));
  EXPECT_THAT(faults_with("from: found.malicious, of: 15", "from: found.owner, of: 15"),
              HasSubstr("names a number"));
  EXPECT_THAT(faults_with("from: found.malicious, of: 15", "strength: 2"),
              HasSubstr("goes from 0 to 1"));
  EXPECT_THAT(faults_with("name: intel.known_bad", "name: bad"), HasSubstr("family.name"));
}

TEST(QueryCheck, TheTimeIsKnownOnlyWhereAWindowIs) {
  EXPECT_THAT(faults_with("/ip_addresses/${{ entity.value }}'", "/ip_addresses/${{ time.from }}'"),
              HasSubstr("there is no 'time.from' here"));
}

TEST(QueryCheck, AQuerySaysWhatItAnswersAndWhatWasFound) {
  EXPECT_THAT(faults_with("    about: how many of its engines call an address malicious\n", ""),
              HasSubstr("says what it answers"));
  EXPECT_THAT(
      faults_with("      summary: '${{ found.malicious }} engines call it malicious'\n", ""),
      HasSubstr("says in a sentence what was found"));
}

}  // namespace sallyport::connectors::manifest::testing
