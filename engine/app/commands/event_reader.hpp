#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

namespace sallyport::app {

/// Who is told what an EventReader finds.
class EventSink {
 public:
  virtual ~EventSink() = default;
  /// The bytes of one event without the line's end, and the line it begins on. False: no more,
  /// please.
  virtual bool event(std::string_view text, std::size_t line) = 0;
  /// Nothing can be read at `line`; the reader goes on behind it.
  virtual void broken(std::size_t line, std::string_view reason) = 0;
  /// All that has come was passed on; what comes next may take its time.
  virtual void waiting() = 0;
};

/// Finds the events of an input, one after the other.
///
/// JSON Lines are passed on as they come, each line as it is. An input that begins with an event
/// or a list over several lines is read as a whole: each value, or each element of a list, is an
/// event. White space between the tokens of an event over several lines is taken out, so that what
/// comes out is one line. A list on one line is its elements, too.
///
/// Reads from a file descriptor, which it does not close. Memory: `max_event_bytes` for one line
/// or for an input that is read as a whole.
class EventReader {
 public:
  EventReader(int descriptor, std::size_t max_event_bytes)
      : descriptor_{descriptor}, max_event_bytes_{max_event_bytes} {}

  /// Returns false when the input itself could not be read (the sink was told).
  bool read(EventSink& sink);

 private:
  enum class Line { complete, too_long, end };

  Line next_line(EventSink& sink, std::string& line);
  bool fill(EventSink& sink);
  void read_whole(EventSink& sink, std::string all, std::size_t line);

  int descriptor_;
  std::size_t max_event_bytes_;
  std::size_t line_number_ = 0;
  std::array<char, 64 * 1024> chunk_{};
  std::string_view unread_;
  bool ended_ = false;
  bool failed_ = false;
};

}  // namespace sallyport::app
