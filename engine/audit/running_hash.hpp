#pragma once

#include <memory>
#include <string>
#include <string_view>

struct evp_md_ctx_st;  // NOLINT(readability-identifier-naming): the name is OpenSSL's

namespace sallyport::audit {

/// SHA-256 of bytes that come piece by piece.
class RunningHash {
 public:
  RunningHash();

  void add(std::string_view bytes);

  /// As content_hash() writes it. Once.
  [[nodiscard]] std::string finish();

 private:
  std::shared_ptr<evp_md_ctx_st> context_;
};

}  // namespace sallyport::audit
