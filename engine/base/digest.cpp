#include "engine/base/digest.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <memory>
#include <stdexcept>

namespace sallyport {

namespace {

/// OpenSSL's one-shot SHA256() looks the algorithm up at every call, which costs as much as hashing
/// a short text.
const EVP_MD* algorithm() {
  static const std::unique_ptr<EVP_MD, decltype(&EVP_MD_free)> fetched{
      EVP_MD_fetch(nullptr, "SHA256", nullptr), &EVP_MD_free};
  return fetched.get();
}

}  // namespace

Digest sha256(std::string_view bytes) {
  thread_local const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context{
      EVP_MD_CTX_new(), &EVP_MD_CTX_free};
  Digest digest{};
  const bool done = EVP_DigestInit_ex2(context.get(), algorithm(), nullptr) == 1 &&
                    EVP_DigestUpdate(context.get(), bytes.data(), bytes.size()) == 1 &&
                    EVP_DigestFinal_ex(context.get(), digest.data(), nullptr) == 1;
  if (!done) throw std::runtime_error{"OpenSSL does not do SHA-256"};
  return digest;
}

Digest hmac_sha256(std::string_view key, std::string_view bytes) {
  Digest digest{};
  unsigned length = 0;
  HMAC(EVP_sha256(),
       key.data(),
       static_cast<int>(key.size()),
       reinterpret_cast<const unsigned char*>(bytes.data()),
       bytes.size(),
       digest.data(),
       &length);
  return digest;
}

std::string to_hex(const Digest& digest) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text(digest.size() * 2, '0');
  for (std::size_t i = 0; i < digest.size(); ++i) {
    text[2 * i] = digits[digest[i] >> 4U];
    text[2 * i + 1] = digits[digest[i] & 0xfU];
  }
  return text;
}

std::string content_hash(std::string_view bytes) {
  return "sha256:" + to_hex(sha256(bytes));
}

}  // namespace sallyport
