#include "engine/config/document.hpp"

#include "engine/base/file.hpp"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <charconv>
#include <cstdlib>
#include <set>
#include <sstream>

namespace sallyport::config {

namespace {

std::string at(std::string_view name, const YAML::Mark& mark, std::string_view message) {
  // yaml-cpp counts from zero, and has -1 where it knows no place.
  return fmt::format("{}:{}:{}: {}", name, mark.line + 1, mark.column + 1, message);
}

/// The number that is the whole of `text` and fits.
template <class T>
std::optional<T> whole_number(std::string_view text, int base) {
  T value{};
  const auto* last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, value, base);
  return end == last && error == std::errc{} ? std::optional{value} : std::nullopt;
}

/// A plain scalar by the core schema of YAML 1.2.
json::value plain(const std::string& text) {
  if (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL")
    return nullptr;
  if (text == "true" || text == "True" || text == "TRUE") return true;
  if (text == "false" || text == "False" || text == "FALSE") return false;
  const auto* first = text.data();
  const auto* last = first + text.size();
  const auto* digits = *first == '+' ? first + 1 : first;
  if (const auto whole = whole_number<std::int64_t>({digits, last}, 10)) return *whole;
  if (const auto whole = whole_number<std::uint64_t>({digits, last}, 10)) return *whole;
  if (text.starts_with("0x")) {
    if (const auto whole = whole_number<std::uint64_t>({first + 2, last}, 16)) return *whole;
  }
  // from_chars would also read `inf` and `nan`, which are words here.
  const bool numeric = text.find_first_not_of("+-.0123456789eE") == std::string::npos &&
                       text.find_first_of("0123456789") != std::string::npos;
  if (double number = 0; numeric) {
    const auto [end, error] = std::from_chars(digits, last, number);
    if (end == last && error == std::errc{}) return number;
  }
  return json::string{text};
}

}  // namespace

/// Builds a Document from yaml-cpp's tree.
struct DocumentReader {
  Document& document;
  const DocumentLimits& limits;
  std::size_t nodes = 0;

  Result<json::value> read(const YAML::Node& node, const std::string& pointer, std::size_t depth) {
    const auto mark = node.Mark();
    if (depth > limits.depth)
      return fail(
          Errc::invalid_input,
          at(document.name_, mark, fmt::format("nested deeper than {} levels", limits.depth)));
    if (++nodes > limits.nodes)
      return fail(Errc::invalid_input,
                  at(document.name_, mark, fmt::format("more than {} values", limits.nodes)));
    document.positions_.emplace(
        pointer, Document::Position{.line = mark.line + 1, .column = mark.column + 1});

    switch (node.Type()) {
      case YAML::NodeType::Undefined:
      case YAML::NodeType::Null:
        return json::value(nullptr);
      case YAML::NodeType::Scalar:
        // yaml-cpp tags a plain scalar "?" and a quoted one "!".
        if (node.Tag() == "?" || node.Tag().empty()) return plain(node.Scalar());
        return json::value(json::string{node.Scalar()});
      case YAML::NodeType::Sequence: {
        json::array list;
        for (std::size_t i = 0; i < node.size(); ++i) {
          auto item = read(node[i], child(pointer, i), depth + 1);
          if (!item) return item;
          list.push_back(*std::move(item));
        }
        return json::value(std::move(list));
      }
      case YAML::NodeType::Map: {
        json::object object;
        for (const auto& entry : node) {
          if (!entry.first.IsScalar()) {
            return fail(Errc::invalid_input,
                        at(document.name_, entry.first.Mark(), "a key must be plain text"));
          }
          const auto& name = entry.first.Scalar();
          if (object.contains(name)) {
            return fail(Errc::invalid_input,
                        at(document.name_,
                           entry.first.Mark(),
                           fmt::format("'{}' stands twice in this map; keep one", name)));
          }
          const auto where = child(pointer, name);
          auto value = read(entry.second, where, depth + 1);
          if (!value) return value;
          // The key is where a reader looks, also when the value is a block below it.
          const auto key_mark = entry.first.Mark();
          document.positions_[where] = {.line = key_mark.line + 1, .column = key_mark.column + 1};
          object.emplace(name, *std::move(value));
        }
        return json::value(std::move(object));
      }
    }
    return json::value(nullptr);
  }

