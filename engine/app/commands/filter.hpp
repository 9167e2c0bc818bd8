#pragma once

#include "engine/ingest/payload.hpp"

#include <cstddef>
#include <cstdio>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace sallyport::app {

/// Where a filter's lines go: standard output or error. Once nobody reads any more, the rest is not
/// written; main() tells a reader that has gone from a disk that is full.
class LineOutput {
 public:
  explicit LineOutput(std::FILE* stream) : stream_{stream} {}

  void write(std::string_view line);
  void flush();

  [[nodiscard]] bool closed() const { return closed_; }

 private:
  std::FILE* stream_;
  bool closed_ = false;
};

/// One JSON document of an input, and the name of that input for messages.
using TakePiece = std::function<void(const std::string& file, const ingest::Piece& piece)>;

/// Hands each document of `files` (none, or `-`: standard input) to `take`, until `out` is closed;
/// `out` is flushed before more input is waited for. Standard error names what cannot be read, and
/// the rest goes on. Returns false when something could not be read.
[[nodiscard]] bool read_documents(const std::vector<std::string>& files,
                                  std::size_t most_bytes,
                                  LineOutput& out,
                                  const TakePiece& take);

}  // namespace sallyport::app
