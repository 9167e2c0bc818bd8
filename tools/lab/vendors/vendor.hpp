#pragma once

#include "engine/base/json.hpp"
#include "engine/http/message.hpp"
#include "engine/http/url.hpp"

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sallyport::lab {

/// A request as a vendor sees it, decoded.
struct VendorRequest {
  std::string method;
  std::vector<std::string> path;
  http::Query query;
  http::Headers headers;
  std::string body;

  /// Whether method and path are these; `*` stands for any one segment.
  [[nodiscard]] bool is(std::string_view wanted,
                        std::initializer_list<std::string_view> segments) const;
  [[nodiscard]] std::string header(std::string_view name) const;
  [[nodiscard]] std::string parameter(std::string_view name) const;

  /// The body, where it says that it is JSON and is; the same for a form.
  [[nodiscard]] std::optional<json::value> json() const;
  [[nodiscard]] std::optional<http::Query> form() const;
};

/// A product's API as its vendor describes it: refuses what the vendor would refuse, and keeps the
/// state that it was brought into.
///
/// Not thread-safe: VendorServer calls it one request at a time.
class Vendor {
 public:
  virtual ~Vendor() = default;
  virtual http::Response answer(const VendorRequest& request) = 0;

  std::string
      hostile;  ///< What an attacker has made it say, in a field of free text; empty: nothing.
};

[[nodiscard]] http::Response json_answer(int status, const json::value& body);

/// What stands between `from` and `to`, or from `from` to the end where `to` is empty; empty where
/// one of them is not there.
[[nodiscard]] std::string between(std::string_view text,
                                  std::string_view from,
                                  std::string_view to);

/// The text member of an object; empty where it has none.
[[nodiscard]] std::string text_in(const json::value& object, std::string_view key);

/// What stands at `a.b.0.c` in `root`; nullptr: nothing.
[[nodiscard]] const json::value* part_of(const json::value& root, std::string_view path);

/// The text there, or the number as text; empty where it is neither.
[[nodiscard]] std::string text_at(const json::value& root, std::string_view path);

/// The only element of the list there, where it is text and the only one; else empty.
[[nodiscard]] std::string only_text_at(const json::value& root, std::string_view path);

}  // namespace sallyport::lab
