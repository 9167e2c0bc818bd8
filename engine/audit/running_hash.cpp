#include "engine/audit/running_hash.hpp"

#include "engine/base/digest.hpp"

#include <openssl/evp.h>

#include <stdexcept>

namespace sallyport::audit {

RunningHash::RunningHash() : context_{EVP_MD_CTX_new(), &EVP_MD_CTX_free} {
  if (EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) != 1)
    throw std::logic_error{"OpenSSL has no SHA-256"};
}

void RunningHash::add(std::string_view bytes) {
  if (EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) != 1)
    throw std::logic_error{"OpenSSL does not hash"};
}

std::string RunningHash::finish() {
  Digest digest{};
  unsigned n = 0;
  if (EVP_DigestFinal_ex(context_.get(), digest.data(), &n) != 1 || n != digest.size())
    throw std::logic_error{"OpenSSL does not hash"};
  return "sha256:" + to_hex(digest);
}

}  // namespace sallyport::audit
