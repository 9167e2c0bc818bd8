#include "connectors/local/indicator_files.hpp"

#include "connectors/local/record_file.hpp"
#include "connectors/local/stix_indicator.hpp"
#include "engine/base/file.hpp"
#include "engine/config/document.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>

namespace sallyport::connectors::local {

namespace fs = std::filesystem;

/// What lists.yaml says of one file.
struct ListEntry {
  std::string file;
  std::string name;
  std::string kind;
  double confidence = 0.7;
  std::string disposition = "bad";
  bool subdomains = false;
};

struct ListsFile {
  std::vector<ListEntry> lists;
};

BOOST_DESCRIBE_STRUCT(ListEntry, (), (file, name, kind, confidence, disposition, subdomains))
BOOST_DESCRIBE_STRUCT(ListsFile, (), (lists))

namespace {

constexpr std::string_view lists_file = "lists.yaml";

Result<bool> is_good(std::string_view disposition) {
  if (disposition == "good") return true;
  if (disposition == "bad") return false;
  return fail(Errc::invalid_input,
              fmt::format("disposition '{}' is neither bad nor good", disposition));
}

/// 0 to 1, or above 1 a percentage.
Result<double> confidence_of(double value) {
  if (value > 1) value /= 100;
  if (!std::isfinite(value) || value < 0 || value > 1)
    return fail(Errc::invalid_input, "confidence must be 0 to 1, or a percentage");
  return value;
}

Result<double> number_of(std::string_view text) {
  double value = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (ec != std::errc{} || end != text.data() + text.size())
    return fail(Errc::invalid_input, fmt::format("'{}' is not a number", text));
  return value;
}

std::unexpected<Error> at(const fs::path& file, std::size_t line, std::string_view what) {
  return fail(Errc::invalid_input, fmt::format("{}:{}: {}", file.string(), line, what));
}

/// `#` and `;` begin a comment at the start of a line or after a space: a URL may hold both.
std::string_view without_comment(std::string_view line) {
  for (std::size_t i = 0; i < line.size(); ++i) {
    const bool sign = line[i] == '#' || line[i] == ';';
    if (sign && (i == 0 || line[i - 1] == ' ' || line[i - 1] == '\t')) return line.substr(0, i);
  }
  return line;
}

class Reader {
 public:
  Result<> settings(const fs::path& file) {
    const auto document = config::Document::load(file);
    if (!document) return std::unexpected{document.error()};
    auto read = config::read<ListsFile>(*document);
    if (!read) return std::unexpected{read.error()};
    Faults faults;
    for (std::size_t i = 0; i < read->lists.size(); ++i) {
      auto& entry = read->lists[i];
      const auto place = child("/lists", i);
      if (entry.file.empty()) faults.push_back({place, "file is missing"});
      if (auto good = is_good(entry.disposition); !good)
        faults.push_back({place, good.error().detail});
      if (auto c = confidence_of(entry.confidence); !c) {
        faults.push_back({place, c.error().detail});
      } else {
        entry.confidence = *c;
      }
      said_[(file.parent_path() / entry.file).lexically_normal().string()] = std::move(entry);
    }
    if (has_errors(faults)) return fail(Errc::invalid_input, document->render(faults));
    return {};
  }

  Result<> list(const fs::path& file) {
    const auto known = said_.find(file.lexically_normal().string());
    said_here_ = known == said_.end() ? ListEntry{} : known->second;
    if (said_here_.name.empty()) said_here_.name = file.stem().string();
    if (file.extension() == ".txt") return text_list(file);
    if (file.extension() != ".json") return records(file);
    const auto text = read_file(file);
    if (!text) return std::unexpected{text.error()};
    auto root = parse_json_file(file, *text);
    if (!root) return std::unexpected{root.error()};
    const auto* object = root->if_object();
    const auto* type = object ? object->if_contains("type") : nullptr;
    if (type && type->is_string() && type->get_string() == "bundle") return bundle(file, *object);
    return records(file);
  }

  IndicatorSet take() { return std::move(set_); }

