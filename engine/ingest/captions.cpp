#include "engine/ingest/captions.hpp"

#include "engine/base/ascii.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

namespace sallyport::ingest {

std::string_view severity_caption(model::Severity severity) {
  switch (severity) {
    case model::Severity::unknown:
      return "Unknown";
    case model::Severity::informational:
      return "Informational";
    case model::Severity::low:
      return "Low";
    case model::Severity::medium:
      return "Medium";
    case model::Severity::high:
      return "High";
    case model::Severity::critical:
      return "Critical";
    case model::Severity::fatal:
      return "Fatal";
    case model::Severity::other:
      return "Other";
  }
  return "Unknown";
}

model::Severity severity_of(std::string_view text) {
  const auto lowered = ascii::lowered(text);
  if (const auto named = enum_of<model::Severity>(lowered)) return *named;
  if (lowered == "info") return model::Severity::informational;
  return model::Severity::unknown;
}

std::optional<StatusCaption> status_of(std::string_view text) {
  constexpr auto statuses = std::to_array<std::pair<std::string_view, StatusCaption>>(
      {{"new", {1, "New"}},
       {"in_progress", {2, "In Progress"}},
       {"suppressed", {3, "Suppressed"}},
       {"resolved", {4, "Resolved"}},
       {"archived", {5, "Archived"}}});
  const auto found =
      std::ranges::find(statuses, text, &std::pair<std::string_view, StatusCaption>::first);
  if (found == statuses.end()) return std::nullopt;
  return found->second;
}

std::string_view analytic_caption(std::int64_t type) {
  constexpr std::array<std::string_view, 7> captions{"Unknown",
                                                     "Rule",
                                                     "Behavioral",
                                                     "Statistical",
                                                     "Learning (ML/DL)",
                                                     "Fingerprinting",
                                                     "Tagging"};
  return captions[static_cast<std::size_t>(type)];
}

}  // namespace sallyport::ingest
