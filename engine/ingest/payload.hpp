#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace sallyport::ingest {

/// One alert's bytes out of a payload, not yet looked into.
struct Piece {
  std::string_view bytes;
  std::size_t line = 1;  ///< Where it begins, from 1.
};

/// Finds where alerts begin and end in what arrives (JSON Lines, one object over several lines, an
/// array of objects), so that a broken one does not spoil its neighbours. Holds no bytes.
///
/// Decides by structure only: strings, brackets, line ends. A string never crosses a line end and
/// an object never begins at the start of a line inside another object; where that is violated, the
/// piece before was broken off, and a new one begins. Once a line held a whole object, every line
/// is a piece, except that a lone `{` opens one of several lines. Input of another encoding is one
/// piece.
class PieceFinder {
 public:
  /// What one more character says; an end can come with a beginning.
  struct Cut {
    bool ends_before = false;
    bool begins = false;
  };

  [[nodiscard]] Cut next(char c);

  /// Between the beginning and the end of a piece.
  [[nodiscard]] bool open() const noexcept { return mode_ != Mode::outside; }

  /// The input ended inside a top-level array, after an element.
  [[nodiscard]] bool list_left_open() const noexcept {
    return in_list_ && (mode_ == Mode::outside || mode_ == Mode::closed);
  }

  [[nodiscard]] std::size_t line() const noexcept { return line_; }

 private:
  enum class Mode : std::uint8_t { outside, structure, closed, line, foreign };

  Cut outside(char c);
  Cut structure(char c);
  Cut closed(char c);
  Cut begin(char c);
  Cut end_before();

  std::string stack_;  // open brackets of the piece
  Mode mode_ = Mode::outside;
  std::size_t deeper_ = 0;
  bool in_list_ = false;  // between the brackets of a top-level array
  bool in_string_ = false;
  bool escaped_ = false;
  bool scalar_ = false;      // the element is neither object nor array
  bool pretty_ = false;      // a lone bracket stood on its first line
  bool lines_ = false;       // a whole object stood on one line
  bool line_start_ = false;  // the character before was a line end
  char previous_ = '\0';     // last character that was neither space nor in a string
  std::size_t offset_ = 0;
  std::size_t length_ = 0;  // of the piece, spaces not counted
  std::size_t line_ = 1;
  std::size_t begun_ = 1;
};

/// The pieces of an input of any length, fed in chunks. Holds one piece at most, cut after `limit`
/// + 1 bytes (the decoder then refuses it as too large).
class Splitter {
 public:
  /// Takes a piece; its bytes live until the call returns.
  using Sink = std::function<void(const Piece&)>;

  Splitter(std::size_t limit, Sink sink) : limit_{limit}, sink_{std::move(sink)} {}

  void feed(std::string_view chunk);
  void finish();  ///< The input has ended: what is open is a piece.

 private:
  void emit();

  std::size_t limit_;
  Sink sink_;
  PieceFinder finder_;
  std::string piece_;
  std::size_t begun_ = 1;
};

/// The pieces of a payload that is in memory, as views into it.
[[nodiscard]] std::vector<Piece> split_payload(std::string_view bytes);

}  // namespace sallyport::ingest