 private:
  [[nodiscard]] Indicator defaults() const {
    return {.kind = said_here_.kind,
            .value = {},
            .confidence = said_here_.confidence,
            .good = said_here_.disposition == "good",
            .subdomains = said_here_.subdomains,
            .valid_until = {}};
  }

  Result<> text_list(const fs::path& file) {
    const auto text = read_file(file);
    if (!text) return std::unexpected{text.error()};
    auto indicator = defaults();
    std::string_view rest = *text;
    for (std::size_t line = 1; !rest.empty(); ++line) {
      const auto end = rest.find('\n');
      auto value = rest.substr(0, end);
      rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
      value = without_comment(value);
      const auto first = value.find_first_not_of(" \t\r");
      if (first == std::string_view::npos) continue;
      value = value.substr(first, value.find_last_not_of(" \t\r") - first + 1);
      indicator.value = value;
      if (auto added = set_.add(indicator, said_here_.name); !added)
        return at(file, line, added.error().detail);
    }
    return {};
  }

  Result<> records(const fs::path& file) {
    return read_records(file, {"indicator", "value"}, [this](const Record& record) -> Result<> {
      auto indicator = defaults();
      indicator.value = record["indicator"].empty() ? record["value"] : record["indicator"];
      if (indicator.value.empty()) return fail(Errc::invalid_input, "indicator is missing");
      if (!record["kind"].empty()) indicator.kind = lower_case(record["kind"]);
      if (!record["confidence"].empty()) {
        const auto number = number_of(record["confidence"]);
        const auto confidence = number ? confidence_of(*number) : number;
        if (!confidence) return std::unexpected{confidence.error()};
        indicator.confidence = *confidence;
      }
      if (!record["valid_until"].empty()) {
        const auto until = parse_rfc3339(record["valid_until"]);
        if (!until)
          return fail(Errc::invalid_input,
                      "valid_until is not a time such as 2026-11-01T10:00:00Z");
        indicator.valid_until = *until;
      }
      if (!record["disposition"].empty()) {
        const auto good = is_good(record["disposition"]);
        if (!good) return std::unexpected{good.error()};
        indicator.good = *good;
      }
      if (!record["subdomains"].empty()) {
        const auto subdomains = boolean(record["subdomains"]);
        if (!subdomains) return std::unexpected{subdomains.error()};
        indicator.subdomains = *subdomains;
      }
      const auto source = record["source"];
      return set_.add(indicator, source.empty() ? std::string_view{said_here_.name} : source);
    });
  }

  Result<> bundle(const fs::path& file, const json::object& root) {
    const auto* objects = root.if_contains("objects");
    if (!objects || !objects->is_array())
      return fail(Errc::invalid_input, fmt::format("{}: a bundle without objects", file.string()));
    for (std::size_t i = 0; i < objects->get_array().size(); ++i) {
      const auto* object = objects->get_array()[i].if_object();
      if (!object) continue;
      if (auto read = stix_object(*object); !read)
        return fail(Errc::invalid_input,
                    fmt::format("{}: /objects/{}: {}", file.string(), i, read.error().detail));
    }
    return {};
  }

  Result<> stix_object(const json::object& object) {
    const auto indicators = stix_indicators(object, defaults());
    if (!indicators) return std::unexpected{indicators.error()};
    for (const auto& indicator : *indicators)
      if (auto added = set_.add(indicator, said_here_.name); !added) return added;
    return {};
  }

  IndicatorSet set_;
  std::map<std::string, ListEntry, std::less<>> said_;
  ListEntry said_here_;
};

}  // namespace

std::vector<std::string> indicator_extensions() {
  return {".csv", ".txt", ".json", ".yaml"};
}

Result<IndicatorSet> read_indicators(const std::vector<fs::path>& files) {
  Reader reader;
  for (const auto& file : files) {
    if (file.filename() != lists_file) continue;
    if (auto read = reader.settings(file); !read) return std::unexpected{read.error()};
  }
  for (const auto& file : files) {
    if (file.extension() == ".yaml") continue;
    if (auto read = reader.list(file); !read) return std::unexpected{read.error()};
  }
  return reader.take();
}

}  // namespace sallyport::connectors::local
