#include "engine/http/tls.hpp"

#include <boost/asio/ssl/context.hpp>
#include <fmt/format.h>

namespace sallyport::http {

namespace {

namespace ssl = boost::asio::ssl;
using boost::system::error_code;

std::unique_ptr<ssl::context> modern(ssl::context::method method) {
  auto context = std::make_unique<ssl::context>(method);
  context->set_options(ssl::context::default_workarounds | ssl::context::no_sslv2 |
                       ssl::context::no_sslv3 | ssl::context::no_tlsv1 | ssl::context::no_tlsv1_1);
  return context;
}

std::unexpected<Error> unusable(std::string_view what, const std::string& file, error_code error) {
  return fail(Errc::invalid_input, fmt::format("{} {}: {}", what, file, error.message()));
}

Result<> use_identity(ssl::context& context, const std::string& chain, const std::string& key) {
  error_code error;
  context.use_certificate_chain_file(chain, error);
  if (error) return unusable("certificate", chain, error);
  context.use_private_key_file(key, ssl::context::pem, error);
  if (error) return unusable("private key", key, error);
  return {};
}

/// The machine's authorities. Read once: there are a hundred and more, and every connector wants
/// them.
Result<> use_machine_authorities(ssl::context& context) {
  static X509_STORE* const authorities = [] {
    auto* store = ::X509_STORE_new();
    if (!store || ::X509_STORE_set_default_paths(store) == 1) return store;
    ::X509_STORE_free(store);
    return static_cast<X509_STORE*>(nullptr);
  }();
  if (!authorities)
    return fail(Errc::unavailable, "the machine's list of authorities cannot be read");
  ::SSL_CTX_set1_cert_store(context.native_handle(), authorities);
  return {};
}

}  // namespace

TlsContext::TlsContext(std::unique_ptr<ssl::context> context) : context_{std::move(context)} {}

TlsContext::~TlsContext() = default;

Result<std::shared_ptr<TlsContext>> TlsContext::client(const ClientTls& settings) {
  auto context = modern(ssl::context::tls_client);
  if (settings.ca_file.empty()) {
    if (const auto used = use_machine_authorities(*context); !used)
      return std::unexpected{used.error()};
  } else {
    error_code error;
    context->load_verify_file(settings.ca_file, error);
    if (error) return unusable("authorities", settings.ca_file, error);
  }
  context->set_verify_mode(ssl::verify_peer);
  if (!settings.certificate_file.empty()) {
    const auto used = use_identity(*context, settings.certificate_file, settings.key_file);
    if (!used) return std::unexpected{used.error()};
  }
  return std::make_shared<TlsContext>(std::move(context));
}

Result<std::shared_ptr<TlsContext>> TlsContext::server(const ServerTls& settings) {
  auto context = modern(ssl::context::tls_server);
  const auto used = use_identity(*context, settings.certificate_file, settings.key_file);
  if (!used) return std::unexpected{used.error()};
  if (!settings.client_ca_file.empty()) {
    error_code error;
    context->load_verify_file(settings.client_ca_file, error);
    if (error) return unusable("client authority", settings.client_ca_file, error);
    context->set_verify_mode(ssl::verify_peer | ssl::verify_fail_if_no_peer_cert);
  }
  return std::make_shared<TlsContext>(std::move(context));
}

}  // namespace sallyport::http
