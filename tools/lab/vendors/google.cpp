#include "tools/lab/vendors/clouds.hpp"

#include "engine/base/digest.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <ranges>

namespace sallyport::lab {

namespace {

constexpr std::string_view google_issuer = "soc@lab.iam.gserviceaccount.com";

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

const Key& google_key() {
  static const Key key{EVP_RSA_gen(1024), &EVP_PKEY_free};
  return key;
}

/// The bytes of base64 for URLs; empty where it is none.
std::string from_base64url(std::string_view text) {
  std::string out;
  unsigned bits = 0;
  int n = 0;
  constexpr std::string_view alphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  for (const char c : text) {
    const auto at = alphabet.find(c);
    if (at == std::string_view::npos) return {};
    bits = (bits << 6U) | static_cast<unsigned>(at);
    if (n += 6; n < 8) continue;
    n -= 8;
    out += static_cast<char>((bits >> static_cast<unsigned>(n)) & 0xffU);
  }
  return out;
}

bool is_signed_by_google_key(std::string_view head, std::string_view signature) {
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context{EVP_MD_CTX_new(),
                                                                        &EVP_MD_CTX_free};
  return EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, google_key().get()) ==
             1 &&
         EVP_DigestVerify(context.get(),
                          reinterpret_cast<const unsigned char*>(signature.data()),
                          signature.size(),
                          reinterpret_cast<const unsigned char*>(head.data()),
                          head.size()) == 1;
}

http::Response google_error(int status, std::string_view reason, std::string_view message) {
  json::array errors;
  errors.push_back(json::object{{"reason", reason}, {"message", message}});
  return json_answer(
      status,
      json::object{
          {"error",
           json::object{{"code", status}, {"message", message}, {"errors", std::move(errors)}}}});
}

std::string hmac(std::string_view key, std::string_view text) {
  const auto digest = hmac_sha256(key, text);
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

/// What stands between `from` and `to`; empty where they are not there.
std::string between(std::string_view text, std::string_view from, std::string_view to) {
  const auto begin = text.find(from);
  if (begin == std::string_view::npos) return {};
  const auto end = text.find(to, begin + from.size());
  return std::string{text.substr(begin + from.size(),
                                 end == std::string_view::npos ? end : end - begin - from.size())};
}

}  // namespace

const std::string& GoogleLab::private_key() {
  static const std::string text = [] {
    const std::unique_ptr<BIO, decltype(&BIO_free)> memory{BIO_new(BIO_s_mem()), &BIO_free};
    PEM_write_bio_PKCS8PrivateKey(
        memory.get(), google_key().get(), nullptr, nullptr, 0, nullptr, nullptr);
    char* data = nullptr;
    const auto size = BIO_get_mem_data(memory.get(), &data);
    std::string line;
    for (const char c : std::string_view{data, static_cast<std::size_t>(size)})
      line += c == '\n' ? std::string{"\\n"} : std::string{c};
    return line;
  }();
  return text;
}

GoogleLab::User& GoogleLab::user(const std::string& email) {
  return std::ranges::find_if(users, [&](const auto& entry) { return entry.second.email == email; })
      ->second;
}

http::Response GoogleLab::token(const VendorRequest& request) const {
  const auto refused = [](std::string_view why) {
    return json_answer(400, {{"error", "invalid_grant"}, {"error_description", why}});
  };
  const auto form = request.form();
  if (!form || http::value_of(*form, "grant_type") != "urn:ietf:params:oauth:grant-type:jwt-bearer")
    return refused("unsupported grant");
  const std::string assertion{http::value_of(*form, "assertion").value_or("")};
  const auto first = assertion.find('.');
  const auto last = assertion.rfind('.');
  if (first == std::string::npos || first == last) return refused("no JWT");
  const auto signature = from_base64url(assertion.substr(last + 1));
  if (!is_signed_by_google_key(assertion.substr(0, last), signature))
    return refused("Invalid JWT Signature.");
  const auto head = parse_json(from_base64url(assertion.substr(0, first)));
  const auto claims = parse_json(from_base64url(assertion.substr(first + 1, last - first - 1)));
  if (!head || !claims || text_at(*head, "alg") != "RS256") return refused("no JWT");
  const auto now = std::chrono::duration_cast<std::chrono::seconds>(
                       std::chrono::system_clock::now().time_since_epoch())
                       .count();
  const auto issued = std::atoll(text_at(*claims, "iat").c_str());
  const auto ends = std::atoll(text_at(*claims, "exp").c_str());
  if (std::abs(now - issued) > 300 || ends <= now || ends - issued > 3600)
    return refused("Token must be a short-lived token");
  if (text_at(*claims, "iss") != google_issuer ||
      text_at(*claims, "aud") != "https://oauth2.googleapis.com/token" ||
      text_at(*claims, "sub") != "admin@acme.example" ||
      !text_at(*claims, "scope").contains("auth/admin.directory.user"))
    return json_answer(401, {{"error", "unauthorized_client"}, {"error_description", "lab"}});
  return json_answer(
      200, {{"access_token", "lab-google-token"}, {"expires_in", 3599}, {"token_type", "Bearer"}});
}

http::Response GoogleLab::change(User& user, const VendorRequest& request) {
  const auto body = request.json();
  const auto* object = body ? body->if_object() : nullptr;
  if (!object || object->empty()) return google_error(400, "badRequest", "Bad Request");
  for (const auto& [key, value] : *object) {
    if (key == "password" && echoes_password)
      return google_error(400, "invalid", "Invalid Input: " + text_at(*body, "password"));
    if (key == "suspended" && value.is_bool()) {
      user.suspended = value.get_bool();
      user.suspended_for = user.suspended ? "ADMIN" : "";
      if (user.suspended) user.sessions = 0;
    } else if (key == "password" && value.is_string() && value.get_string().size() >= 8) {
      user.password = std::string{value.get_string()};
    } else if (key == "changePasswordAtNextLogin" && value.is_bool()) {
      user.must_change = value.get_bool();
    } else {
      return google_error(400, "invalid", "Invalid Input: " + std::string{key});
    }
  }
  return json_answer(200, {{"primaryEmail", user.email}, {"suspended", user.suspended}});
}

http::Response GoogleLab::answer(const VendorRequest& request) {
  if (request.is("POST", {"token"})) return token(request);
  if (request.header("Authorization") != "Bearer lab-google-token")
    return google_error(401, "authError", "Invalid Credentials");
  const bool about_user = request.path.size() >= 5 && request.path[1] == "directory";
  const auto found = std::ranges::find_if(users, [&](const auto& entry) {
    return about_user && (entry.first == request.path[4] || entry.second.email == request.path[4]);
  });
  if (found == users.end()) return google_error(404, "notFound", "Resource Not Found: userKey");
  auto& user = found->second;
  if (request.is("GET", {"admin", "directory", "v1", "users", "*"})) {
    json::object shown{
        {"id", found->first}, {"primaryEmail", user.email}, {"suspended", user.suspended}};
    if (!user.suspended_for.empty()) shown["suspensionReason"] = user.suspended_for;
    return json_answer(200, json::value(std::move(shown)));
  }
  if (request.is("PATCH", {"admin", "directory", "v1", "users", "*"})) return change(user, request);
  if (request.is("POST", {"admin", "directory", "v1", "users", "*", "signOut"})) {
    user.sessions = 0;
    return {.status = 204};
  }
  return google_error(404, "notFound", "Not Found");
}

bool AwsLab::is_signed(const VendorRequest& request) const {
  const auto header = request.header("Authorization");
  const auto credential = between(header, "Credential=", ",");
  const auto names = between(header, "SignedHeaders=", ",");
  const auto stamp = request.header("X-Amz-Date");
  const auto within = between(credential, "/", "\n");
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
    std::string lower{name};
    for (char& c : lower)
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c | 0x20);
    if (lower.starts_with("x-amz-") && !names.contains(lower)) return false;
  }
  const auto canonical = fmt::format(
      "{}\n/\n\n{}\n{}\n{}", request.method, headers, names, to_hex(sha256(request.body)));
  auto key = hmac("AWS4lab-aws-secret", stamp.substr(0, 8));
  for (const auto part : std::views::split(within.substr(9), '/'))
    key = hmac(key, std::string_view{part.begin(), part.end()});
  const auto text =
      fmt::format("AWS4-HMAC-SHA256\n{}\n{}\n{}", stamp, within, to_hex(sha256(canonical)));
  return between(header, "Signature=", "\n") == to_hex(hmac_sha256(key, text));
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
