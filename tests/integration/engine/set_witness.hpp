#pragma once

#include <map>
#include <string>

namespace sallyport::testing {

/// What the kernel tells of addresses put into nftables sets of one network namespace, from the
/// construction on. It loses nothing: where the kernel had to drop an event, counting throws.
/// Needs root.
class SetWitness {
 public:
  /// Throws when the namespace cannot be listened to.
  explicit SetWitness(const std::string& network_namespace);
  ~SetWitness();
  SetWitness(const SetWitness&) = delete;
  SetWitness& operator=(const SetWitness&) = delete;

  /// IPv4 address -> how often it was put into a set, by all that has happened until now. Throws
  /// when the kernel says that it dropped events.
  [[nodiscard]] const std::map<std::string, int>& seen();

 private:
  int socket_ = -1;
  std::map<std::string, int> seen_;
};

}  // namespace sallyport::testing
