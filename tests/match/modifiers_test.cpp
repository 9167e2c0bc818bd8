#include "engine/match/modifiers.hpp"

#include "tests/match/matching.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace sallyport::match {
namespace {

using testing::HasSubstr;

TEST(Modifiers, ContainsStartswithEndswithSayWhereTextStands) {
  EXPECT_TRUE(matches(R"({"a|contains": "BCD"})", R"({"a": "abcde"})"));
  EXPECT_TRUE(matches(R"({"a|startswith": "AB"})", R"({"a": "abcde"})"));
  EXPECT_FALSE(matches(R"({"a|startswith": "b"})", R"({"a": "abcde"})"));
  EXPECT_TRUE(matches(R"({"a|endswith": "DE"})", R"({"a": "abcde"})"));
  EXPECT_FALSE(matches(R"({"a|endswith": "d"})", R"({"a": "abcde"})"));
  EXPECT_FALSE(matches(R"({"a": "bcd"})", R"({"a": "abcde"})"));
  EXPECT_TRUE(matches(R"({"a|contains": "b*d"})", R"({"a": "abcde"})"));
  EXPECT_TRUE(matches(R"({"a|endswith": "\\cmd.exe"})", R"({"a": "C:\\Windows\\CMD.EXE"})"));
}

TEST(Modifiers, AllWantsEveryValue) {
  constexpr auto both = R"({"a|contains|all": ["one", "two"]})";
  EXPECT_TRUE(matches(both, R"({"a": "two and one"})"));
  EXPECT_FALSE(matches(both, R"({"a": "one"})"));
  EXPECT_THAT(complaints(R"({"a|all": "x"})"), HasSubstr("warning /a|all: 'all' has no meaning"));
}

TEST(Modifiers, CasedComparesCase) {
  EXPECT_TRUE(matches(R"({"a|cased": "aB"})", R"({"a": "aB"})"));
  EXPECT_FALSE(matches(R"({"a|cased": "aB"})", R"({"a": "ab"})"));
  EXPECT_FALSE(matches(R"({"a|contains|cased": "B?C"})", R"({"a": "abxc"})"));
  EXPECT_TRUE(matches(R"({"a|contains|cased": "B?C"})", R"({"a": "aBxC"})"));
}

TEST(Modifiers, NeqWantsAPresentFieldWithNoneOfTheValues) {
  EXPECT_TRUE(matches(R"({"a|neq": "x"})", R"({"a": "y"})"));
  EXPECT_FALSE(matches(R"({"a|neq": "x"})", R"({"a": "X"})"));
  EXPECT_FALSE(matches(R"({"a|neq": ["x", "y"]})", R"({"a": "y"})"));
  EXPECT_FALSE(matches(R"({"a|neq": "x"})", R"({"a": null})"));
  EXPECT_TRUE(matches(R"({"a|neq": null})", R"({"a": "x"})"));
  EXPECT_FALSE(matches(R"({"a|neq": null})", R"({"a": null})"));
  EXPECT_TRUE(matches(R"({"a|contains|neq": "x"})", R"({"a": "y"})"));
  EXPECT_FALSE(matches(R"({"a|cidr|neq": "10.0.0.0/8"})", R"({"a": "10.1.2.3"})"));
}

TEST(Modifiers, ExistsAsksForPresenceOnly) {
  EXPECT_TRUE(matches(R"({"a|exists": true})", R"({"a": null})"));
  EXPECT_TRUE(matches(R"({"a|exists": true})", R"({"a": {}})"));
  EXPECT_TRUE(matches(R"({"a.b|exists": true})", R"({"a": [{"c": 1}, {"b": []}]})"));
  EXPECT_FALSE(matches(R"({"a|exists": true})", R"({"b": 1})"));
  EXPECT_TRUE(matches(R"({"a|exists": false})", R"({"b": 1})"));
  EXPECT_FALSE(matches(R"({"a|exists": false})", R"({"a": 1})"));
  EXPECT_THAT(complaints(R"({"a|exists": "yes"})"), HasSubstr("takes true or false"));
}

TEST(Modifiers, WindashTakesEveryDash) {
  constexpr auto flag = R"({"a|contains|windash": " -enc"})";
  for (const auto* dash : {"-", "/", "–", "—", "―"})
    EXPECT_TRUE(matches(flag, std::string{R"({"a": "powershell )"} + dash + R"(ENC x"})")) << dash;
  EXPECT_FALSE(matches(flag, R"({"a": "powershell +enc x"})"));
  EXPECT_TRUE(matches(R"({"a|windash": "-a b-c -d"})", R"({"a": "/a b-c –d"})"));
  EXPECT_FALSE(matches(R"({"a|windash": "-a b-c"})", R"({"a": "/a b/c"})"));
  EXPECT_TRUE(matches(R"({"a|endswith|windash": "/f"})", R"({"a": "del -F"})"));
}

TEST(Modifiers, ReIsASearchWithCaseAndItsFlags) {
  EXPECT_TRUE(matches(R"({"a|re": "b[cd]+"})", R"({"a": "abcde"})"));
  EXPECT_FALSE(matches(R"({"a|re": "B"})", R"({"a": "abc"})"));
  EXPECT_TRUE(matches(R"({"a|re|i": "B"})", R"({"a": "abc"})"));
  EXPECT_FALSE(matches(R"({"a|re": "^b"})", R"({"a": "a\nb"})"));
  EXPECT_TRUE(matches(R"({"a|re|m": "^b"})", R"({"a": "a\nb"})"));
  EXPECT_FALSE(matches(R"({"a|re": "a.b"})", R"({"a": "a\nb"})"));
  EXPECT_TRUE(matches(R"({"a|re|s": "a.b"})", R"({"a": "a\nb"})"));
  EXPECT_TRUE(matches(R"({"a|re|i|s": "A.B"})", R"({"a": "a\nb"})"));
  EXPECT_FALSE(matches(R"({"a|re": "abc"})", R"({"a": "ABC"})"));
  EXPECT_TRUE(matches(R"({"a|re": "^46"})", R"({"a": 4624})"));
}

TEST(Modifiers, ReSaysWhatIsNotSupported) {
  const auto said = [](std::string_view expression) {
    return complaints(fmt::format(R"({{"a|re": "{}"}})", expression));
  };
  EXPECT_THAT(said("a(?=b)"), HasSubstr("uses look-ahead"));
  EXPECT_THAT(said("(?<!a)b"), HasSubstr("negative look-behind"));
  EXPECT_THAT(said("(a)\\\\1"), HasSubstr("back-reference"));
  EXPECT_THAT(said("(?>a)"), HasSubstr("atomic group"));
  EXPECT_THAT(said("a++"), HasSubstr("possessive"));
  EXPECT_THAT(said("a("), HasSubstr("/a|re: the regular expression does not compile"));
  EXPECT_EQ(said("[a(?=]\\\\(?=x"), "");
  EXPECT_THAT(said("((a{100}){100}){100}"), HasSubstr("does not compile"));
}

TEST(Modifiers, Base64EncodesTheValue) {
  EXPECT_TRUE(matches(R"({"a|base64": "foobar"})", R"({"a": "Zm9vYmFy"})"));
  EXPECT_TRUE(matches(R"({"a|base64|contains": "foob"})", R"({"a": "x Zm9vYg== y"})"));
  EXPECT_TRUE(matches(R"({"a|base64": "1\\*"})", R"({"a": "MSo="})"));
  EXPECT_THAT(complaints(R"({"a|base64": "a*"})"), HasSubstr("wildcard cannot be encoded"));
  EXPECT_THAT(complaints(R"({"a|base64": ""})"), HasSubstr("nothing here to encode"));
}

TEST(Modifiers, Base64offsetFindsTheValueAtEveryOffset) {
  constexpr auto block = R"({"a|base64offset|contains": "http://"})";
  // "http://" behind none, one and two bytes, and something after it.
  EXPECT_TRUE(matches(block, R"({"a": "aHR0cDovL3h4"})"));
  EXPECT_TRUE(matches(block, R"({"a": "eGh0dHA6Ly94eA=="})"));
  EXPECT_TRUE(matches(block, R"({"a": "eHhodHRwOi8veHg="})"));
  EXPECT_FALSE(matches(block, R"({"a": "eHhodHRwcy8veHg="})"));
}

TEST(Modifiers, WideAndItsKinEncodeInUtf16BeforeBase64) {
  EXPECT_TRUE(matches(R"({"a|wide|base64": "cmd"})", R"({"a": "YwBtAGQA"})"));
  EXPECT_TRUE(matches(R"({"a|utf16le|base64": "cmd"})", R"({"a": "YwBtAGQA"})"));
  EXPECT_TRUE(matches(R"({"a|utf16be|base64": "cmd"})", R"({"a": "AGMAbQBk"})"));
  EXPECT_TRUE(matches(R"({"a|utf16|base64": "cmd"})", R"({"a": "//5jAG0AZAA="})"));
  EXPECT_TRUE(matches(R"({"a|wide|base64": "😀"})", R"({"a": "PdgA3g=="})"));
  EXPECT_TRUE(matches(R"({"a|wide|base64offset|contains": "IEX"})", R"({"a": "xxxSQBFAFgAyyy"})"));
  EXPECT_THAT(complaints(R"({"a|wide|contains": "x"})"), HasSubstr("needs base64"));
  EXPECT_THAT(complaints(R"({"a|base64|wide": "x"})"), HasSubstr("'wide' comes first"));
  EXPECT_THAT(complaints(R"({"a|contains|base64": "x"})"), HasSubstr("before contains"));
}

TEST(Modifiers, BoundsCompareNumbers) {
  EXPECT_TRUE(matches(R"({"a|gt": 5})", R"({"a": 5.5})"));
  EXPECT_FALSE(matches(R"({"a|gt": 5})", R"({"a": 5})"));
  EXPECT_TRUE(matches(R"({"a|gte": 5})", R"({"a": "5"})"));
  EXPECT_TRUE(matches(R"({"a|lt": 5})", R"({"a": -1})"));
  EXPECT_FALSE(matches(R"({"a|lt": 5})", R"({"a": 5})"));
  EXPECT_TRUE(matches(R"({"a|lte": 5})", R"({"a": 5})"));
  for (const auto* other : {R"("abc")", R"("")", "null", "true", "{}", R"("0x10")", R"("5 ")"}) {
    EXPECT_FALSE(matches(R"({"a|gt": 0})", std::string{R"({"a": )"} + other + "}")) << other;
    EXPECT_FALSE(matches(R"({"a|lt": 1000})", std::string{R"({"a": )"} + other + "}")) << other;
  }
  EXPECT_THAT(complaints(R"({"a|gt": "abc"})"), HasSubstr("/a|gt: a number is expected"));
  EXPECT_THAT(complaints(R"({"a|gt": null})"), HasSubstr("a number is expected"));
}

TEST(Modifiers, TimePartsLookAtATime) {
  constexpr auto event = R"({"t": "2026-11-20T10:05:30+02:00"})";  // 08:05:30 UTC, a Friday
  EXPECT_TRUE(matches(R"({"t|hour": 8})", event));
  EXPECT_FALSE(matches(R"({"t|hour": 10})", event));
  EXPECT_TRUE(matches(R"({"t|minute": 5})", event));
  EXPECT_TRUE(matches(R"({"t|day": 20})", event));
  EXPECT_TRUE(matches(R"({"t|week": 47})", event));
  EXPECT_TRUE(matches(R"({"t|month": 11})", event));
  EXPECT_TRUE(matches(R"({"t|year": [2025, 2026]})", event));
  EXPECT_TRUE(matches(R"({"t|hour|gte": 8})", event));
  EXPECT_FALSE(matches(R"({"t|hour|lt": 8})", event));
  EXPECT_TRUE(matches(R"({"t|hour|neq": 9})", event));
  EXPECT_TRUE(matches(R"({"t|hour": 5})", R"({"t": "2026-04-17 05:24:53.079"})"));
  EXPECT_TRUE(matches(R"({"t|year": 2026})", R"({"t": 1795168800})"));
  EXPECT_TRUE(matches(R"({"t|year": 2026})", R"({"t": 1795168800000})"));
  EXPECT_FALSE(matches(R"({"t|year|gt": 0})", R"({"t": "noon"})"));
  EXPECT_TRUE(matches(R"({"t|week": 53})", R"({"t": "2027-01-01"})"));
  EXPECT_THAT(complaints(R"({"t|hour": 24})"), HasSubstr("from 0 to 23"));
  EXPECT_THAT(complaints(R"({"t|hour|day": 2})"), HasSubstr("contradict"));
}

TEST(Modifiers, CidrHoldsAddresses) {
  constexpr auto private_v4 = R"({"a|cidr": ["10.0.0.0/8", "192.168.4.0/22"]})";
  EXPECT_TRUE(matches(private_v4, R"({"a": "10.255.0.1"})"));
  EXPECT_TRUE(matches(private_v4, R"({"a": "192.168.7.255"})"));
  EXPECT_FALSE(matches(private_v4, R"({"a": "192.168.8.0"})"));
  EXPECT_TRUE(matches(private_v4, R"({"a": "::ffff:10.1.2.3"})"));
  EXPECT_FALSE(matches(R"({"a|cidr": "::/0"})", R"({"a": "10.1.2.3"})"));
  EXPECT_TRUE(matches(R"({"a|cidr": "::/0"})", R"({"a": "2001:db8::1"})"));
  EXPECT_FALSE(matches(R"({"a|cidr": "0.0.0.0/0"})", R"({"a": "2001:db8::1"})"));
  EXPECT_TRUE(matches(R"({"a|cidr": "fe80::/10"})", R"({"a": "FE80::1%eth0"})"));
  EXPECT_FALSE(matches(R"({"a|cidr": "fe80::/10"})", R"({"a": "fec0::1"})"));
  EXPECT_TRUE(matches(R"({"a|cidr": "10.0.0.1"})", R"({"a": "10.0.0.1"})"));
  EXPECT_FALSE(matches(R"({"a|cidr": "10.0.0.1"})", R"({"a": "10.0.0.10"})"));
  for (const auto* other :
       {"10.1.2", "10.1.2.3.4", "10.1.2.256", "010.1.2.3", "10.1.2.3 ", "host", "", "10.1.2.3:80"})
    EXPECT_FALSE(matches(R"({"a|cidr": "0.0.0.0/0"})", std::string{R"({"a": ")"} + other + "\"}"))
        << other;
}

TEST(Modifiers, CidrHoldsRangesThatLieInsideAsAWhole) {
  constexpr auto private_v4 = R"({"a|cidr": "10.0.0.0/8"})";
  EXPECT_TRUE(matches(private_v4, R"({"a": "10.0.0.0/8"})"));
  EXPECT_TRUE(matches(private_v4, R"({"a": "10.1.0.0/16"})"));
  EXPECT_TRUE(matches(private_v4, R"({"a": "::ffff:10.1.0.0/112"})"));
  EXPECT_FALSE(matches(private_v4, R"({"a": "10.0.0.0/7"})"));
  EXPECT_FALSE(matches(private_v4, R"({"a": "0.0.0.0/0"})"));
  EXPECT_FALSE(matches(private_v4, R"({"a": "11.0.0.0/8"})"));
  EXPECT_FALSE(matches(private_v4, R"({"a": "10.0.0.0/33"})"));
  EXPECT_TRUE(matches(R"({"a|cidr": "fc00::/7"})", R"({"a": "fd00:1::/32"})"));
  EXPECT_FALSE(matches(R"({"a|cidr": "10.1.2.3"})", R"({"a": "10.1.2.0/24"})"));
}

TEST(Modifiers, CidrRefusesWhatIsNoNetwork) {
  for (const auto* wrong :
       {"10.0.0.0/33", "10.0.0/8", "fe80::/129", "x", "10.0.0.0/", "10.0.0.0/8x"})
    EXPECT_THAT(complaints(std::string{R"({"a|cidr": ")"} + wrong + "\"}"),
                HasSubstr("is not a network"))
        << wrong;
  EXPECT_THAT(complaints(R"({"a|cidr": "10.0.0.1/8"})"), HasSubstr("warning /a|cidr"));
}

TEST(Modifiers, FieldrefComparesTwoFields) {
  EXPECT_TRUE(matches(R"({"a|fieldref": "b"})", R"({"a": "X", "b": "x"})"));
  EXPECT_FALSE(matches(R"({"a|fieldref": "b"})", R"({"a": "X", "b": "y"})"));
  EXPECT_TRUE(matches(R"({"a|fieldref": "b"})", R"({"a": 10, "b": "10"})"));
  EXPECT_FALSE(matches(R"({"a|fieldref|cased": "b"})", R"({"a": "X", "b": "x"})"));
  EXPECT_TRUE(matches(R"({"a|fieldref|startswith": "b.c"})", R"({"a": "xyz", "b": {"c": "XY"}})"));
  EXPECT_TRUE(matches(R"({"a|fieldref|neq": "b"})", R"({"a": "x", "b": "y"})"));
  EXPECT_FALSE(matches(R"({"a|fieldref|neq": "b"})", R"({"a": "x", "b": "X"})"));
  EXPECT_FALSE(matches(R"({"a|fieldref": "b"})", R"({"a": null, "b": null})"));
}

TEST(Modifiers, ExpandWantsAPlaceholderTable) {
  EXPECT_THAT(complaints(R"({"a|expand": "%admins%"})"),
              HasSubstr("/a|expand: the placeholder '%admins%' has no values"));
  const Placeholders table{{"admins", {"root", "adm*"}}, {"d", {"x", "y"}}};
  EXPECT_TRUE(matches(R"({"a|expand": "%admins%"})", R"({"a": "ADMIN7"})", table));
  EXPECT_FALSE(matches(R"({"a|expand": "%admins%"})", R"({"a": "user"})", table));
  EXPECT_TRUE(matches(R"({"a|contains|expand": "%d%\\%admins%"})", R"({"a": "_y\\root_"})", table));
  EXPECT_FALSE(matches(R"({"a": "%admins%"})", R"({"a": "root"})", table));
}

TEST(Modifiers, RefusesContradictions) {
  for (const auto* key : {"contains|startswith",
                          "re|cidr",
                          "contains|contains",
                          "i",
                          "re|cased",
                          "cidr|windash",
                          "gt|lt",
                          "gt|all",
                          "exists|all",
                          "exists|neq",
                          "neq|all",
                          "fieldref|re",
                          "fieldref|windash",
                          "hour|contains",
                          "base64|base64offset",
                          "utf16|wide|base64",
                          "re|base64"}) {
    Faults faults;
    EXPECT_FALSE(parse_modifiers(key, faults, "/x")) << key;
    EXPECT_EQ(faults.size(), 1U) << key;
  }
}

TEST(Modifiers, NamesTheUnknownOne) {
  EXPECT_THAT(complaints(R"({"a|endwith": 1})"), HasSubstr("did you mean 'endswith'"));
  EXPECT_THAT(complaints(R"({"a|near": 1})"), HasSubstr("unknown modifier 'near'"));
  EXPECT_THAT(complaints(R"({"a|": 1})"), HasSubstr("a modifier is missing"));
}

}  // namespace
}  // namespace sallyport::match
