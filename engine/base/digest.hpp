#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace sallyport {

using Digest = std::array<std::uint8_t, 32>;

/// SHA-256 of `bytes`.
[[nodiscard]] Digest sha256(std::string_view bytes);

/// HMAC-SHA-256 (RFC 2104).
[[nodiscard]] Digest hmac_sha256(std::string_view key, std::string_view bytes);

/// Lower-case hexadecimal.
[[nodiscard]] std::string to_hex(const Digest& digest);

/// The digest's bytes as they are; a view of `digest`.
[[nodiscard]] std::string_view raw_bytes(const Digest& digest);

/// `sha256:` and the digest in hexadecimal: how a content hash is written in every document.
[[nodiscard]] std::string content_hash(std::string_view bytes);

}  // namespace sallyport
