#include "engine/app/demo/screen.hpp"

#include <fmt/format.h>

#include <cstdio>

namespace sallyport::app::demo {

namespace {

constexpr std::size_t width = 100;
constexpr std::size_t label_width = 11;

std::string_view code_of(Tone tone) {
  switch (tone) {
    case Tone::good:
      return "\033[32m";
    case Tone::bad:
      return "\033[1;31m";
    case Tone::warn:
      return "\033[33m";
    case Tone::dim:
      return "\033[2m";
    case Tone::strong:
      return "\033[1m";
    case Tone::plain:
      break;
  }
  return {};
}

}  // namespace

std::string Screen::toned(Tone tone, std::string_view text) const {
  const auto code = code_of(tone);
  if (!colours_ || code.empty()) return std::string{text};
  return fmt::format("{}{}\033[0m", code, text);
}

void Screen::title(std::string_view text, std::string_view happens) {
  fmt::print("\n{}\n", toned(Tone::strong, text));
  while (!happens.empty()) {
    auto end = happens.size();
    if (end > width - 3) {
      end = happens.rfind(' ', width - 3);
      if (end == std::string_view::npos) end = happens.size();
    }
    fmt::print("   {}\n", happens.substr(0, end));
    happens.remove_prefix(end);
    while (happens.starts_with(' ') || happens.starts_with('\n')) happens.remove_prefix(1);
  }
  std::fflush(stdout);
}

void Screen::line(std::string_view label, std::string_view text) {
  fmt::print("   {} {}\n", toned(Tone::dim, fmt::format("{:<{}}", label, label_width)), text);
  std::fflush(stdout);
}

void Screen::text(std::string_view text) {
  fmt::print("{}\n", text);
  std::fflush(stdout);
}

std::string fit(std::string_view text, std::size_t most) {
  std::string shown;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool begins = (byte & 0xc0U) != 0x80U;
    if (begins && shown.size() + 3 > most && text.size() > most) return shown + "...";
    shown += byte < 0x20U || byte == 0x7f ? ' ' : c;
  }
  return shown;
}

}  // namespace sallyport::app::demo
