#include "engine/base/secret.hpp"

#include <fmt/format.h>
#include <openssl/crypto.h>

#include <cstdlib>
#include <fstream>

namespace sallyport {

namespace {

Result<Secret> first_line_of(const std::string& path) {
  std::ifstream file{path};
  std::string line;
  if (!file || !std::getline(file, line) || line.empty())
    return fail(Errc::not_found, fmt::format("no secret in file {}", path));
  if (line.back() == '\r') line.pop_back();
  return Secret{std::move(line)};
}

}  // namespace

Secret::~Secret() {
  OPENSSL_cleanse(text_.data(), text_.size());
}

Secret::Secret(Secret&& other) noexcept : text_{other.text_} {
  OPENSSL_cleanse(other.text_.data(), other.text_.size());
  other.text_.clear();
}

Secret& Secret::operator=(Secret&& other) noexcept {
  if (this != &other) {
    OPENSSL_cleanse(text_.data(), text_.size());
    text_ = other.text_;
    OPENSSL_cleanse(other.text_.data(), other.text_.size());
    other.text_.clear();
  }
  return *this;
}

bool Secret::equals(std::string_view text) const noexcept {
  return text.size() == text_.size() && CRYPTO_memcmp(text.data(), text_.data(), text_.size()) == 0;
}

Result<Secret> resolve_secret(std::string_view reference) {
  const auto colon = reference.find(':');
  const auto kind = reference.substr(0, colon);
  const auto name =
      colon == std::string_view::npos ? std::string{} : std::string{reference.substr(colon + 1)};
  if (name.empty() || (kind != "env" && kind != "file" && kind != "credential")) {
    return fail(Errc::invalid_input,
                "a secret is given by reference: env:NAME, file:/path or credential:NAME");
  }
  if (kind == "file") return first_line_of(name);
  if (kind == "credential") {
    const char* directory = std::getenv("CREDENTIALS_DIRECTORY");
    if (!directory || name.find('/') != std::string::npos)
      return fail(Errc::not_found, fmt::format("no systemd credential {}", name));
    return first_line_of(std::string{directory} + "/" + name);
  }
  const char* value = std::getenv(name.c_str());
  if (!value || *value == '\0')
    return fail(Errc::not_found, fmt::format("environment variable {} is not set", name));
  return Secret{value};
}

}  // namespace sallyport
