#include "tests/connectors_models/live_objects.hpp"

#include <atomic>
#include <cstdlib>
#include <new>

namespace {

std::atomic<std::int64_t> live = 0;

void* counted(void* memory) {
  if (!memory) throw std::bad_alloc{};
  ++live;
  return memory;
}

void discount(void* memory) noexcept {
  if (!memory) return;
  --live;
  std::free(memory);
}

}  // namespace

// The program's own; arrays come through these too.
void* operator new(std::size_t size) {
  return counted(std::malloc(size));
}

void* operator new(std::size_t size, std::align_val_t alignment) {
  const auto align = static_cast<std::size_t>(alignment);
  return counted(std::aligned_alloc(align, (size + align - 1) / align * align));
}

void operator delete(void* memory) noexcept {
  discount(memory);
}

void operator delete(void* memory, std::size_t /*size*/) noexcept {
  discount(memory);
}

void operator delete(void* memory, std::align_val_t /*alignment*/) noexcept {
  discount(memory);
}

void operator delete(void* memory, std::size_t /*size*/, std::align_val_t /*alignment*/) noexcept {
  discount(memory);
}

namespace sallyport::connectors::models::testing {

std::int64_t live_objects() {
  return live;
}

}  // namespace sallyport::connectors::models::testing
