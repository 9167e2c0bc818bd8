#include "engine/base/digest.hpp"

// OpenSSL 3 wants SHA-256 to be asked for through EVP, which allocates a state for every text: a
// third of the time, where texts are short and hashed a dozen times per alert.
#define OPENSSL_SUPPRESS_DEPRECATED

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>

#include <algorithm>

namespace sallyport {

namespace {

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
  Digest digest{};
  SHA256_CTX state;
  SHA256_Init(&state);  // none of the three can fail
  SHA256_Update(&state, bytes.data(), bytes.size());
  SHA256_Final(digest.data(), &state);
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

std::string_view raw_bytes(const Digest& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

std::string content_hash(std::string_view bytes) {
  return in_hex("sha256:", sha256(bytes));
}

}  // namespace sallyport
