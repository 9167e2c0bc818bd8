#include "engine/app/commands/filter.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <memory>
#include <system_error>

namespace sallyport::app {

namespace {

constexpr std::size_t chunk_bytes = 256ULL << 10U;

/// False, with `errno` set, when the stream could not be read to its end.
bool read_stream(const std::string& name,
                 std::FILE* input,
                 std::size_t most_bytes,
                 LineOutput& out,
                 const TakePiece& take) {
  ingest::Splitter splitter{most_bytes, [&](const ingest::Piece& piece) {
                              if (!out.closed()) take(name, piece);
                            }};
  std::vector<char> chunk(chunk_bytes);
  while (!out.closed()) {
    const auto n = std::fread(chunk.data(), 1, chunk.size(), input);
    if (std::ferror(input) != 0) return false;
    splitter.feed({chunk.data(), n});
    // What came is answered before more is waited for: a pipe may stay open for hours.
    if (n < chunk.size()) out.flush();
    if (std::feof(input) != 0) break;
  }
  // Once nobody reads the answers, what was read of the input is no whole document.
  if (!out.closed()) splitter.finish();
  return true;
}

}  // namespace

void LineOutput::write(std::string_view line) {
  if (closed_) return;
  closed_ = std::fwrite(line.data(), 1, line.size(), stream_) != line.size() ||
            std::fputc('\n', stream_) == EOF;
}

void LineOutput::flush() {
  closed_ = std::fflush(stream_) != 0 || closed_;
}

bool read_documents(const std::vector<std::string>& files,
                    std::size_t most_bytes,
                    LineOutput& out,
                    const TakePiece& take) {
  bool all = true;
  const auto read = [&](const std::string& name, std::FILE* input) {
    if (input != nullptr && read_stream(name, input, most_bytes, out, take)) return;
    const int why = errno;
    out.flush();
    fmt::print(stderr, "{}: cannot be read: {}\n", name, std::generic_category().message(why));
    all = false;
  };
  for (const auto& file : files.empty() ? std::vector<std::string>{"-"} : files) {
    if (file == "-") {
      read("(standard input)", stdin);
    } else {
      const std::unique_ptr<std::FILE, int (*)(std::FILE*)> input{std::fopen(file.c_str(), "rb"),
                                                                  std::fclose};
      read(file, input.get());
    }
  }
  out.flush();
  return all;
}

}  // namespace sallyport::app
