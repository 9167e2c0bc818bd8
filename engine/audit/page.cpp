#include "engine/audit/page.hpp"

namespace sallyport::audit {

namespace {

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

void row(std::string& out, std::string_view cell, const std::vector<std::string>& cells) {
  out += "<tr>";
  for (const auto& text : cells) {
    out += '<';
    out += cell;
    out += '>';
    out += escaped(text);
    out += "</";
    out += cell;
    out += '>';
  }
  out += "</tr>\n";
}

}  // namespace

Page::Page(std::string_view title) {
  body_ =
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
      "'unsafe-inline'\">\n<title>" +
      escaped(title) +
      "</title>\n<style>body{font:15px/1.5 sans-serif;margin:2em auto;max-width:70em;padding:0 "
      "1em}table{border-collapse:collapse;margin:1em 0}th,td{border:1px solid #bbb;padding:.2em "
      ".6em;text-align:left;vertical-align:top;overflow-wrap:anywhere}th{background:#eee}"
      "</style></head><body>\n<h1>" +
      escaped(title) + "</h1>\n";
}

void Page::heading(std::string_view text) {
  body_ += "<h2>" + escaped(text) + "</h2>\n";
}

void Page::paragraph(std::string_view text) {
  body_ += "<p>" + escaped(text) + "</p>\n";
}

void Page::table(const std::vector<std::string>& head,
                 const std::vector<std::vector<std::string>>& rows) {
  body_ += "<table>\n";
  row(body_, "th", head);
  for (const auto& cells : rows) row(body_, "td", cells);
  body_ += "</table>\n";
}

std::string Page::text() const {
  return body_ + "</body></html>\n";
}

std::string csv_line(const std::vector<std::string>& fields) {
  std::string line;
  for (const auto& field : fields) {
    if (&field != &fields.front()) line += ',';
    line += '"';
    if (!field.empty() && std::string_view{"=+-@\t\r"}.contains(field.front())) line += '\'';
    for (const char c : field) {
      if (c == '"') line += '"';
      line += c;
    }
    line += '"';
  }
  line += "\r\n";
  return line;
}

}  // namespace sallyport::audit
