#include "engine/base/digest.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
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

/// In one piece of memory: each entry of the ledger pays for it, written and verified.
std::string in_hex(std::string_view before, const Digest& digest) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text(before.size() + digest.size() * 2, '0');
  auto* to = std::ranges::copy(before, text.data()).out;
  for (const auto byte : digest) {
    *to++ = digits[byte >> 4U];
    *to++ = digits[byte & 0xfU];
  }
  return text;
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
  return in_hex("", digest);
}

std::string content_hash(std::string_view bytes) {
  return in_hex("sha256:", sha256(bytes));
}

}  // namespace sallyport
