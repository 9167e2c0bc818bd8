#pragma once

#include "engine/store/ledger.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// The bytes of one ledger entry. Written and read without building a tree: this is what each
/// alert pays six times, and what an auditor waits for.
namespace sallyport::store {

/// `prev` of a tenant's first entry.
inline constexpr std::string_view no_hash =
    "sha256:0000000000000000000000000000000000000000000000000000000000000000";

/// What stands in an entry besides seq, prev and hash.
struct LedgerContent {
  std::string_view tenant;
  Time at;
  model::EntryKind kind{};
  std::string_view subject;
  const model::Actor& actor;
  std::string_view body;
};

/// Appends the entry without a line break to `out`; returns its hash.
std::string append_line(std::string& out,
                        std::uint64_t seq,
                        std::string_view prev,
                        const LedgerContent& content);

/// An entry taken apart. The views look into the line; texts are as they stand there, escaped.
struct LedgerFrame {
  std::uint64_t seq = 0;
  std::string_view tenant;
  std::string_view at;
  std::string_view kind;
  std::string_view subject;
  std::string_view prev;
  std::string_view hash;
  std::string_view hashed;  ///< The bytes that, with '}' after them, are hashed.
};

/// Empty unless the frame stands exactly as append_line() writes it.
[[nodiscard]] std::optional<LedgerFrame> take_apart(std::string_view line);

/// Follows one chain, entry by entry.
class ChainWalk {
 public:
  /// `tenant` empty: the first entry names it. `before` is the entry before the first.
  explicit ChainWalk(std::string_view tenant = {}, LedgerHead before = {.seq = 0, .hash = {}});

  /// Empty when `line` is the next entry of the chain and unchanged; otherwise why not.
  [[nodiscard]] std::string next(std::string_view line);

  /// The last entry that held.
  [[nodiscard]] const LedgerHead& head() const { return head_; }

 private:
  std::string tenant_;  ///< Escaped, as it stands in the lines.
  LedgerHead head_;
  std::string scratch_;
};

}  // namespace sallyport::store
