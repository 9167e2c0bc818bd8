#include "tools/lab/vendors/google.hpp"

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

}  // namespace sallyport::lab
