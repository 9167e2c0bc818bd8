#include "connectors/native/syslog/event.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace sallyport::connectors::syslog {

namespace {

struct Grade {
  std::string_view name;
  int syslog;
  int cef;
};

constexpr std::array grades{Grade{"informational", 6, 1},
                            Grade{"low", 5, 3},
                            Grade{"medium", 4, 5},
                            Grade{"high", 3, 8},
                            Grade{"critical", 2, 10}};

/// Which field of CEF a target is.
struct Field {
  std::string_view kind;
  std::string_view name;
};

constexpr std::array fields{Field{"host", "dhost"},
                            Field{"user", "duser"},
                            Field{"email", "duser"},
                            Field{"ip", "dst"},
                            Field{"domain", "destinationDnsDomain"}};

const Grade& grade_of(std::string_view severity) {
  const auto* found = std::ranges::find(grades, severity, &Grade::name);
  return found == grades.end() ? grades[2] : *found;
}

/// `text` with a backslash before each of `marks`, and without what would end the line.
std::string escaped(std::string_view text, std::string_view marks, std::string_view newline) {
  std::string out;
  for (const char c : text) {
    if (c == '\n') {
      out += newline;
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      out += ' ';
    } else {
      if (marks.contains(c)) out += '\\';
      out += c;
    }
  }
  return out;
}

std::string cut(std::string text, std::size_t limit) {
  constexpr std::string_view mark = "...";
  if (text.size() <= limit) return text;
  auto end = limit - mark.size();
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0U) == 0x80U) --end;
  text.resize(end);
  return text + std::string{mark};
}

std::string_view field_of(std::string_view kind) {
  const auto* found = std::ranges::find(fields, kind, &Field::kind);
  return found == fields.end() ? "cs1" : found->name;
}

std::string cef(const Event& event) {
  constexpr std::string_view of_header = "\\|";
  constexpr std::string_view of_extension = "\\=";
  const auto field = field_of(event.target_kind);
  return fmt::format(
      "CEF:0|Sallyport|Sallyport|{}|{}|{}|{}|externalId={} rt={} {}={}{} msg={}",
      SALLYPORT_VERSION,
      event.verb,
      escaped(event.title, of_header, " "),
      grade_of(event.severity).cef,
      event.id,
      std::chrono::duration_cast<std::chrono::milliseconds>(event.at.time_since_epoch()).count(),
      field,
      escaped(event.target, of_extension, " "),
      field == "cs1" ? fmt::format(" cs1Label={}", event.target_kind) : "",
      escaped(event.body, of_extension, "\\n"));
}

}  // namespace

int syslog_severity(std::string_view severity) {
  return grade_of(severity).syslog;
}

std::string message_of(const Event& event, const Config& config, std::size_t limit_bytes) {
  const auto priority =
      config.facility * 8 + static_cast<std::uint32_t>(syslog_severity(event.severity));
  if (config.format == Format::cef) {
    // With the header of RFC 3164, as collectors of CEF read it.
    const auto at = std::chrono::floor<std::chrono::seconds>(event.at);
    return cut(fmt::format("<{}>{:%b %e %H:%M:%S} {} {}", priority, at, config.origin, cef(event)),
               limit_bytes);
  }
  constexpr std::string_view of_value = "\\\"]";
  const auto data = fmt::format(R"([sallyport@32473 id="{}" kind="{}" target="{}"])",
                                event.id,
                                escaped(event.target_kind, of_value, " "),
                                escaped(event.target, of_value, " "));
  return cut(fmt::format("<{}>1 {} {} sallyport - {} {} \xEF\xBB\xBF{}{}{}",
                         priority,
                         to_rfc3339(event.at),
                         config.origin,
                         event.verb,
                         data,
                         escaped(event.title, "", " "),
                         event.body.empty() || event.title.empty() ? "" : ": ",
                         escaped(event.body, "", " ")),
             limit_bytes);
}

}  // namespace sallyport::connectors::syslog
