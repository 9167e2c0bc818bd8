#include "tests/http/certificate.hpp"

#include "engine/http/tls.hpp"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <memory>
#include <stdexcept>

namespace sallyport::http {

namespace testing {

namespace {

template <auto Free>
struct Deleter {
  template <class T>
  void operator()(T* pointer) const {
    Free(pointer);
  }
};

template <class T, auto Free>
using Owned = std::unique_ptr<T, Deleter<Free>>;

void require(bool held) {
  if (!held) throw std::runtime_error{"OpenSSL could not make a certificate"};
}

void add_extension(X509* certificate, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
  const Owned<X509_EXTENSION, &X509_EXTENSION_free> extension{
      X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str())};
  require(extension && X509_add_ext(certificate, extension.get(), -1) == 1);
}

}  // namespace

Certificate::Certificate(const std::string& host) {
  std::string name = std::filesystem::temp_directory_path() / "sallyport-tls-XXXXXX";
  require(mkdtemp(name.data()) != nullptr);
  directory_ = name;

  const Owned<EVP_PKEY, &EVP_PKEY_free> key{EVP_EC_gen("P-256")};
  const Owned<X509, &X509_free> certificate{X509_new()};
  require(key && certificate);
  X509_set_version(certificate.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -3600);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3600);
  X509_set_pubkey(certificate.get(), key.get());
  auto* subject = X509_get_subject_name(certificate.get());
  const auto* text = reinterpret_cast<const unsigned char*>(host.data());
  X509_NAME_add_entry_by_txt(
      subject, "CN", MBSTRING_UTF8, text, static_cast<int>(host.size()), -1, 0);
  X509_set_issuer_name(certificate.get(), subject);
  add_extension(certificate.get(), NID_basic_constraints, "critical,CA:TRUE");
  const bool address = host.find_first_not_of("0123456789.") == std::string::npos;
  add_extension(certificate.get(), NID_subject_alt_name, (address ? "IP:" : "DNS:") + host);
  require(X509_sign(certificate.get(), key.get(), EVP_sha256()) > 0);

  const Owned<FILE, &std::fclose> cert_out{std::fopen(certificate_file().c_str(), "w")};
  const Owned<FILE, &std::fclose> key_out{std::fopen(key_file().c_str(), "w")};
  require(cert_out && PEM_write_X509(cert_out.get(), certificate.get()) == 1);
  require(key_out && PEM_write_PrivateKey(
                         key_out.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) == 1);
}

Certificate::~Certificate() {
  std::error_code ignored;
  std::filesystem::remove_all(directory_, ignored);
}

}  // namespace testing

namespace {

TEST(TlsContext, NamesTheFileThatCannotBeUsed) {
  const auto server =
      TlsContext::server({.certificate_file = "/nonexistent/cert.pem", .key_file = "/none"});
  ASSERT_FALSE(server);
  EXPECT_EQ(server.error().code, Errc::invalid_input);
  EXPECT_NE(server.error().detail.find("/nonexistent/cert.pem"), std::string::npos);
  EXPECT_FALSE(TlsContext::client({.ca_file = "/nonexistent/ca.pem"}));
}

TEST(TlsContext, RefusesAKeyThatIsNotTheCertificates) {
  const testing::Certificate one{"localhost"};
  const testing::Certificate other{"localhost"};
  EXPECT_TRUE(
      TlsContext::server({.certificate_file = one.certificate_file(), .key_file = one.key_file()}));
  EXPECT_FALSE(TlsContext::server(
      {.certificate_file = one.certificate_file(), .key_file = other.key_file()}));
}

}  // namespace
}  // namespace sallyport::http
