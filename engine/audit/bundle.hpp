#pragma once

#include "engine/audit/policy_history.hpp"
#include "engine/audit/signing.hpp"
#include "engine/store/ledger.hpp"

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace sallyport::audit {

/// Where the files of a bundle go.
class BundleSink {
 public:
  virtual ~BundleSink() = default;

  /// Appends to a file, which begins empty. Errors: unavailable, invalid_input (it grows too
  /// large).
  [[nodiscard]] virtual Result<> write(const std::string& name, std::string_view bytes) = 0;
};

/// A new or empty directory.
class DirectorySink final : public BundleSink {
 public:
  /// Errors: invalid_input (something is in it), unavailable.
  [[nodiscard]] static Result<DirectorySink> make(std::filesystem::path directory);

  [[nodiscard]] Result<> write(const std::string& name, std::string_view bytes) override;

  /// Errors: unavailable (something did not reach the disk).
  [[nodiscard]] Result<> close();

 private:
  explicit DirectorySink(std::filesystem::path directory) : directory_{std::move(directory)} {}

  std::filesystem::path directory_;
  std::map<std::string, std::ofstream> files_;
};

/// In memory, up to `limit_bytes`.
class MemorySink final : public BundleSink {
 public:
  explicit MemorySink(std::size_t limit_bytes) : left_{limit_bytes} {}

  [[nodiscard]] Result<> write(const std::string& name, std::string_view bytes) override;

  std::map<std::string, std::string> files;

 private:
  std::size_t left_;
};

struct BundleFile {
  std::string name;
  std::string sha256;
  std::uint64_t bytes = 0;
  std::uint64_t rows = 0;
};

struct ChainEnd {
  std::string tenant;
  std::uint64_t seq = 0;
  std::string head;
};

struct PolicyLine {
  std::uint64_t version = 0;
  std::string hash;
  Time adopted_at;
  model::Actor by;
  std::string reason;
};

/// manifest.json: what is in the bundle. manifest.sig is the signature over its bytes.
struct Manifest {
  std::string format = "sallyport audit 1";
  Time made_at;
  Window window;
  std::vector<ChainEnd> chains;
  std::vector<PolicyLine> policies;  ///< In force at some time of the window.
  std::vector<BundleFile> files;
  std::string key;  ///< Which signed it; empty: it is not signed.
};

BOOST_DESCRIBE_STRUCT(BundleFile, (), (name, sha256, bytes, rows))
BOOST_DESCRIBE_STRUCT(ChainEnd, (), (tenant, seq, head))
BOOST_DESCRIBE_STRUCT(PolicyLine, (), (version, hash, adopted_at, by, reason))
BOOST_DESCRIBE_STRUCT(Manifest, (), (format, made_at, window, chains, policies, files, key))

/// What an auditor wants to have.
struct BundleOrder {
  Window window;
  std::vector<std::string> tenants;
  Time made_at;
};

/// Writes the bundle: the gate log, approvals, executions, rollbacks and the policy's changes as
/// JSON Lines and CSV, index.html to read, manifest.json with a hash of each file, and, where there
/// is a key, manifest.sig and public-key.pem. Entries stand in the JSON Lines as they are stored.
///
/// Errors: corrupt, unavailable, and those of the sink.
[[nodiscard]] Result<Manifest> write_bundle(const store::Store& store,
                                            const PolicyHistory& history,
                                            const SigningKey* key,
                                            const BundleOrder& order,
                                            BundleSink& sink);

}  // namespace sallyport::audit
