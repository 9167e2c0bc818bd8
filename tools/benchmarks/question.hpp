#pragma once

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <string>
#include <string_view>

namespace sallyport::benchmarks {

/// Whether a question to one of the bench's own servers is all there: a header, and as many bytes
/// of body as its Content-Length says. Trusts its client, which is the bench.
class Question {
 public:
  /// Returns whether it is complete; then the next one may come.
  [[nodiscard]] bool take(std::string_view bytes) {
    if (left_ == 0) {
      header_ += bytes;
      const auto end = header_.find("\r\n\r\n");
      if (end == std::string::npos) return false;
      constexpr std::string_view length = "Content-Length: ";
      const auto at = header_.find(length) + length.size();
      std::from_chars(header_.data() + at, header_.data() + end, left_);
      left_ -= std::min(left_, header_.size() - end - 4);
      std::string{}.swap(header_);  // thousands are answered at a time
    } else {
      left_ -= std::min(left_, bytes.size());
    }
    return left_ == 0;
  }

 private:
  std::string header_;
  std::size_t left_ = 0;
};

}  // namespace sallyport::benchmarks
