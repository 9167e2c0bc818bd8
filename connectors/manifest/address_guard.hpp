#pragma once

#include "connectors/native/base/network.hpp"
#include "engine/base/result.hpp"

#include <boost/asio/ip/address.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace sallyport::connectors::manifest {

/// Which addresses a connector may connect to. Loopback, link-local, multicast and the metadata
/// services of clouds are reached only where the operator names them, also when they hide inside
/// an IPv6 address. Immutable; thread-safe.
class AddressGuard {
 public:
  /// `allow`: names, addresses, networks. Errors: invalid_input.
  [[nodiscard]] static Result<AddressGuard> make(const std::vector<std::string>& allow);

  /// Whether the operator named `host` itself.
  [[nodiscard]] bool names(std::string_view host) const;

  /// Asked with the address that is about to be connected to. Errors: denied.
  [[nodiscard]] Result<> may_connect(std::string_view host,
                                     const boost::asio::ip::address& address) const;

  /// Asked with the host that a proxy is to connect to, which resolves it where we do not see it:
  /// an address in any spelling that a resolver takes, and the names of the machine itself and of
  /// metadata services. Errors: denied.
  [[nodiscard]] Result<> may_ask_for(std::string_view host) const;

 private:
  std::vector<std::string> names_;
  std::vector<Network> networks_;
};

}  // namespace sallyport::connectors::manifest
