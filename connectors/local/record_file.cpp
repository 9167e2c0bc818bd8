#include "connectors/local/record_file.hpp"

#include "connectors/local/csv.hpp"
#include "engine/base/file.hpp"

#include <boost/json/stream_parser.hpp>

#include <algorithm>

namespace sallyport::connectors::local {

namespace fs = std::filesystem;

namespace {

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

std::unexpected<Error> at(const std::string& place, std::string_view what) {
  return fail(Errc::invalid_input, fmt::format("{}: {}", place, what));
}

Result<> read_csv(const fs::path& file,
                  std::string_view text,
                  const std::vector<std::string>& wanted,
                  const std::function<Result<>(const Record&)>& visit) {
  CsvReader reader{text};
  std::vector<std::string> columns;
  const auto place = [&] { return fmt::format("{}:{}", file.string(), reader.line()); };
  const auto header = reader.next(columns);
  if (!header) return at(place(), header.error().detail);
  if (!*header) return {};  // an empty file is an empty list
  for (auto& column : columns) column = lower_case(trimmed(column));
  if (std::ranges::none_of(wanted, [&](const auto& name) {
        return std::ranges::find(columns, name) != columns.end();
      }))
    return at(place(),
              fmt::format("the first line must name the columns, '{}' among them", wanted[0]));
  std::vector<std::string> values;
  while (true) {
    const auto more = reader.next(values);
    if (!more) return at(place(), more.error().detail);
    if (!*more) return {};
    if (values.size() > columns.size())
      return at(place(),
                fmt::format("{} fields, but the header names {}", values.size(), columns.size()));
    Record record{.fields = {}, .place = place()};
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (const auto value = trimmed(values[i]); !value.empty()) record.fields[columns[i]] = value;
    }
    if (auto used = visit(record); !used) return at(record.place, used.error().detail);
  }
}

Result<std::string> text_of(const json::value& value) {
  if (const auto* text = value.if_string())
    return std::string{trimmed({text->data(), text->size()})};
  if (value.is_null()) return std::string{};
  if (value.is_bool()) return std::string{value.get_bool() ? "true" : "false"};
  if (value.is_number()) return to_json(value);
  if (const auto* list = value.if_array()) {
    std::string joined;
    for (const auto& item : *list) {
      auto part = text_of(item);
      if (!part) return part;
      if (!joined.empty()) joined += ';';
      joined += *part;
    }
    return joined;
  }
  return fail(Errc::invalid_input, "an object where text, a number or a list belongs");
}

const json::array* list_in(const json::value& root) {
  if (const auto* list = root.if_array()) return list;
  const auto* object = root.if_object();
  if (!object || object->size() != 1) return nullptr;
  return object->begin()->value().if_array();
}

Result<> read_json_records(const fs::path& file,
                           std::string_view text,
                           const std::function<Result<>(const Record&)>& visit) {
  const auto root = parse_json_file(file, text);
  if (!root) return std::unexpected{root.error()};
  const auto* list = list_in(*root);
  if (!list) return at(file.string(), "must be a list of objects, or an object with one list");
  for (std::size_t i = 0; i < list->size(); ++i) {
    Record record{.fields = {}, .place = fmt::format("{}: /{}", file.string(), i)};
    const auto* object = (*list)[i].if_object();
    if (!object) return at(record.place, "must be an object");
    for (const auto& item : *object) {
      auto value = text_of(item.value());
      if (!value)
        return at(record.place,
                  fmt::format("{}: {}", std::string_view{item.key()}, value.error().detail));
      if (!value->empty()) record.fields[lower_case(item.key())] = *std::move(value);
    }
    if (auto used = visit(record); !used) return at(record.place, used.error().detail);
  }
  return {};
}

}  // namespace

std::string_view Record::operator[](std::string_view column) const {
  const auto found = fields.find(column);
  return found == fields.end() ? std::string_view{} : std::string_view{found->second};
}

Result<> read_records(const fs::path& file,
                      const std::vector<std::string>& one_of_these_columns,
                      const std::function<Result<>(const Record&)>& visit) {
  const auto text = read_file(file);
  if (!text) return std::unexpected{text.error()};
  return file.extension() == ".json" ? read_json_records(file, *text, visit)
                                     : read_csv(file, *text, one_of_these_columns, visit);
}

Result<json::value> parse_json_file(const fs::path& file, std::string_view text) {
  json::stream_parser parser;
  boost::system::error_code ec;
  const auto used = parser.write_some(text.data(), text.size(), ec);
  auto rest = text.substr(used);
  if (!ec) parser.finish(ec);
  if (!ec && rest.find_first_not_of(" \t\r\n") == std::string_view::npos) return parser.release();
  const auto line = 1 + std::ranges::count(text.substr(0, used), '\n');
  return fail(Errc::invalid_input,
              fmt::format("{}:{}: {}",
                          file.string(),
                          line,
                          ec ? ec.message() : "text after the end of the document"));
}

std::vector<std::string> parts_of(std::string_view field) {
  constexpr std::string_view separators = ";| \t\r\n";
  std::vector<std::string> parts;
  while (true) {
    const auto first = field.find_first_not_of(separators);
    if (first == std::string_view::npos) return parts;
    field.remove_prefix(first);
    const auto end = std::min(field.find_first_of(separators), field.size());
    parts.emplace_back(field.substr(0, end));
    field.remove_prefix(end);
  }
}

Result<bool> boolean(std::string_view text) {
  const auto word = lower_case(text);
  if (word == "true" || word == "yes" || word == "1") return true;
  if (word.empty() || word == "false" || word == "no" || word == "0") return false;
  return fail(Errc::invalid_input, fmt::format("'{}' is neither true nor false", text));
}

std::string lower_case(std::string_view text) {
  std::string result{text};
  std::ranges::transform(result, result.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return result;
}

}  // namespace sallyport::connectors::local
