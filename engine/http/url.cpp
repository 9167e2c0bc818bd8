#include "engine/http/url.hpp"

#include "engine/base/ascii.hpp"

#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>
#include <fmt/format.h>

#include <algorithm>

namespace sallyport::http {

namespace {

namespace urls = boost::urls;

constexpr bool is_unreserved(char c) {
  return ascii::is_letter_or_digit(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

std::string_view default_port(bool tls) {
  return tls ? "443" : "80";
}

}  // namespace

std::string host_header(const Origin& origin) {
  auto text = origin.host.find(':') == std::string::npos ? origin.host : '[' + origin.host + ']';
  if (origin.port != default_port(origin.tls)) text += ':' + origin.port;
  return text;
}

Result<Url> parse_url(std::string_view text) {
  const auto parsed = urls::parse_uri(text);
  if (!parsed) return fail(Errc::invalid_input, fmt::format("not a URL: '{:.100}'", text));
  Url url;
  if (parsed->scheme_id() == urls::scheme::https) {
    url.origin.tls = true;
  } else if (parsed->scheme_id() == urls::scheme::http) {
    url.origin.tls = false;
  } else {
    return fail(Errc::invalid_input, fmt::format("neither http nor https: '{:.100}'", text));
  }
  if (parsed->has_userinfo())
    return fail(Errc::invalid_input, "a URL must not carry a user name or password");
  url.origin.host = parsed->host_address();
  if (url.origin.host.empty() || ascii::has_control(url.origin.host))
    return fail(Errc::invalid_input, fmt::format("no host in '{:.100}'", text));
  url.origin.port = parsed->port();
  if (url.origin.port.empty()) url.origin.port = default_port(url.origin.tls);
  url.target = parsed->encoded_path();
  if (url.target.empty()) url.target = "/";
  if (parsed->has_query()) url.target += '?' + std::string{parsed->encoded_query()};
  return url;
}

Result<Target> parse_target(std::string_view text) {
  const auto parsed = urls::parse_origin_form(text);
  if (!parsed) return fail(Errc::invalid_input, "not a request target");
  Target target;
  for (const auto& encoded : parsed->encoded_segments()) {
    target.segments.push_back(encoded.decode());
    if (ascii::has_control(target.segments.back()))
      return fail(Errc::invalid_input, "control character in the path");
  }
  urls::encoding_opts form;
  form.space_as_plus = true;
  for (const auto& pair : parsed->encoded_params()) {
    target.query.emplace_back(pair.key.decode(form), pair.value.decode(form));
    if (ascii::has_control(target.query.back().first) ||
        ascii::has_control(target.query.back().second))
      return fail(Errc::invalid_input, "control character in the query");
  }
  return target;
}

std::optional<std::string_view> value_of(const Query& query, std::string_view name) {
  const auto found = std::ranges::find(query, name, [](const auto& pair) { return pair.first; });
  if (found == query.end()) return std::nullopt;
  return found->second;
}

std::string percent_encoded(std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    if (is_unreserved(c)) {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += '%';
      out += digits[byte >> 4U];
      out += digits[byte & 0xfU];
    }
  }
  return out;
}

TargetBuilder::TargetBuilder(std::string_view base)
    : text_{base}, has_query_{base.find('?') != std::string_view::npos} {
  if (!has_query_ && text_.ends_with('/')) text_.pop_back();
}

TargetBuilder& TargetBuilder::segment(std::string_view text) {
  if (text.empty() || text == "." || text == ".." || has_query_) usable_ = false;
  text_ += '/';
  text_ += percent_encoded(text);
  return *this;
}

TargetBuilder& TargetBuilder::slash() {
  if (has_query_) usable_ = false;
  text_ += '/';
  return *this;
}

TargetBuilder& TargetBuilder::query(std::string_view name, std::string_view value) {
  text_ += has_query_ ? '&' : '?';
  has_query_ = true;
  text_ += percent_encoded(name);
  text_ += '=';
  text_ += percent_encoded(value);
  return *this;
}

Result<std::string> TargetBuilder::text() const {
  if (!usable_) return fail(Errc::invalid_input, "a path segment is empty, '.' or '..'");
  return text_.empty() || text_.front() == '?' ? '/' + text_ : text_;
}

}  // namespace sallyport::http
