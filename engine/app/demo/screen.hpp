#pragma once

#include <string>
#include <string_view>

namespace sallyport::app::demo {

/// How a piece of text is meant; colours show it on a terminal and nowhere else.
enum class Tone { plain, good, bad, warn, dim, strong };

/// Where the story is told: titles, and lines of a label and a text.
///
/// Used by one thread.
class Screen {
 public:
  explicit Screen(bool colours) : colours_{colours} {}

  [[nodiscard]] std::string toned(Tone tone, std::string_view text) const;

  /// A scene's or section's title, with what happens wrapped below it.
  void title(std::string_view text, std::string_view happens = {});

  /// `label` in its column, then the text. An empty label continues the line above.
  void line(std::string_view label, std::string_view text);

  void text(std::string_view text = {});

 private:
  bool colours_;
};

/// Text of an alert or a product, made fit to be shown: no control characters, not longer than
/// `most` characters.
[[nodiscard]] std::string fit(std::string_view text, std::size_t most);

}  // namespace sallyport::app::demo
