#pragma once

#include "engine/config/document.hpp"
#include "engine/ingest/decode.hpp"
#include "engine/ingest/normalizer.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace sallyport::ingest {

inline std::filesystem::path project_root() {
  const auto home = config::home();
  if (!home) throw std::logic_error{home.error().detail};
  return *home;
}

inline std::string read_file(const std::filesystem::path& file) {
  std::ifstream in{file, std::ios::binary};
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

/// The mappings that ship.
inline const Normalizer& shipped() {
  static const Normalizer normalizer = [] {
    std::vector<std::filesystem::path> files;
    for (const auto& entry :
         std::filesystem::directory_iterator{project_root() / "schemas" / "alerts"})
      if (entry.path().extension() == ".yaml") files.push_back(entry.path());
    std::ranges::sort(files);
    std::vector<NamedDocument> documents;
    for (const auto& file : files) {
      const auto document = config::Document::load(file);
      if (!document) throw std::logic_error{document.error().detail};
      documents.push_back({.name = file.filename(), .root = document->root()});
    }
    std::vector<Faults> faults;
    auto compiled = Normalizer::compile(documents, faults);
    for (std::size_t i = 0; i < faults.size(); ++i)
      for (const auto& fault : faults[i])
        throw std::logic_error{documents[i].name + fault.pointer + ": " + fault.message};
    return *std::move(compiled);
  }();
  return normalizer;
}

inline Time received() {
  return *parse_rfc3339("2026-11-21T12:00:00Z");
}

inline Result<model::Alert> normalized(std::string_view bytes,
                                       std::optional<std::string> source = {}) {
  const auto native = decode(bytes, DecodeLimits{});
  if (!native) return std::unexpected{native.error()};
  return shipped().normalize(
      *native, bytes, {.source = std::move(source), .tenant = "acme", .received_at = received()});
}

inline std::string sample(const std::string& name) {
  const auto folder = project_root() / "tests" / "ingest" / "samples";
  const auto line = folder / (name + ".log");
  return read_file(std::filesystem::exists(line) ? line : folder / (name + ".json"));
}

/// `kind value role`, with a trailing ? when an attacker could have written it.
inline std::vector<std::string> entities(const model::Alert& alert) {
  std::vector<std::string> out;
  for (const auto& mention : alert.entities)
    out.push_back(mention.entity.kind + " " + mention.entity.value + " " + mention.role +
                  (mention.grounded ? "" : "?"));
  return out;
}

}  // namespace sallyport::ingest
