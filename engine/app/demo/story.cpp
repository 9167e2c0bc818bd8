#include "engine/app/demo/story.hpp"

#include "engine/config/document.hpp"

#include <boost/json/array.hpp>

#include <algorithm>
#include <charconv>

namespace sallyport::app::demo {

namespace {

constexpr std::string_view opens = "${{ ";
constexpr std::string_view closes = " }}";

json::value number_or_text(std::string text) {
  std::int64_t number = 0;
  const auto* last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, number);
  if (error == std::errc{} && end == last) return number;
  return json::value(json::string{text});
}

}  // namespace

Result<Story> load_story(const std::filesystem::path& file) {
  const auto document = config::Document::load(file);
  if (!document) return std::unexpected{document.error()};
  return config::read<Story>(*document);
}

std::string filled_in(std::string_view text, const Values& values) {
  std::string result;
  for (;;) {
    const auto open = text.find(opens);
    const auto close = open == std::string_view::npos ? open : text.find(closes, open);
    if (close == std::string_view::npos) return result += text;
    const auto name = text.substr(open + opens.size(), close - open - opens.size());
    const auto known = values.find(std::string{name});
    const auto end = close + closes.size();
    result += text.substr(0, open);
    result +=
        known == values.end() ? text.substr(open, end - open) : std::string_view{known->second};
    text.remove_prefix(end);
  }
}

json::value filled_in(const json::value& value, const Values& values) {
  if (const auto* object = value.if_object()) {
    json::object result;
    for (const auto& [key, item] : *object) result[key] = filled_in(item, values);
    return result;
  }
  if (const auto* array = value.if_array()) {
    json::array result;
    for (const auto& item : *array) result.push_back(filled_in(item, values));
    return result;
  }
  const auto* text = value.if_string();
  if (!text) return value;
  const std::string_view whole{text->data(), text->size()};
  auto filled = filled_in(whole, values);
  const bool one = whole.starts_with(opens) && whole.find(closes) + closes.size() == whole.size();
  return one ? number_or_text(std::move(filled)) : json::value(json::string{filled});
}

}  // namespace sallyport::app::demo
