#include "engine/base/rsa_signature.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <memory>

namespace sallyport {

namespace {

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

/// `pem` with `\n` as the line break that it stands for.
std::string with_lines(std::string_view pem) {
  std::string out;
  for (std::size_t i = 0; i < pem.size(); ++i) {
    const bool escaped = pem.substr(i, 2) == "\\n";
    out += escaped ? '\n' : pem[i];
    i += escaped ? 1 : 0;
  }
  return out;
}

Key read_key(std::string_view pem) {
  auto text = with_lines(pem);
  const std::unique_ptr<BIO, decltype(&BIO_free)> memory{
      BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), &BIO_free};
  // Never asked for: a key with a passphrase is no key here.
  const auto no_passphrase = [](char*, int, int, void*) { return -1; };
  Key key{memory ? PEM_read_bio_PrivateKey(memory.get(), nullptr, no_passphrase, nullptr) : nullptr,
          &EVP_PKEY_free};
  OPENSSL_cleanse(text.data(), text.size());
  return key;
}

}  // namespace

Result<std::string> rsa_sha256_signature(std::string_view key, std::string_view text) {
  const auto read = read_key(key);
  if (!read || EVP_PKEY_base_id(read.get()) != EVP_PKEY_RSA)
    return fail(Errc::invalid_input, "it is no RSA private key in PEM without a passphrase");
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context{EVP_MD_CTX_new(),
                                                                        &EVP_MD_CTX_free};
  const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
  std::size_t size = 0;
  bool done = context &&
              EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, read.get()) == 1 &&
              EVP_DigestSign(context.get(), nullptr, &size, bytes, text.size()) == 1;
  std::string signature(size, '\0');
  done = done && EVP_DigestSign(context.get(),
                                reinterpret_cast<unsigned char*>(signature.data()),
                                &size,
                                bytes,
                                text.size()) == 1;
  if (!done) return fail(Errc::invalid_input, "that key does not sign");
  signature.resize(size);
  return signature;
}

}  // namespace sallyport
