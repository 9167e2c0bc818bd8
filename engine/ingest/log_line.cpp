#include "engine/ingest/log_line.hpp"

#include "engine/base/ascii.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

namespace sallyport::ingest {

namespace {

constexpr bool is_name(char c) {
  return ascii::is_letter_or_digit(c) || c == '_' || c == '.' || c == '-';
}

std::vector<std::string_view> words(std::string_view text) {
  std::vector<std::string_view> found;
  while (!(text = ascii::trimmed(text)).empty() && found.size() < 16) {
    const auto end = std::min(text.find(' '), text.size());
    found.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
  return found;
}

/// Who sent the line, by the header before it; empty: it does not say.
std::string_view host_of(std::string_view header) {
  if (header.starts_with('<')) {
    const auto end = header.find('>');
    if (end == std::string_view::npos) return {};
    header.remove_prefix(end + 1);
  }
  const auto parts = words(header);
  if (parts.empty()) return {};
  const bool modern = parts[0] == "1";  // RFC 5424: 1 TIME HOST ...
  const bool dated = parts[0].size() > 10 && ascii::is_digit(parts[0][0]);  // TIME HOST
  const std::size_t place = modern ? 2 : dated ? 1 : 3;                     // Mon DD HH:MM:SS HOST
  return place < parts.size() ? parts[place] : std::string_view{};
}

void add_header(json::object& into, std::string_view header) {
  const auto host = host_of(ascii::trimmed(header));
  if (!host.empty() && host != "-") into["syslog"] = json::object{{"host", host}};
}

/// Adds what is not there yet.
void add(json::object& into, std::string_view key, std::string value) {
  if (!key.empty() && into.size() < most_log_fields) into.emplace(key, std::move(value));
}

std::string without_escapes(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size()) {
      ++i;
      plain += text[i] == 'n' ? '\n' : text[i] == 'r' ? '\r' : text[i];
    } else {
      plain += text[i];
    }
  }
  return plain;
}

/// Where the first `c` stands that no backslash precedes; npos: nowhere.
std::size_t find_plain(std::string_view text, char c) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == c) {
      return i;
    }
  }
  return std::string_view::npos;
}

/// `key=value key=value`, the values with spaces and without quotes: one ends where the next key
/// begins.
json::object cef_extension(std::string_view text) {
  json::object extension;
  std::string_view key;
  std::size_t begun = 0;  // of the value
  const auto end_at = [&](std::size_t end) {
    add(extension, key, without_escapes(ascii::trimmed(text.substr(begun, end - begun))));
  };
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '\\') {
      ++at;
      continue;
    }
    if (text[at] != '=') continue;
    auto name = at;
    while (name > begun &&
           (is_name(text[name - 1]) || text[name - 1] == '[' || text[name - 1] == ']'))
      --name;
    if (name == at || (name > 0 && text[name - 1] != ' ')) continue;
    end_at(name);
    key = text.substr(name, at - name);
    begun = at + 1;
  }
  end_at(text.size());
  return extension;
}

/// cs1=x cs1Label=Policy as Policy=x.
json::object labelled(const json::object& extension) {
  json::object result;
  constexpr std::string_view suffix = "Label";
  for (const auto& item : extension) {
    const std::string_view key{item.key()};
    if (!key.ends_with(suffix) || key.size() == suffix.size()) continue;
    const auto* value = extension.if_contains(key.substr(0, key.size() - suffix.size()));
    const auto* label = item.value().if_string();
    if (value && label && !label->empty()) result.emplace(*label, *value);
  }
  return result;
}

std::optional<json::object> read_cef(std::string_view line) {
  constexpr std::string_view mark = "CEF:";
  constexpr std::size_t longest_header = 512;
  const auto at = line.substr(0, longest_header).find(mark);
  if (at == std::string_view::npos || (at > 0 && line[at - 1] != ' ' && line[at - 1] != '>'))
    return std::nullopt;
  auto rest = line.substr(at + mark.size());
  std::array<std::string_view, 7> parts;
  for (auto& part : parts) {
    const auto end = find_plain(rest, '|');
    const bool last = &part == &parts.back();
    if (end == std::string_view::npos && !last) return std::nullopt;
    part = rest.substr(0, std::min(end, rest.size()));
    rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
  }
  if (parts[0].empty() || !ascii::is_digit(ascii::trimmed(parts[0]).front())) return std::nullopt;
  json::object cef;
  constexpr std::array<std::string_view, 7> names{
      "format", "vendor", "product", "version", "signature", "name", "severity"};
  for (std::size_t i = 0; i < parts.size(); ++i)
    cef.emplace(names[i], without_escapes(ascii::trimmed(parts[i])));
  auto extension = cef_extension(rest);
  cef["labelled"] = labelled(extension);
  cef["extension"] = std::move(extension);
  json::object result;
  add_header(result, line.substr(0, at));
  result["cef"] = std::move(cef);
  return result;
}

