#pragma once

#include "tests/connectors/manifest/world.hpp"

#include <fstream>
#include <sstream>

namespace sallyport::connectors::manifest::testing {

inline std::string text_of(const std::string& file) {
  std::ifstream stream{root / "connectors" / file};
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

/// `text` with the first `from` changed to `to`.
inline std::string replaced(std::string text, std::string_view from, std::string_view to) {
  const auto at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

/// What is said of the shipped manifest with the first `from` changed to `to`, as `name`.
inline std::string faults_of(const std::string& file,
                             const std::string& name,
                             std::string_view from,
                             std::string_view to) {
  const auto document = config::Document::parse(replaced(text_of(file), from, to), name);
  EXPECT_TRUE(document) << document.error().detail;
  if (!document) return {};
  Faults faults;
  const auto plan = compile(*document, catalogue(), faults);
  EXPECT_EQ(plan == nullptr, has_errors(faults));
  return document->render(faults);
}

}  // namespace sallyport::connectors::manifest::testing
