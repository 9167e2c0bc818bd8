#include "engine/ingest/payload.hpp"

#include <algorithm>

namespace sallyport::ingest {

namespace {

/// Far beyond what the decoder reads; deeper levels are only counted.
constexpr std::size_t kept_levels = 1024;

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

}  // namespace

PieceFinder::Cut PieceFinder::begin(char c) {
  begun_ = line_;
  stack_.clear();
  deeper_ = 0;
  in_string_ = false;
  escaped_ = false;
  pretty_ = false;
  previous_ = c;
  length_ = 1;
  scalar_ = c != '{' && c != '[';
  if (c == '\0' || c == '\xFF' || c == '\xFE') {
    mode_ = Mode::foreign;
  } else if (scalar_ && !in_list_) {
    mode_ = Mode::line;
  } else {
    mode_ = Mode::structure;
    if (!scalar_) stack_.push_back(c);
    in_string_ = c == '"';
  }
  return {.begins = true};
}

PieceFinder::Cut PieceFinder::end_before() {
  mode_ = Mode::outside;
  return {.ends_before = true};
}

PieceFinder::Cut PieceFinder::outside(char c) {
  const bool mark = offset_ < 3 && std::string_view{"\xEF\xBB\xBF"}[offset_] == c;
  if (mark || is_space(c)) return {};
  if (in_list_) {
    if (c == ',') return {};
    if (c == ']') {
      in_list_ = false;
      return {};
    }
  } else if (c == '[') {
    in_list_ = true;
    return {};
  }
  return begin(c);
}

PieceFinder::Cut PieceFinder::closed(char c) {
  if (c == '\n' && !in_list_) {
    if (begun_ == line_) lines_ = true;
    return end_before();
  }
  if (is_space(c)) return {};
  if (in_list_ && (c == ',' || c == ']')) {
    auto cut = end_before();
    outside(c);
    return cut;
  }
  if (c == '{') {
    auto cut = begin(c);
    cut.ends_before = true;
    return cut;
  }
  // Trailing bytes: they belong to this piece, so that the decoder refuses the whole of it.
  mode_ = in_list_ ? Mode::structure : Mode::line;
  scalar_ = true;
  return in_list_ ? structure(c) : Cut{};
}

PieceFinder::Cut PieceFinder::structure(char c) {
  if (c == '\n') {
    if (length_ == 1) pretty_ = true;
    if (in_string_ || (lines_ && !in_list_ && !pretty_) || (scalar_ && stack_.empty()))
      return end_before();
    return {};
  }
  if (in_string_) {
    if (escaped_) {
      escaped_ = false;
    } else if (c == '\\') {
      escaped_ = true;
    } else if (c == '"') {
      in_string_ = false;
    }
    return {};
  }
  if (is_space(c)) return {};
  ++length_;
  if (c == '{' && line_start_ && !stack_.empty() &&
      (stack_.back() == '{' || (previous_ != '[' && previous_ != ','))) {
    auto cut = begin(c);
    cut.ends_before = true;
    return cut;
  }
  previous_ = c;
  if (stack_.empty() && (c == ',' || c == ']')) {
    auto cut = end_before();
    outside(c);
    return cut;
  }
  if (c == '"') {
    in_string_ = true;
  } else if (c == '{' || c == '[') {
    if (stack_.size() < kept_levels) {
      stack_.push_back(c);
    } else {
      ++deeper_;
    }
  } else if ((c == '}' || c == ']') && deeper_ > 0) {
    --deeper_;
  } else if ((c == '}' || c == ']') && !stack_.empty()) {
    stack_.pop_back();
    if (stack_.empty() && !scalar_) mode_ = Mode::closed;
  }
  return {};
}

PieceFinder::Cut PieceFinder::next(char c) {
  Cut cut;
  if (c == '\0' && offset_ == 1 && open()) mode_ = Mode::foreign;  // UTF-16 without a mark
  switch (mode_) {
    case Mode::outside:
      cut = outside(c);
      break;
    case Mode::structure:
      cut = structure(c);
      break;
    case Mode::closed:
      cut = closed(c);
      break;
    case Mode::line:
      if (c == '\n') cut = end_before();
      break;
    case Mode::foreign:
      break;
  }
  line_start_ = c == '\n';
  if (c == '\n') ++line_;
  ++offset_;
  return cut;
}

void Splitter::emit() {
  sink_({.bytes = piece_, .line = begun_});
  piece_.clear();
  if (piece_.capacity() > (1U << 20U)) piece_.shrink_to_fit();
}

void Splitter::feed(std::string_view chunk) {
  for (const char c : chunk) {
    const auto line = finder_.line();
    const auto cut = finder_.next(c);
    if (cut.ends_before) emit();
    if (cut.begins) begun_ = line;
    if (finder_.open() && piece_.size() <= limit_) piece_ += c;
  }
}

void Splitter::finish() {
  if (finder_.open()) emit();
  if (finder_.list_left_open()) {
    begun_ = finder_.line();
    piece_ = "[";  // so that the end of the list is reported as missing
    emit();
  }
}

std::vector<Piece> split_payload(std::string_view bytes) {
  std::vector<Piece> pieces;
  PieceFinder finder;
  std::size_t begun = 0;
  std::size_t line = 1;
  const auto emit = [&](std::size_t end) {
    pieces.push_back({.bytes = bytes.substr(begun, end - begun), .line = line});
  };
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    const auto here = finder.line();
    const auto cut = finder.next(bytes[at]);
    if (cut.ends_before) emit(at);
    if (cut.begins) {
      begun = at;
      line = here;
    }
  }
  if (finder.open()) emit(bytes.size());
  if (finder.list_left_open()) pieces.push_back({.bytes = "[", .line = finder.line()});
  return pieces;
}

}  // namespace sallyport::ingest
