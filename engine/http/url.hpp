#pragma once

#include "engine/base/result.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sallyport::http {

/// Where a server is: what one pool of connections belongs to.
struct Origin {
  bool tls = true;
  std::string host;  ///< A name or an address, IPv6 without brackets.
  std::string port;

  friend auto operator<=>(const Origin&, const Origin&) = default;
};

/// The value of the Host header: the port only where it is not the scheme's own.
[[nodiscard]] std::string host_header(const Origin& origin);

struct Url {
  Origin origin;
  std::string target;  ///< Path and query, encoded; at least `/`.
};

/// Reads `http://` and `https://`. A fragment is dropped. Errors: invalid_input for another scheme,
/// user information, or what is no URL.
[[nodiscard]] Result<Url> parse_url(std::string_view text);

using Query = std::vector<std::pair<std::string, std::string>>;

/// A request target taken apart and decoded: `/a%20b?x=1` is {"a b"} and {x, 1}.
struct Target {
  std::vector<std::string> segments;
  Query query;
};

/// Errors: invalid_input when `text` is no origin-form target (RFC 9112, 3.2.1), is not encoded
/// properly, or decodes to a control character.
[[nodiscard]] Result<Target> parse_target(std::string_view text);

/// The value of the first `name` in `query`.
[[nodiscard]] std::optional<std::string_view> value_of(const Query& query, std::string_view name);

/// Builds a request target out of text that must not become syntax: every piece is encoded.
///
///     TargetBuilder{"/api/v1"}.segment("devices").segment(host).query("filter", text).text()
class TargetBuilder {
 public:
  /// `base` stands as it is: it comes from our own configuration. A slash at its end is dropped.
  explicit TargetBuilder(std::string_view base);

  TargetBuilder& segment(std::string_view text);
  TargetBuilder& slash();  ///< Ends the path with one.
  TargetBuilder& query(std::string_view name, std::string_view value);

  /// Errors: invalid_input when a segment was empty, `.` or `..`: servers remove these however they
  /// are encoded, and the path would name something else.
  [[nodiscard]] Result<std::string> text() const;

 private:
  std::string text_;
  bool has_query_;
  bool usable_ = true;
};

/// Everything but unreserved characters percent-encoded.
[[nodiscard]] std::string percent_encoded(std::string_view text);

}  // namespace sallyport::http
