#include "connectors/local/csv.hpp"

namespace sallyport::connectors::local {

CsvReader::CsvReader(std::string_view text) : rest_{text} {
  if (rest_.starts_with("\xef\xbb\xbf")) rest_.remove_prefix(3);
}

void CsvReader::skip_empty() {
  while (!rest_.empty()) {
    const auto end = rest_.find('\n');
    auto whole = rest_.substr(0, end);
    if (whole.ends_with('\r')) whole.remove_suffix(1);
    const bool blank = whole.find_first_not_of(" \t") == std::string_view::npos;
    if (!blank && !whole.starts_with('#')) return;
    rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 1);
    ++line_;
  }
}

Result<bool> CsvReader::next(std::vector<std::string>& fields) {
  fields.clear();
  skip_empty();
  record_line_ = line_;
  if (rest_.empty()) return false;
  while (true) {
    auto value = field();
    if (!value) return std::unexpected{value.error()};
    fields.push_back(*std::move(value));
    if (rest_.starts_with(',')) {
      rest_.remove_prefix(1);
      continue;
    }
    if (rest_.starts_with("\r\n")) rest_.remove_prefix(1);
    if (rest_.starts_with('\n')) {
      rest_.remove_prefix(1);
      ++line_;
    }
    return true;
  }
}

Result<std::string> CsvReader::field() {
  if (rest_.starts_with('"')) return quoted();
  const auto end = rest_.find_first_of(",\n");
  auto value = rest_.substr(0, end);
  rest_.remove_prefix(value.size());
  if (value.ends_with('\r') && !rest_.starts_with(',')) value.remove_suffix(1);
  return std::string{value};
}

Result<std::string> CsvReader::quoted() {
  std::string value;
  rest_.remove_prefix(1);
  while (true) {
    const auto end = rest_.find('"');
    if (end == std::string_view::npos) {
      rest_ = {};
      return fail(Errc::invalid_input, "a quote that opens a field is not closed");
    }
    for (const char c : rest_.substr(0, end)) line_ += c == '\n' ? 1 : 0;
    value += rest_.substr(0, end);
    rest_.remove_prefix(end + 1);
    if (!rest_.starts_with('"')) break;
    value += '"';
    rest_.remove_prefix(1);
  }
  if (rest_.empty() || rest_.front() == ',' || rest_.front() == '\n' || rest_.starts_with("\r\n"))
    return value;
  return fail(Errc::invalid_input, "text after the closing quote of a field");
}

}  // namespace sallyport::connectors::local
