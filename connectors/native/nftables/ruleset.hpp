#pragma once

#include "connectors/native/base/network.hpp"
#include "connectors/native/nftables/config.hpp"
#include "engine/base/time.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <cstdint>
#include <optional>
#include <string>

/// What is said to nftables and how its answer is read: JSON in, JSON out, no I/O.
namespace sallyport::connectors::nftables {

/// An element of a set, as nftables tells it.
struct Element {
  Network network;
  std::optional<std::int64_t> timeout_s;  ///< As it was set; empty: without end.
  std::optional<Time> ends_at;            ///< Empty: without end.
  std::string comment;
};

/// What shall hold for one network.
struct Wanted {
  Network network;
  bool blocked = true;
  std::optional<std::int64_t> duration_s;  ///< From now; empty: without end.
  std::string comment;
  bool restoring = false;  ///< Exactly this, not at least this.
  std::string made_by;     ///< Only an element whose comment begins so may be replaced.
};

/// What holds for one network.
struct Found {
  bool prepared = false;  ///< Table and sets are there.
  bool enforced = false;  ///< A rule of the table drops what the set holds.
  std::optional<Element> element;
  std::optional<Element> cover;  ///< The wider network that is blocked, the longest lasting one.
};

/// The set that `network` belongs into.
[[nodiscard]] const std::string& set_of(const Config& config, const Network& network);

/// Reads the listing of the whole table for one network.
[[nodiscard]] Found find_in(const json::value& listing,
                            const Config& config,
                            const Network& network,
                            Time now);

/// Whether `found` is what `wanted` asks for. An element that this very action made stays right
/// while its time runs down: the comment tells.
[[nodiscard]] bool holds(const Wanted& wanted, const Found& found, Time now);

[[nodiscard]] json::value list_command(const Config& config);

/// Creates what is missing and sets the drop rules anew, in one transaction. Elements stay.
[[nodiscard]] json::value prepare_command(const Config& config);

/// Puts exactly `wanted` in the place of what was `found`, in one transaction.
[[nodiscard]] json::value change_command(const Config& config,
                                         const Wanted& wanted,
                                         const Found& found);

/// `found` as a rollback record keeps it, and back.
[[nodiscard]] json::object state_of(const Config& config,
                                    const Network& network,
                                    const Found& found);
[[nodiscard]] Wanted restored(const json::object& state, const Network& network, Time now);

}  // namespace sallyport::connectors::nftables
