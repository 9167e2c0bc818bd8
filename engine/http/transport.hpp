#pragma once

#include "engine/base/deadline.hpp"

#include <cstddef>
#include <memory>
#include <span>
#include <string>

namespace sallyport::http {

/// A connected byte stream: TCP or TLS in production, a script in tests.
///
/// Not thread-safe; one read and one write may be under way at a time. Every wait can be cancelled,
/// down to the socket; after a cancelled write the stream is good for nothing but abort().
class Transport {
 public:
  virtual ~Transport() = default;

  /// At least one byte, or 0 when the peer closed. Errors: unavailable (also when a TLS peer went
  /// without a goodbye, because the end may have been cut off), cancelled.
  virtual Task<std::size_t> read_some(std::span<char> into) = 0;

  /// All of `bytes`. Errors: unavailable, cancelled.
  virtual Task<> write(std::string bytes) = 0;

  /// Tells the peer that no more will be written; reading goes on. TLS has no such word and does
  /// nothing. Errors: unavailable.
  virtual Task<> finish() = 0;

  /// Says goodbye and closes. TLS waits for the peer's goodbye: call it with a deadline.
  /// Errors: cancelled (then closed without).
  virtual Task<> close() = 0;

  /// Closes at once; what waits ends with an error. May be called again.
  virtual void abort() noexcept = 0;

  /// False when the peer has closed or has sent bytes that nobody asked for: a pooled connection
  /// that must not be used again. Does not wait.
  [[nodiscard]] virtual bool quiet() noexcept = 0;
};

}  // namespace sallyport::http
