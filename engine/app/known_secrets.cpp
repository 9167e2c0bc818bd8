#include "engine/app/known_secrets.hpp"

#include <utility>

namespace sallyport::app {

namespace {

void collect(const config::Settings& settings,
             const json::value& value,
             std::vector<Secret>& into) {
  if (const auto* object = value.if_object()) {
    for (const auto& item : *object) collect(settings, item.value(), into);
  } else if (const auto* list = value.if_array()) {
    for (const auto& item : *list) collect(settings, item, into);
  } else if (const auto* text = value.if_string()) {
    const std::string written{std::string_view{*text}};
    if (!written.starts_with("env:") && !written.starts_with("file:") &&
        !written.starts_with("credential:"))
      return;
    if (auto secret = resolve_secret(settings.secret_of(written)))
      into.push_back(*std::move(secret));
  }
}

}  // namespace

Scrubber scrubber_of(const config::Settings& settings) {
  std::vector<Secret> known;
  collect(settings, to_json_value(settings), known);
  return Scrubber{std::move(known)};
}

}  // namespace sallyport::app
