#pragma once

#include "engine/store/store.hpp"
#include "tests/store/temporary_directory.hpp"

#include <memory>
#include <stdexcept>
#include <utility>

namespace sallyport::testing {

/// The store in `directory`, small.
inline std::unique_ptr<store::Store> opened(const TemporaryDirectory& directory,
                                            store::Options options = {}) {
  options.directory = directory.path();
  options.block_cache_bytes = 4U << 20U;
  options.write_buffer_bytes = 4U << 20U;
  auto store = store::Store::open(std::move(options));
  if (!store) throw std::runtime_error{store.error().detail};
  return *std::move(store);
}

}  // namespace sallyport::testing
