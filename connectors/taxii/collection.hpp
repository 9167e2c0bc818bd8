#pragma once

#include "engine/base/json.hpp"
#include "engine/base/result.hpp"

#include <cstddef>
#include <map>
#include <string>
#include <string_view>

namespace sallyport::connectors::taxii {

/// The indicators of one collection as of the last poll, and from where the next one goes on.
///
/// Pure: no I/O and no clock. It is written as a STIX bundle, which the enricher of local lists
/// reads.
class Collection {
 public:
  Collection() = default;  ///< Keeps nothing.

  /// `most`: indicators that are kept; the ones that were added first go first.
  explicit Collection(std::size_t most) : most_{most} {}

  /// As it was written. Errors: corrupt.
  [[nodiscard]] static Result<Collection> read(std::string_view text, std::size_t most);

  [[nodiscard]] std::string text() const;

  struct Taken {
    std::size_t kept = 0;    ///< New, or newer than what was known.
    std::size_t gone = 0;    ///< Revoked.
    std::size_t unused = 0;  ///< Say nothing that a list can hold, or are faulty.
  };

  /// Takes the objects of a page. An older version of what is known changes nothing.
  Taken take(const json::array& objects);

  /// Drops what is valid no longer; how many.
  std::size_t expire(Time now);

  /// The server's time of the last object of the last whole poll; empty: none was.
  [[nodiscard]] const std::string& added_after() const { return added_after_; }

  void polled_until(std::string added) { added_after_ = std::move(added); }

  [[nodiscard]] std::size_t size() const { return objects_.size(); }

 private:
  struct Entry {
    std::string modified;
    std::uint64_t turn = 0;  ///< In the order in which they came.
    json::object object;
  };

  std::size_t most_ = 0;
  std::map<std::string, Entry, std::less<>> objects_;  ///< By id.
  std::map<std::uint64_t, std::string> turns_;
  std::uint64_t next_turn_ = 0;
  std::string added_after_;
};

}  // namespace sallyport::connectors::taxii