/// `key=value key="value with spaces"`.
std::optional<json::object> read_fortigate(std::string_view line) {
  if (!line.contains("devid=") || !line.contains("logid=")) return std::nullopt;
  json::object fields;
  std::size_t first = std::string_view::npos;
  for (std::size_t at = 0; at < line.size();) {
    const auto sign = line.find('=', at);
    if (sign == std::string_view::npos) break;
    auto name = sign;
    while (name > at && is_name(line[name - 1])) --name;
    if (name == sign) {
      at = sign + 1;
      continue;
    }
    first = std::min(first, name);
    at = sign + 1;
    std::size_t end = 0;
    if (at < line.size() && line[at] == '"') {
      const auto inside = line.substr(at + 1);
      const auto close = find_plain(inside, '"');
      const auto value = inside.substr(0, std::min(close, inside.size()));
      end = at + 1 + value.size() + 1;
      add(fields, line.substr(name, sign - name), without_escapes(value));
    } else {
      end = std::min(line.find(' ', at), line.size());
      add(fields, line.substr(name, sign - name), std::string{line.substr(at, end - at)});
    }
    at = std::min(end, line.size());
  }
  if (!fields.contains("devid") || !fields.contains("logid")) return std::nullopt;
  add_header(fields, line.substr(0, first));
  return fields;
}

std::vector<std::string> comma_separated(std::string_view line) {
  std::vector<std::string> values(1);
  bool quoted = false;
  for (std::size_t i = 0; i < line.size() && values.size() <= most_log_fields; ++i) {
    const char c = line[i];
    if (c == '"' && quoted && i + 1 < line.size() && line[i + 1] == '"') {
      values.back() += '"';
      ++i;
    } else if (c == '"') {
      quoted = !quoted;
    } else if (c == ',' && !quoted) {
      values.emplace_back();
    } else {
      values.back() += c;
    }
  }
  return values;
}

struct Column {
  std::size_t place;
  std::string_view name;
};

// PAN-OS 9 and later: "Syslog Field Descriptions".
constexpr std::array common{Column{1, "received"},
                            Column{2, "serial"},
                            Column{3, "type"},
                            Column{4, "subtype"},
                            Column{6, "generated"}};
constexpr std::array traffic{Column{7, "source"},
                             Column{8, "destination"},
                             Column{11, "rule"},
                             Column{12, "source_user"},
                             Column{13, "destination_user"},
                             Column{14, "application"},
                             Column{16, "source_zone"},
                             Column{17, "destination_zone"},
                             Column{22, "session"},
                             Column{24, "source_port"},
                             Column{25, "destination_port"},
                             Column{29, "protocol"},
                             Column{30, "action"}};
constexpr std::array threat{Column{31, "url"},
                            Column{32, "threat"},
                            Column{33, "category"},
                            Column{34, "severity"},
                            Column{35, "direction"},
                            Column{38, "source_country"},
                            Column{39, "destination_country"},
                            Column{43, "digest"},
                            Column{46, "user_agent"},
                            Column{59, "device"},
                            Column{69, "threat_category"}};
constexpr std::array system_log{
    Column{8, "event"}, Column{13, "severity"}, Column{14, "description"}, Column{22, "device"}};

std::optional<json::object> read_panos(std::string_view line) {
  if (!line.contains(",THREAT,") && !line.contains(",TRAFFIC,") && !line.contains(",SYSTEM,") &&
      !line.contains(",CONFIG,") && !line.contains(",GLOBALPROTECT,"))
    return std::nullopt;
  const auto values = comma_separated(line);
  if (values.size() < 12 || values[1].size() < 19 || values[1][4] != '/') return std::nullopt;
  json::object panos;
  const auto take = [&](const auto& columns) {
    for (const auto& [place, name] : columns)
      if (place < values.size() && !values[place].empty()) add(panos, name, values[place]);
  };
  take(common);
  const auto& type = values[3];
  if (type == "THREAT" || type == "TRAFFIC") take(traffic);
  if (type == "THREAT") take(threat);
  if (type == "TRAFFIC") take(std::array{Column{52, "device"}});
  if (type == "SYSTEM") take(system_log);
  if (!panos.contains("type") || !panos.contains("subtype")) return std::nullopt;
  // 2026/11/20 09:14:03 is a time that everybody reads, once it has dashes.
  for (const auto* name : {"received", "generated"})
    if (auto* time = panos.if_contains(name)) std::ranges::replace(time->get_string(), '/', '-');
  json::object result;
  add_header(result, values[0].substr(0, values[0].find_last_of(' ') + 1));
  result["panos"] = std::move(panos);
  return result;
}

}  // namespace

std::optional<json::object> read_log_line(std::string_view line) {
  line = ascii::trimmed(line);
  if (auto cef = read_cef(line)) return cef;
  if (auto fortigate = read_fortigate(line)) return fortigate;
  return read_panos(line);
}

}  // namespace sallyport::ingest
