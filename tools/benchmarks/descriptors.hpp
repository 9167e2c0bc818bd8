#pragma once

#include <cstddef>
#include <cstdint>

namespace sallyport::benchmarks {

/// Raises this process' limit so that it may have `wanted` connections beside the files and
/// listeners that an engine needs. Returns how many it may have: at most `wanted`, fewer where the
/// hard limit is lower (`ulimit -Hn`).
[[nodiscard]] std::uint64_t allow_connections(std::uint64_t wanted);

/// Of this process.
[[nodiscard]] std::size_t open_descriptors();

}  // namespace sallyport::benchmarks