  static Result<std::vector<Document>> read_all(std::string_view text,
                                                const std::string& name,
                                                const DocumentLimits& limits) {
    if (text.size() > limits.bytes) {
      return fail(Errc::invalid_input,
                  fmt::format("{}:1:1: larger than {} bytes", name, limits.bytes));
    }
    // yaml-cpp recurses on nesting; what cannot be nested so deep cannot overflow the stack.
    if (const auto deep = too_deep(text, limits.depth))
      return fail(Errc::invalid_input,
                  fmt::format("{}:{}:1: nested deeper than {} levels", name, *deep, limits.depth));
    std::vector<Document> documents;
    try {
      for (const auto& node : YAML::LoadAll(std::string{text})) {
        Document document;
        document.name_ = name;
        DocumentReader reader{.document = document, .limits = limits};
        auto root = reader.read(node, "", 0);
        if (!root) return std::unexpected{root.error()};
        document.root_ = *std::move(root);
        documents.push_back(std::move(document));
      }
    } catch (const YAML::Exception& error) {
      return fail(Errc::invalid_input, at(name, error.mark, error.msg));
    }
    return documents;
  }

  /// The line on which brackets or a run of block indicators open more than `depth` levels.
  static std::optional<int> too_deep(std::string_view text, std::size_t depth) {
    std::size_t open = 0;
    std::size_t run = 0;  // `- - - -` and `? ? ?` nest within one line
    int line = 1;
    char quote = '\0';
    for (const char c : text) {
      if (c == '\n') {
        ++line;
        run = 0;
      }
      if (quote != '\0') {
        if (c == quote) quote = '\0';
        continue;
      }
      if ((c == '"' || c == '\'') && open > 0) quote = c;
      if (c == '[' || c == '{') ++open;
      if ((c == ']' || c == '}') && open > 0) --open;
      if (c == '-' || c == '?' || c == ':') {
        ++run;
      } else if (c != ' ') {
        run = 0;
      }
      if (open > depth * 4 || run > depth * 16) return line;
    }
    return std::nullopt;
  }
};

Result<Document> Document::parse(std::string_view text, std::string name, DocumentLimits limits) {
  auto documents = DocumentReader::read_all(text, name, limits);
  if (!documents) return std::unexpected{documents.error()};
  if (documents->size() > 1)
    return fail(Errc::invalid_input, fmt::format("{}:1:1: more than one document (---)", name));
  if (documents->empty()) {
    Document empty;
    empty.name_ = std::move(name);
    return empty;
  }
  return std::move(documents->front());
}

Result<Document> Document::load(const std::filesystem::path& file, DocumentLimits limits) {
  const auto text = read_file(file, limits.bytes);
  if (!text) return std::unexpected{text.error()};
  return parse(*text, file.string(), limits);
}

Result<std::vector<Document>> Document::load_all(const std::filesystem::path& file,
                                                 DocumentLimits limits) {
  const auto text = read_file(file, limits.bytes);
  if (!text) return std::unexpected{text.error()};
  return DocumentReader::read_all(*text, file.string(), limits);
}

Document::Position Document::position(std::string_view pointer) const {
  for (;;) {
    if (const auto found = positions_.find(pointer); found != positions_.end())
      return found->second;
    const auto slash = pointer.rfind('/');
    if (slash == std::string_view::npos) return {};
    pointer = pointer.substr(0, slash);
  }
}

int Document::line(std::string_view pointer) const {
  return position(pointer).line;
}

int Document::column(std::string_view pointer) const {
  return position(pointer).column;
}

std::string Document::render(const Fault& fault) const {
  const auto place = position(fault.pointer);
  return fmt::format("{}:{}:{}: {}: {}{}{}",
                     name_,
                     place.line,
                     place.column,
                     fault.warning ? "warning" : "error",
                     fault.pointer,
                     fault.pointer.empty() ? "" : ": ",
                     fault.message);
}

std::string Document::render(const Faults& faults) const {
  std::string text;
  for (const auto& fault : faults) {
    if (!text.empty()) text += '\n';
    text += render(fault);
  }
  return text;
}

Result<std::filesystem::path> home() {
  namespace fs = std::filesystem;
  std::error_code ignored;
  if (const char* named = std::getenv("SALLYPORT_HOME"); named && *named != '\0') {
    if (fs::is_directory(fs::path{named} / "schemas", ignored)) return fs::path{named};
    return fail(Errc::not_found,
                fmt::format("SALLYPORT_HOME is {}, which has no folder `schemas`", named));
  }
  for (auto folder = fs::read_symlink("/proc/self/exe", ignored).parent_path();
       !folder.empty() && folder != folder.root_path();
       folder = folder.parent_path()) {
    if (fs::is_directory(folder / "schemas", ignored)) return folder;
  }
  if (const fs::path shared{"/usr/share/sallyport"}; fs::is_directory(shared / "schemas", ignored))
    return shared;
  return fail(Errc::not_found,
              "the folder `schemas` was not found; set SALLYPORT_HOME to its parent");
}

}  // namespace sallyport::config
