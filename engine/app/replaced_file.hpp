#pragma once

#include "engine/base/result.hpp"

#include <filesystem>
#include <string_view>

namespace sallyport::app {

/// A file's next content, durable beside it and not yet in its place. Gone again unless
/// take_place() was called.
///
/// Readers see the old bytes or the new ones, never a part, also after the loss of power.
class ReplacedFile {
 public:
  /// Links are followed; the file keeps its mode. Errors: conflict (its folder or the file cannot
  /// be written).
  [[nodiscard]] static Result<ReplacedFile> prepare(const std::filesystem::path& file,
                                                    std::string_view bytes);

  /// Errors: conflict.
  [[nodiscard]] Result<> take_place();

  ~ReplacedFile();
  ReplacedFile(ReplacedFile&& other) noexcept;
  ReplacedFile& operator=(ReplacedFile&&) = delete;
  ReplacedFile(const ReplacedFile&) = delete;
  ReplacedFile& operator=(const ReplacedFile&) = delete;

 private:
  ReplacedFile(std::filesystem::path file, std::filesystem::path prepared);

  std::filesystem::path file_;
  std::filesystem::path prepared_;  ///< Empty: in place, or moved from.
};

}  // namespace sallyport::app
