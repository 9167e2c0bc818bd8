#pragma once

#include "engine/base/result.hpp"

#include <string>
#include <string_view>

namespace sallyport {

/// The RSASSA-PKCS1-v1_5 signature with SHA-256 (RS256) of `text`, as bytes. `key` is a private key
/// in PEM (PKCS#8 or PKCS#1); its line breaks may be written `\n`, as in a JSON document.
/// Errors: invalid_input (no such key).
[[nodiscard]] Result<std::string> rsa_sha256_signature(std::string_view key, std::string_view text);

}  // namespace sallyport
