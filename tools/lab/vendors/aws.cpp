#include "tools/lab/vendors/aws.hpp"

#include "engine/base/ascii.hpp"
#include "engine/base/digest.hpp"

#include <fmt/format.h>

#include <charconv>
#include <ranges>

namespace sallyport::lab {

namespace {

std::string hmac(std::string_view key, std::string_view text) {
  return std::string{raw_bytes(hmac_sha256(key, text))};
}

}  // namespace

bool AwsLab::is_signed(const VendorRequest& request) const {
  const auto header = request.header("Authorization");
  const auto credential = between(header, "Credential=", ",");
  const auto names = between(header, "SignedHeaders=", ",");
  const auto stamp = request.header("X-Amz-Date");
  const auto within = between(credential, "/", "");
  if (!header.starts_with("AWS4-HMAC-SHA256 ") || !credential.starts_with("LABACCESSKEY/") ||
      stamp.size() != 16 || !within.starts_with(stamp.substr(0, 8)) ||
      !within.ends_with("/" + service_ + "/aws4_request") || !names.contains("host"))
    return false;
  std::string headers;
  for (const auto part : std::views::split(names, ';')) {
    const std::string name{part.begin(), part.end()};
    headers += name + ':' + request.header(name) + '\n';
  }
  // What is sent and not signed could be another's.
  for (const auto& [name, value] : request.headers) {
    const auto lower = ascii::lowered(name);
    if (lower.starts_with("x-amz-") && !names.contains(lower)) return false;
  }
  const auto canonical = fmt::format(
      "{}\n/\n\n{}\n{}\n{}", request.method, headers, names, to_hex(sha256(request.body)));
  auto key = hmac("AWS4lab-aws-secret", stamp.substr(0, 8));
  for (const auto part : std::views::split(within.substr(9), '/'))
    key = hmac(key, std::string_view{part.begin(), part.end()});
  const auto text =
      fmt::format("AWS4-HMAC-SHA256\n{}\n{}\n{}", stamp, within, to_hex(sha256(canonical)));
  return between(header, "Signature=", "") == to_hex(hmac_sha256(key, text));
}

http::Response AwsLab::answer(const VendorRequest& request) {
  if (!request.is("POST", {}) || !request.query.empty()) return {.status = 404};
  if (!is_signed(request)) return refusal("SignatureDoesNotMatch");
  return answer_known(request);
}

http::Response AwsWafLab::refusal(std::string_view code) const {
  const auto named = code == "SignatureDoesNotMatch" ? "InvalidSignatureException" : code;
  return {.status = 400,
          .headers = {{"Content-Type", "application/x-amz-json-1.1"}},
          .body = to_json(json::value{{"__type", named}, {"message", "lab"}})};
}

std::string AwsWafLab::lock() const {
  return fmt::format("44444444-0000-4000-8000-{:012}", changes_);
}

http::Response AwsWafLab::answer_known(const VendorRequest& request) {
  const auto body = parse_json(request.body);
  const auto what = request.header("X-Amz-Target");
  if (request.header("Content-Type") != "application/x-amz-json-1.1" || !body)
    return refusal("SerializationException");
  if (text_at(*body, "Name") != "soc" || text_at(*body, "Scope") != "REGIONAL" ||
      text_at(*body, "Id") != "0f8fad5b-d9cb-469f-a165-70867728950e")
    return refusal("WAFNonexistentItemException");
  if (what == "AWSWAF_20190729.GetIPSet") {
    json::array list;
    for (const auto& address : addresses) list.emplace_back(address);
    return json_answer(200,
                       json::object{{"IPSet",
                                     json::object{{"Name", "soc"},
                                                  {"IPAddressVersion", "IPV4"},
                                                  {"Description", description},
                                                  {"Addresses", std::move(list)}}},
                                    {"LockToken", lock()}});
  }
  if (what != "AWSWAF_20190729.UpdateIPSet") return refusal("UnknownOperationException");
  const auto* list = part_of(*body, "Addresses");
  if (!list || !list->is_array()) return refusal("WAFInvalidParameterException");
  if (others_first > 0) {
    --others_first;
    ++changes_;
    addresses.insert("192.0.2.77/32");
  }
  if (text_at(*body, "LockToken") != lock()) return refusal("WAFOptimisticLockException");
  std::set<std::string> wanted;
  for (const auto& address : list->get_array()) {
    if (!address.is_string() || address.get_string().find('/') == json::string::npos)
      return refusal("WAFInvalidParameterException");
    wanted.emplace(address.get_string());
  }
  addresses = std::move(wanted);
  description = text_at(*body, "Description");
  ++changes_;
  return json_answer(200, {{"NextLockToken", lock()}});
}

namespace {

constexpr std::string_view known_acl = "acl-0a1b2c3d";
constexpr std::size_t most_rules = 20;

/// The number of a rule; 0: it is none.
int rule_number(std::string_view text) {
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = error == std::errc{} && end == text.data() + text.size();
  return whole && number >= 1 && number <= 32'766 ? number : 0;
}

http::Response ec2_answer(std::string_view action, std::string_view content) {
  return {.status = 200,
          .headers = {{"Content-Type", "text/xml;charset=UTF-8"}},
          .body = fmt::format(
              R"(<{0}Response xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">)"
              "<requestId>7a62c49f-0000-4000-8000-000000000000</requestId>{1}</{0}Response>",
              action,
              content)};
}

}  // namespace

