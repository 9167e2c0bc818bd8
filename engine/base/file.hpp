#pragma once

#include "engine/base/result.hpp"

#include <cstddef>
#include <filesystem>
#include <string>

namespace sallyport {

inline constexpr std::size_t largest_file_bytes = 512UL << 20U;

/// The whole of a file, or of a pipe to its end, byte for byte. Waits for the disk, or for whoever
/// writes into the pipe: not for a thread of the loop. Errors name the file: not_found (it is not
/// there, is a folder, or may not be opened), invalid_input (longer than `most_bytes`), unavailable
/// (reading failed half way).
[[nodiscard]] Result<std::string> read_file(const std::filesystem::path& file,
                                            std::size_t most_bytes = largest_file_bytes);

}  // namespace sallyport
