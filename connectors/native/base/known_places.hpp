#pragma once

#include "connectors/native/base/network.hpp"
#include "engine/model/request.hpp"

#include <boost/asio/ip/address.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace sallyport::connectors {

/// What this engine lives by: the addresses of its machine, and where it reaches its products,
/// brokers, models and feeds. No action cuts them off, whatever product would do it and however the
/// address is spelled. One for the whole engine. Thread-safe.
class KnownPlaces {
 public:
  /// The addresses of a host name; none where they cannot be had. May block.
  using Resolve = std::function<std::vector<boost::asio::ip::address>(const std::string& name)>;

  /// Whose addresses and name are kept as well.
  enum class Machine : std::uint8_t { this_one, none };

  explicit KnownPlaces(Machine machine = Machine::this_one);

  /// Seen at the other end of a connection.
  void add(const Network& address);

  /// What is reached: something that the engine lives by, or a machine that it acts on (over SSH),
  /// which has to stay isolable by the name that it has.
  enum class Reached : std::uint8_t { to_live, to_act };

  /// Configured to be connected to: a host, `host:port` or a URL. What names no host is left out.
  void add_host(std::string_view where, Reached reached = Reached::to_live);

  /// Reads this machine's addresses again.
  void read_interfaces();

  /// Looks up the names that were added and keeps what they stand for, until `stop`. Blocks: on a
  /// pool.
  void resolve(const Resolve& resolve, const std::stop_token& stop = {});

  [[nodiscard]] bool overlaps(const Network& network) const;

  /// Whether `verb` may be used on `target`. Only verbs that cut something off are refused
  /// anything; what gives back, tells or looks is not. No I/O. Errors: denied (everybody, loopback
  /// and the like, this machine, a place), invalid_input (an `ip` that is no address).
  [[nodiscard]] Result<> may_cut_off(std::string_view verb, const model::Target& target) const;

 private:
  [[nodiscard]] Result<> may_cut_off(const Network& network) const;
  [[nodiscard]] Result<> may_cut_off(std::string_view name) const;
  [[nodiscard]] Result<> may_isolate(std::string_view machine) const;
  [[nodiscard]] bool is_this_machine(std::string_view name) const;

  mutable std::mutex mutex_;
  std::vector<Network> seen_;
  std::vector<Network> own_;
  std::map<std::string, Reached> names_;  ///< Of hosts, in lower case.
  std::string machine_;                   ///< Its name, in lower case.
};

/// By the system's resolver.
[[nodiscard]] std::vector<boost::asio::ip::address> addresses_of(const std::string& name);

}  // namespace sallyport::connectors