bool AwsNaclLab::denies(const std::string& address, bool egress) const {
  for (const auto& [number, rule] : rules.at(egress))
    if (rule.cidr == "0.0.0.0/0" || rule.cidr == address + "/32") return rule.action == "deny";
  return true;
}

http::Response AwsNaclLab::refusal(std::string_view code) const {
  const auto status = code == "SignatureDoesNotMatch" ? 403 : 400;
  return {.status = status,
          .headers = {{"Content-Type", "text/xml;charset=UTF-8"}},
          .body = fmt::format("<Response><Errors><Error><Code>{}</Code><Message>lab</Message>"
                              "</Error></Errors><RequestID>ea966190</RequestID></Response>",
                              code)};
}

http::Response AwsNaclLab::described() const {
  std::string entries;
  for (const auto& [egress, list] : rules) {
    for (const auto& [number, rule] : list)
      entries += fmt::format(
          "<item><ruleNumber>{}</ruleNumber><protocol>-1</protocol><ruleAction>{}</ruleAction>"
          "<egress>{}</egress><cidrBlock>{}</cidrBlock></item>",
          number,
          rule.action,
          egress,
          rule.cidr);
    // The rule `*`, which every network ACL ends with.
    entries += fmt::format(
        "<item><ruleNumber>32767</ruleNumber><protocol>-1</protocol><ruleAction>deny</ruleAction>"
        "<egress>{}</egress><cidrBlock>0.0.0.0/0</cidrBlock></item>",
        egress);
  }
  return ec2_answer("DescribeNetworkAcls",
                    fmt::format("<networkAclSet><item><networkAclId>{}</networkAclId>"
                                "<default>false</default><entrySet>{}</entrySet></item>"
                                "</networkAclSet>",
                                known_acl,
                                entries));
}

http::Response AwsNaclLab::create(const http::Query& form, bool egress, int number) {
  const auto value = [&](std::string_view name) {
    return std::string{http::value_of(form, name).value_or("")};
  };
  const auto action = value("RuleAction");
  const auto cidr = value("CidrBlock");
  if (value("Protocol") != "-1" || (action != "deny" && action != "allow"))
    return refusal("InvalidParameterValue");
  if (cidr.find_first_not_of("0123456789./") != std::string::npos || !cidr.contains('/'))
    return refusal("InvalidParameterValue");
  auto& of_direction = rules[egress];
  if (auto& others = others_first[egress]; others > 0) {
    --others;
    of_direction[number] = {.action = "allow", .cidr = "192.0.2.77/32"};
  }
  if (of_direction.contains(number)) return refusal("NetworkAclEntryAlreadyExists");
  if (of_direction.size() >= most_rules) return refusal("NetworkAclEntryLimitExceeded");
  of_direction[number] = {.action = action, .cidr = cidr};
  return ec2_answer("CreateNetworkAclEntry", "<return>true</return>");
}

