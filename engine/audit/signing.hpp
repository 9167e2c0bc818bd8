#pragma once

#include "engine/base/result.hpp"

#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

struct evp_pkey_st;  // NOLINT(readability-identifier-naming): the name is OpenSSL's

namespace sallyport::audit {

/// An Ed25519 key that only checks. A value; thread-safe.
class PublicKey {
 public:
  /// Errors: invalid_input (not a PEM file with an Ed25519 public key).
  [[nodiscard]] static Result<PublicKey> from_pem(std::string_view pem);

  /// Errors: not_found, invalid_input.
  [[nodiscard]] static Result<PublicKey> load(const std::filesystem::path& file);

  [[nodiscard]] std::string pem() const;

  /// `ed25519:` and the beginning of the key's SHA-256: which key signed.
  [[nodiscard]] std::string id() const;

  /// Whether `signature` (base64) is this key's over `bytes`.
  [[nodiscard]] bool verifies(std::string_view bytes, std::string_view signature) const;

 private:
  friend class SigningKey;
  std::array<std::uint8_t, 32> raw_{};
};

/// The engine's Ed25519 key. The private half stands in one file that only its owner can read, and
/// leaves this class as signatures only. Movable; thread-safe.
class SigningKey {
 public:
  /// The key in `directory`. Errors: not_found, denied (others can read it), corrupt.
  [[nodiscard]] static Result<SigningKey> load(const std::filesystem::path& directory);

  /// The same; where there is none, one is made (0600), with its public half beside it.
  /// Errors: denied, corrupt, unavailable.
  [[nodiscard]] static Result<SigningKey> load_or_make(const std::filesystem::path& directory);

  [[nodiscard]] const PublicKey& public_key() const noexcept { return public_; }

  /// The signature of `bytes` as base64.
  [[nodiscard]] std::string sign(std::string_view bytes) const;

 private:
  SigningKey() = default;
  std::shared_ptr<evp_pkey_st> key_;
  PublicKey public_;
};

/// Where the keys of an engine stand that keeps its data in `data_dir`.
[[nodiscard]] std::filesystem::path key_directory(const std::filesystem::path& data_dir);

/// The public half beside the private one. Errors: not_found (no engine has run there).
[[nodiscard]] Result<PublicKey> public_key_of(const std::filesystem::path& data_dir);

}  // namespace sallyport::audit