http::Response AwsNaclLab::answer_known(const VendorRequest& request) {
  const auto form = request.form();
  const auto value = [&](std::string_view name) {
    return std::string{form ? http::value_of(*form, name).value_or("") : ""};
  };
  const auto action = value("Action");
  if (!form || action.empty()) return refusal("MissingAction");
  if (value("Version") != "2016-11-15") return refusal("InvalidAction");
  const bool describes = action == "DescribeNetworkAcls";
  const auto acl = value(describes ? "NetworkAclId.1" : "NetworkAclId");
  if (acl.empty()) return refusal("MissingParameter");
  if (acl != known_acl) return refusal("InvalidNetworkAclID.NotFound");
  if (describes) return described();
  const auto number = rule_number(value("RuleNumber"));
  const auto egress = value("Egress");
  if (number == 0 || (egress != "true" && egress != "false"))
    return refusal(egress.empty() ? "MissingParameter" : "InvalidParameterValue");
  if (action == "CreateNetworkAclEntry") return create(*form, egress == "true", number);
  if (action != "DeleteNetworkAclEntry") return refusal("InvalidAction");
  return rules[egress == "true"].erase(number) == 0 ? refusal("InvalidNetworkAclEntry.NotFound")
                                                    : ec2_answer(action, "<return>true</return>");
}

http::Response AwsIamLab::refusal(std::string_view code) const {
  return {.status = code == "NoSuchEntity"            ? 404
                    : code == "SignatureDoesNotMatch" ? 403
                                                      : 400,
          .headers = {{"Content-Type", "text/xml"}},
          .body = fmt::format(R"(<ErrorResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/">)"
                              "<Error><Type>Sender</Type><Code>{}</Code><Message>lab</Message>"
                              "</Error></ErrorResponse>",
                              code)};
}

http::Response AwsIamLab::answer_known(const VendorRequest& request) {
  const auto form = request.form();
  const auto value = [&](std::string_view name) {
    return std::string{form ? http::value_of(*form, name).value_or("") : ""};
  };
  const auto action = value("Action");
  if (value("Version") != "2010-05-08") return refusal("InvalidAction");
  const auto user = users.find(value("UserName"));
  if (user == users.end()) return refusal("NoSuchEntity");
  const auto done = [&](std::string_view result) -> http::Response {
    return {
        .status = 200,
        .headers = {{"Content-Type", "text/xml"}},
        .body = fmt::format(
            R"(<{0}Response xmlns="https://iam.amazonaws.com/doc/2010-05-08/">{1}</{0}Response>)",
            action,
            result)};
  };
  if (action == "GetUser")
    return done(
        fmt::format("<GetUserResult><User><UserName>{}</UserName><UserId>AIDALAB1</UserId>"
                    "</User></GetUserResult>",
                    user->first));
  if (action == "ListAttachedUserPolicies") {
    std::string list;
    for (const auto& policy : user->second)
      list += fmt::format("<member><PolicyArn>{}</PolicyArn></member>", policy);
    return done(
        fmt::format("<{0}Result><IsTruncated>false</IsTruncated><AttachedPolicies>{1}"
                    "</AttachedPolicies></{0}Result>",
                    action,
                    list));
  }
  const auto policy = value("PolicyArn");
  if (!policy.starts_with("arn:aws:iam::")) return refusal("InvalidInput");
  if (action == "AttachUserPolicy") {
    user->second.insert(policy);
    return done("");
  }
  if (action == "DetachUserPolicy")
    return user->second.erase(policy) == 0 ? refusal("NoSuchEntity") : done("");
  return refusal("InvalidAction");
}

}  // namespace sallyport::lab
